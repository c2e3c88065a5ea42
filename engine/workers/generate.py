"""The `generate` worker: a GGUF language model on this machine. Operations: complete, choose, info.

Scaffold is tokenised with the model's special tokens and foreign text without, so that a post cannot forge a turn.
The model's own chat template is never used.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from engine.errors import InputError, ModelError
from engine.workers.llama import EXACT_TOKENS, Llama, Sampler, Stopped

Payload = dict[str, Any]
Cancelled = Callable[[], bool]
Replies = Iterator[dict[str, Any]]

CONTEXT_TOKENS = 4096
MIN_CONTEXT_TOKENS = 256
MAX_CONTEXT_TOKENS = 1 << 17
MAX_TOKENS = 1024
MAX_THREADS = 8
MAX_LABELS = 64
NEAR_LOGITS = 0.1  # labels closer than this are read again: rounding turned 22 of 600 posts round, 3 of them further apart
ROUND_BATCHES = 4  # of texts that are chosen for together
ROUND_SECONDS = 20.0  # far below the longest silence that the supervisor allows
TIMED_TOKENS = 16  # fewer at once tell little of how fast a prompt is read
REMEMBERED_TOKENS = 20_000  # over which a speed is measured
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", ".”", '."', "\n")


def start(config: Mapping[str, Any]) -> dict[str, Callable[[Payload, Cancelled], Replies]]:
    """Load nothing yet: the first request does."""
    # Read once, when llama.cpp loads OpenMP: how often a thread looks before it sleeps where it waits for another.
    # With the default, threads that share the processor with other programs read a prompt up to seventeen times slower.
    os.environ["GOMP_SPINCOUNT"] = "2000"
    os.environ["GGML_NO_BACKTRACE"] = "1"  # it would start a debugger, which a worker may not
    model = _Model(
        Path(config["model_path"]),
        int(config.get("threads") or 0),
        gpu_layers=int(config.get("gpu_layers") or 0),
        context_tokens=int(config.get("context_tokens") or CONTEXT_TOKENS),
    )
    return {"complete": model.complete, "choose": model.choose, "info": model.info}


class _Model:
    """One model, loaded at first use, used by one thread.

    Threads of ggml wait for each other at every step: where other programs want the processor too, writing with one
    thread less than there are cores is several times faster than with all. Reading a prompt is one long job for all.
    """

    def __init__(
        self, path: Path, threads: int, *, gpu_layers: int = 0, context_tokens: int = CONTEXT_TOKENS
    ) -> None:
        cores = _cores()
        self._path = path
        self._reading_threads = threads or min(cores, MAX_THREADS)
        self._writing_threads = threads or min(max(cores - 1, 1), MAX_THREADS)
        self._gpu_layers = gpu_layers
        self._context_tokens = min(max(context_tokens, MIN_CONTEXT_TOKENS), MAX_CONTEXT_TOKENS)
        self._llama: Llama | None = None
        self._trunk: list[int] = []  # the tokens that sequence 0 has read
        self._reading, self._writing = _Speed(), _Speed()

    # ---- operations ------------------------------------------------------------------------------------

    def info(self, payload: Payload, cancelled: Cancelled) -> Replies:
        self._loaded()
        yield {"info": self._told()}

    def complete(self, payload: Payload, cancelled: Cancelled) -> Replies:
        """Write on from `pieces`: greedily by default, at most `max_tokens`, in parts; empty ones while the prompt is read.

        With `stop_words` it ends with the sentence in which that many words are reached, with `stop` before the first of
        these texts, with `grammar` (GBNF) where the grammar does. `seed` makes what is drawn at a `temperature` the same
        each time. What the prompt shares with the one before, the scaffold at least, is not read again.

        Raises:
            InputError: the grammar cannot be read.   ModelError.
        """
        llama = self._loaded()
        limit = min(max(int(payload.get("max_tokens", 200)), 1), MAX_TOKENS, llama.context_tokens // 2)
        room = min(llama.context_tokens - limit - 1, int(payload.get("max_prompt_tokens") or llama.context_tokens))
        tokens = self._prompt(payload["pieces"], room)
        if not tokens:
            raise ModelError("There is nothing to write on from.")
        seed = payload.get("seed")
        sampler = llama.sampler(
            temperature=float(payload.get("temperature", 0.0)),
            repeat_penalty=float(payload.get("repeat_penalty", 1.1)),
            seed=int(seed) if seed is not None else None,
            grammar=str(payload.get("grammar") or ""),
            bias=self._kept_to(payload),
        )
        try:
            for _ in self._read(tokens, cancelled, answered=True):
                yield {"text": ""}
                if cancelled():
                    return
            ending = _Ending(int(payload.get("stop_words") or 0), payload.get("stop") or ())
            for text in self._written(sampler, limit, cancelled):
                if shown := ending.take(text):
                    yield {"text": shown}
                if ending.reached:
                    break
            yield {"text": ending.left(), "info": self._told()}
        except Stopped:
            self._forget()
        finally:
            sampler.close()

    def choose(self, payload: Payload, cancelled: Cancelled) -> Replies:
        """How likely each of `labels` follows `before` and each of `items`, some items at a time, and empty answers before.

        `before` is read once. Of each item only the logits of its last token are computed, of many items in one batch.

        Raises:
            InputError: a label is more than one token, two are the same one, or an item is empty.   ModelError.
        """
        llama = self._loaded()
        labels = self._labels(payload["labels"])
        before = self._prompt(payload["before"], llama.context_tokens // 2)
        room = llama.context_tokens - len(before) - 1
        items = [self._prompt(item, room) for item in payload["items"]]
        if not all(items):
            raise InputError("There is nothing to choose for in an empty text; leave it out.")
        nothing: dict[str, Any] = {"indices": [], "probabilities": []}
        try:
            for _ in self._read(before, cancelled, answered=False):
                yield nothing
                if cancelled():
                    return
            # The longest first: shorter ones then fill what is left of a round.
            waiting = sorted(range(len(items)), key=lambda index: len(items[index]), reverse=True)
            while waiting:
                chosen = self._next_round(waiting, items, room)
                found = self._probabilities(chosen, items, len(before), labels, cancelled)
                yield {"indices": chosen, "probabilities": found.tolist()}
                if cancelled():
                    return
            yield nothing | {"info": self._told()}
        except Stopped:
            self._forget()

    # ---- reading ---------------------------------------------------------------------------------------

    def _read(self, tokens: Sequence[int], cancelled: Cancelled, *, answered: bool) -> Iterator[None]:
        """Have `tokens` in sequence 0, read in steps; where `answered`, the logits of the last stand at place -1."""
        llama = self._loaded()
        most = tokens[:-1] if answered else tokens
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._trunk, most, strict=False)))
        # The memory of some architectures cannot be cut in the middle; they read everything again.
        if shared < len(self._trunk) and not (shared and llama.cut(0, shared)):
            llama.forget(0)
            shared = 0
        del self._trunk[shared:]
        yield
        while len(self._trunk) < len(tokens):
            begin = len(self._trunk)
            step = list(tokens[begin : begin + llama.batch_tokens])
            last = begin + len(step) == len(tokens)
            self._timed(step, range(begin, begin + len(step)), [0] * len(step), [len(step) - 1] if last else [], cancelled)
            self._trunk += step
            yield

    def _probabilities(
        self, chosen: Sequence[int], items: Sequence[Sequence[int]], begin: int, labels: Sequence[int], cancelled: Cancelled
    ) -> Any:
        """(chosen, labels) of float64, rows sum to 1.

        Where two labels are about as likely, rounding in a large batch could decide: those items are read again as if alone.
        """
        llama = self._loaded()
        found = self._label_logits(chosen, items, begin, labels, cancelled, llama.batch_tokens)
        best = np.sort(found, axis=1)
        near = np.flatnonzero(best[:, -1] - best[:, -2] < NEAR_LOGITS)
        if len(near) and llama.batch_tokens > EXACT_TOKENS:
            again = [chosen[row] for row in near.tolist()]
            found[near] = self._label_logits(again, items, begin, labels, cancelled, EXACT_TOKENS)
        found -= found.max(axis=1, keepdims=True)
        np.exp(found, out=found)
        return found / found.sum(axis=1, keepdims=True)

    def _label_logits(
        self,
        chosen: Sequence[int],
        items: Sequence[Sequence[int]],
        begin: int,
        labels: Sequence[int],
        cancelled: Cancelled,
        at_once: int,
    ) -> Any:
        """(chosen, labels) of float64: the items read as sequences of their own behind the trunk, and forgotten.

        All batches of `at_once` tokens but the last are full: an item may begin in one and end in the next.
        """
        llama = self._loaded()
        lengths = np.array([len(items[index]) for index in chosen])
        tokens = np.concatenate([np.asarray(items[index], dtype=np.intc) for index in chosen])
        ends = np.cumsum(lengths)
        places = np.arange(len(tokens), dtype=np.intc)
        positions = begin + places - np.repeat(ends - lengths, lengths)
        sequences = np.repeat(np.arange(1, len(chosen) + 1), lengths)
        found = np.empty((len(chosen), len(labels)))
        try:
            for sequence in range(1, len(chosen) + 1) if begin else ():
                llama.copy(0, sequence)
            for start in range(0, len(tokens), at_once):
                batch = slice(start, start + at_once)
                ending = np.flatnonzero((ends > start) & (ends <= start + at_once))
                self._timed(tokens[batch], positions[batch], sequences[batch], ends[ending] - 1 - start, cancelled)
                for row in ending:
                    found[row] = llama.logits(int(ends[row]) - 1 - start)[labels]
        finally:
            for sequence in range(1, len(chosen) + 1):
                llama.forget(sequence)
        return found

    def _next_round(self, waiting: list[int], items: Sequence[Sequence[int]], room: int) -> list[int]:
        """Take from `waiting` what is read together: the first, and whatever still fits beside it."""
        llama = self._loaded()
        left = min(ROUND_BATCHES * llama.batch_tokens, room)
        if self._reading.rate:
            left = min(left, int(self._reading.rate * ROUND_SECONDS))
        chosen: list[int] = []
        for index in list(waiting):
            if len(chosen) == llama.sequences - 1:
                break
            if not chosen or len(items[index]) <= left:
                chosen.append(index)
                waiting.remove(index)
                left -= len(items[index])
        return chosen

    def _timed(self, tokens: Any, positions: Any, sequences: Any, wanted: Any, cancelled: Cancelled) -> None:
        began = time.perf_counter()
        self._loaded().read(tokens, positions, sequences, wanted, cancelled)
        if len(tokens) >= TIMED_TOKENS:
            self._reading.add(len(tokens), time.perf_counter() - began)

    # ---- writing ---------------------------------------------------------------------------------------

    def _written(self, sampler: Sampler, limit: int, cancelled: Cancelled) -> Iterator[str]:
        """The text that follows what sequence 0 has read, token by token, "" where a character is not whole yet."""
        llama = self._loaded()
        waiting = b""
        began = time.perf_counter()
        for written in range(1, limit + 1):
            token = sampler.next(-1)
            if token is None or llama.ends(token) or cancelled():
                break
            waiting += llama.piece(token)
            text, waiting = _whole(waiting)
            self._writing.add(1, time.perf_counter() - began)
            yield text
            began = time.perf_counter()
            if written < limit:
                llama.read([token], [len(self._trunk)], [0], [0])
                self._trunk.append(token)
        if waiting:
            yield waiting.decode("utf-8", "replace")

    # ---- prompts ---------------------------------------------------------------------------------------

    def _prompt(self, pieces: Sequence[Sequence[str]], room: int) -> list[int]:
        """Return the prompt's tokens; where they are too many, the longest foreign piece loses its end."""
        llama = self._loaded()
        parts = [(kind, llama.tokens(text, special=kind == "scaffold")) for kind, text in pieces]
        excess = sum(len(tokens) for _, tokens in parts) - room
        if excess > 0:
            longest = max((part for part in parts if part[0] == "foreign"), key=lambda part: len(part[1]), default=None)
            if longest is None or len(longest[1]) <= excess:
                raise ModelError("This text is too long for the language model.")
            del longest[1][-excess:]
        return [token for _, tokens in parts for token in tokens]

    def _labels(self, labels: Sequence[str]) -> list[int]:
        """The token of each label. Raises InputError."""
        if not 2 <= len(labels) <= MAX_LABELS:
            raise InputError(f"A choice has two labels at least and {MAX_LABELS} at most.")
        llama = self._loaded()
        found = []
        for label in labels:
            tokens = llama.tokens(label)
            if len(tokens) != 1:
                tokens = llama.tokens(label.strip())  # vocabularies that put a space before each text themselves
            if len(tokens) != 1:
                raise InputError(f"The label “{label[:40]}” is more than one token of this model; choose a shorter word.")
            found += tokens
        if len(set(found)) < len(found):
            raise InputError("Two of these labels begin alike for this model; choose words that differ.")
        return found

    def _kept_to(self, payload: Payload) -> Any:
        """What makes every token less likely that stands neither in the foreign pieces nor among `free_words`.

        `strangeness` is by how much, in natural logarithms of the odds; 0 lets the model write as it likes.
        """
        strangeness = float(payload.get("strangeness") or 0.0)
        if strangeness <= 0:
            return None
        llama = self._loaded()
        known = {token for kind, text in payload["pieces"] if kind == "foreign" for token in llama.tokens(text)}
        for word in str(payload.get("free_words") or "").split():
            for form in (word, f" {word}", f" {word.capitalize()}", word.capitalize()):
                known.update(tokens if len(tokens := llama.tokens(form)) == 1 else ())
        bias = np.full(llama.vocabulary, -strangeness, dtype=np.float32)
        bias[sorted(known)] = 0.0
        bias[[token for token in range(llama.vocabulary) if llama.ends(token)]] = 0.0
        return bias

    # ---- the model -------------------------------------------------------------------------------------

    def _loaded(self) -> Llama:
        if self._llama is None:
            self._llama = Llama(
                self._path,
                context_tokens=self._context_tokens,
                threads=self._writing_threads,
                reading_threads=self._reading_threads,
                gpu_layers=self._gpu_layers,
            )
        return self._llama

    def _forget(self) -> None:
        """After a batch that was broken off nothing in the memory is sure."""
        self._loaded().forget_all()
        self._trunk.clear()

    def _told(self) -> dict[str, Any]:
        llama = self._loaded()
        return {
            "architecture": llama.architecture,
            "device": llama.device,
            "why": llama.why,
            "context_tokens": llama.context_tokens,
            "vocabulary": llama.vocabulary,
            "threads": self._writing_threads,
            "reading_threads": self._reading_threads,
            "reading_tokens_per_second": self._reading.rate,
            "writing_tokens_per_second": self._writing.rate,
            "can_roll_back": llama.can_roll_back,
        }


