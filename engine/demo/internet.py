"""A sample internet on loopback: feeds and networks of made-up people, served to whoever tries Millpond."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from engine.demo import networks
from engine.demo.feeds import FORMATS
from engine.types import Subscription


class SampleInternet:
    """Serves the sample feeds on 127.0.0.1 until closed."""

    def __init__(self, now: datetime | None = None) -> None:
        import resources

        def read(name: str) -> dict[str, Any]:
            return tomllib.loads(resources.path("demo", name).read_text(encoding="utf-8"))

        now = now or datetime.now(UTC)
        self._sources = [{"kind": "feed", **feed} for feed in read("posts.toml")["feed"]] + read("networks.toml")["source"]
        pages: networks.Pages = {}
        for source in self._sources:
            pages |= (
                {source["path"]: FORMATS[source["format"]](source, now)}
                if source["kind"] == "feed"
                else networks.pages(source, now)
            )

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                kind, body = pages.get(path, ("text/plain", b""))
                self.send_response(200 if path in pages else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", f'"{hash(body) & 0xFFFFFFFF:x}"')
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: a visitor of the demo is not logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True, name="sample")
        self._thread.start()

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        base = f"http://127.0.0.1:{self._server.server_address[1]}"
        return tuple(
            Subscription(url=base + source["path"], title=source["title"], folder=source["folder"], kind=source["kind"])
            for source in self._sources
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def sample_internet(now: datetime | None = None) -> Iterator[SampleInternet]:
    served = SampleInternet(now)
    try:
        yield served
    finally:
        served.close()
