"""What every part of the engine works with: the store, the door to the network, the workers, the learner.

What the first screen does not need is imported where it is used: the window opens sooner.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from engine.settings import BY_NAME, Value
from engine.store import Store
from engine.types import Changes, PicturePolicy

if TYPE_CHECKING:
    from engine.accounts import Accounts
    from engine.filters import Matcher
    from engine.folding import Folding
    from engine.fulltext import FullTexts
    from engine.http import Client
    from engine.inference import Inference
    from engine.models.catalogue import Model
    from engine.outbox import Outbox
    from engine.pictures import Pictures
    from engine.ranking.termspace import TermSpace
    from engine.readersync import ReaderSync
    from engine.scoring import Scorer
    from engine.subscribe import Found
    from engine.vault import Vault
    from engine.workers.clients import ParseWorker

Clock = Callable[[], datetime]

# What models make, and the setting that switches each; all of it hangs on `ai` besides.
SWITCHES = {
    "signals": "use_signals",
    "summaries": "use_summaries",
    "ask": "use_ask",
    "plain_rules": "use_plain_rules",
    "rewrites": "use_rewrites",
}


def utc_now() -> datetime:
    return datetime.now(UTC)


def seconds_that_run_on() -> float:
    """Seconds of a clock that nobody can set, and that runs on while the machine sleeps where the system has such a one."""
    sleepless = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(sleepless) if sleepless is not None else time.monotonic()



class Parts:
    """The engine's inside."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock = utc_now,
        key: bytes | None = None,
        steady: Callable[[], float] | None = None,
    ) -> None:
        self._store = store
        self._steady = steady or (seconds_that_run_on if clock is utc_now else None)
        self._clock = clock
        self._key = key
        self._listeners: list[Callable[[Changes], None]] = []
        self._lock = threading.RLock()
        self._settings: dict[str, Value] = {setting: BY_NAME[setting].default for setting in BY_NAME}
        self._settings |= {name: value for name, value in store.settings().items() if name in BY_NAME}
        self._client: Client | None = None
        self._matcher: Matcher | None = None
        self._summaries_asked = 0  # by a person; those made in idle time give way
        self._space: tuple[int, TermSpace] | None = None  # learnt from that many posts
        self._looked: dict[str, Found] = {}
        self._asked_at: dict[int, float] = {}  # feeds, by steady seconds
        self._closed = False

    @cached_property
    def _parse(self) -> ParseWorker:
        from engine.workers.clients import ParseWorker

        return ParseWorker(clock=self._clock)

    @cached_property
    def _models(self) -> Inference:
        from engine.inference import Inference

        return Inference(
            lambda: self._settings, self._parse, server=self._store.enabled_model_server, key=self._server_key, client=self._http
        )

    def _server_key(self, server_id: int) -> str:
        """The API key of a model server. Raises SecretsError when the keyring does not give it out."""
        from engine import secrets
        from engine.errors import SecretsError

        item = self._store.model_server_key(server_id)
        key = secrets.read_secret(item) if item else ""
        if key is None:
            raise SecretsError("The keyring does not give out the model server's key. Unlock it, or add the server anew.")
        return key

    @cached_property
    def _scorer(self) -> Scorer:
        from engine.scoring import Scorer

        return Scorer(
            self._store, clock=self._clock, model=self._model_name, taste=self._taste, signals=lambda: self._switched_on("signals")
        )

    @cached_property
    def _folding(self) -> Folding:
        from engine.folding import Folding

        return Folding(self._store, model=self._model_name)

    @cached_property
    def _accounts(self) -> Accounts:
        from engine.accounts import Accounts

        return Accounts(self._store, self._http(), self._clock)

    @property
    def _outbox(self) -> Outbox:
        from engine.outbox import Outbox

        return Outbox(self._store, self._accounts, self._clock)

    @property
    def _reader_sync(self) -> ReaderSync:
        from engine.readersync import ReaderSync

        return ReaderSync(self._store, self._accounts, self._parse, self._clock)

    @cached_property
    def _vault(self) -> Vault:
        from engine.vault import Vault

        return Vault()

    @cached_property
    def _full_texts(self) -> FullTexts:
        from engine.fulltext import FullTexts, Robots

        client = self._http()
        return FullTexts(self._store, client, self._parse, self._clock, Robots(client, self._clock))

    @cached_property
    def _pictures(self) -> Pictures:
        from engine.pictures import Pictures

        return Pictures(self._store, self._http, lambda: self._parse, lambda: cast("PicturePolicy", self._settings["pictures"]))

    def _made(self, name: str) -> Any:
        """Return one of the properties above where it was made already, else None."""
        return self.__dict__.get(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the workers and requests, and close the profile. Doing it twice is fine."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if (scorer := self._made("_scorer")) is not None:
            scorer.save_if_changed()
        for running in (self._made("_parse"), self._made("_models")):
            if running is not None:
                running.close()
        if self._client is not None:
            self._client.close()
        self._store.close()

    @property
    def profile(self) -> Path:
        return self._store.profile

    def _publish(self, changes: Changes) -> Changes:
        if changes:
            if (scorer := self._made("_scorer")) is not None:
                scorer.apply(changes)
            if changes.unknown and (folding := self._made("_folding")) is not None:
                folding.forget()
            with self._lock:
                listeners = list(self._listeners)
            for listener in listeners:
                listener(changes)
        return changes

    def _learnt(self, changes: Changes) -> Changes:
        """After feedback: the learner takes it in and the order follows."""
        self._scorer.apply(changes)
        return changes | self._scorer.relearn()

    def _rescore(self) -> Changes:
        self._scorer.relearn()
        return self._scorer.save()

    def _taste(self) -> tuple[str, float, float]:
        return str(self._settings["preset"]), float(self._settings["strength"]), float(self._settings["exploration"])

    def _switched_on(self, feature: str) -> bool:
        """Whether the person lets a feature of SWITCHES be; says nothing about models."""
        return bool(self._settings["ai"] and self._settings[SWITCHES[feature]])

    def _signals_switched(self) -> Changes:
        """Let the order and the rules go by signals again, or no longer."""
        if (scorer := self._made("_scorer")) is None:
            return Changes(order=True)
        scorer.forget()
        return self._rescore()

    def _http(self) -> Client:
        from engine.http import Client, Policy

        with self._lock:
            if self._client is None:
                policy = Policy(proxy=str(self._settings["proxy"]))
                pauses = self._store.pauses()
                self._client = Client(self._clock, policy, self._store, pauses, steady=self._steady, vault=self._vault)
            return self._client

    def _matcher_now(self) -> Matcher:
        from engine import filters

        matcher = self._matcher
        if matcher is None:
            matcher = self._matcher = filters.compile([rule for rule in self._store.rules() if rule.enabled])
        return matcher

    def _model_name(self) -> str:
        return self._model().name

    def _model(self) -> Model:
        from engine.models import catalogue

        return catalogue.in_use(str(self._settings["embedding_model"]), "embedding")

    def _drop_models(self) -> None:
        if (models := self._made("_models")) is not None:
            models.drop()
        if (folding := self._made("_folding")) is not None:
            folding.forget()
