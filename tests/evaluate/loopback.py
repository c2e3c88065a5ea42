"""Files served on 127.0.0.1, with the content types that servers give them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import quote, unquote

TYPES = {
    "atom": "application/atom+xml",
    "html": "text/html",
    "json": "application/feed+json",
    "rdf": "application/rdf+xml",
    "rss": "application/rss+xml",
    "xml": "application/xml",
}


class Loopback:
    """Serves `pages` (path to bytes) while it is open. No character set is declared: the files must speak for
    themselves."""

    def __init__(self, pages: Mapping[str, bytes]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = pages.get(unquote(self.path))
                self.send_response(404 if body is None else 200)
                ending = self.path.rsplit(".", 1)[-1].lower()
                self.send_header("Content-Type", TYPES.get(ending, "application/octet-stream"))
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: what is served is not the reader's business."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{quote(path)}"

    def __enter__(self) -> Loopback:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
