"""One condition of a rule: where to look, for what, and for scores from where on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSlider, QVBoxLayout, QWidget

from desktop import theme
from desktop.dialogs.controls import Check, Choice, Stepper
from desktop.signals import RULE_FROM, SIGNALS, signal_words
from desktop.strings import decimal, number, tr
from engine import Condition

FIELDS = (
    "words", "phrase", "title", "author", "source", "topic", "signal", "domain", "network", "language", "media", "age", "length",
    "outlets", "regex",
)  # fmt: skip
BY_WORDS = ("words", "phrase", "title", "author", "source")
BY_NUMBER = ("age", "length", "outlets")
BY_SCORE = ("topic", "signal")
MEDIA = ("image", "video", "audio", "none")
FROM = {"topic": 0.4, "signal": RULE_FROM}


def field_words(name: str) -> str:
    """A condition's field as the person reads it."""
    return {
        "words": tr("has all the words"),
        "phrase": tr("has the phrase"),
        "title": tr("has in its title"),
        "author": tr("is by the author"),
        "source": tr("comes from the source"),
        "topic": tr("is about"),
        "signal": tr("seems to be"),
        "domain": tr("links to the site"),
        "network": tr("comes from the network"),
        "language": tr("is in the language"),
        "media": tr("comes with"),
        "age": tr("hours old when it came"),
        "length": tr("words long"),
        "outlets": tr("outlets that tell it"),
        "regex": tr("fits the pattern"),
    }.get(name, name)


def signal_entries(chosen: str) -> list[tuple[str, str]]:
    """Signals to choose from: words and name, with the one that a rule names already even where there is none of that name."""
    names = SIGNALS if not chosen or chosen in SIGNALS else (*SIGNALS, chosen)
    return [(signal_words(name), name) for name in names]


def asleep_words() -> str:
    return tr("Signals are switched off, so this sleeps: it takes no new posts until they are on again.")


def media_kind_words(name: str) -> str:
    return {"image": tr("pictures"), "video": tr("a film"), "audio": tr("sound"), "none": tr("none of these")}.get(name, name)


def condition_words(condition: Condition) -> str:
    """What one condition says."""
    field = field_words(condition.field)
    if condition.field in BY_NUMBER:
        bounds = []
        if condition.low is not None:
            bounds.append(tr("at least {n}").format(n=number(round(condition.low))))
        if condition.high is not None:
            bounds.append(tr("at most {n}").format(n=number(round(condition.high))))
        told = {"length": tr("is {bounds} words long"), "age": tr("was {bounds} hours old when it came"), "outlets": tr("is told by {bounds} outlets")}
        said = told[condition.field].format(bounds=tr(" and ").join(bounds))
    elif condition.field == "signal":
        said = tr("{field} {what} ({share} or more)").format(
            field=field, what=signal_words(condition.value), share=decimal(condition.low or 0.0)
        )
    elif condition.field == "topic":
        what = f"“{condition.value}”" if condition.value else tr("the same as your examples")
        said = tr("{field} {what} ({share} or more)").format(field=field, what=what, share=decimal(condition.low or 0.0))
    elif condition.field == "media":
        said = f"{field} {media_kind_words(condition.value)}"
    else:
        said = f"{field} “{condition.value}”"
    return tr("not: {condition}").format(condition=said) if condition.negated else said


