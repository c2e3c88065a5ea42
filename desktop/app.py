"""From nothing to a list on screen: the frame first, the profile beside it, everything else afterwards."""

from __future__ import annotations

import hashlib
import logging
import signal
import sys
import threading
import time
import traceback
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QObject, QSettings, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop import icons, theme
from desktop.main_window import MainWindow
from desktop.strings import tr
from engine import BusyError, DamagedError, EngineError, LockedError, SecretsError

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

    from engine import Engine, ProfileState, Value

log = logging.getLogger(__name__)

RAISE_WAIT_MS = 1500
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of mallopt(3)
LARGE_BLOCK = 12 * 2**20  # bytes from which a block goes back to the system when it is freed


@dataclass(frozen=True, slots=True)
class _Opened:
    engine: Engine
    lock: AbstractContextManager[None]
    settings: dict[str, Value]


class Opening(QObject):
    """Opens a profile for a window that is on screen already, asking what has to be asked."""

    opened = Signal()
    given_up = Signal(int)  # exit code

    def __init__(self, window: MainWindow, profile: Path, access: dict[str, Any]) -> None:
        super().__init__(window)
        self._window, self._profile, self._access = window, profile, access
        self._new = False

    def start(self) -> None:
        """Ask for the profile's state, then open it; both on the read lane."""
        if self._access.get("key") is not None or self._access.get("encryption") or self._access.get("passphrase"):
            self._open()
        else:
            self._window.lanes.read(self._state, self._judge, failed=self._refused, owner=self)

    def _state(self) -> ProfileState:
        from engine import profile_state

        return profile_state(self._profile)

    def _judge(self, state: ProfileState, error: str = "") -> None:
        self._new = not state.exists
        certain = state.exists and (
            state.encryption == "plain" or (state.encryption == "keyring" and state.keyring_works is not False)
        )
        if certain and not error:
            self._open()
            return
        from desktop.dialogs import unlock

        answer = unlock.ask(self._profile, state, error)
        if answer is None:
            self.given_up.emit(0)
            return
        self._access = {**self._access, **answer}
        self._open()

    def _open(self) -> None:
        self._window.lanes.read(self._load, self._attach, failed=self._refused, owner=self)

    def _load(self) -> _Opened:
        from engine import open_engine

        engine = open_engine(self._profile, **self._access)
        lock = engine.window_lock()
        try:
            lock.__enter__()
            return _Opened(engine, lock, engine.settings())
        except BaseException:
            engine.close()
            raise

    def _attach(self, found: _Opened) -> None:
        self._window.keep(found.lock)
        self._window.attach(found.engine, found.settings)
        self.opened.emit()
        if self._new:
            from desktop.dialogs import unlock

            unlock.show_recovery_key(self._window)

    def _refused(self, error: EngineError) -> None:
        if isinstance(error, BusyError) and raise_other(self._profile):
            self.given_up.emit(0)
            return
        if isinstance(error, LockedError | SecretsError):
            self._access = {name: value for name, value in self._access.items() if name == "key"}
            words = str(error)
            self._window.lanes.read(
                self._state, lambda state: self._judge(state, words), failed=self._say_and_leave, owner=self
            )
            return
        self._say_and_leave(error)

    def _say_and_leave(self, error: EngineError) -> None:
        from desktop.dialogs.sheet import Sheet

        sheet = Sheet(self._window, tr("This profile cannot be opened"), str(error))
        damaged = isinstance(error, DamagedError)
        sheet.add_button(tr("Quit"), sheet.reject, "" if damaged else "primary")
        if damaged:
            sheet.add_button(tr("Restore the last good copy"), sheet.accept, "primary")
        sheet.accepted.connect(self._rescue)
        sheet.rejected.connect(lambda: self.given_up.emit(error.exit_code))
        sheet.open()

    def _rescue(self) -> None:
        from engine import rescue_profile

        self._window.lanes.read(
            lambda: rescue_profile(self._profile, **self._access), lambda _found: self._open(), failed=self._say_and_leave, owner=self
        )


def socket_name(profile: Path) -> str:
    """The local socket by which a second start finds the first window of a profile."""
    return "millpond-" + hashlib.sha256(str(profile.expanduser().absolute()).encode()).hexdigest()[:24]


def raise_other(profile: Path) -> bool:
    """Ask the window that has this profile to come to the front; False when nobody answers."""
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(socket_name(profile))
    if not socket.waitForConnected(RAISE_WAIT_MS):
        return False
    socket.write(b"raise\n")
    done = socket.waitForBytesWritten(RAISE_WAIT_MS)
    socket.disconnectFromServer()
    return bool(done)


