"""Views of asking the feeds for `make screenshots`: before a question, answers of every kind, the words marked, and switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.pages.ask import AskPage
from engine import PlainPost

if TYPE_CHECKING:
    from tests.benchmarks.screenshots import Studio

WIDE, NARROW = (1360, 860), (480, 860)
POSTS = {
    "Arden Post": PlainPost(
        title="A new ferry for Arden",
        text="The city of Arden has bought a new ferry. The Heron was launched on 12 March 2026 and carries 240 people. "
        "Mayor Ines Okafor broke a bottle on its bow.",
        url="https://arden.example/ferry",
    ),
    "River News": PlainPost(title="On the river", text="The ferry Heron was launched on 2 May 2021.", url="https://river.example/heron"),
    "渡口日报": PlainPost(title="苍鹭号下水", text="苍鹭号渡轮于2026年3月12日在阿登下水，可载240人。市长林怀远出席了仪式。", url="https://ferry.example/heron"),
}
QUESTIONS = (
    ("answer", "How many people does the Heron carry?"),
    ("disagree", "When was the Heron launched?"),
    ("chinese", "苍鹭号渡轮什么时候下水？"),
    ("nothing", "Who won the chess tournament in Ulverton yesterday?"),
    ("missing", "Why don't I see posts from Arden Post?"),
    ("mute", "How do I mute football?"),
)


def views(studio: Studio) -> None:
    window, engine = studio.window, studio.window.engine
    assert engine is not None
    for feed, post in POSTS.items():
        engine.add_posts(feed, [post])
    for size, name in ((WIDE, "wide"), (NARROW, "narrow")):
        window.resize(*size)
        window.commands.show_ask()
        page = window.findChild(AskPage)
        assert page is not None
        page.begin_anew()
        studio.take(f"ask-{name}")
        for view, question in QUESTIONS:
            page.ask(question)
            studio.take(f"ask-{name}-{view}")
        page.ask(QUESTIONS[0][1])
        studio.settle()
        page.open_citation("1")
        studio.take(f"ask-{name}-marked")
        window.set_setting("use_ask", False)
        window.show_page("ask")
        studio.take(f"ask-{name}-off")
        window.set_setting("use_ask", True)
    window.resize(*WIDE)
