"""The pictures of the open post: fetched on click, all at once, or by themselves where the person chose so."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QPushButton

from desktop.strings import plural, tr
from engine import EngineError, Picture, PicturePolicy

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

AT_ONCE = 2  # requests under way
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}


def picture_name(url: str, width: int = 0) -> str:
    """The name under which a document finds a picture; another for each width, since Qt keeps what it once loaded."""
    wide = f"/{width}" if width else ""
    return f"picture/{blake2b(url.encode(), digest_size=12).hexdigest()}{wide}"


def decode(picture: Picture, widest: int) -> QImage:
    """The worker's own file as an image, at most `widest` pixels wide; null when it cannot be read. Any thread may call."""
    image = QImage.fromData(QByteArray(picture.data), _FORMATS[picture.mime])  # type: ignore[arg-type]
    if image.width() > widest > 0:
        image = image.scaledToWidth(widest, Qt.TransformationMode.SmoothTransformation)
    return image


class PictureControl(QObject):
    """What is still to be fetched for the post that is open, and the line that says so."""

    changed = Signal()  # a picture came: load the post again

    def __init__(self, window: MainWindow, label: QLabel, button: QPushButton) -> None:
        super().__init__(window)
        self._window, self.label, self.button = window, label, button
        self._post: int | None = None
        self._policy: PicturePolicy = "never"
        self._missing: dict[str, str] = {}  # addresses that are not fetched, by name
        self._trackers = 0
        self._queue: deque[tuple[str, bool]] = deque()
        self._busy: set[str] = set()
        self._failed: dict[str, str] = {}
        button.clicked.connect(lambda _checked=False: self.fetch_all())

    def show_post(
        self, post_id: int, urls: Sequence[str], kept: Mapping[str, object], policy: PicturePolicy, *, trackers: int, covered: bool
    ) -> None:
        """Take over what the pane shows now; fetch by itself where the policy is "all" and no warning covers the post."""
        if post_id != self._post:
            self._queue.clear()
            self._failed.clear()
        self._post, self._policy, self._trackers = post_id, policy, trackers
        self._missing = {picture_name(url): url for url in urls if url not in kept}
        if policy == "all" and not covered:
            for url in self._missing.values():
                self._want(url, asked=False)
        self._say()

    def fetch(self, name: str) -> None:
        """Fetch the picture that a click in the text named."""
        url = self._missing.get(name)
        if url is not None:
            self._failed.pop(url, None)
            self._want(url, asked=True)
            self._say()

    def fetch_all(self) -> None:
        """Fetch all pictures of the post; while they come, stop."""
        if self._policy == "never" and self._missing:
            self._window.say(tr("The settings say that pictures are never fetched."))
        elif self._busy or self._queue:
            self._queue.clear()
            self._say()
        else:
            self._failed.clear()
            for url in self._missing.values():
                self._want(url, asked=True)
            self._say()

    def _want(self, url: str, *, asked: bool) -> None:
        waiting = any(url == other for other, _asked in self._queue)
        if self._policy != "never" and not waiting and url not in self._busy and url not in self._failed:
            self._queue.append((url, asked))
        self._next()

    def _next(self) -> None:
        engine, post_id = self._window.engine, self._post
        while engine is not None and post_id is not None and self._queue and len(self._busy) < AT_ONCE:
            url, asked = self._queue.popleft()
            self._busy.add(url)

            def done(_picture: Picture, url: str = url) -> None:
                self._settle(post_id, url, "")

            def failed(error: EngineError, url: str = url, asked: bool = asked) -> None:
                self._settle(post_id, url, str(error))
                if asked and self._post == post_id:
                    self._window.say(str(error))

            self._window.lanes.slow(
                lambda url=url, asked=asked: engine.picture(post_id, url, asked=asked), done, failed=failed, owner=self  # type: ignore[misc]
            )

    def _settle(self, post_id: int, url: str, error: str) -> None:
        """A picture came or did not."""
        self._busy.discard(url)
        self._window.upkeep.load_ledger()
        if post_id == self._post:
            if error:
                self._failed[url] = error
            else:
                self._missing.pop(picture_name(url), None)
                self.changed.emit()
            self._say()
        self._next()

    def _say(self) -> None:
        missing, coming = len(self._missing), len(self._busy) + len(self._queue)
        words = []
        if coming:
            words.append(plural("Fetching {n} picture", "Fetching {n} pictures", coming))
        elif missing:
            words.append(plural("{n} picture not fetched", "{n} pictures not fetched", missing))
        if self._failed:
            words.append(next(iter(self._failed.values())))
        if self._trackers:
            words.append(plural("{n} tracking pixel left out", "{n} tracking pixels left out", self._trackers))
        self.label.setText(" · ".join(words))
        self.label.setVisible(bool(words))
        self.button.setVisible(bool(missing) and self._policy != "never")
        self.button.setText(tr("Stop") if coming else plural("Show the picture", "Show the pictures", missing))
        self.button.setToolTip(tr("Fetch the pictures of this post (I)"))
