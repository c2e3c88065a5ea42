"""Words on screen: translation, numbers, sizes and times as this person's locale writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication, QLocale

from engine import Sentiment

CONTEXT = "millpond"
_MOST = 1 << 31
_WIDEST = (1 << 63) - 1


def tr(text: str) -> str:
    """`text` in the person's language. Holes are filled afterwards: `tr("{n} of {m}").format(…)`."""
    return QCoreApplication.translate(CONTEXT, text)


def plural(one: str, many: str, n: int, **holes: str) -> str:
    """`one` or `many` in the person's language, its `{n}` filled with the number, other holes as named."""
    form = abs(n) if abs(n) < _MOST else abs(n) % 1_000_000 + 1_000_000  # same ending, and no more than Qt's int holds
    text = QCoreApplication.translate(CONTEXT, many, "", form)
    if text == many and n == 1:
        text = tr(one)
    return text.format(n=number(n), **holes)


def number(n: int) -> str:
    text = QLocale().toString(min(abs(n), _WIDEST))
    return f"−{text}" if n < 0 else text


def decimal(value: float, places: int = 2, *, signed: bool = False) -> str:
    """A number with a true minus sign, and a plus sign where asked for."""
    text = QLocale().toString(abs(value), "f", places)
    if value < 0 and any(c.isdigit() and c != "0" for c in text):
        return f"−{text}"
    return f"+{text}" if signed else text


def size(size_bytes: int) -> str:
    """"12.3 kB", "397 MB": decimal units, as a ledger of traffic counts them."""
    leading = size_bytes
    while leading >= 1000:
        leading //= 1000
    return QLocale().formattedDataSize(size_bytes, 1 if leading < 100 else 0, QLocale.DataSizeFormat.DataSizeSIFormat)


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, short: "now", "38 min", "5 h", "3 d", then a date."""
    now = now or datetime.now(UTC)
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return tr("now") if seconds > -120 else day(moment, now)
    if seconds < 3600:
        return tr("{n} min").format(n=int(seconds // 60))
    if seconds < 86_400:
        return tr("{n} h").format(n=int(seconds // 3600))
    if seconds < 7 * 86_400:
        return tr("{n} d").format(n=int(seconds // 86_400))
    return day(moment, now)


def day(moment: datetime, now: datetime | None = None) -> str:
    """The day of a moment in local time, with the year when it is not this one."""
    now = now or datetime.now(UTC)
    local, today = moment.astimezone(), now.astimezone()
    locale = QLocale()
    return locale.toString(local.date(), tr("d MMM") if local.year == today.year else tr("d MMM yyyy"))  # type: ignore[call-overload, no-any-return]


def moment(at: datetime) -> str:
    """Day and time in local time: "23 Nov, 14:02"."""
    local = at.astimezone()
    return f"{day(at)}, {QLocale().toString(local.time(), 'HH:mm')}"  # type: ignore[call-overload]


def reason(name: str, detail: str = "") -> str:
    """The words for a `Reason.name`, as a short phrase; "" for a reason that is not worth a mark on a card."""
    plain = {
        "close_to_liked": tr("close to what you liked"),
        "close_to_disliked": tr("close to what you disliked"),
        "words_liked": tr("words from what you liked"),
        "words_disliked": tr("words from what you disliked"),
        "source_liked": tr("you like this source"),
        "source_disliked": tr("you like this source less"),
        "fresh": tr("new"),
        "rare_poster": tr("rare poster"),
        "already_from_source": tr("already some from here"), "rule_boost": tr("your rule ranks it higher"),
        "already_seen": tr("already seen"),
        "saved_like_this": tr("like what you saved"),
        "author_liked": tr("you like this author"),
        "author_disliked": tr("you like this author less"),
        "signals_liked": tr("a tone that you like"),
        "signals_disliked": tr("a tone that you like less"),
        "hour_liked": tr("came at an hour that you like"),
        "hour_disliked": tr("came at an hour that you like less"),
        "more_topic": tr("a topic that you want more of"),
        "less_topic": tr("a topic that you want less of"),
        "more_word": tr("words that you want more of"),
        "less_word": tr("words that you want less of"),
        "more_source": tr("you want more of this source"),
        "less_source": tr("you want less of this source"),
        "more_author": tr("you want more of this author"),
        "less_author": tr("you want less of this author"),
        "more_signal": tr("a tone that you want more of"),
        "less_signal": tr("a tone that you want less of"),
        "weighed_down": tr("weighed down by how it seems"),
        "big_story": tr("many outlets tell it"),
        "small_story": tr("few outlets tell it"),
        "unsure": tr("shown to learn"),
        "already_on_topic": tr("already some on this topic"),
        "already_in_story": tr("its story was told above"),
        "baseline": tr("baseline"),
    }
    with_detail = {
        "close_to_liked": tr("close to “{detail}”, which you liked"),
        "close_to_disliked": tr("close to “{detail}”, which you disliked"),
        "words_liked": tr("words you like: {detail}"),
        "words_disliked": tr("words you dislike: {detail}"),
        "already_from_source": tr("already {detail} from here"),
        "saved_like_this": tr("like “{detail}”, which you saved"),
    }
    if detail and name in with_detail:
        return with_detail[name].format(detail=_unquoted(detail))
    return plain.get(name, name.replace("_", " "))


def _unquoted(title: str) -> str:
    """A title that begins with a quotation would stand in two pairs of quotation marks."""
    return title.translate({ord(mark): None for mark in "“”„\"«»"}).strip() or title


def sentiment(value: Sentiment) -> str:
    """"positive", or "mood unsure (0.46)" where no class holds half of the probability."""
    words = {"positive": tr("positive"), "neutral": tr("neutral"), "negative": tr("negative")}
    if value.label == "unsure":
        return tr("mood unsure ({n})").format(n=decimal(value.confidence))
    return words[value.label]
