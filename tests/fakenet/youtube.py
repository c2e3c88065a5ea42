"""A YouTube on loopback: channel pages, the channel's feed, the feed of its long films."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from tests.fakenet.posts import NEWEST
from tests.fakenet.server import FakeNet, Recorded, Reply

CHANNEL = "UCpondpondpondpondpondpo"  # UC and 22 characters


@dataclass(slots=True)
class Video:
    number: str
    title: str
    views: int = 10
    short: bool = False
    seconds: int | None = None
    text: str = "A quiet film."


class FakeYouTube:
    """One channel. A name in `away` ("films", "channel") answers with that status."""

    def __init__(self, net: FakeNet, videos: Sequence[Video], *, name: str = "Pond Films") -> None:
        self.net, self.videos, self.name = net, list(videos), name
        self.away: dict[str, int] = {}
        self.page = (
            f'<html><head><link rel="canonical" href="https://www.youtube.com/channel/{CHANNEL}"></head>'
            f'<body><script>var data = {{"externalId":"{CHANNEL}","other":"UCzzzzzzzzzzzzzzzzzzzzzz"}}</script></body></html>'
        )
        net.handle("/feeds/videos.xml", self._feed)
        for path in ("/@pond", "/c/pond", "/user/pond"):
            net.handle(path, lambda _: Reply(headers={"Content-Type": "text/html"}, body=self.page.encode()))

    def _feed(self, request: Recorded) -> Reply:
        asked = parse_qs(urlsplit(request.path).query)
        films = asked.get("playlist_id") == ["UULF" + CHANNEL[2:]]
        if not films and asked.get("channel_id") != [CHANNEL]:
            return Reply(status=404)
        status = self.away.get("films" if films else "channel")
        if status:
            return Reply(status=status, body=b"<html>Error</html>")
        shown = [video for video in self.videos if not (films and video.short)]
        return Reply(headers={"Content-Type": "text/xml; charset=UTF-8"}, body=self._atom(shown, "Videos" if films else self.name))

    def _atom(self, videos: Sequence[Video], title: str) -> bytes:
        entries = "".join(self._entry(video, place) for place, video in enumerate(videos))
        return (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" '
            'xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">'
            f"<id>yt:channel:{CHANNEL[2:]}</id><yt:channelId>{CHANNEL[2:]}</yt:channelId><title>{escape(title)}</title>"
            f'<link rel="alternate" href="https://www.youtube.com/channel/{CHANNEL}"/>'
            f"<author><name>{escape(self.name)}</name><uri>https://www.youtube.com/channel/{CHANNEL}</uri></author>"
            f"<published>2015-01-01T00:00:00+00:00</published>{entries}</feed>"
        ).encode()

    def _entry(self, video: Video, place: int) -> str:
        at = (NEWEST - timedelta(hours=place)).isoformat()
        link = f"https://www.youtube.com/{'shorts/' if video.short else 'watch?v='}{video.number}"
        length = f' duration="{video.seconds}"' if video.seconds is not None else ""
        return (
            f"<entry><id>yt:video:{video.number}</id><yt:videoId>{video.number}</yt:videoId>"
            f"<title>{escape(video.title)}</title>"
            f'<link rel="alternate" href="{link}"/><author><name>{escape(self.name)}</name></author>'
            f"<published>{at}</published><updated>{at}</updated><media:group><media:title>{escape(video.title)}</media:title>"
            f'<media:content url="https://www.youtube.com/v/{video.number}" type="application/x-shockwave-flash"{length}/>'
            f'<media:thumbnail url="https://i1.ytimg.com/vi/{video.number}/hqdefault.jpg" width="480" height="360"/>'
            f"<media:description>{escape(video.text)}</media:description>"
            f'<media:community><media:starRating count="3" average="5.00" min="1" max="5"/>'
            f'<media:statistics views="{video.views}"/></media:community></media:group></entry>'
        )
