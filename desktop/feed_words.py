"""How a feed fares, in the person's language."""

from __future__ import annotations

from desktop.strings import moment, plural, tr
from engine import Duplicates, FeedHealth, FeedRepaired, HealthVerdict

GROUPS: tuple[HealthVerdict, ...] = ("dead", "failing", "silent", "waiting", "stopped", "fine")  # the worst first


def group_words(verdict: HealthVerdict) -> str:
    return {
        "dead": tr("Gone for good"), "failing": tr("Failing"), "silent": tr("Fallen silent"),
        "waiting": tr("Waiting for their turn"), "stopped": tr("Stopped by you"), "fine": tr("Fine"),
    }[verdict]  # fmt: skip


def why_words(health: FeedHealth) -> str:
    """Why a feed has its verdict; "" for one that is fine."""
    if health.cause == "quiet" and health.silent_days is not None:
        silent = tr("No post for {span}.").format(span=span(health.silent_days))
        if health.usual_gap_days is None:
            return silent
        return f"{silent} " + tr("It used to post every {span}.").format(span=span(health.usual_gap_days))
    if health.cause in ("failing", "long_failing"):
        times = plural("Failed once", "Failed {n} times in a row", health.failures)
        return f"{times}. {health.error}".strip()
    return {
        "gone": health.error or tr("The feed is gone for good."),
        "empty": tr("It never had a post."),
        "paused": tr("Its site asked to be left alone for a while."),
        "first": tr("Not asked yet."),
        "person": tr("You stopped fetching it."),
    }.get(health.cause, health.error)


def times_words(health: FeedHealth) -> str:
    """Last success and next look, and why then."""
    if health.last_success_at is None:
        last = tr("never fetched")
    else:
        last = tr("last fetched {when}").format(when=moment(health.last_success_at))
    why = {
        "never": tr("not asked any more"), "now": tr("asked at the next refresh"), "back_off": tr("later after each failure"),
        "host": tr("as its site asks"), "feed": tr("as the feed itself asks"), "rhythm": tr("because it posts seldom"),
        "daily": tr("once a day, because its site does not tell what changed"), "usual": tr("as usual"),
    }[health.next_look]  # fmt: skip
    if health.next_check_at is None:
        return f"{last} · {why}"
    return tr("{last} · next look {when}, {why}").format(last=last, when=moment(health.next_check_at), why=why)


def same_words(group: Duplicates) -> str:
    return {
        "address": tr("They have the same address."),
        "redirect": tr("One leads to the other."),
        "posts": tr("They bring the same posts."),
    }[group.cause]


def outcome_words(told: FeedRepaired) -> str:
    """What trying a feed again came to."""
    words = {
        "works": tr("{title} works again."),
        "moved": tr("{title} has moved. It is read from {address} now."),
        "found": tr("{title} was found on its site. It is read from {address} now."),
        "duplicate": tr("{title} has become {address}, which you follow already."),
        "failed": tr("{title} still fails. {error}"),
    }[told.outcome]
    return words.format(title=told.title, address=told.address, error=told.error)


def span(days: float) -> str:
    """A length of time, short: "hour", "5 hours", "3 days", "4 months", "2 years"."""
    hours = max(round(days * 24), 1)
    if hours < 24:
        return plural("hour", "{n} hours", hours)
    if days < 60:
        return plural("day", "{n} days", round(days))
    if days < 730:
        return plural("month", "{n} months", round(days / 30.4))
    return plural("year", "{n} years", round(days / 365.25))