class _Speed:
    """Tokens a second, of the last some thousands."""

    def __init__(self) -> None:
        self._tokens = 0.0
        self._seconds = 0.0

    @property
    def rate(self) -> float:
        return self._tokens / self._seconds if self._seconds else 0.0

    def add(self, tokens: int, seconds: float) -> None:
        if self._tokens > REMEMBERED_TOKENS:
            self._tokens, self._seconds = self._tokens / 2, self._seconds / 2
        self._tokens += tokens
        self._seconds += seconds


class _Ending:
    """Tells when a text that is being written has come to its end, and holds back what may be the beginning of the end."""

    def __init__(self, stop_words: int, stop: Sequence[str]) -> None:
        self._stop_words = stop_words
        self._stop = tuple(text for text in ([stop] if isinstance(stop, str) else stop) if text)
        self._held = ""
        self._words, self._inside = 0, False
        self.reached = False

    def take(self, text: str) -> str:
        """What may be shown, now that the text has gone on so."""
        self._held += text
        found = min((place for end in self._stop if (place := self._held.find(end)) >= 0), default=-1)
        if found >= 0:
            shown, self._held, self.reached = self._held[:found], "", True
        else:
            held = max((self._overlap(end) for end in self._stop), default=0)
            cut = len(self._held) - held
            shown, self._held = self._held[:cut], self._held[cut:]
        for sign in shown:
            self._words += (sign.isspace() and self._inside) or "\u3400" <= sign <= "\u9fff"
            self._inside = not sign.isspace()
        if self._stop_words and self._words >= self._stop_words - 1 and shown.rstrip(" ").endswith(_SENTENCE_ENDS):
            self._held, self.reached = "", True
        return shown

    def left(self) -> str:
        """What was held back, when nothing more comes."""
        return self._held

    def _overlap(self, end: str) -> int:
        """How many signs at the end of the text are how `end` begins."""
        return next((size for size in range(len(end) - 1, 0, -1) if self._held.endswith(end[:size])), 0)


def _cores() -> int:
    """Return how many physical cores this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min(psutil.cpu_count(logical=False) or allowed, allowed), 1)


def _whole(raw: bytes) -> tuple[str, bytes]:
    """Return the characters that are complete, and the bytes of one that is not yet."""
    for cut in range(len(raw), max(len(raw) - 4, -1), -1):
        try:
            return raw[:cut].decode("utf-8"), raw[cut:]
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace"), b""
