"""A Reddit on loopback: feeds of subreddits, people and multireddits, and its refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from xml.sax.saxutils import escape

from tests.fakenet.posts import NEWEST
from tests.fakenet.server import FakeNet, Recorded, Reply


@dataclass(slots=True)
class Submission:
    number: str
    title: str
    link: str = ""  # "" : a text post
    text: str = ""
    author: str = "ada"
    subreddit: str = "ponds"


class FakeReddit:
    """The same submissions under every address. `refuse` is a status, or 200 for a page that asks to log in."""

    def __init__(self, net: FakeNet, submissions: Sequence[Submission]) -> None:
        self.net, self.submissions = net, list(submissions)
        self.refuse: int | None = None
        for prefix in ("/r/", "/user/"):
            net.handle_under(prefix, self._feed)

    def _feed(self, request: Recorded) -> Reply:
        if self.refuse is not None:
            return Reply(status=self.refuse, headers={"Content-Type": "text/html"}, body=b"<html><body>blocked</body></html>")
        path = request.path.partition("?")[0]
        if not path.endswith("/.rss"):
            return Reply(status=404)
        name = "/".join(path.split("/")[1:3])
        entries = "".join(self._entry(submission, place) for place, submission in enumerate(self.submissions))
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
            f'xmlns:media="http://search.yahoo.com/mrss/"><category term="{name}" label="{name}"/><updated>'
            f"{NEWEST.isoformat()}</updated><id>{path}</id><link rel=\"alternate\" href=\"https://www.reddit.com{path[:-4]}\"/>"
            f"<title>{name}: all about it</title>{entries}</feed>"
        )
        return Reply(headers={"Content-Type": "application/atom+xml; charset=UTF-8"}, body=body.encode())

    def _entry(self, submission: Submission, place: int) -> str:
        at = (NEWEST - timedelta(hours=place)).isoformat()
        page = f"https://www.reddit.com/r/{submission.subreddit}/comments/{submission.number}/title/"
        text = f'<!-- SC_OFF --><div class="md"><p>{submission.text}</p></div><!-- SC_ON -->' if submission.text else ""
        body = (
            f'{text} &#32; submitted by &#32; <a href="https://www.reddit.com/user/{submission.author}"> /u/{submission.author} </a>'
            f' <br/> <span><a href="{escape(submission.link or page)}">[link]</a></span> &#32; '
            f'<span><a href="{page}">[comments]</a></span>'
        )
        return (
            f"<entry><author><name>/u/{submission.author}</name><uri>https://www.reddit.com/user/{submission.author}</uri></author>"
            f'<category term="{submission.subreddit}" label="r/{submission.subreddit}"/>'
            f'<content type="html">{escape(body)}</content><id>t3_{submission.number}</id><link href="{page}"/>'
            f"<updated>{at}</updated><published>{at}</published><title>{escape(submission.title)}</title></entry>"
        )
