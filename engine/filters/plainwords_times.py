"""Dates and durations in plain words. Pure: the present is given."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from engine.filters.plainwords_lexicon import DAYS, MONTHS, NUMBERS

COUNT = r"(?:\d[\d,.]*|half a|(?:a |one )?(?:hundred|thousand)|(?:a )?couple of|a few|few|several|two thousand|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty)"
UNIT = r"(?:minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|fortnights?|months?|quarters?|years?)"
_HOURS = {"minute": 1 / 60, "min": 1 / 60, "hour": 1, "hr": 1, "day": 24, "night": 24, "week": 168, "fortnight": 336, "month": 720, "quarter": 2160, "year": 8760}
_DAY = "|".join(DAYS) + "|mon|tues?|wed|thu(?:rs)?|fri|sat|sun"
_MONTH = "|".join(MONTHS) + "|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
_YEAR = r"(?:,? (?P<year>\d{4}))?"
_UNTIL = re.compile(
    r"\b(?:(?:up )?un(?:til|till)|'?till?|through|thru|up to|before it is) (?:the )?(?:(?:end of|close of) (?:the |this |next )?(?P<end>day|week|month|year)"
    rf"|(?P<soon>tomorrow(?: (?:morning|evening|night))?|tonight|midnight|today|(?:this |next |after the |the )?weekend|next week|next month|next year|new year(?:['’]s)?(?: day| eve)?|christmas(?: day| eve)?)"
    rf"|(?:next |this |coming )?(?P<weekday>{_DAY})\b(?: (?:morning|evening|night))?"
    r"|(?P<iso>\d{4}-\d\d-\d\d)"
    rf"|(?P<month>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\.?(?: of)? (?P<month2>{_MONTH}){_YEAR.replace('year', 'year2')}"
    rf"|(?P<month3>{_MONTH})\b|(?P<day3>\d{{1,2}})(?:st|nd|rd|th))(?!\w)",
    re.IGNORECASE,
)
_FOR = re.compile(
    rf"\b(?:for|during|over(?= the\b)) (?:the )?(?:next |coming |rest of the )?(?:about )?(?P<count>{COUNT})? ?(?:more )?(?P<unit>{UNIT})(?!\w|[- ](?:old|long|read))|"
    r"\b(?:just |only )?(?:for )?(?P<named>(?:the )?rest of (?:the|this) (?:day|week|month|year)|today|tonight|(?:over )?(?:this|the) weekend|this (?:week|month|year)|for now)(?!\w)",
    re.IGNORECASE,
)
# "until" something that no calendar knows.
UNKNOWN_END = re.compile(r"\b(?:until|till|as long as|while|during|for the duration of) [^,.;]+?(?=$|[,.;]| unless\b| except\b)", re.IGNORECASE)


def count_of(text: str) -> float:
    """The number that a word or digits stand for."""
    text = text.strip().lower()
    if text in NUMBERS:
        return 0.5 if text == "half a" else float(NUMBERS[text])
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", text):
        return float(re.sub("[.,]", "", text))
    try:
        return float(text.rstrip(".,").replace(",", "."))
    except ValueError:
        return 1.0


def hours_of(count: str | None, unit: str) -> float:
    """How many hours "3 days" are."""
    name = unit.lower()
    return (count_of(count) if count else 1.0) * _HOURS.get(name, _HOURS.get(name.rstrip("s"), 24))


def find_until(text: str, now: datetime) -> tuple[datetime, tuple[int, int]] | None:
    """When a rule shall end, and where the text says so; None where it does not, or says a date that is over.

    A day means its beginning here; "today" and a span end with its last moment.
    """
    local = now.astimezone()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    found = _UNTIL.search(text)
    if found is not None:
        end = _end(found, midnight)
        if end is not None and end > local:
            return end, found.span()
    for found in _FOR.finditer(text):
        if found["named"]:
            named = found["named"].lower()
            if "for now" in named:
                continue
            return _named(named, midnight), found.span()
        if not found["count"] and not re.match(r"(?:over|during|for) (?:the )?(?:next|coming|rest)", found[0], re.IGNORECASE):
            continue
        hours = hours_of(found["count"], found["unit"])
        if 0 < hours < 8760 * 50:
            return (local + timedelta(hours=hours)).replace(microsecond=0), found.span()
    return None


def _named(named: str, midnight: datetime) -> datetime:
    if "weekend" in named:
        return _weekday(midnight, 0)
    for unit in ("week", "month", "year"):
        if unit in named:
            return _end_of(unit, midnight)
    return midnight + timedelta(days=1)


def _end_of(unit: str, midnight: datetime) -> datetime:
    if unit == "day":
        return midnight + timedelta(days=1)
    if unit == "week":
        return _weekday(midnight, 0)
    if unit == "month":
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return midnight.replace(year=midnight.year + 1, month=1, day=1)


def _weekday(midnight: datetime, weekday: int) -> datetime:
    """The next such day that is not today; Monday is 0."""
    return midnight + timedelta(days=(weekday - midnight.weekday() - 1) % 7 + 1)


def _date(midnight: datetime, month: int, day: int, year: str | None) -> datetime | None:
    try:
        made = midnight.replace(year=int(year) if year else midnight.year, month=month, day=day)
        return made if year or made > midnight else made.replace(year=made.year + 1)
    except (ValueError, OverflowError):
        return None


def _month(name: str) -> int:
    return next(place for place, month in enumerate(MONTHS, 1) if month.startswith(name.lower()[:3]))


def _end(found: re.Match[str], midnight: datetime) -> datetime | None:
    if found["end"]:
        if re.search(r"next (?:week|month|year)", found[0], re.IGNORECASE):
            return _end_of(found["end"].lower(), _end_of(found["end"].lower(), midnight))
        return _end_of(found["end"].lower(), midnight)
    if found["soon"]:
        soon = found["soon"].lower()
        if soon.startswith(("tomorrow", "tonight", "midnight", "today")):
            return midnight + timedelta(days=1)
        if "weekend" in soon:
            return _weekday(midnight, 0) if "after" in soon else _weekday(midnight, 5)
        if soon.startswith("christmas"):
            return _date(midnight, 12, 24 if "eve" in soon else 25, None)
        if soon.startswith("new year"):
            return _end_of("year", midnight)
        return _end_of(soon.removeprefix("next "), midnight)
    if found["weekday"]:
        name = found["weekday"].lower()[:3]
        return _weekday(midnight, next(place for place, day in enumerate(DAYS) if day.startswith(name)))
    if found["iso"]:
        try:
            year, month, day = map(int, found["iso"].split("-"))
            return midnight.replace(year=year, month=month, day=day)
        except ValueError:
            return None
    if found["month"]:
        return _date(midnight, _month(found["month"]), int(found["day"]), found["year"])
    if found["month2"]:
        return _date(midnight, _month(found["month2"]), int(found["day2"]), found["year2"])
    if found["month3"]:
        return _date(midnight, _month(found["month3"]), 1, None)
    day = int(found["day3"])
    this = _date(midnight, midnight.month, day, str(midnight.year))
    if this is not None and this > midnight:
        return this
    later = _end_of("month", midnight)
    return _date(later, later.month, day, str(later.year))
