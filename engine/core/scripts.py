"""For scripts and evaluation: posts from elsewhere than the network, and the deciders on their own."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.store import Answer
from engine.types import (
    Article,
    Changes,
    FeedInfo,
    FetchedPost,
    FetchState,
    Floats,
    PlainPost,
    Similarity,
    TimelineQuery,
)

if TYPE_CHECKING:
    from engine.ranking.termspace import TermSpace
from engine.core.judging import Judging


class Scripts(Judging):
    """Posts from scripts."""

    def add_posts(self, feed_title: str, posts: Sequence[PlainPost]) -> Changes:
        """Store posts from elsewhere than the network under a local feed of that title."""
        url = "millpond:local/" + hashlib.blake2b(feed_title.encode(), digest_size=8).hexdigest()
        known = {feed.url: feed.id for feed in self._store.feeds()}
        changes = Changes()
        if url in known:
            feed_id = known[url]
        else:
            feed_id, changes = self._store.add_feed(
                url, kind="local", title=feed_title, info=FeedInfo(title=feed_title)
            )
        for start in range(0, len(posts), 1000):
            answer = Answer(
                feed_id=feed_id,
                info=FeedInfo(title=feed_title),
                posts=[fetched_from_plain(post) for post in posts[start : start + 1000]],
                state=FetchState(feed_id=feed_id, url=url),
            )
            changes |= self._store.ingest([answer])[0]
        return self._publish(changes | self._settle(sorted(changes.new)))

    def rank(self, posts: Sequence[PlainPost], liked: Sequence[PlainPost], disliked: Sequence[PlainPost]) -> Floats:
        """Return (n,) scores of a learner that knows this feedback alone.

        The posts that the profile holds tell it which words are rare and which go together, and nothing else.
        """
        from engine.ranking.fresh import rank_fresh

        vectors = self._models.post_vectors([*posts, *liked, *disliked])
        return rank_fresh(posts, liked, disliked, vectors=vectors, space=self._word_space())

    def fold(self, posts: Sequence[PlainPost]) -> list[int]:
        """Return a story id for each post, in order of arrival."""
        from engine.stories import fold_posts

        return fold_posts(posts, vectors=self._models.post_vectors(posts))

    def similar(self, texts: Sequence[str]) -> Similarity:
        """Return (n, n) similarities, and from where on two texts count as one story."""
        from engine.stories import SAME_STORY, similarities

        posts = [PlainPost(title=text) for text in texts]
        return Similarity(matrix=similarities(posts, vectors=self._models.post_vectors(posts)), threshold=SAME_STORY)

    def article(self, page: bytes, url: str) -> Article:
        """Return the main text of a web page. Raises ParseError."""
        return self._parse.article(page, url)

    def _word_space(self) -> TermSpace | None:
        """What the stored posts say of words; None while there are too few. Learnt anew when their number changes."""
        from engine.ranking.fresh import SPACE_POSTS, learn_space

        stored = self._store.counts().posts
        with self._lock:
            if self._space is None or self._space[0] != stored:
                ids = self._store.timeline(TimelineQuery(order="newest", limit=0))
                texts = self._store.texts(ids[:: -(-len(ids) // SPACE_POSTS) or 1])
                self._space = (stored, learn_space([PlainPost(title=text.title, text=text.text) for text in texts]))
            space = self._space[1]
        return space if space.dims else None


def fetched_from_plain(post: PlainPost) -> FetchedPost:
    """Return a post as if a source had returned it; its text is taken as plain text."""
    from engine.ranking.features import sketch
    from engine.sources.clean import canonical_url, word_count
    from engine.sources.language import script_language

    body = "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in post.text.split("\n") if part.strip())
    digest = hashlib.blake2b("\x00".join((post.title, post.author, post.text, post.url)).encode(), digest_size=32)
    return FetchedPost(
        guid=post.guid or digest.hexdigest(),
        url=post.url,
        canonical_url=canonical_url(post.url) if post.url else "",
        title=post.title,
        author=post.author,
        body_html=body,
        text=post.text,
        published_at=post.published_at,
        language=script_language(f"{post.title} {post.text}"),
        content_hash=digest.digest(),
        sketch=sketch(post.title, post.text, post.url),
        word_count=word_count(post.text),
    )
