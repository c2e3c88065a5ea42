"""The `generate` worker: a GGUF language model on this machine. Operations: complete, info.

Scaffold is tokenised with the model's special tokens and foreign text without, so that a post cannot forge a turn.
The model's own chat template is never used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import ModelError

Payload = dict[str, Any]
Cancelled = Callable[[], bool]
Replies = Iterator[dict[str, Any]]

CONTEXT_TOKENS = 4096
BATCH_TOKENS = 512
MAX_TOKENS = 1024


def start(config: Mapping[str, Any]) -> dict[str, Callable[[Payload, Cancelled], Replies]]:
    """Load nothing yet: the first request does."""
    model = _Model(Path(config["model_path"]), int(config.get("threads") or 0))
    return {"complete": model.complete, "info": model.info}


class _Model:
    """One model, loaded at first use, used by one thread."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self._threads = threads or max(os.cpu_count() or 1, 1)
        self._llama: Any = None

    def info(self, payload: Payload, cancelled: Cancelled) -> Replies:
        llama = self._loaded()
        yield {"context_tokens": int(llama.n_ctx()), "vocabulary": int(llama.n_vocab()), "threads": self._threads}

    def complete(self, payload: Payload, cancelled: Cancelled) -> Replies:
        """Write on from `pieces`: greedily by default, at most `max_tokens`, in parts of at least one character."""
        llama = self._loaded()
        limit = min(max(int(payload.get("max_tokens", 200)), 1), MAX_TOKENS)
        tokens = self._prompt(payload["pieces"], room=CONTEXT_TOKENS - limit - 1)
        waiting = b""
        written = 0
        for token in llama.generate(
            tokens,
            temp=float(payload.get("temperature", 0.0)),
            top_k=40,
            top_p=0.95,
            repeat_penalty=float(payload.get("repeat_penalty", 1.1)),
        ):
            if self._ends(token) or cancelled():
                break
            waiting += llama.detokenize([token])
            text, waiting = _whole(waiting)
            if text:
                yield {"text": text}
            written += 1
            if written >= limit:
                break
        if waiting:
            yield {"text": waiting.decode("utf-8", "replace")}

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

    def _ends(self, token: int) -> bool:
        import llama_cpp

        vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        return bool(llama_cpp.llama_vocab_is_eog(vocabulary, token))

    def _loaded(self) -> Any:
        if self._llama is None:
            import llama_cpp

            try:
                self._llama = llama_cpp.Llama(
                    model_path=str(self._path),
                    n_ctx=CONTEXT_TOKENS,
                    n_batch=BATCH_TOKENS,
                    n_threads=self._threads,
                    n_threads_batch=self._threads,
                    n_gpu_layers=0,
                    verbose=False,
                )
            except (ValueError, RuntimeError, OSError) as error:
                raise ModelError(
                    f"The language model {self._path.name} cannot be loaded: the file is damaged, or of a kind that "
                    "this version does not know. Remove and install it again."
                ) from error
        return self._llama


def _whole(raw: bytes) -> tuple[str, bytes]:
    """Return the characters that are complete, and the bytes of one that is not yet."""
    for cut in range(len(raw), max(len(raw) - 4, -1), -1):
        try:
            return raw[:cut].decode("utf-8"), raw[cut:]
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace"), b""
