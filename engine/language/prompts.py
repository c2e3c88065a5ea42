"""Prompts as pieces: scaffold, which may hold a model's special tokens, and foreign text, which never may."""

from __future__ import annotations

from engine.errors import ModelError

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


def summary(template: str, title: str, text: str, max_words: int) -> list[Piece]:
    """The prompt that asks for a summary. Raises ModelError for a template nobody knows."""
    try:
        system, person, answer = _TEMPLATES[template]
    except KeyError:
        raise ModelError(f"Millpond does not know how to talk to this model (template “{template}”).") from None
    instructions = (
        f"You summarise a post in at most {max_words} words. Use only what the post says, with its own numbers and "
        "names. Write two or three plain sentences. No introduction, no opinion, no list."
    )
    return [
        ("scaffold", f"{system}{instructions}{person}Summarise this post.\n\n"),
        ("foreign", f"{title}\n\n{text}" if title else text),
        ("scaffold", answer),
    ]
