"""Prompts as pieces: scaffold, which may hold a model's special tokens, and foreign text, which never may."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from engine.errors import ModelError
from engine.language.foreign import clean

Piece = tuple[str, str]  # ("scaffold" | "foreign", text)

# For each template of the catalogue: what stands before the instructions, before the person's turn, before the answer.
_TEMPLATES = {
    "chatml": ("<|im_start|>system\n", "<|im_end|>\n<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n"),
    "qwen": (
        "<|im_start|>system\n",
        "<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    ),
    "llama3": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    "gemma": ("<bos><start_of_turn>user\n", "\n\n", "<end_of_turn>\n<start_of_turn>model\n"),
}

SUMMARY_VERSION = "summary-1"
_RUN = secrets.token_hex(4)  # the mark of fences that are the same for all posts of one run, so that a prompt's beginning is read once
# Of eleven texts this one wrote 21 sentences that passed the check, with fences 14: it is small, and tells of the marks. Its
# worker keeps text and scaffold apart by their tokens all the same.
_UNFENCED = frozenset({"SmolLM2-135M-Instruct"})


def chat(
    template: str, instructions: str, texts: Sequence[str], request: str, *, begun: str = "", mark: str | None = None
) -> list[Piece]:
    """A prompt of instructions, foreign texts between fences that nobody can forge, a request, and the answer's beginning.

    Args:
        texts: what strangers wrote; cleaned of what cannot be seen.   begun: with what the answer begins.
        mark: of the fences; None draws one at random for this prompt.
    Raises:
        ModelError: a template nobody knows.
    """
    system, person, answer = _template(template)
    mark = mark if mark is not None else secrets.token_hex(4)
    pieces: list[Piece] = [("scaffold", f"{system}{instructions}{person}")]
    for number, text in enumerate(texts, 1):
        pieces += [
            ("scaffold", f"[text {number} {mark}]\n"),
            ("foreign", clean(text).text),
            ("scaffold", f"\n[end {number} {mark}]\n"),
        ]
    return [*pieces, ("scaffold", f"{request}{answer}{begun}")]


def takes_fences(model: str) -> bool:
    """Whether a model sums up as well with fences around the text as without."""
    return model not in _UNFENCED


def summary(
    template: str, title: str, text: str, max_words: int, *, wish: str = "", fenced: bool = False
) -> list[Piece]:
    """The prompt that asks for a summary.

    Args:
        wish: what the person asks besides. It forges no turn either: it may have come in a file of somebody else's.
        fenced: with marks around the text that nobody can forge: see `takes_fences`.
    Raises:
        ModelError: a template nobody knows.
    """
    system, person, answer = _template(template)
    instructions = (
        f"You summarise a post in at most {max_words} words. Use only what the post says, with its own numbers and "
        "names. Write two or three plain sentences. No introduction, no opinion, no list."
    )
    wished = [("scaffold", f"{system}{instructions} "), ("foreign", clean(wish).text.strip()), ("scaffold", person)]
    asked = "Summarise this post.\n\n"
    begin = [*wished, ("scaffold", asked)] if wish.strip() else [("scaffold", f"{system}{instructions}{person}{asked}")]
    whole = clean(f"{title}\n\n{text}" if title else text).text
    if fenced:
        return [*begin, ("scaffold", f"[text {_RUN}]\n"), ("foreign", whole), ("scaffold", f"\n[end {_RUN}]{answer}")]
    return [*begin, ("foreign", whole), ("scaffold", answer)]


def _template(name: str) -> tuple[str, str, str]:
    try:
        return _TEMPLATES[name]
    except KeyError:
        raise ModelError(f"Millpond does not know how to talk to this model (template “{name}”).") from None