def listen(window: MainWindow, profile: Path) -> QLocalServer:
    """Come to the front when a second start asks. Only this user can ask."""
    from PySide6.QtNetwork import QLocalServer

    server = QLocalServer(window)
    server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
    name = socket_name(profile)
    QLocalServer.removeServer(name)  # left by a window that was killed: we hold the profile's lock

    def asked() -> None:
        connection = server.nextPendingConnection()
        if connection is not None:
            connection.disconnected.connect(connection.deleteLater)
        come_forward(window)

    server.newConnection.connect(asked)
    if not server.listen(name):
        log.info("no local socket: %s", server.errorString())
    return server


def come_forward(window: MainWindow) -> None:
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()


def _window_file(profile: Path) -> Path:
    return profile.expanduser().absolute() / "window.ini"


def restore_geometry(window: MainWindow, profile: Path) -> None:
    """Give the window the place that it had when it was closed last; a file that cannot be used changes nothing."""
    if _window_file(profile).exists():
        kept = QSettings(str(_window_file(profile)), QSettings.Format.IniFormat)
        place = kept.value("geometry")
        if isinstance(place, QByteArray):
            window.restoreGeometry(place)
        widths = {name: str(kept.value(f"widths/{name}", "")) for name in ("sidebar", "list")}
        window.panes.choose({name: int(width) for name, width in widths.items() if width.isdecimal() and len(width) < 5})


def save_geometry(window: MainWindow, profile: Path) -> None:
    """Keep the window's place beside the profile, once that is open: a folder that was refused is not written to."""
    if window.engine is not None and _window_file(profile).parent.is_dir():
        kept = QSettings(str(_window_file(profile)), QSettings.Format.IniFormat)
        kept.setValue("geometry", window.saveGeometry())
        kept.remove("widths")
        for name, width in window.panes.chosen().items():
            kept.setValue(f"widths/{name}", width)


def make_application(arguments: list[str]) -> QApplication:
    """The application object with name, icon and theme; the one that exists where there is one."""
    QApplication.setApplicationName("Millpond")
    QApplication.setApplicationDisplayName("Millpond")
    QApplication.setDesktopFileName("millpond")
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(arguments)
    theme.install(app)
    return app


def run(profile: Path, **access: Any) -> int:
    """Show the window and return when it is closed: 0, or the exit code of what kept it from opening."""
    began = time.perf_counter()
    # Engine calls run Python on other threads: hand the interpreter back to the event loop sooner than every 5 ms.
    sys.setswitchinterval(0.001)
    keep_one_heap()
    app = make_application(sys.argv[:1])
    window = MainWindow()
    restore_geometry(window, profile)
    opening = Opening(window, profile, access)
    code = 0

    def give_up(exit_code: int) -> None:
        nonlocal code
        code = exit_code
        window.close()
        app.quit()

    def report() -> None:
        log.info("timeline shown ms=%d", (time.perf_counter() - began) * 1000)
        QTimer.singleShot(0, window, lambda: listen(window, profile))

    def opened() -> None:
        window.setWindowIcon(icons.application())

    window.closing.connect(lambda: save_geometry(window, profile))
    opening.given_up.connect(give_up, Qt.ConnectionType.QueuedConnection)
    opening.opened.connect(opened)
    window.timeline.first_shown.connect(report)
    quiet_interrupt(app)
    sys.excepthook = lambda kind, error, trace: window.lanes.bug.emit(
        "".join(traceback.format_exception(kind, error, trace))
    )
    window.show()
    opening.start()
    try:
        app.exec()
    finally:
        sys.excepthook = sys.__excepthook__
        window.detach()
    return code


def keep_one_heap() -> None:
    """Let glibc use one heap for all threads, without large blocks: several, and holes in them, keep what was needed once."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)  # else the bound rises with what is freed, up to 32 MB


def quiet_interrupt(app: QApplication) -> None:
    """Let Ctrl+C in the terminal close the window as the window's own button does."""
    if threading.current_thread() is not threading.main_thread():
        return

    def interrupted(_number: int, _frame: object) -> None:
        app.closeAllWindows()

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    # Python runs handlers only between its own instructions; a timer gives it some.
    timer = QTimer(app)
    timer.start(400)
    timer.timeout.connect(_nothing)


def _nothing() -> None:
    """A moment for the interpreter."""
