"""The dates that feeds write, in every form seen on the wire, as aware UTC datetimes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

MAX_AHEAD = timedelta(days=2)  # a post dated further ahead of the clock than this carries no date that helps
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)  # zero and below stand for "unset"

_W3C = re.compile(
    r"(\d{4})-?(\d\d)(?:-?(\d\d)(?:(?:[T_]|\s+)(\d\d?)(?::?(\d\d)(?::?(\d\d))?(?:[.,:]\d+)?)?\s*(Z|UTC|GMT|[A-Z]{1,4}|[+-]\d\d?:?\d{0,2})?)?)?"
    r"(?:\s.*)?\Z",
    re.I | re.S,
)
_RFC822 = re.compile(
    r"(?:[^\W\d]+\.?\s*,?\s*)?(\d{1,2})(?:st|nd|rd|th)?[\s.-]+([^\W\d]{3,12})\.?,?[\s-]+(\d{4}|\d{2})"
    r"(?:,?\s*(?:T|at|um|à|\s)\s*(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?)?\s*(.*)\Z",
    re.S,
)
_MONTH_FIRST = re.compile(
    r"(?:[^\W\d]+\.?\s*,?\s+)?([^\W\d]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(?:(\d{1,2}):(\d\d)(?::(\d\d))?\s+(?:([A-Z]{2,4})\s+)?)?(\d{4})"
    r"(?:,?\s*(?:at\s+|@\s*|-\s*)?(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp]\.?[Mm]\.?)?)?\s*(.*)\Z",
    re.S,
)
_SLASHES = re.compile(r"(\d{1,4})[/.](\d{1,2})[/.](\d{1,4})(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*([AaPp]\.?[Mm]\.?)?)?\s*(.*)\Z", re.S)
_CJK = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?(?:\D{0,20}?(\d{1,2})[:时時](\d\d)(?:[:分](\d\d))?)?", re.S)
_UNIX = re.compile(r"-?\d{9,13}(?:\.\d+)?\Z")
_OFFSET = re.compile(r"(?:GMT|UTC|UT)?\s*([+-])(\d{1,2}):?(\d\d)?")
_ZONE = re.compile(r"\(?([A-Za-z]{1,5})\b")

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan gen ene янв ιαν sty led oca", "feb fev fév fév фев φεβ lut únor şub", "mar mär mrt maa мар μαρ břez",
            "apr avr abr кве апр απρ kwi dub nis", "may mai mag mei maj май мая μαι květ", "jun juin giu jui июн ιουν cze červn haz",
            "jul juil lug июл ιουλ lip tem", "aug aoû aou ago août авг αυγ sie srp ağu", "sep set sept сен σεπ wrz září eyl",
            "oct okt out ott oca окт οκτ paź říj eki", "nov ноя νοε lis kas", "dec dez déc dic des дек δεκ gru pros ara",
        ),
        1,
    )
    for name in names.split()
}
_MONTHS["oca"] = 1
_ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360,
    "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180, "NST": -210, "BST": 60, "IST": 330,
    "CET": 60, "CEST": 120, "MET": 60, "MEST": 120, "MEZ": 60, "MESZ": 120, "WEST": 60, "EET": 120, "EEST": 180, "MSK": 180, "MSD": 240,
    "SGT": 480, "HKT": 480, "AWST": 480, "JST": 540, "KST": 540, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720,
    "NZDT": 780, "BRT": -180, "ART": -180, "SAST": 120, "ET": -300, "CT": -360, "MT": -420, "PT": -480,
}  # fmt: skip
_FIXED = {0: UTC}


def _zone(minutes: int) -> timezone:
    zone = _FIXED.get(minutes)
    if zone is None:
        if not -1440 < minutes < 1440:
            return UTC
        zone = _FIXED[minutes] = timezone(timedelta(minutes=minutes))
    return zone


@lru_cache(maxsize=256)
def _offset_minutes(text: str) -> int:
    """Minutes east of Greenwich that a zone's name or number stands for; 0 when unknown."""
    text = text.strip()
    found = _OFFSET.match(text)
    if found:
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return -minutes if found[1] == "-" else minutes
    named = _ZONE.match(text)
    return _ZONES.get(named[1].upper(), 0) if named else 0


