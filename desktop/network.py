"""What the system says of this machine's line: none, one that is paid by the byte, or an ordinary one."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QNetworkInformation

from desktop.strings import tr


class Line(QObject):
    """Follows QNetworkInformation. Where the system has nothing to say, the line counts as an ordinary one."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.offline = self.metered = False

    def follow(self) -> None:
        """Ask the system from now on."""
        if not QNetworkInformation.loadDefaultBackend():
            return
        information = QNetworkInformation.instance()
        if information is not None:
            information.reachabilityChanged.connect(lambda _=None: self._ask())
            information.isMeteredChanged.connect(lambda _=None: self._ask())
            self._ask()

    def _ask(self) -> None:
        information = QNetworkInformation.instance()
        if information is not None:
            gone = QNetworkInformation.Reachability.Disconnected
            self.tell(offline=information.reachability() == gone, metered=information.isMetered())

    def tell(self, *, offline: bool, metered: bool) -> None:
        """Take in what is known of the line."""
        if (offline, metered) != (self.offline, self.metered):
            self.offline, self.metered = offline, metered
            self.changed.emit()

    def waits(self, *, metered_too: bool) -> bool:
        """Whether looking for new posts by itself has to wait; `metered_too` lets metered lines be used."""
        return self.offline or (self.metered and not metered_too)

    def words(self, *, metered_too: bool) -> str:
        """Why it waits; "" when it does not."""
        if self.offline:
            return tr("Offline: looking for new posts waits")
        if self.waits(metered_too=metered_too):
            return tr("Metered line: looking for new posts waits for F5")
        return ""
