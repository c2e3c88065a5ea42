"""The checklist of polite fetching, point by point, against a server that records what it is asked."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from engine import polite
from engine.errors import FetchError, RefusedError
from engine.http import USER_AGENT, Client, HttpRequest, HttpResponse, Policy
from engine.types import FetchState
from tests.fakenet import Clock, FakeNet, FakeProxy, Ledger, Reply, bomb, coded, drip, endless, items, page, rss

FEED = rss("Letters", items(3))
XML = {"Content-Type": "application/xml"}


class Reader:
    """Does what refreshing does: asks a feed with what is known of it and keeps what polite fetching says."""

    def __init__(self, client: Client, clock: Clock, url: str) -> None:
        self.client = client
        self.clock = clock
        self.state = FetchState(feed_id=1, url=url, allow_private=True)
        self.news = 0  # answers that would be parsed

    def poll(self, *, force: bool = False) -> HttpResponse | None:
        """Ask if the feed is due; returns the answer, None when it was not asked or could not be."""
        if not (force or polite.due(self.state, self.clock())):
            return None
        state = self.state
        try:
            answer = self.client.fetch(
                HttpRequest(
                    url=state.url, etag=state.etag, last_modified=state.last_modified, allow_private=state.allow_private
                )
            )
            if answer.status not in (200, 304):
                raise FetchError(polite.words_for_status(answer.status), status=answer.status)
        except FetchError as error:
            self.state = polite.after_failure(
                state, now=self.clock(), status=error.status, retry_after_seconds=error.retry_after_seconds,
                refresh_minutes=60, jitter=0.5,
            )
            return None
        found = hashlib.sha256(answer.body).digest() if answer.status == 200 else None
        self.news += answer.status == 200 and found != state.body_hash
        self.state = polite.after_success(
            state, now=self.clock(), status=answer.status, headers=answer.headers, permanent_url=answer.permanent_url,
            body_hash=found, ttl_minutes=None, refresh_minutes=60, jitter=0.5,
        )
        return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock, ledger: Ledger) -> Iterator[Client]:
    made = Client(clock, Policy(), ledger)
    yield made
    made.close()


@pytest.mark.parametrize("etag", ['"x"', 'W/"x"', '"a b,c"', "unquoted", 'W/"é"'])
def test_p01_an_etag_goes_back_byte_for_byte(net: FakeNet, client: Client, clock: Clock, etag: str) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED, etag=etag))
    reader.poll()
    clock.turn(hours=2)
    answer = reader.poll()
    assert net.requests[1].headers["if-none-match"] == etag
    assert answer is not None
    assert answer.status == 304


@pytest.mark.parametrize("stamp", ["Sat, 21 Nov 2026 10:00:00 GMT", "2026-11-21 10:00", "Saturday, 21-Nov-26 10:00:00 MEZ"])
def test_p02_a_last_modified_of_any_format_goes_back_as_it_came(
    net: FakeNet, client: Client, clock: Clock, stamp: str
) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED, last_modified=stamp))
    reader.poll()
    clock.turn(hours=2)
    reader.poll()
    assert net.requests[1].headers["if-modified-since"] == stamp


def test_p02_no_date_is_invented_when_the_server_gave_none(net: FakeNet, client: Client, clock: Clock) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED))
    reader.poll()
    reader.poll(force=True)
    assert not {"if-modified-since", "if-none-match"} & set(net.requests[1].headers)


def test_p03_both_validators_are_sent_when_both_are_known(net: FakeNet, client: Client, clock: Clock) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED, etag='"1"', last_modified="yesterday"))
    reader.poll()
    clock.turn(hours=2)
    reader.poll()
    second = net.requests[1].headers
    assert (second["if-none-match"], second["if-modified-since"]) == ('"1"', "yesterday")


def test_p04_a_304_is_a_success_without_news_that_renews_validators(
    net: FakeNet, client: Client, clock: Clock
) -> None:
    url = net.script(
        "/feed",
        Reply(headers={**XML, "ETag": '"1"', "Last-Modified": "old"}, body=FEED),
        Reply(status=304, headers={"Last-Modified": "new"}),
    )
    reader = Reader(client, clock, url)
    reader.poll()
    known = reader.state.body_hash
    now = clock.turn(hours=2)
    reader.poll()
    assert reader.news == 1
    assert (reader.state.etag, reader.state.last_modified) == ('"1"', "new")
    assert (reader.state.last_success_at, reader.state.failures, reader.state.body_hash) == (now, 0, known)


def test_p05_one_unconditional_request_in_the_life_of_a_feed(net: FakeNet, client: Client, clock: Clock) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED, etag='"1"'))
    for _ in range(60 * 24 * 7 // 10):
        reader.poll()
        clock.turn(minutes=10)
    asked = net.asked("/feed")
    assert sum("if-none-match" not in request.headers for request in asked) == 1
    assert 100 < len(asked) <= 7 * 24


def test_p05_a_server_that_says_nothing_about_keeping_is_asked_once_a_day(
    net: FakeNet, client: Client, clock: Clock
) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED))
    for _ in range(7 * 24):
        reader.poll()
        clock.turn(hours=1)
    assert len(net.requests) == 7


def test_p06_ten_restarts_in_five_minutes_cause_no_request(
    net: FakeNet, clock: Clock, ledger: Ledger
) -> None:
    url = net.serve("/feed", FEED, etag='"1"')
    state = FetchState(feed_id=1, url=url, allow_private=True)
    for _ in range(10):
        client = Client(clock, Policy(), ledger, ledger.pauses)
        reader = Reader(client, clock, url)
        reader.state = state
        reader.poll()
        state = reader.state
        client.close()
        clock.turn(seconds=30)
    assert len(net.requests) == 1


@pytest.mark.parametrize(
    ("headers", "hours"),
    [
        ({"Cache-Control": "public, max-age=18000"}, 5),
        ({"Cache-Control": "max-age=504576000"}, 24),
        ({"Cache-Control": "max-age=60"}, 1),
        ({"Expires": format_datetime(Clock()() + timedelta(hours=3), usegmt=True)}, 3),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 1),
        ({"Expires": "never mind"}, 1),
    ],
)
def test_p07_freshness_is_a_lower_bound_up_to_a_day(
    net: FakeNet, client: Client, clock: Clock, headers: dict[str, str], hours: int
) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED, etag='"1"', headers=headers))
    reader.poll()
    assert reader.state.next_check_at is not None
    wait = reader.state.next_check_at - clock()
    assert timedelta(hours=hours) <= wait <= timedelta(hours=hours) * (1 + polite.JITTER)


@pytest.mark.parametrize("headers", [{"Expires": "0"}, {"Cache-Control": "private, no-store"}])
def test_p07_validators_of_an_answer_that_is_not_to_be_kept_are_not_kept(
    net: FakeNet, client: Client, clock: Clock, headers: dict[str, str]
) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED, etag='"1"', headers=headers))
    reader.poll()
    assert reader.state.etag is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "minutes"),
    [("120", 2), (format_datetime(Clock()() + timedelta(minutes=30), usegmt=True), 30), (None, 10), ("soon", 10)],
)
def test_p08_retry_after_pauses_the_whole_host(
    net: FakeNet, client: Client, clock: Clock, ledger: Ledger, status: int, value: str | None, minutes: int
) -> None:
    headers = {} if value is None else {"Retry-After": value}
    url = net.script("/busy", Reply(status=status, headers=headers))
    other = net.serve("/other", FEED)
    client.fetch(HttpRequest(url=url, allow_private=True))
    with pytest.raises(RefusedError, match="left alone") as refused:
        client.fetch(HttpRequest(url=other, allow_private=True))
    assert refused.value.retry_after_seconds == minutes * 60
    assert ledger.pauses == {f"127.0.0.1:{net.port}": clock() + timedelta(minutes=minutes)}
    clock.turn(minutes=minutes, seconds=1)
    assert client.fetch(HttpRequest(url=other, allow_private=True)).status == 200


def test_p08_a_pause_outlives_a_restart(net: FakeNet, clock: Clock, ledger: Ledger) -> None:
    url = net.serve("/feed", FEED)
    client = Client(clock, Policy(), ledger, {f"127.0.0.1:{net.port}": clock() + timedelta(minutes=5)})
    with pytest.raises(RefusedError):
        client.fetch(HttpRequest(url=url, allow_private=True))
    client.close()
    assert net.requests == []


def test_p08_the_persons_own_refresh_obeys_too_and_is_no_failure(net: FakeNet, client: Client, clock: Clock) -> None:
    reader = Reader(client, clock, net.script("/feed", Reply(status=429, headers={"Retry-After": "7200"})))
    reader.poll()
    failures = reader.state.failures
    assert reader.poll(force=True) is None
    assert len(net.requests) == 1
    assert reader.state.failures == failures
    assert reader.state.next_check_at is not None
    assert reader.state.next_check_at >= clock() + timedelta(hours=2)


def test_p09_a_host_that_keeps_saying_429_is_asked_less_and_less(
    net: FakeNet, client: Client, clock: Clock, ledger: Ledger
) -> None:
    url = net.script("/feed", Reply(status=429))
    waits = []
    for _ in range(12):
        client.fetch(HttpRequest(url=url, allow_private=True))
        until = next(iter(ledger.pauses.values()))
        waits.append(until - clock())
        clock.now = until + timedelta(seconds=1)
    assert waits[:3] == [timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=24)


def test_p10_failures_back_off_to_once_a_day_and_leave_other_hosts_alone(client: Client, clock: Clock) -> None:
    with FakeNet() as ill, FakeNet(host="127.0.0.2") as well:
        sick = Reader(client, clock, ill.script("/feed", Reply(status=500)))
        fine = Reader(client, clock, well.serve("/feed", FEED, etag='"1"'))
        waits = []
        for _ in range(8):
            sick.poll(force=True)
            assert sick.state.next_check_at is not None
            waits.append(sick.state.next_check_at - clock())
        assert fine.poll() is not None
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(hours=1)
    assert waits[1] >= 2 * waits[0] * 0.9
    assert timedelta(hours=20) < waits[-1] <= timedelta(hours=24)


def test_p10_jitter_drives_feeds_apart() -> None:
    chance = random.Random(7)
    waits = [polite.back_off(3, refresh_minutes=60, jitter=chance.random()) for _ in range(50)]
    assert max(waits) - min(waits) > timedelta(minutes=30)


@pytest.mark.parametrize("status", [301, 308])
def test_p11_a_permanent_move_is_adopted_after_three_answers_over_two_days(
    net: FakeNet, client: Client, clock: Clock, status: int
) -> None:
    new = net.serve("/new", FEED, etag='"1"')
    old = net.redirect("/old", new, status)
    reader = Reader(client, clock, old)
    seen = []
    for _ in range(4):
        assert reader.poll() is not None
        seen.append(reader.state.url)
        clock.turn(hours=25)
    assert seen == [old, old, new, new]
    assert len(net.asked("/old")) == 3


def test_p11_three_answers_within_an_hour_are_not_enough(net: FakeNet, client: Client, clock: Clock) -> None:
    old = net.redirect("/old", net.serve("/portal", FEED), 301)
    reader = Reader(client, clock, old)
    for _ in range(5):
        reader.poll(force=True)
    assert reader.state.url == old


def test_p11_an_answer_without_the_move_starts_the_count_again(net: FakeNet, client: Client, clock: Clock) -> None:
    new = net.serve("/new", FEED)
    moved = Reply(status=301, headers={"Location": new})
    old = net.script("/old", moved, moved, Reply(headers=XML, body=FEED), moved)
    reader = Reader(client, clock, old)
    for _ in range(4):
        reader.poll(force=True)
        clock.turn(days=3)
    assert (reader.state.url, reader.state.moved_times) == (old, 1)


@pytest.mark.parametrize("status", [302, 303, 307])
def test_p12_a_temporary_redirect_is_followed_and_never_remembered(
    net: FakeNet, client: Client, clock: Clock, status: int
) -> None:
    old = net.redirect("/old", net.serve("/new", FEED, etag='"1"'), status)
    reader = Reader(client, clock, old)
    for _ in range(5):
        answer = reader.poll()
        assert answer is not None
        assert answer.permanent_url is None
        clock.turn(days=2)
    assert reader.state.url == old


def test_p12_only_the_permanent_beginning_of_a_chain_counts(net: FakeNet, client: Client) -> None:
    end = net.serve("/end", FEED)
    middle = net.redirect("/middle", end, 302)
    answer = client.fetch(HttpRequest(url=net.redirect("/start", middle, 301), allow_private=True))
    assert (answer.permanent_url, answer.url) == (middle, end)


def test_p13_a_redirect_in_a_circle_ends(net: FakeNet, client: Client) -> None:
    net.redirect("/b", net.redirect("/a", net.url("/b")))
    with pytest.raises(FetchError, match="circle"):
        client.fetch(HttpRequest(url=net.url("/a"), allow_private=True))
    assert len(net.requests) == 2


def test_p13_the_eleventh_redirect_is_not_followed(net: FakeNet, client: Client) -> None:
    for number in range(20):
        net.redirect(f"/{number}", net.url(f"/{number + 1}"))
    with pytest.raises(FetchError, match="more than 10 times"):
        client.fetch(HttpRequest(url=net.url("/0"), allow_private=True))
    assert len(net.requests) == 11


def test_p13_credentials_go_to_their_own_origin_only(net: FakeNet, clock: Clock, ledger: Ledger) -> None:
    net.redirect("/start", "/same")
    net.redirect("/same", "http://two.example/far")
    net.serve("/far", FEED)
    with FakeProxy(net) as proxy:
        client = Client(clock, Policy(proxy=f"socks5h://127.0.0.1:{proxy.port}", per_host_seconds=0), ledger)
        client.fetch(HttpRequest(url="http://one.example/start", auth=("anna", "s3cret"), headers={"X-Token": "t"}))
        client.close()
    sent = {request.path: request.headers for request in net.requests}
    assert sent["/same"]["authorization"] == "Basic YW5uYTpzM2NyZXQ="
    assert not {"authorization", "x-token"} & set(sent["/far"])
    assert sent["/far"]["host"] == "two.example"


def test_p14_gone_means_never_again(net: FakeNet, client: Client, clock: Clock) -> None:
    reader = Reader(client, clock, net.script("/feed", Reply(status=410)))
    for _ in range(30):
        reader.poll()
        clock.turn(days=1)
    assert reader.state.stopped
    assert len(net.requests) == 1


def test_p14_not_found_for_a_month_is_not_the_end(net: FakeNet, client: Client, clock: Clock) -> None:
    reader = Reader(client, clock, net.script("/feed", *[Reply(status=404)] * 36, Reply(headers=XML, body=FEED)))
    for _ in range(40):
        reader.poll()
        clock.turn(days=1)
    assert not reader.state.stopped
    assert reader.news == 1


def test_p14_not_found_for_two_months_is(net: FakeNet, client: Client, clock: Clock) -> None:
    reader = Reader(client, clock, net.script("/feed", Reply(status=404)))
    for _ in range(70):
        reader.poll()
        clock.turn(days=1)
    assert reader.state.stopped


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate", "raw-deflate", "br", "zstd", "gzip, br", "x-gzip"])
def test_p15_every_coding_that_is_asked_for_is_read(net: FakeNet, client: Client, coding: str) -> None:
    headers = {"Content-Encoding": coding.replace("raw-", "")}
    url = net.script("/feed", Reply(headers=headers, body=coded(FEED, coding)))
    assert client.fetch(HttpRequest(url=url, allow_private=True)).body == FEED
    assert net.requests[0].headers["accept-encoding"] == "gzip, deflate, br, zstd"


def test_p15_a_wrong_content_encoding_is_followed_by_one_request_for_the_plain_bytes(
    net: FakeNet, client: Client
) -> None:
    url = net.script("/feed", Reply(headers={"Content-Encoding": "gzip"}, body=FEED))
    assert client.fetch(HttpRequest(url=url, allow_private=True)).body == FEED
    assert [request.headers["accept-encoding"] for request in net.requests] == ["gzip, deflate, br, zstd", "identity"]


def test_p16_no_cookie_no_referer_and_no_added_query(net: FakeNet, client: Client) -> None:
    end = net.script("/end", Reply(headers={"Set-Cookie": "id=1; Path=/"}, body=FEED))
    start = net.script("/start", Reply(status=302, headers={"Location": end + "?a=1", "Set-Cookie": "id=2"}))
    for _ in range(3):
        client.fetch(HttpRequest(url=start + "?", allow_private=True))
    assert not any({"cookie", "referer"} & set(request.headers) for request in net.requests)
    assert {request.path for request in net.requests} == {"/start?", "/end?a=1"}


def test_p17_one_honest_user_agent(net: FakeNet, client: Client) -> None:
    client.fetch(HttpRequest(url=net.serve("/feed", FEED), allow_private=True))
    assert net.requests[0].headers["user-agent"] == USER_AGENT
    assert USER_AGENT.startswith("Millpond/")
    assert "(+https://" in USER_AGENT


def test_p18_forty_feeds_of_one_host_come_one_at_a_time_and_in_measured_steps(
    net: FakeNet, clock: Clock, ledger: Ledger
) -> None:
    client = Client(clock, Policy(per_host_seconds=0.05), ledger)  # a name, so the host has a pace
    urls = [net.serve(f"/{number}", FEED).replace("127.0.0.1", "localhost") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda url: client.fetch(HttpRequest(url=url, allow_private=True)), urls))
    client.close()
    times = sorted(request.at for request in net.requests)
    assert (net.most_at_once, net.connections) == (1, 1)
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 0.035
    assert times[-1] - times[0] > 38 * 0.05
    assert Policy().per_host_seconds == 1.0


def test_p18_no_more_than_eight_requests_at_once_in_all(net: FakeNet, clock: Clock, ledger: Ledger) -> None:
    client = Client(clock, Policy(), ledger)
    net.script("/feed", Reply(body=FEED, delay_seconds=0.05))
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda _: client.fetch(HttpRequest(url=net.url("/feed"), allow_private=True)), range(48)))
    client.close()
    assert net.most_at_once == 8


def test_p21_the_same_bytes_again_are_no_news(net: FakeNet, client: Client, clock: Clock) -> None:
    reader = Reader(client, clock, net.serve("/feed", FEED))
    for _ in range(5):
        reader.poll(force=True)
    assert (len(net.requests), reader.news) == (5, 1)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(head_delay_seconds=0.1),
        Reply(chunks=lambda: drip(FEED), chunk_delay_seconds=0.1),
        Reply(delay_seconds=30),
    ],
    ids=["slowloris", "one byte at a time", "silence"],
)
def test_p25_a_slow_answer_ends_at_the_deadline(net: FakeNet, clock: Clock, ledger: Ledger, reply: Reply) -> None:
    client = Client(clock, Policy(total_seconds=0.5), ledger)
    url = net.script("/feed", reply)
    started = time.monotonic()
    with pytest.raises(FetchError, match="took too long"):
        client.fetch(HttpRequest(url=url, allow_private=True))
    client.close()
    assert time.monotonic() - started < 0.8
    assert Policy().total_seconds == 60


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate", "raw-deflate", "br", "zstd", "gzip, gzip"])
def test_p25_more_bytes_than_the_cap_are_refused_in_every_coding(net: FakeNet, client: Client, coding: str) -> None:
    headers = {"Content-Encoding": coding.replace("raw-", "")} if coding != "identity" else {}
    url = net.script("/feed", Reply(headers=headers, body=bomb(40 * 2**20, coding)))
    with pytest.raises(FetchError, match="larger than 16 MB"):
        client.fetch(HttpRequest(url=url, allow_private=True))


def test_p25_an_endless_body_is_refused(net: FakeNet, client: Client) -> None:
    url = net.script("/feed", Reply(chunks=endless))
    with pytest.raises(FetchError, match="larger than 16 MB"):
        client.fetch(HttpRequest(url=url, allow_private=True))


def test_p25_cancelling_frees_the_slot_within_a_tenth_of_a_second(net: FakeNet, client: Client) -> None:
    slow = net.script("/slow", Reply(delay_seconds=30))
    quick = net.serve("/quick", FEED)
    ended: list[float] = []

    def fetch() -> None:
        with pytest.raises(FetchError, match="Stopped"):
            client.fetch(HttpRequest(url=slow, allow_private=True))
        ended.append(time.monotonic())

    threads = [threading.Thread(target=fetch) for _ in range(12)]  # eight under way, four waiting
    for thread in threads:
        thread.start()
    while len(net.requests) < 8:
        time.sleep(0.01)
    started = time.monotonic()
    client.cancel()
    for thread in threads:
        thread.join(5)
    assert len(ended) == 12
    assert max(ended) - started < 0.1
    assert client.fetch(HttpRequest(url=quick, allow_private=True)).status == 200


def test_p26_a_page_at_a_feeds_address_is_one_request_and_says_what_it_is(net: FakeNet, client: Client) -> None:
    body = page("Town", [("Letters", "/feed.xml")])
    url = net.serve("/", body, content_type="text/html")
    answer = client.fetch(HttpRequest(url=url, allow_private=True))
    assert (answer.headers["content-type"], answer.body) == ("text/html", body)
    assert len(net.requests) == 1


def test_p26_a_wrong_content_type_does_not_hide_a_feed(net: FakeNet, client: Client) -> None:
    url = net.serve("/feed", FEED, content_type="image/png")
    assert client.fetch(HttpRequest(url=url, allow_private=True)).body == FEED


def test_p26_a_page_instead_of_a_feed_counts_as_a_failure_that_backs_off(clock: Clock) -> None:
    state = FetchState(feed_id=1, url="http://a.invalid/")
    for _ in range(3):
        state = polite.after_failure(
            state, now=clock(), status=None, retry_after_seconds=None, refresh_minutes=60, jitter=0.0
        )
    assert replace(state, next_check_at=None).failures == 3
    assert state.next_check_at == clock() + timedelta(hours=4)
