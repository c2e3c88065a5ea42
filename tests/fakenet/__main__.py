"""`python -m tests.fakenet --feeds 200 --posts 50`: a server of its own process, until its stdin is closed.

Prints one JSON line: {"port": …, "urls": […]}. Each feed has an ETag and a Last-Modified and answers 304 to either.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from email.utils import format_datetime

from tests.fakenet.posts import NEWEST, atom, items, jsonfeed, page, rss
from tests.fakenet.server import FakeNet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--posts", type=int, default=50)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--formats", default="rss", help="comma-separated: rss, atom, json")
    parser.add_argument("--chinese", type=int, default=5, help="every n-th feed is Chinese; 0: none")
    options = parser.parse_args()
    writers = {"rss": rss, "atom": atom, "json": jsonfeed}
    formats = options.formats.split(",")
    with FakeNet(port=options.port, record=False) as net:
        urls = []
        for number in range(options.feeds):
            kind = formats[number % len(formats)]
            chinese = bool(options.chinese) and number % options.chinese == options.chinese - 1
            posts = items(options.posts, seed=number, language="zh" if chinese else "en", site=net.url("")[:-1])
            body = writers[kind](f"{'小镇通讯' if chinese else 'Letters'} {number}", posts)
            urls.append(
                net.serve(
                    f"/feeds/{number}.{'json' if kind == 'json' else 'xml'}",
                    body,
                    content_type="application/feed+json" if kind == "json" else "application/xml",
                    etag=f'"{hashlib.sha256(body).hexdigest()[:16]}"',
                    last_modified=format_datetime(NEWEST, usegmt=True),
                )
            )
        named = [(f"Letters {i}", url) for i, url in enumerate(urls[:10])]
        net.serve("/", page("Letters from town", named), content_type="text/html; charset=utf-8")
        print(json.dumps({"port": net.port, "urls": urls}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
