"""A server of the person's own that writes in the place of a model on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtWidgets import QLineEdit

from desktop import theme
from desktop.dialogs.controls import Choice
from desktop.dialogs.sheet import Sheet, field
from desktop.strings import tr
from engine import EngineError, ModelServer, RefusedError

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


class AddServer(Sheet):
    """Asks for an address, lets the server name its models, and keeps it, switched off."""

    def __init__(self, window: MainWindow, added: Callable[[ModelServer], object]) -> None:
        super().__init__(
            window,
            tr("A model server of your own"),
            tr("A stronger machine at home that runs llama-server, Ollama, vLLM or LM Studio. What it is asked, parts of your posts among it, is sent to that address alone, and each request stands in the ledger. It is asked when you ask for something; in idle time only if a setting says so."),
        )
        self._window, self._added = window, added
        self.address = QLineEdit()
        self.address.setPlaceholderText("http://192.168.1.20:11434")
        self.body.addWidget(field(tr("Address"), self.address))
        self.key = QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.body.addWidget(field(tr("Key"), self.key, tr("Only where the server wants one. It lies in the keyring.")))
        self.host = QLineEdit()
        self._host_field = field(tr("Type the host's name to confirm"), self.host, tr("This server is not on your home network: parts of your posts leave the house."))
        self._host_field.hide()
        self.body.addWidget(self._host_field)
        self.models = Choice()
        self._models_field = field(tr("Model"), self.models)
        self._models_field.hide()
        self.body.addWidget(self._models_field)
        self.note = theme.label(tr("A server gives no probabilities and keeps to no grammar: rules in your own words go by Millpond's grammar alone."), "third", wrap=True)
        self.body.addWidget(self.note)
        self.add_button(tr("Cancel"), self.reject)
        self.go = self.add_button(tr("Ask for its models"), self.start, "primary")
        self.address.textEdited.connect(lambda _text: self._edited())
        self.address.setFocus()

    def _edited(self) -> None:
        self._models_field.hide()
        self.models.clear()
        self.go.setText(tr("Ask for its models"))

    def start(self) -> None:
        """First ask for the models; once one is chosen, keep the server."""
        engine = self._window.engine
        url, key, host = self.address.text().strip(), self.key.text(), self.host.text()
        if engine is None:
            return
        if not url:
            self.fail(tr("Type the server's address first."))
            return
        self.busy(True)
        model = str(self.models.currentData() or "")
        if model:
            self._window.lanes.slow(
                lambda: engine.add_model_server(url, model, key=key, typed_host=host), self._kept, failed=self._failed, owner=self
            )
        else:
            self._window.lanes.slow(
                lambda: engine.model_server_offers(url, key=key, typed_host=host), self._offered, failed=self._failed, owner=self
            )

    def _offered(self, names: list[str]) -> None:
        self.busy(False)
        if not names:
            self.fail(tr("The server offers no model."))
            return
        self.models.clear()
        for name in names:
            self.models.addItem(name, name)
        self._models_field.show()
        self.go.setText(tr("Add it"))
        self.models.setFocus()

    def _kept(self, server: ModelServer) -> None:
        self.busy(False)
        self._added(server)
        self.accept()

    def _failed(self, error: EngineError) -> None:
        if isinstance(error, RefusedError) and not self._host_field.isVisible():
            text = self.address.text().strip()
            self.host.setPlaceholderText(urlsplit(text if "://" in text else f"http://{text}").hostname or "")
            self._host_field.show()
            self.host.setFocus()
        self.fail(str(error))
