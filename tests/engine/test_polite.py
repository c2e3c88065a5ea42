"""What is remembered of a feed between two requests, whatever its server says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import polite
from engine.types import FetchState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STATE = FetchState(feed_id=1, url="http://a.example/feed")
NASTY = st.one_of(
    st.none(), st.text(max_size=40), st.integers(-(10**15), 10**15).map(str),
    st.datetimes().map(lambda moment: format_datetime(moment)),
    st.sampled_from(["max-age=99999999999999", "max-age=-1", "no-store", "0", "-1", "Mon, 32 Foo 99999 99:99:99 GMT"]),
)


def success(state: FetchState = STATE, **more: object) -> FetchState:
    given_: dict[str, object] = {
        "now": NOW, "status": 200, "headers": {"etag": '"1"'}, "permanent_url": None, "body_hash": b"h",
        "ttl_minutes": None, "refresh_minutes": 60, "jitter": 0.0,
    }
    return polite.after_success(state, **(given_ | more))  # type: ignore[arg-type]


def failure(state: FetchState = STATE, **more: object) -> FetchState:
    given_: dict[str, object] = {
        "now": NOW, "status": 500, "retry_after_seconds": None, "refresh_minutes": 60, "jitter": 0.0,
    }
    return polite.after_failure(state, **(given_ | more))  # type: ignore[arg-type]


def wait(state: FetchState) -> timedelta:
    assert state.next_check_at is not None
    return state.next_check_at - NOW


@given(
    cache=NASTY, expires=NASTY, etag=NASTY, ttl=st.one_of(st.none(), st.integers(-(10**9), 10**9)),
    status=st.sampled_from([200, 304]), minutes=st.integers(60, 1440), jitter=st.floats(0, 1, exclude_max=True),
)
def test_whatever_a_server_says_the_next_request_is_one_hour_to_one_day_away(
    cache: str | None, expires: str | None, etag: str | None, ttl: int | None, status: int, minutes: int, jitter: float
) -> None:
    said = {"cache-control": cache, "expires": expires, "etag": etag}
    headers = {name: value for name, value in said.items() if value is not None}
    state = success(status=status, headers=headers, ttl_minutes=ttl, refresh_minutes=minutes, jitter=jitter)
    assert timedelta(hours=1) <= wait(state) <= timedelta(hours=24) * (1 + polite.JITTER)
    assert wait(state) >= timedelta(minutes=minutes)


@given(failures=st.integers(0, 10**6), jitter=st.floats(0, 1, exclude_max=True), minutes=st.integers(1, 1440),
       status=st.sampled_from([None, 400, 404, 429, 500, 503]), asked=st.one_of(st.none(), st.floats(0, 1e12)))
def test_after_any_failure_the_next_request_is_an_hour_to_a_week_away_or_as_late_as_asked(
    failures: int, jitter: float, minutes: int, status: int | None, asked: float | None
) -> None:
    state = failure(replace(STATE, failures=failures), status=status, retry_after_seconds=asked,
                    refresh_minutes=minutes, jitter=jitter)
    floor = timedelta(0) if status is None and asked is not None else timedelta(hours=1)
    assert floor <= wait(state) <= timedelta(days=7)
    if asked is not None:
        assert wait(state) >= min(timedelta(seconds=min(asked, 1e9)), timedelta(days=7))


@given(value=NASTY)
def test_retry_after_is_none_or_between_nothing_and_a_week(value: str | None) -> None:
    found = polite.retry_after(value, NOW)
    assert found is None or timedelta(0) <= found <= timedelta(days=7)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), (" 90 ", 90), ("99999999999", 604800), ("1.5", None), ("", None), (None, None),
     ("Mon, 23 Nov 2026 12:05:00 GMT", 300), ("Monday, 23-Nov-26 12:05:00 GMT", 300),
     ("Mon Nov 23 12:05:00 2026", 300), ("Mon, 23 Nov 2020 12:05:00 GMT", 0)],
)
def test_retry_after_is_read_in_every_form(value: str | None, seconds: int | None) -> None:
    found = polite.retry_after(value, NOW)
    assert found == (None if seconds is None else timedelta(seconds=seconds))


def test_the_longest_of_the_persons_interval_and_all_hints_counts() -> None:
    headers = {"etag": '"1"', "cache-control": "max-age=7200"}
    assert wait(success(headers=headers, ttl_minutes=180)) == timedelta(hours=3)
    assert wait(success(headers=headers, ttl_minutes=90)) == timedelta(hours=2)
    assert wait(success(headers=headers, refresh_minutes=720)) == timedelta(hours=12)


def test_what_the_document_asked_for_holds_after_a_304() -> None:
    first = success(ttl_minutes=300)
    assert wait(success(first, status=304, headers={}, ttl_minutes=None)) == timedelta(hours=5)


def test_max_age_wins_over_expires() -> None:
    later = format_datetime(NOW + timedelta(hours=9), usegmt=True)
    headers = {"etag": '"1"', "cache-control": "max-age=7200", "expires": later}
    assert wait(success(headers=headers)) == timedelta(hours=2)


def test_validators_that_a_200_no_longer_names_are_forgotten() -> None:
    state = success(success(headers={"etag": '"1"', "last-modified": "then"}), headers={"etag": '"2"'})
    assert (state.etag, state.last_modified) == ('"2"', None)


def test_a_success_clears_what_failures_left() -> None:
    state = success(failure(failure(status=404), status=404))
    assert (state.failures, state.not_found_since) == (0, None)


def test_a_paused_host_is_no_failure_of_the_feed() -> None:
    before = replace(STATE, failures=2, next_check_at=NOW)
    state = failure(before, status=None, retry_after_seconds=600)
    assert (state.failures, state.next_check_at) == (2, NOW + timedelta(minutes=10))


def test_an_error_between_two_404_starts_the_count_of_days_again() -> None:
    state = failure(replace(STATE, not_found_since=NOW - timedelta(days=59)), status=500)
    assert failure(state, status=404).not_found_since == NOW


def test_a_timeout_between_two_404_does_not() -> None:
    since = NOW - timedelta(days=59)
    assert failure(replace(STATE, not_found_since=since), status=None).not_found_since == since


def test_a_new_address_on_another_host_takes_no_permission_along() -> None:
    old = replace(STATE, url="http://127.0.0.1:8080/feed", allow_private=True, moved_to="http://b.example/feed",
                  moved_since=NOW - timedelta(days=2), moved_times=2)
    adopted = success(old, permanent_url="http://b.example/feed")
    assert (adopted.url, adopted.allow_private) == ("http://b.example/feed", False)


def test_a_different_target_starts_the_count_again() -> None:
    old = replace(STATE, moved_to="http://b.example/", moved_since=NOW - timedelta(days=9), moved_times=8)
    state = success(old, permanent_url="http://c.example/")
    assert (state.url, state.moved_to, state.moved_times) == (STATE.url, "http://c.example/", 1)


def test_a_feed_is_due_when_its_time_has_come_and_not_when_it_is_stopped() -> None:
    assert polite.due(STATE, NOW)
    assert polite.due(replace(STATE, next_check_at=NOW), NOW)
    assert not polite.due(replace(STATE, next_check_at=NOW + timedelta(seconds=1)), NOW)
    assert not polite.due(replace(STATE, stopped=True), NOW)


def test_a_time_from_a_clock_that_was_wrong_does_not_silence_a_feed() -> None:
    assert polite.due(replace(STATE, next_check_at=NOW + timedelta(days=400)), NOW)


@pytest.mark.parametrize("status", [204, 301, 400, 401, 403, 404, 410, 418, 429, 451, 500, 503, 599])
def test_every_status_has_plain_words_and_its_number(status: int) -> None:
    words = polite.words_for_status(status)
    assert str(status) in words
    assert words.endswith(".")


def test_a_quiet_feed_is_asked_less_often_and_a_busy_one_as_often_as_the_person_wants() -> None:
    for rhythm in (None, timedelta(minutes=5), timedelta(days=1)):
        assert wait(success(rhythm=rhythm)) == timedelta(hours=1)
    assert wait(success(rhythm=timedelta(days=7))) == timedelta(hours=7)
    assert wait(success(rhythm=timedelta(days=28))) == polite.CEILING


def test_a_busy_feed_that_fails_is_asked_again_before_its_document_has_turned_over() -> None:
    often = replace(STATE, failures=9)
    for rhythm in (None, timedelta(days=9)):
        assert wait(failure(often, rhythm=rhythm)) == polite.CEILING / 1.25
    assert wait(failure(often, rhythm=timedelta(minutes=20))) == timedelta(minutes=200)
    assert wait(failure(often, rhythm=timedelta(seconds=30))) == timedelta(hours=1)


def test_what_a_wrong_clock_planned_does_not_hold() -> None:
    state = replace(STATE, last_success_at=NOW + timedelta(hours=20), next_check_at=NOW + timedelta(hours=21))
    assert polite.due(state, NOW)
    assert not polite.due(replace(state, last_success_at=NOW + timedelta(minutes=2), next_check_at=NOW + timedelta(hours=1)), NOW)
    paused = failure(state, status=None, retry_after_seconds=600.0)
    assert paused.next_check_at == NOW + timedelta(minutes=10)
    assert not polite.due(paused, NOW)
