"""Label probabilities of posts by batched logits, beside what reading the same tokens costs, and beside a chat completion each.

Run with `python -m tests.benchmarks.labels [--json]`. All take turns on the same posts, so that all see the same machine:
- the worker chooses labels for some posts, behind a beginning that they share;
- plain reading: batches of as many tokens as the worker's were, of one text, in this process;
- the library's own chat completion of one token for each post, which reuses the common beginning too.
Ratios are given of seconds and of processor time, which other programs on the machine disturb less.
Afterwards the posts' tokens are read one at a time, each post behind the shared beginning, and the best labels compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from engine.models.catalogue import by_name, default_models_dir
from engine.workers.clients import GenerateWorker
from engine.workers.generate import _cores
from engine.workers.llama import Llama, _has_amx
from engine.workers.process import Limits

LABELS = [" happy", " sad"]
INSTRUCTIONS = "Say of each post whether its writer is happy or sad, with one word: happy or sad."
SHOTS = (
    ("The sun came out and we had a lovely picnic.", "happy"),
    ("My dog died and I cannot stop crying.", "sad"),
    ("We won the match and everybody danced.", "happy"),
    ("They lost their home in the flood.", "sad"),
)
QUESTION = " Happy or sad?"
THINGS = ("bicycle shop", "library", "bridge", "film", "record", "phone", "park", "train", "bakery", "museum", "school", "harbour")
PLACES = ("Arden", "our town", "the old quarter", "the valley", "Lindow", "my street", "the north", "Marsh End")
GLAD = (
    "I love it, what a wonderful day",
    "This made us all so happy",
    "Thank you, it was a great joy",
    "The best news in years, we are delighted",
    "I am so proud of them",
    "It works beautifully and I enjoy it every day",
)
SORRY = (
    "I hate it, what a terrible day",
    "This made us all cry",
    "It was a sad and bitter loss",
    "The worst news in years, we are in tears",
    "I am so ashamed of them",
    "It broke again and I have lost all hope",
)
CHAT_POSTS = 12  # of each turn: a chat completion each takes long


def make_posts(count: int, seed: int = 11) -> list[str]:
    """Short posts of people who are glad, and of people who are not."""
    draw = random.Random(seed)
    return [
        f"The new {draw.choice(THINGS)} in {draw.choice(PLACES)}: {'. '.join(draw.sample(SORRY if number % 2 else GLAD, 2))}."
        for number in range(count)
    ]


class Prompts:
    """The beginning that all share, and what is each post's own."""

    def __init__(self, posts: list[str]) -> None:
        answer = f"{QUESTION}<|im_end|>\n<|im_start|>assistant\n"
        shots = "".join(f"<|im_start|>user\n{post}{answer}{label}<|im_end|>\n" for post, label in SHOTS)
        self.before = [("scaffold", f"<|im_start|>system\n{INSTRUCTIONS}<|im_end|>\n{shots}<|im_start|>user\n")]
        self.items = [[("foreign", post), ("scaffold", answer)] for post in posts]


@dataclass(frozen=True)
class Spent:
    """Seconds, and seconds of processor time."""

    seconds: float = 0.0
    processor: float = 0.0

    @classmethod
    def now(cls, pid: int | None = None) -> Spent:
        """Of this process or another one, up to now."""
        if pid is None:
            return cls(time.perf_counter(), time.process_time())
        times = psutil.Process(pid).cpu_times()
        return cls(time.perf_counter(), times.user + times.system)

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.seconds + other.seconds, self.processor + other.processor)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.seconds - other.seconds, self.processor - other.processor)

    def __truediv__(self, other: Spent) -> tuple[float, float]:
        return round(self.seconds / other.seconds, 3), round(self.processor / other.processor, 3)


class Plain:
    """The model in this process, which reads what it is told."""

    def __init__(self, path: Path, prompt: Prompts) -> None:
        cores = _cores()
        self.llama = Llama(path, context_tokens=4096, threads=max(cores - 1, 1), reading_threads=cores)
        self.before = self.tokens(prompt.before)
        self.items = [self.tokens(item) for item in prompt.items]
        self.labels = [self.llama.tokens(label)[0] for label in LABELS]
        self._read(0, self.before, 0)

    def tokens(self, pieces: Any) -> list[int]:
        return [token for kind, text in pieces for token in self.llama.tokens(text, special=kind == "scaffold")]

    def prefill(self, count: int) -> Spent:
        """What it costs to read so many tokens as texts of a full batch each, behind the shared beginning."""
        stream = [token for item in self.items for token in item]
        spent = Spent.now()
        for start in range(0, count, self.llama.batch_tokens):
            self.llama.copy(0, 1)
            self._read(1, stream[: min(self.llama.batch_tokens, count - start)], len(self.before))
            self.llama.logits(-1)
            self.llama.forget(1)
        return Spent.now() - spent

    def one_at_a_time(self, item: list[int]) -> list[float]:
        self.llama.copy(0, 1)
        for place, token in enumerate(item):
            self.llama.read([token], [len(self.before) + place], [1], [0] if place == len(item) - 1 else [])
        found = [float(value) for value in self.llama.logits(-1)[self.labels]]
        self.llama.forget(1)
        return found

    def _read(self, sequence: int, tokens: list[int], begin: int) -> None:
        for start in range(0, len(tokens), self.llama.batch_tokens):
            step = tokens[start : start + self.llama.batch_tokens]
            places = range(begin + start, begin + start + len(step))
            self.llama.read(step, places, [sequence] * len(step), [len(step) - 1])


