"""The `generate` worker: a GGUF language model on this machine. Operations: complete, info.

Scaffold is tokenised with the model's special tokens and foreign text without, so that a post cannot forge a turn.
The model's own chat template is never used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from engine.errors import ModelError

Payload = dict[str, Any]
Cancelled = Callable[[], bool]
Replies = Iterator[dict[str, Any]]

CONTEXT_TOKENS = 4096
BATCH_TOKENS = 512
CANCEL_TOKENS = 64  # of a prompt that are read between two looks at whether anybody still waits
MAX_TOKENS = 1024
MAX_THREADS = 8
_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", ".”", '."', "\n")


def start(config: Mapping[str, Any]) -> dict[str, Callable[[Payload, Cancelled], Replies]]:
    """Load nothing yet: the first request does."""
    # Read once, when llama.cpp loads OpenMP: how often a thread looks before it sleeps where it waits for another.
    # With the default, threads that share the processor with other programs read a prompt up to seventeen times slower.
    os.environ["GOMP_SPINCOUNT"] = "2000"
    model = _Model(Path(config["model_path"]), int(config.get("threads") or 0))
    return {"complete": model.complete, "info": model.info}


class _Model:
    """One model, loaded at first use, used by one thread.

    Threads of ggml wait for each other at every step: where other programs want the processor too, writing with one
    thread less than there are cores is several times faster than with all. Reading a prompt is one long job for all.
    """

    def __init__(self, path: Path, threads: int) -> None:
        cores = _cores()
        self._path = path
        self._reading_threads = threads or min(cores, MAX_THREADS)
        self._writing_threads = threads or min(max(cores - 1, 1), MAX_THREADS)
        self._llama: Any = None

    def info(self, payload: Payload, cancelled: Cancelled) -> Replies:
        llama = self._loaded()
        yield {
            "context_tokens": int(llama.n_ctx()),
            "vocabulary": int(llama.n_vocab()),
            "threads": self._writing_threads,
            "reading_threads": self._reading_threads,
        }

    def complete(self, payload: Payload, cancelled: Cancelled) -> Replies:
        """Write on from `pieces`: greedily by default, at most `max_tokens`, in parts; empty ones while the prompt is read.

        With `stop_words` it ends with the sentence in which that many words are reached. What the prompt shares with
        the one before, the scaffold at least, is not read again.
        """
        llama = self._loaded()
        limit = min(max(int(payload.get("max_tokens", 200)), 1), MAX_TOKENS)
        stop_words = int(payload.get("stop_words") or 0)
        room = min(CONTEXT_TOKENS - limit - 1, int(payload.get("max_prompt_tokens") or CONTEXT_TOKENS))
        tokens = self._prompt(payload["pieces"], room)
        if not tokens:
            raise ModelError("There is nothing to write on from.")
        for _ in self._read(tokens):
            if cancelled():
                return
            yield {"text": ""}
        waiting = b""
        words, inside = 0, False
        for written, token in enumerate(
            llama.generate(
                tokens,
                temp=float(payload.get("temperature", 0.0)),
                top_k=40,
                top_p=0.95,
                repeat_penalty=float(payload.get("repeat_penalty", 1.1)),
                logits_processor=self._kept_to(payload),
            ),
            start=1,
        ):
            if self._ends(token) or cancelled():
                break
            waiting += llama.detokenize([token])
            text, waiting = _whole(waiting)
            if text:
                yield {"text": text}
                for sign in text:
                    words += (sign.isspace() and inside) or "\u3400" <= sign <= "\u9fff"
                    inside = not sign.isspace()
            if written >= limit or (
                stop_words and words >= stop_words - 1 and text.rstrip(" ").endswith(_SENTENCE_ENDS)
            ):
                break
        if waiting:
            yield {"text": waiting.decode("utf-8", "replace")}

    def _read(self, tokens: Sequence[int]) -> Iterator[None]:
        """Read a prompt but for its last token, in steps."""
        llama = self._llama
        known = llama.input_ids[: llama.n_tokens].tolist()
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(known, tokens[:-1], strict=False)))
        # The memory of some architectures cannot be cut in the middle; they read everything again.
        if shared < llama.n_tokens and not llama._ctx.kv_cache_seq_rm(-1, shared, -1):
            llama.reset()
            shared = 0
        llama.n_tokens = shared
        yield
        for start in range(shared, len(tokens) - 1, CANCEL_TOKENS):
            llama.eval(tokens[start : min(start + CANCEL_TOKENS, len(tokens) - 1)])
            yield

    def _prompt(self, pieces: Sequence[Sequence[str]], room: int) -> list[int]:
        """Return the prompt's tokens; where they are too many, the longest foreign piece loses its end."""
        llama = self._loaded()
        parts = [
            (kind, llama.tokenize(text.encode("utf-8"), add_bos=False, special=kind == "scaffold"))
            for kind, text in pieces
        ]
        excess = sum(len(tokens) for _, tokens in parts) - room
        if excess > 0:
            longest = max((part for part in parts if part[0] == "foreign"), key=lambda part: len(part[1]), default=None)
            if longest is None or len(longest[1]) <= excess:
                raise ModelError("This text is too long for the language model.")
            del longest[1][-excess:]
        return [token for _, tokens in parts for token in tokens]

    def _kept_to(self, payload: Payload) -> Any:
        """What makes every token less likely that stands neither in the foreign pieces nor among `free_words`.

        `strangeness` is by how much, in natural logarithms of the odds; 0 lets the model write as it likes.
        """
        strangeness = float(payload.get("strangeness") or 0.0)
        if strangeness <= 0:
            return None
        import llama_cpp

        llama = self._llama
        known = {token for kind, text in payload["pieces"] if kind == "foreign" for token in self._tokens(text)}
        for word in str(payload.get("free_words") or "").split():
            for form in (word, f" {word}", f" {word.capitalize()}", word.capitalize()):
                known.update(tokens if len(tokens := self._tokens(form)) == 1 else ())
        penalty = np.full(llama.n_vocab(), strangeness, dtype=np.float32)
        penalty[sorted(known)] = 0.0
        vocabulary = llama_cpp.llama_model_get_vocab(llama.model)
        penalty[[token for token in range(llama.n_vocab()) if llama_cpp.llama_vocab_is_eog(vocabulary, token)]] = 0.0
        return llama_cpp.LogitsProcessorList([lambda _, scores: scores - penalty])

    def _tokens(self, text: str) -> list[int]:
        found: list[int] = self._llama.tokenize(text.encode("utf-8"), add_bos=False, special=False)
        return found

    def _ends(self, token: int) -> bool:
        import llama_cpp

        vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        return bool(llama_cpp.llama_vocab_is_eog(vocabulary, token))

    def _loaded(self) -> Any:
        if self._llama is None:
            import llama_cpp

            try:
                with _plain_weights() if _has_amx() else nullcontext():
                    self._llama = llama_cpp.Llama(
                        model_path=str(self._path),
                        n_ctx=CONTEXT_TOKENS,
                        n_batch=BATCH_TOKENS,
                        n_threads=self._writing_threads,
                        n_threads_batch=self._reading_threads,
                        n_gpu_layers=0,
                        verbose=False,
                    )
            except (ValueError, RuntimeError, OSError) as error:
                raise ModelError(
                    f"The language model {self._path.name} cannot be loaded: the file is damaged, or of a kind that "
                    "this version does not know. Remove and install it again."
                ) from error
        return self._llama


def _has_amx() -> bool:
    try:
        return "amx_int8" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


@contextmanager
def _plain_weights() -> Iterator[None]:
    """Keep weights as the file has them while a model is loaded.

    llama.cpp lays them out anew for a processor's AMX unit, whose code then crashes at the first product on some builds
    (llama.cpp issue 20824, `ldtilecfg`). The high-level class has no switch for it; the parameters that it begins with do.
    """
    from llama_cpp import llama_cpp

    usual = llama_cpp.llama_model_default_params

    def plain() -> Any:
        params = usual()
        params.use_extra_bufts = False
        return params

    llama_cpp.llama_model_default_params = plain
    try:
        yield
    finally:
        llama_cpp.llama_model_default_params = usual


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
