"""The conversation around a post, fetched when a person wants to read it. Nothing of it becomes a post of the timeline."""

from __future__ import annotations

from dataclasses import dataclass

from engine import polite
from engine.conversation import Conversation, SlowTurns
from engine.errors import FetchError, InputError, RefusedError
from engine.sources import registry
from engine.sources.source import ThreadOf
from engine.store import Store
from engine.types import Subscription, Thread


@dataclass(frozen=True, slots=True)
class Threads:
    """What fetching conversations needs."""

    store: Store
    conversation: Conversation

    def fetch(self, post_id: int) -> Thread:
        """Ask a post's network for the comments below it.

        Raises:
            InputError: its kind has none that can be read here.   FetchError.   ParseError.   NotFoundError.
        """
        post = self.store.post(post_id)
        (state,) = self.store.fetch_states([post.row.feed_id]) or (None,)
        source = registry.source(state.kind) if state is not None and state.kind in registry.SOURCES else None
        request = None
        if state is not None and source is not None:
            subscription = Subscription(url=state.url, kind=state.kind, options=state.options, account=state.account)
            extras = post.row.extras
            about = ThreadOf(url=post.row.url, guid=post.guid, comments_url=post.comments_url, subscription=subscription, replies_url=extras.replies_url if extras else "")
            request = source.thread(about)
        if state is None or source is None or request is None:
            raise InputError("Millpond cannot read the comments of this post itself. Open them in the browser.")
        turn = SlowTurns(store=self.store, clock=self.conversation.clock).take([request])
        if turn is not None:
            raise RefusedError(f"{source.label} lets itself be asked about once a minute, and was asked just now. Try again in a minute.")
        answer = self.conversation.fetch(state, request)
        if answer.status != 200:
            words = source.refusal(answer.status) or polite.words_for_status(answer.status)
            raise FetchError(words, status=answer.status)
        comments, left_out = self.conversation.parse.comments(state.kind, answer.body, answer.url, step=request.step)
        return Thread(post_id=post_id, comments=comments, left_out=left_out)
