"""Views of the person's own algorithm for `make screenshots`: why, timelines, what was learnt, the algorithm file, how well it works."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

from engine import Condition, Engine, Rule, Timeline, TimelineQuery

if TYPE_CHECKING:
    from tests.benchmarks.screenshots import Studio

WIDE, NARROW, BROAD = (1360, 860), (420, 860), (1900, 1000)


def act(engine: Engine) -> None:
    """Some weeks' worth of acts, timelines and changes, the same each time."""
    chance = random.Random(4)
    ids = engine.timeline(TimelineQuery(order="newest"))
    for row in engine.rows(ids):
        engine.timeline(TimelineQuery())
        good = any(part in f"{row.title} {row.feed_title}" for part in ("bicycle", "Street", "电", "自行车", "battery", "Kernel", "水"))
        if good and chance.random() < 0.8:
            engine.feedback(row.id, True)
        elif not good and chance.random() < 0.5:
            engine.feedback(row.id, False)
    feeds = engine.feeds()
    engine.save_timeline(Timeline(name="Work", preset="fresh", signals={"promotion": 3.0, "clickbait": 2.0}, position=0))
    engine.save_timeline(Timeline(name="安静的晚上", preset="quiet", exploration=0.4, feed_ids=tuple(feed.id for feed in feeds[:4]), position=1))
    engine.edit_interest("source", str(feeds[0].id), 1.5)
    engine.edit_interest("word", "prices", -2.0)
    rule = engine.save_rule(Rule(name="No ferries at night", conditions=(Condition(field="words", value="ferries"),))).rule
    hidden = engine.timeline(TimelineQuery(order="newest", hidden=True, rule_id=rule.id))
    for post_id in hidden[:1]:
        engine.mark([post_id], hidden=False)
    engine.judge_rule(rule.id, dict.fromkeys(hidden[1:5], True))


def views(studio: Studio) -> None:
    from desktop.dialogs import algorithm, timeline

    window = studio.window
    engine = window.engine
    assert engine is not None
    window.resize(*WIDE)
    window.commands.show_for_you()
    studio.settle()
    for name, at in (("why", 0), ("why-low", 12)):
        window.open_post(window.timeline.model.ids[at])
        studio.settle()
        window.reading.area.ensureWidgetVisible(window.reading.why, 0, 24)
        studio.take(name)
    reason = next(reason for reason in window.reading.why.explanation.reasons if reason.name in ("source_liked", "source_disliked", "more_source", "less_source", "rare_poster"))  # type: ignore[union-attr]
    menu = window.reading.why.menu(reason)
    menu.popup(window.mapToGlobal(window.rect().center()))
    studio.take("why-menu", menu)
    menu.close()
    chinese = next((row.id for row in engine.rows(window.timeline.model.ids) if row.language == "zh"), window.timeline.model.ids[0])
    window.open_post(chinese)
    studio.settle()
    window.reading.area.ensureWidgetVisible(window.reading.why, 0, 24)
    studio.take("why-chinese")
    window.resize(*NARROW)
    studio.settle()
    window.reading.area.ensureWidgetVisible(window.reading.why, 0, 24)
    studio.take("why-narrow")
    window.go_back()
    window.resize(*WIDE)
    own = engine.timelines()
    window.show_own(own[0].id)
    studio.take("own-timeline")
    for name, page in (("learnt", "profile"), ("evaluation", "evaluation")):
        for suffix, size in (("", WIDE), ("-narrow", NARROW), ("-broad", BROAD)):
            window.resize(*size)
            window.show_page(page)
            studio.take(f"{name}{suffix}")
    window.resize(*WIDE)
    window.show_timeline()
    studio.dialog("timeline-new", lambda: timeline.open_dialog(window, None))
    studio.dialog("timeline-edit", lambda: timeline.open_dialog(window, own[0]))
    plain = Timeline(name="Newest first, please", strength=0.0, position=9)
    studio.dialog("timeline-plain", lambda: timeline.open_dialog(window, plain))
    window.resize(*NARROW)
    studio.dialog("timeline-narrow", lambda: timeline.open_dialog(window, own[1]))
    window.resize(*WIDE)
    path = studio.folder / "other.toml"
    text = engine.export_algorithm()
    path.write_text(text.replace('"Work"', '"Office"').replace("strength = 1.0", "strength = 0.4", 1), encoding="utf-8")
    studio.dialog("algorithm-import", lambda: algorithm.open_import(window, path))
    path.write_text(text + "\nthis is no line\n", encoding="utf-8")
    studio.dialog("algorithm-broken", lambda: algorithm.open_import(window, path))
    path.unlink()


def main() -> None:
    """Only these views, over the posts of a store that `screenshots` makes: python -m tests.benchmarks.ranking_views FOLDER"""
    from tests.benchmarks.screenshots import run

    run(sys.argv[1] if len(sys.argv) > 1 else "screenshots", only=views)


if __name__ == "__main__":
    main()
