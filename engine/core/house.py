"""Settings, the ledger, changes from elsewhere, copies, and the examination of a profile."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from engine import secrets
from engine.core.parts import Parts
from engine.settings import BY_NAME, Value, by_name
from engine.types import Changes, Check, LedgerRow

MODEL_SETTINGS = frozenset({"gpu", "ai", "embedding_model", "text_model", "threads"})  # what runs with old ones is let go of


class House(Parts):
    """Keeping house."""

    def settings(self) -> dict[str, Value]:
        """Every setting's value."""
        return dict(self._settings)

    def set_setting(self, name: str, value: Value) -> Changes:
        """Raises InputError when there is no such setting or the value is out of bounds."""
        parsed = by_name(name).parse(value)
        changes = self._store.set_setting(name, parsed)
        with self._lock:
            otherwise = self._settings[name] != parsed
            self._settings[name] = parsed
            if name in MODEL_SETTINGS:
                self._drop_models()
            if name == "proxy" and self._client is not None:
                self._client.close()
                self._client = None
                self.__dict__.pop("_full_texts", None)
                self.__dict__.pop("_accounts", None)
        if name == "fold_stories":
            changes = changes | self._store.fold_all()
        if name in {"ai", "use_signals"} and otherwise:
            changes = changes | self._signals_switched()
        if name in {"strength", "preset", "exploration"}:
            changes = changes | self._rescore()
        return self._publish(changes)

    def ledger(self, limit: int = 200, host: str | None = None) -> list[LedgerRow]:
        """Return the newest requests first."""
        return self._store.ledger(limit=limit, host=host)

    def changes(self, callback: Callable[[Changes], None]) -> Callable[[], None]:
        """Call back after each write, from any thread; returns what ends it."""
        with self._lock:
            self._listeners.append(callback)

        def end() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._listeners.remove(callback)

        return end

    def poll(self) -> Changes:
        """Return what other processes wrote since the last call (`unknown`), and tell the listeners."""
        if not self._store.others_wrote():
            return Changes()
        now = {name: value for name, value in self._store.settings().items() if name in BY_NAME}
        with self._lock:
            others = {name for name, value in now.items() if self._settings[name] != value}
            self._settings |= now
            if others & MODEL_SETTINGS:
                self._drop_models()
        self._matcher = None
        if (scorer := self._made("_scorer")) is not None:
            scorer.forget()
        return self._publish(Changes(unknown=True))

    def window_lock(self) -> contextlib.AbstractContextManager[None]:
        """Held by the one window of a profile. Raises BusyError."""
        return self._store.lock("window")

    def recovery_key(self) -> str:
        """The key of this profile for printing; "" for a plain one."""
        return secrets.recovery_key(self._key) if self._key is not None else ""

    def backup(self, path: Path | str) -> Path:
        """Write a checked copy of the database. Raises StoreError, InputError."""
        return self._store.backup(Path(path))

    def tidy(self) -> Iterator[None]:
        """For idle time: forget old rows of the ledger, make the weekly copy. Closing it stops between two steps."""
        yield from self._store.upkeep()

    def doctor(self) -> list[Check]:
        from engine import doctor

        return doctor.examine(self._store, self._parse, self._models.embedder(), encrypted=self._key is not None)
