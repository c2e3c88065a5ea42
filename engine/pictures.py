"""The pictures of a post: fetched by the one door when the person's policy says so, kept encrypted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import FetchError, InputError
from engine.http import Client, HttpRequest
from engine.sources.clean import body_images
from engine.store import Store
from engine.types import Picture, PicturePolicy, Post
from engine.workers.clients import ParseWorker

MAX_PICTURE_BYTES = 12 << 20
_ACCEPT = "image/webp, image/jpeg, image/png, image/gif;q=0.8"


@dataclass(frozen=True, slots=True)
class Pictures:
    """What fetching pictures needs. `usual` tells the policy of feeds that have none of their own."""

    store: Store
    client: Callable[[], Client]
    parse: Callable[[], ParseWorker]
    usual: Callable[[], PicturePolicy]

    def policy(self, feed_id: int) -> PicturePolicy:
        return self.store.picture_policies().get(feed_id) or self.usual()

    def named(self, post: Post) -> list[str]:
        """Addresses of the pictures that a post, or its fetched article, names."""
        whole = self.store.full_text(post.row.id)
        bodies = (post.body_html, whole.body_html if whole is not None else "")
        found = [image.url for body in bodies for image in body_images(body)]
        return list(dict.fromkeys([*found, *(media.url for media in post.media if media.kind == "image")]))

    def stored(self, post_id: int) -> list[Picture]:
        """Those of a post that were fetched already; asks nobody."""
        urls = self.named(self.store.post(post_id))
        kept = self.store.pictures(urls) if urls else []
        if kept:
            self.store.pictures_shown([picture.url for picture in kept])
        return kept

    def fetch(self, post_id: int, url: str, *, asked: bool) -> Picture:
        """Fetch one picture of a post and keep it.

        Args:
            asked: the person pointed at it; otherwise only a policy of "all" lets it be fetched.
        Raises:
            InputError: the policy forbids it, or the post names no such picture.   FetchError, RefusedError: no answer.
            ParseError: no picture, or a tracker's.   NotFoundError.
        """
        post = self.store.post(post_id)
        policy = self.policy(post.row.feed_id)
        if policy == "never" or (policy == "click" and not asked):
            raise InputError("Pictures of this feed are not fetched. The settings, or those of the feed, let you change that.")
        if url not in self.named(post):
            raise InputError("This post names no such picture.")
        for kept in self.store.pictures([url]):
            return kept
        private = self.store.allows_private(post.row.feed_id, url)
        request = HttpRequest(url=url, purpose="picture", accept=_ACCEPT, allow_private=private, max_body_bytes=MAX_PICTURE_BYTES)
        answer = self.client().fetch(request)
        if answer.status != 200:
            raise FetchError(_words_for_status(answer.status), status=answer.status)
        picture = self.parse().picture(answer.body, url)
        self.store.save_picture(post_id, picture)
        return picture


def _words_for_status(status: int) -> str:
    if status in (401, 402, 403):
        return f"The site does not show this picture to programs ({status}). Open it in the browser."
    if status in (404, 410):
        return f"The picture is not there any more ({status})."
    if status in (429, 503):
        return f"The site is asked too often or busy ({status}). Millpond leaves it alone for a while."
    return f"The picture cannot be had now ({status})."