class Chat:
    """The library's own chat completion."""

    def __init__(self, path: Path) -> None:
        import llama_cpp

        if _has_amx():  # see engine.workers.llama
            usual = llama_cpp.llama_cpp.llama_model_default_params

            def params() -> Any:
                found = usual()
                found.use_extra_bufts = False
                return found

            llama_cpp.llama_cpp.llama_model_default_params = params
        self._llama = llama_cpp.Llama(model_path=str(path), n_ctx=4096, verbose=False)
        self._before = [{"role": "system", "content": INSTRUCTIONS}]
        for post, label in SHOTS:
            self._before += [{"role": "user", "content": post + QUESTION}, {"role": "assistant", "content": label}]
        self.complete(["Warm up."])

    def complete(self, posts: list[str]) -> Spent:
        spent = Spent.now()
        for post in posts:
            self._llama.create_chat_completion(
                [*self._before, {"role": "user", "content": post + QUESTION}], max_tokens=1, temperature=0.0
            )
        return Spent.now() - spent


def measure(path: Path, template: str, options: argparse.Namespace) -> dict[str, object]:
    posts = make_posts(options.posts)
    prompt = Prompts(posts)
    plain = Plain(path, prompt)
    chat = Chat(path)
    lengths = [len(item) for item in plain.items]
    chosen: list[list[float]] = []
    choosing, reading, chatting = Spent(), Spent(), Spent()
    chatted, turns = 0, []
    with GenerateWorker(path, template, limits=Limits(nice=0)) as worker:  # as nice as the others
        worker.choose(prompt.before, prompt.items[:8], LABELS)
        pid = worker.state().pid
        assert pid is not None
        size = -(-len(posts) // options.turns)
        for start in range(0, len(posts), size):
            turn = range(start, min(start + size, len(posts)))
            began = Spent.now(pid)
            chosen += worker.choose(prompt.before, [prompt.items[place] for place in turn], LABELS)
            spent = Spent.now(pid) - began
            read = plain.prefill(sum(lengths[place] for place in turn))
            turns.append(read / spent)
            choosing, reading = choosing + spent, reading + read
            sample = posts[start : start + CHAT_POSTS]
            chatting, chatted = chatting + chat.complete(sample), chatted + len(sample)
        info = worker.info()
    best = np.argmax(chosen, axis=1)
    alone = np.argmax([plain.one_at_a_time(item) for item in plain.items], axis=1)
    own = sum(lengths)
    each, whole = chatting / Spent(chatted, chatted), choosing / Spent(len(posts), len(posts))
    return {
        "posts": len(posts),
        "shared_tokens": len(plain.before),
        "own_tokens_per_post": round(own / len(posts), 1),
        "prefill_tokens_per_second": round(own / reading.seconds, 1),
        "posts_per_second": round(len(posts) / choosing.seconds, 2),
        "of_what_prefill_allows": (reading / choosing)[0],
        "allowed_by_processor_time": (reading / choosing)[1],
        "of_turns": [ratio for ratio, _ in turns],
        "chat_completions_per_second": round(chatted / chatting.seconds, 2),
        "faster_than_chat": round(each[0] / whole[0], 2),
        "faster_than_chat_by_processor_time": round(each[1] / whole[1], 2),
        "same_best_label_percent": round(100 * float(np.mean(best == alone)), 2),
        "posts_of_each_label": [int(np.sum(best == label)) for label in range(len(LABELS))],
        "device": info.device,
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--posts", type=int, default=200)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args(argv)
    model = by_name("SmolLM2-135M-Instruct")
    models_dir = default_models_dir()
    if not model.installed(models_dir):
        print(f"The language model is not installed: millpond models install {model.name}", file=sys.stderr)
        return 1
    os.environ["GOMP_SPINCOUNT"] = "2000"  # as the worker sets it
    found = measure(model.path(models_dir), model.template, options)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:36} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
