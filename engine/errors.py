"""One tree of errors that a person can act on. Anything else that is raised is a bug and shows as one."""

from __future__ import annotations


class EngineError(Exception):
    """What happened, and what can be done. `str(error)` is shown as it is: plain text, no secrets."""

    exit_code = 1


class InputError(EngineError):
    """What the person gave cannot be used: an address, a file, an option."""

    exit_code = 2


class NotFoundError(EngineError):
    """No such feed, post, rule or model."""

    exit_code = 3


class FetchError(EngineError):
    """A request failed. `status` is the HTTP status where there was one."""

    exit_code = 4

    def __init__(self, message: str, *, status: int | None = None, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class UnreachableError(FetchError):
    """There is no way to the host: its name is not found, or there is no network (`offline`: surely this machine's fault)."""

    def __init__(self, message: str, *, offline: bool = False) -> None:
        super().__init__(message)
        self.offline = offline


class RefusedError(FetchError):
    """Millpond itself refused the request: a private address, a scheme, a paused host."""


class ParseError(EngineError):
    """The bytes are not what they should be (no feed, no subscription list, no article)."""

    exit_code = 5


class NotAFeedError(ParseError):
    """The address answers with something else. `candidates` are feeds that the page names."""

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class StoreError(EngineError):
    """The profile cannot be read or written."""

    exit_code = 6


class LockedError(StoreError):
    """The profile is encrypted and no key, or a wrong one, was given."""


class DamagedError(StoreError):
    """The database is damaged, though its key fits; `rescue_profile` makes the best of it."""


class NewerProfileError(StoreError):
    """A newer Millpond made this profile."""


class BusyError(StoreError):
    """Another process holds the lock; the message names it."""


class SecretsError(EngineError):
    """No keyring that keeps what it is given; the message names the choices."""

    exit_code = 7


class WorkerError(EngineError):
    """A worker failed, hung or outgrew its limits, and trying again did not help."""

    exit_code = 8


class ModelError(EngineError):
    """A model is missing, does not match its hash, or cannot be loaded."""

    exit_code = 9
