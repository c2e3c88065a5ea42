"""Rules from plain words, judged on posts that somebody labelled: are the posts taken those that were meant?

Each sentence goes through `Engine.rule_from_words`, in a profile whose feeds, folders and authors are those of its posts; what came of it
goes through `Engine.apply_rules`. A post counts as taken where a rule takes it and none lets it through.

The sentences that the project wrote come in two halves: `tuned`, which the grammar was tried on, and `held_out`, which was written before.
Others are read from `rules/**/*.jsonl` in the data folder, a sentence a line:

    {"words": "hide ads unless they are from Reuters", "unexpressed": [], "posts": [
      {"title": "…", "text": "…", "source": "…", "taken": true}, …]}

A post needs a title or a text, and `taken`; it may have `breakout` (it would be taken, but is let through), `author`, `url`, `folder`,
`network`, `language` (ISO 639-1), `media` (image, audio, video), `categories`, `words` (its length), `age_hours`, `outlets` and `signals`
({"anger": 0.9}). `unexpressed` lists words of parts that no rule can say. What a post does not tell is found out by the models.

`precision`, `recall`, `f1`: of posts taken, over all sentences. `exact`: sentences with exactly the right posts. `breakout`: posts let
through, of those that should be. `said`: parts that no rule can say and that were given back. `with_a_rule`: sentences of which any rule
was made. `by_model` counts those that a language model had a part in.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine import Engine
from tests.evaluate import metrics
from tests.evaluate.rules_posts import Case, collections, own
from tests.evaluate.tasks import SetResult, Value, sample


def evaluate(engine: Engine, data: Path, limit: int) -> Iterator[SetResult]:
    for name, cases in [("tuned", own("tuned")), ("held_out", own("held_out")), *collections(data / "rules")]:
        chosen, total = sample(cases, limit)
        measured, notes = judge(engine, chosen)
        yield SetResult(name=name, n=len(chosen), metrics=measured, sampled_from=total, trained_on=name == "tuned", notes=notes)


def judge(engine: Engine, cases: list[Case]) -> tuple[dict[str, float], dict[str, Value]]:
    right = wrong = missed = exact = spared = to_spare = told = to_tell = ruled = by_model = 0
    seconds = []
    for case in cases:
        outcome = put(engine, case)
        taken = outcome.taken
        ruled += outcome.rules > 0
        by_model += outcome.by != "grammar"
        wanted = [judged.taken for judged in case.posts]
        right += sum(a and b for a, b in zip(taken, wanted, strict=True))
        wrong += sum(a and not b for a, b in zip(taken, wanted, strict=True))
        missed += sum(b and not a for a, b in zip(taken, wanted, strict=True))
        exact += taken == wanted
        through = [judged.breaks_out for judged in case.posts]
        to_spare += sum(through)
        spared += sum(let and not took for let, took in zip(through, taken, strict=True))
        to_tell += len(case.unsayable)
        told += sum(any(part.casefold() in said.casefold() for said in outcome.unexpressed) for part in case.unsayable)
        seconds.append(outcome.seconds)
    precision = right / (right + wrong) if right + wrong else metrics.NAN
    recall = right / (right + missed) if right + missed else metrics.NAN
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * right / (2 * right + wrong + missed) if right + wrong + missed else metrics.NAN,
        "exact": exact / len(cases) if cases else metrics.NAN,
        "breakout": spared / to_spare if to_spare else metrics.NAN,
        "said": told / to_tell if to_tell else metrics.NAN,
        "with_a_rule": ruled / len(cases) if cases else metrics.NAN,
    }, {"posts": sum(len(case.posts) for case in cases), "by_model": by_model, "slowest_ms": round(1000 * max(seconds, default=0.0))}


@dataclass(frozen=True, slots=True)
class Outcome:
    taken: list[bool]
    rules: int
    by: str
    unexpressed: tuple[str, ...]
    seconds: float


def put(engine: Engine, case: Case) -> Outcome:
    """Let a sentence become rules in a profile that follows the sources of its posts, and put these to the posts."""
    follow(engine, case)
    began = time.perf_counter()
    found = engine.rule_from_words(case.words)
    seconds = time.perf_counter() - began
    rules = [rule for rule in found.rules if rule.until is None or rule.until > datetime.now(UTC)]
    posts = [judged.post for judged in case.posts]
    hits = engine.apply_rules(rules, posts) if rules else [()] * len(posts)
    allowing = {place for place, rule in enumerate(rules, 1) if rule.action == "allow"}
    takers = [{hit.rule_id for hit in some if hit.action != "breakout"} for some in hits]
    only_allowing = len(allowing) == len(rules)
    taken = [bool(some) and (only_allowing or not some & allowing) for some in takers]
    return Outcome(taken, len(rules), found.by, found.unexpressed, seconds)


def follow(engine: Engine, case: Case) -> None:
    """Give the profile the feeds, folders and authors that the posts name."""
    known = {feed.title: feed for feed in engine.feeds()}
    for source in {judged.post.source for judged in case.posts} | {judged.post.extra.get("folder", "") for judged in case.posts} - {""}:
        own = [judged.post for judged in case.posts if judged.post.source == source]
        if source and (source not in known or own):
            engine.add_posts(source, own)
    others = [judged.post for judged in case.posts if not judged.post.source and judged.post.author]
    if others:
        engine.add_posts("Elsewhere", others)
    known = {feed.title: feed for feed in engine.feeds()}
    for judged in case.posts:
        folder = judged.post.extra.get("folder", "")
        if folder and known.get(judged.post.source or folder) is not None and known[judged.post.source or folder].folder != folder:
            engine.update_feed(known[judged.post.source or folder].id, folder=folder)
