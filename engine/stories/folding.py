"""Folding a list of posts, as the index would have folded them one after the other. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.stories.index import StoryIndex, Telling
from engine.stories.links import links_of
from engine.types import PlainPost, Vectors

_HELD = 256  # posts that are placed at once


def fold_posts(posts: Sequence[PlainPost], vectors: Vectors | None = None) -> list[int]:
    """Put each post, in order of arrival, to the story it is most alike, or let it begin one; no post is seen before its turn.

    Args:
        vectors: (n, d) unit vectors, NaN in the rows of posts whose language the model does not speak.
    Returns:
        One story number for each post: 0 for the first story, counted up by first appearance.
    """
    index = StoryIndex()
    leader: dict[int, int] = {}  # by post: one that came before it into its story

    def first_of(post: int) -> int:
        while leader.get(post, post) != post:
            post = leader[post]
        return post

    sources: dict[str, int] = {}
    for start in range(0, len(posts), _HELD):
        tellings = [
            Telling(
                id=start + place + 1,
                title=post.title,
                text=post.text,
                links=links_of(post.url, "", 0, "", canonical=lambda url: url.partition("#")[0]),
                hours=post.published_at.timestamp() / 3600 if post.published_at else float("nan"),
                source=sources.setdefault(post.source, len(sources) + 1) if post.source else 0,
                vector=None if vectors is None else vectors[start + place],
            )
            for place, post in enumerate(posts[start : start + _HELD])
        ]
        for placed in index.place(tellings):
            for other in (placed.beside, *placed.joined):
                if other is not None:
                    ends = sorted((first_of(placed.id), first_of(other)))
                    leader[ends[1]] = ends[0]
    numbers: dict[int, int] = {}
    return [numbers.setdefault(first_of(post_id), len(numbers)) for post_id in range(1, len(posts) + 1)]
