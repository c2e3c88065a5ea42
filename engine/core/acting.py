"""What the person does on networks: favourites, boosts, bookmarks, replies."""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.parts import Parts
from engine.types import Act, Changes, Verb


class Acting(Parts):
    """Acting."""

    def act(self, post_id: int, verb: Verb, *, undo: bool = False, text: str = "", account: str = "") -> Act | None:
        """Queue an act on a post in the name of an account; `send_acts` and each refresh send it, once.

        Args:
            undo: takes an earlier one back; one that was not sent yet is just dropped (None).   text: of a reply.
        Raises:
            InputError: the network has no such act, or nobody is signed in for it.   NotFoundError.
        """
        act, changes = self._outbox.put(post_id, verb, undo=undo, text=text, account=account)
        self._publish(changes)
        return act

    def acts(self, post_id: int | None = None) -> list[Act]:
        """Return what was done on networks, the oldest first, with what waits and what failed."""
        return self._store.acts(post_id=post_id)

    def send_acts(self) -> Iterator[Act]:
        """Send what is due; yields each act as it stands afterwards. Raises BusyError as `refresh` does."""
        with self._store.lock("jobs"):
            for act, changes in self._outbox.run():
                self._publish(changes)
                yield act

    def retry_act(self, act_id: int) -> Changes:
        """Let an act that failed or waits be tried at the next turn. Raises NotFoundError."""
        from engine.errors import NotFoundError

        for act in self._store.acts():
            if act.id == act_id and act.state != "done":
                return self._publish(self._store.settle_act(act, state="waiting"))
        raise NotFoundError(f"No act {act_id} waits.")

    def discard_act(self, act_id: int) -> Changes:
        """Forget an act that failed or waits. Raises NotFoundError."""
        return self._publish(self._store.remove_act(act_id))
