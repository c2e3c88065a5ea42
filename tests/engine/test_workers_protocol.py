"""Frames and messages: what goes in comes out, and nothing else gets through."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.types import Article, FeedInfo, FetchedPost, Media, Request, Subscription
from engine.workers import failures, protocol
from engine.workers.wire import WireError, from_wire, to_wire

LIMIT = protocol.MAX_REPLY_BYTES

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


class Dripping(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data, self._step = io.BytesIO(data), step

    def read(self, size: int = -1, /) -> bytes:
        return self._data.read(min(size, self._step))


@given(messages=st.lists(st.dictionaries(st.text(), plain, max_size=4), max_size=4), step=st.integers(1, 9))
def test_messages_come_out_as_they_went_in_however_the_pipe_cuts_them(
    messages: list[dict[str, Any]], step: int
) -> None:
    data = b"".join(protocol.pack(message) for message in messages)
    assert list(protocol.messages(Dripping(data, step), limit=LIMIT)) == messages


@given(st.binary(max_size=400))
def test_arbitrary_bytes_give_messages_or_a_protocol_error_and_nothing_else(data: bytes) -> None:
    try:
        for message in protocol.messages(io.BytesIO(data), limit=LIMIT):
            assert isinstance(message, dict)
    except protocol.ProtocolError:
        pass


def test_no_frame_is_longer_than_its_bound() -> None:
    packed = protocol.pack({"body": bytes(3 * protocol.MAX_FRAME_BYTES)})
    at, lengths = 0, []
    while at < len(packed):
        (word,) = struct.unpack_from(">I", packed, at)
        lengths.append(word & 0x7FFF_FFFF)
        at += 4 + lengths[-1]
    assert max(lengths) == protocol.MAX_FRAME_BYTES
    assert len(lengths) == 4


def test_a_message_as_long_as_frames_are_keeps_its_end() -> None:
    for extra in range(-20, 20):
        message = {"b": bytes(2 * protocol.MAX_FRAME_BYTES + extra)}
        assert list(protocol.messages(io.BytesIO(protocol.pack(message)), limit=LIMIT)) == [message]


def test_a_message_over_the_limit_is_neither_sent_nor_taken() -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.pack({"b": bytes(1000)}, limit=999)
    with pytest.raises(protocol.ProtocolError):
        list(protocol.messages(io.BytesIO(protocol.pack({"b": bytes(1000)})), limit=999))


def test_a_frame_that_claims_to_be_huge_is_refused_before_it_is_read() -> None:
    class Counting(io.BytesIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.asked = max(self.asked, size or 0)
            return super().read(size)

    stream = Counting(b"\x7f\xff\xff\xff" + bytes(100))
    with pytest.raises(protocol.ProtocolError):
        list(protocol.messages(stream, limit=LIMIT))
    assert stream.asked == 4


def test_a_message_nested_a_thousand_deep_is_refused() -> None:
    data = b"\x81\xa1a" * 100_000 + b"\xc0"
    with pytest.raises(protocol.ProtocolError):
        protocol.unpack(data)


# ---- values ----------------------------------------------------------------------------------------

times = st.datetimes(datetime(1700, 1, 1), datetime(9000, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
media = st.builds(
    Media,
    url=st.text(),
    kind=st.sampled_from(["image", "audio", "video", "file"]),
    width=st.none() | st.integers(0, 10_000),
    duration_seconds=st.none() | st.floats(0, 1e6),
)
posts = st.builds(
    FetchedPost,
    guid=st.text(),
    url=st.text(),
    canonical_url=st.text(),
    title=st.text(),
    author=st.text(),
    body_html=st.text(),
    text=st.text(),
    published_at=st.none() | times,
    updated_at=st.none() | times,
    content_hash=st.binary(min_size=32, max_size=32),
    sketch=st.binary(),
    word_count=st.integers(0, 10**6),
    categories=st.lists(st.text()).map(tuple),
    media=st.lists(media, max_size=3).map(tuple),
)


def over_the_wire(value: Any) -> Any:
    (message,) = protocol.messages(io.BytesIO(protocol.pack({"v": to_wire(value)})), limit=LIMIT)
    return from_wire(type(value), message["v"])


@given(posts)
def test_a_post_is_the_same_after_the_wire(post: FetchedPost) -> None:
    assert over_the_wire(post) == post


@pytest.mark.parametrize(
    "value",
    [
        FeedInfo(title="A feed", ttl_minutes=60),
        Subscription(url="https://example.org/feed", folder="A/B"),
        Request(url="https://example.org/2", purpose="page"),
        Article(title="T", text="Text.", published_at=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_value_that_workers_return_is_the_same_after_the_wire(value: Any) -> None:
    assert over_the_wire(value) == value


MEDIA = Media(url="https://example.org/a.png", kind="image")


@given(place=st.integers(0, 7), value=plain)
def test_a_value_of_another_type_is_refused(place: int, value: Any) -> None:
    fields = to_wire(MEDIA)
    fields[place] = value
    try:
        found = from_wire(Media, fields)
    except WireError:
        return
    assert found == from_wire(Media, to_wire(found))
    assert to_wire(found)[place] == value


@pytest.mark.parametrize("fields", [None, {}, [], ["too", "few"], [*to_wire(MEDIA), 1], "text"])
def test_a_value_with_too_few_or_too_many_fields_is_refused(fields: Any) -> None:
    with pytest.raises(WireError):
        from_wire(Media, fields)


def test_a_kind_of_medium_unheard_of_is_refused() -> None:
    with pytest.raises(WireError):
        from_wire(Media, to_wire(replace(MEDIA, kind="hologram")))  # type: ignore[arg-type]


def test_a_time_beyond_the_calendar_is_refused() -> None:
    fields = to_wire(Article(title="", text="", published_at=datetime(2026, 1, 1, tzinfo=UTC)))
    fields[-1] = 2**62
    with pytest.raises(WireError):
        from_wire(Article, fields)


# ---- last words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "stderr", "words"),
    [
        (-11, "", "read memory that is not its own"),
        (-4, "", "lacks an instruction"),
        (-9, "", "killed, by the system"),
        (-24, "", "processor time"),
        (-6, "terminate called after throwing std::bad_alloc", "out of memory"),
        (1, "ModuleNotFoundError: No module named 'torch'", "the library torch is not installed"),
        (1, "ImportError: libgomp.so.1: cannot open shared object file", "system library libgomp.so.1"),
        (1, "Traceback\n  File x\nsome.module.OddError: the reader's words", "OddError"),
        (0, "", "without an answer"),
        (77, "", "status 77"),
        (-200, "", "signal 200"),
        (None, "", "status None"),
    ],
)
def test_the_end_of_a_process_is_told_in_plain_words(status: int | None, stderr: str, words: str) -> None:
    told = failures.death(status, stderr)
    assert words in told
    assert "reader's words" not in told


def test_a_worker_cannot_make_its_parent_raise_anything_else_than_an_engine_error() -> None:
    for kind in ("SystemExit", "EngineError", "os", "__class__", "annotations", "NotAFeedError", "bug"):
        error = failures.from_wire("parse", {"kind": kind, "message": "m" * 10_000, "data": {"candidates": [1, None]}})
        assert len(str(error)) < 700