class ConditionRow(QWidget):
    """One condition, with the controls that its field needs."""

    def __init__(
        self, condition: Condition, changed: Callable[[], None], remove: Callable[[ConditionRow], None], *, signals: bool = True
    ) -> None:
        super().__init__()
        fields = [name for name in FIELDS if signals or name != "signal" or condition.field == "signal"]
        self._asleep = not signals
        self._condition, self._changed = condition, changed
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(theme.px(4))
        row = QHBoxLayout()
        row.setSpacing(theme.px(8))
        box.addLayout(row)
        self.field = Choice()
        for name in fields:
            self.field.addItem(field_words(name), name)
        self.field.setCurrentIndex(fields.index(condition.field))
        self.field.setAccessibleName(tr("Where to look"))
        self.value = QLineEdit(condition.value if condition.field not in ("signal", "media") else "")
        self.value.setMaxLength(400)
        self.value.setAccessibleName(tr("What to look for"))
        self.choice = Choice()
        self.choice.setAccessibleName(tr("What to look for"))
        self.bound = Choice()
        for words, which in ((tr("at least"), "low"), (tr("at most"), "high")):
            self.bound.addItem(words, which)
        self.bound.setCurrentIndex(0 if condition.low is not None or condition.high is None else 1)
        self.bound.setAccessibleName(tr("At least or at most"))
        self.amount = Stepper(0, 100_000)
        given = condition.low if condition.low is not None else condition.high
        self.amount.spin.setValue(int(given) if condition.field in BY_NUMBER and given is not None else 24)
        self.whole = Check(tr("whole words"))
        self.whole.setChecked(condition.whole_word)
        self.negated = Check(tr("not"))
        self.negated.setChecked(condition.negated)
        self.negated.setToolTip(tr("Takes posts that do not meet this"))
        self.remove = QPushButton("×")
        theme.role(self.remove, "quiet")
        self.remove.setAutoDefault(False)
        self.remove.setAccessibleName(tr("Remove this condition"))
        self.remove.setToolTip(tr("Remove this condition"))
        for widget, stretch in (
            (self.field, 0), (self.value, 1), (self.choice, 1), (self.bound, 0), (self.amount, 1), (self.whole, 0), (self.negated, 0), (self.remove, 0),
        ):  # fmt: skip
            row.addWidget(widget, stretch)
        self._line = QWidget()
        line = QHBoxLayout(self._line)
        line.setContentsMargins(0, 0, 0, 0)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(1, 99)
        self.slider.setAccessibleName(tr("From which score on"))
        low = condition.low if condition.field in BY_SCORE and condition.low is not None else 0.4
        self.slider.setValue(round(100 * low))
        self.score = theme.label("", "second")
        line.addWidget(theme.label(tr("more posts"), "third"))
        line.addWidget(self.slider, 1)
        line.addWidget(theme.label(tr("fewer, surer"), "third"))
        line.addWidget(self.score)
        box.addWidget(self._line)
        self.sleeps = theme.label(asleep_words(), "amber", wrap=True)
        box.addWidget(self.sleeps)
        self._suit()
        self.field.activated.connect(lambda _index: self._chosen())
        for signal in (
            self.field.currentIndexChanged, self.value.textChanged, self.choice.currentIndexChanged, self.bound.currentIndexChanged,
            self.amount.changed, self.whole.toggled, self.negated.toggled, self.slider.valueChanged,
        ):  # fmt: skip
            signal.connect(lambda *_arguments: self._moved())
        self.remove.clicked.connect(lambda _checked=False: remove(self))

    def _moved(self) -> None:
        self._suit()
        self._changed()

    def _chosen(self) -> None:
        """Another field: a score begins where that field's scores usually do."""
        if self.field.currentData() in FROM:
            self.slider.setValue(round(100 * FROM[self.field.currentData()]))

    def _suit(self) -> None:
        """Show the controls of the field."""
        name = self.field.currentData()
        listed = {"signal": SIGNALS, "media": MEDIA}.get(name)
        if listed is not None and self.choice.itemData(0) != listed[0]:
            self.choice.blockSignals(True)
            self.choice.clear()
            chosen = self._condition.value if self._condition.field == "signal" else ""
            entries = signal_entries(chosen) if name == "signal" else [(media_kind_words(kind), kind) for kind in MEDIA]
            for words, entry in entries:
                self.choice.addItem(words, entry)
            self.choice.setCurrentIndex(max(0, self.choice.findData(self._condition.value)))
            self.choice.blockSignals(False)
        self.choice.setVisible(listed is not None)
        self.bound.setVisible(name in BY_NUMBER)
        self.amount.setVisible(name in BY_NUMBER)
        self.value.setVisible(listed is None and name not in BY_NUMBER)
        self.whole.setVisible(name in BY_WORDS)
        self._line.setVisible(name in BY_SCORE)
        self.sleeps.setVisible(self._asleep and name == "signal")
        self.score.setText(tr("from {share}").format(share=decimal(self.slider.value() / 100)))
        examples = len(self._condition.examples) + len(self._condition.counterexamples)
        hint = tr("a description, in a few words") if not examples else tr("like {n} posts that you judged").format(n=number(examples))
        self.value.setPlaceholderText(hint if name == "topic" else "")

    def take(self, condition: Condition) -> None:
        """Take over a condition that was put right by judged posts."""
        self._condition = condition
        if condition.low is not None:
            self.slider.setValue(round(100 * condition.low))
        self._suit()

    def condition(self) -> Condition | None:
        """None while nothing is written."""
        name = self.field.currentData()
        plain = Condition(field=name, value="", negated=self.negated.isChecked())
        if name in BY_NUMBER:
            amount = float(self.amount.spin.value())
            return replace(plain, low=amount) if self.bound.currentData() == "low" else replace(plain, high=amount)
        if name in ("signal", "media"):
            made = replace(plain, value=str(self.choice.currentData()))
            return replace(made, low=self.slider.value() / 100) if name == "signal" else made
        value = self.value.text().strip() if name == "regex" else " ".join(self.value.text().split())
        if name == "topic":
            kept = self._condition
            if not value and not kept.examples:
                return None
            return replace(
                plain, value=value, low=self.slider.value() / 100, examples=kept.examples, counterexamples=kept.counterexamples
            )
        return replace(plain, value=value, whole_word=self.whole.isChecked()) if value else None
