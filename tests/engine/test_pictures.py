"""Pictures: fetched only when the policy says so, decoded within bounds, kept encrypted and bounded."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from engine import Engine, EngineError, FetchError, InputError, ParseError, RefusedError, TimelineQuery, open_engine
from engine.sources.picture import SHOWN_WIDTH, read_picture
from engine.store import pictures as kept
from engine.store.connection import FILE_NAME
from tests.fakenet import FakeNet, Reply

KEY = b"p" * 32


def drawn(size: tuple[int, int] = (320, 200), kind: str = "PNG", mode: str = "RGB", colour: object = (200, 30, 40)) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, kind)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.fixture
def net() -> Iterator[FakeNet]:
    with FakeNet() as net:
        for name in ("a", "b"):
            net.serve(f"/{name}.png", drawn(), content_type="image/png")
        net.serve(
            "/feed.xml",
            f"<rss version='2.0'><channel><title>Town</title><item><guid>1</guid><title>Ferry</title>"
            f"<description>&lt;p&gt;Look&lt;/p&gt;&lt;img src='{net.url('/a.png')}' alt='A ferry'&gt;</description>"
            f"<enclosure url='{net.url('/b.png')}' type='image/png' length='1'/></item></channel></rss>".encode(),
        )
        yield net


@pytest.fixture
def engine(tmp_path: Path, net: FakeNet) -> Iterator[Engine]:
    with open_engine(tmp_path / "profile", key=KEY) as engine:
        engine.add_feed(net.url("/feed.xml"))
        yield engine


def pictures_asked(net: FakeNet) -> list[str]:
    return [request.path for request in net.requests if request.path.endswith(".png")]


def test_nothing_is_fetched_unless_the_policy_says_so(engine: Engine, net: FakeNet) -> None:
    (post,) = engine.timeline(TimelineQuery())
    (feed,) = engine.feeds()
    url = net.url("/a.png")
    assert engine.picture_policy(feed.id) == "click"
    engine.post(post)
    assert engine.stored_pictures(post) == []
    with pytest.raises(InputError):
        engine.picture(post, url)
    engine.set_picture_policy(feed.id, "never")
    with pytest.raises(InputError):
        engine.picture(post, url, asked=True)
    assert pictures_asked(net) == []
    engine.set_picture_policy(feed.id, None)
    engine.set_setting("pictures", "all")
    assert engine.picture(post, url).width == 320
    assert pictures_asked(net) == ["/a.png"]
    assert next(row.purpose for row in engine.ledger()) == "picture"


def test_a_picture_is_fetched_once_and_kept_encrypted(engine: Engine, net: FakeNet, tmp_path: Path) -> None:
    (post,) = engine.timeline(TimelineQuery())
    first = engine.picture(post, net.url("/a.png"), asked=True)
    engine.picture(post, net.url("/b.png"), asked=True)
    assert engine.picture(post, net.url("/a.png"), asked=True) == first
    assert pictures_asked(net) == ["/a.png", "/b.png"]
    assert {picture.url for picture in engine.stored_pictures(post)} == {net.url("/a.png"), net.url("/b.png")}
    folder = tmp_path / "profile"
    assert not any(first.data[:64] in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert (folder / FILE_NAME).stat().st_size > 0
    assert engine.forget_pictures() == 2
    assert engine.stored_pictures(post) == []


def test_only_pictures_that_the_post_names_are_asked_for(engine: Engine, net: FakeNet) -> None:
    (post,) = engine.timeline(TimelineQuery())
    net.serve("/other.png", drawn(), content_type="image/png")
    with pytest.raises(InputError, match="names no such picture"):
        engine.picture(post, net.url("/other.png"), asked=True)
    assert pictures_asked(net) == []


def test_a_feed_does_not_lead_to_other_machines_of_the_private_network(engine: Engine, net: FakeNet) -> None:
    with FakeNet() as other:
        other.serve("/a.png", drawn(), content_type="image/png")
        net.serve(
            "/second.xml",
            f"<rss version='2.0'><channel><title>Two</title><item><guid>1</guid><title>T</title>"
            f"<description>&lt;img src='{other.url('/a.png')}'&gt;</description></item></channel></rss>".encode(),
        )
        feed = engine.add_feed(net.url("/second.xml"))
        (post,) = engine.timeline(TimelineQuery(feed_id=feed.id))
        with pytest.raises(RefusedError):
            engine.picture(post, other.url("/a.png"), asked=True)
        assert other.requests == []


@pytest.mark.parametrize("status", [403, 404, 429, 500])
def test_a_server_without_the_picture_is_said_in_words(engine: Engine, net: FakeNet, status: int) -> None:
    (post,) = engine.timeline(TimelineQuery())
    net.script("/a.png", Reply(status=status))
    with pytest.raises(FetchError, match=str(status)):
        engine.picture(post, net.url("/a.png"), asked=True)
    assert engine.stored_pictures(post) == []


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (bomb(30_000, 30_000), "too large"), (bomb(2_000_000, 10), "too large"), (bomb(500, 500), "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"), (b"<html>no</html>", "no picture"), (b"", "no picture"),
        (drawn((1, 1)), "tracking"), (drawn((3, 2), "GIF"), "tracking"), (drawn((50, 50), "BMP"), "no picture"),
        (drawn((300, 300), "JPEG")[:400], "no picture"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        read_picture(body, "https://a.example/a.png")


def test_a_hostile_picture_costs_nothing_that_was_there(engine: Engine, net: FakeNet) -> None:
    (post,) = engine.timeline(TimelineQuery())
    engine.picture(post, net.url("/b.png"), asked=True)
    net.serve("/a.png", bomb(30_000, 30_000), content_type="image/png")
    with pytest.raises(EngineError):
        engine.picture(post, net.url("/a.png"), asked=True)
    assert len(engine.stored_pictures(post)) == 1


def test_a_large_picture_is_shrunk_turned_upright_and_rid_of_its_metadata() -> None:
    image = Image.new("RGB", (4000, 3000), (10, 90, 10))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "taken at home"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    found = read_picture(out.getvalue(), "https://a.example/a.jpg")
    assert found.mime == "image/jpeg"
    assert (found.width, found.height) == (SHOWN_WIDTH, round(SHOWN_WIDTH * 4 / 3))
    assert b"taken at home" not in found.data
    assert not Image.open(io.BytesIO(found.data)).getexif()


def test_transparency_stays() -> None:
    found = read_picture(drawn((60, 40), "PNG", "RGBA", (0, 0, 0, 0)), "u")
    assert found.mime == "image/png"
    assert Image.open(io.BytesIO(found.data)).getextrema()[3] == (0, 0)
    assert read_picture(drawn((60, 40), "PNG", "RGBA", (9, 9, 9, 255)), "u").mime == "image/jpeg"


def test_the_least_recently_shown_make_room(engine: Engine, net: FakeNet, monkeypatch: pytest.MonkeyPatch) -> None:
    (post,) = engine.timeline(TimelineQuery())
    first = engine.picture(post, net.url("/a.png"), asked=True)
    monkeypatch.setattr(kept, "MOST_BYTES", len(first.data) + 10)
    engine.picture(post, net.url("/b.png"), asked=True)
    assert [picture.url for picture in engine.stored_pictures(post)] == [net.url("/b.png")]