@lru_cache(maxsize=256)
def _month(name: str) -> int:
    name = name.lower()
    for length in (5, 4, 3):
        number = _MONTHS.get(name[:length])
        if number:
            return number
    return 0


def _made(year: int, month: int, day: int, hour: str | None, minute: str | None, second: str | None, zone: str | None, half: str | None = None) -> datetime | None:
    hours, minutes, seconds = int(hour or 0), int(minute or 0), min(int(second or 0), 59)
    if half:
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    day_later = hours == 24 and not minutes and not seconds
    try:
        made = datetime(year, month, day, 0 if day_later else hours, minutes, seconds, tzinfo=_zone(_offset_minutes(zone or "")))
        return (made + timedelta(days=1) if day_later else made).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _year(text: str) -> int:
    """A year; one of two digits lies between 1970 and 2069."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 70 else 1900)


def _parse_usual(text: str) -> datetime | None:
    """The two forms that nearly all feeds use, "Sun, 06 Jul 2014 12:56:00 GMT" and "2014-07-06T12:56:00Z", without regex."""
    try:
        if text[3:5] == ", " and text[7] == text[11] == text[16] == text[25] == " " and text[19] == text[22] == ":":
            offset = _offset_minutes(text[26:])
            made = datetime(
                int(text[12:16]), _MONTHS[text[8:11].lower()], int(text[5:7]), int(text[17:19]), int(text[20:22]), int(text[23:25]),
                tzinfo=_zone(offset),
            )  # fmt: skip
        elif text[10] == "T" and text[19] in "Z+-.":
            made = datetime.fromisoformat(text).replace(microsecond=0)
            if made.tzinfo is None:
                return made.replace(tzinfo=UTC)
        else:
            return None
        return made.astimezone(UTC)
    except (ValueError, OverflowError, LookupError):
        return None


def parse_date(text: str) -> datetime | None:
    """Return the UTC time that `text` names, or None when it names none.

    RFC 822 with its two-digit years, single digits, named zones and foreign month names, W3C and ISO 8601, asctime, American
    dates, Chinese, Japanese and Korean ones and Unix times. Without a zone it is UTC. Seconds are the finest unit.
    """
    text = text.strip()
    if not 6 <= len(text) <= 100:
        return None
    usual = _parse_usual(text)
    if usual is not None:
        return usual
    if text[:4].isdecimal():
        found = _W3C.match(text)
        if found:
            return _made(int(found[1]), int(found[2]), int(found[3] or 1), found[4], found[5], found[6], found[7])
        return _parse_rare(text)
    found = _RFC822.match(text)
    if found:
        return _made(_year(found[3]), _month(found[2]), int(found[1]), found[4], found[5], found[6], found[8], found[7])
    return _parse_rare(text)


def _parse_rare(text: str) -> datetime | None:
    if _UNIX.match(text):
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    found = _MONTH_FIRST.match(text)
    if found and _month(found[1]):
        early = found[3] is not None
        hour, minute, second = (found[3], found[4], found[5]) if early else (found[8], found[9], found[10])
        return _made(int(found[7]), _month(found[1]), int(found[2]), hour, minute, second, found[6] if early else found[12], found[11])
    found = _CJK.match(text)
    if found:
        return _made(int(found[1]), int(found[2]), int(found[3]), found[4], found[5], found[6], "")
    found = _SLASHES.match(text)
    if found:
        first, middle = int(found[1]), int(found[2])
        if first > 31:
            year, month, day = first, middle, int(found[3])
        elif first > 12 or "." in text[:6]:
            day, month, year = first, middle, _year(found[3])
        else:
            month, day, year = first, middle, _year(found[3])
        return _made(year, month, day, found[4], found[5], found[6], found[8], found[7])
    return None


def plausible(moment: datetime | None, now: datetime) -> datetime | None:
    """Return `moment`, or None when no post can be that old or that far ahead of `now`."""
    return moment if moment is not None and EARLIEST <= moment <= now + MAX_AHEAD else None
