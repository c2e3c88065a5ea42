"""The models' house: which there are, bringing, choosing and removing one, on what they run, and servers of the person's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.core.house import House
from engine.types import Changes, Devices, Fit, GpuBuild, ModelServer, ModelStatus, Progress, SwitchCost

if TYPE_CHECKING:
    from engine.workers.remote import RemoteModel

SETTING = {"embedding": "embedding_model", "text": "text_model"}


class ModelHouse(House):
    """Models as things that one has."""

    def models(self, *, everything: bool = False) -> list[ModelStatus]:
        """Return the models of the catalogue and the person's own; `everything`: also those that this version cannot run."""
        from engine import installation

        models = self._made("_models")
        if models is not None:
            models.keep_speed()
        return installation.list_models(everything=everything, machine=models.known_machine() if models is not None else None)

    def check_fit(self, name: str) -> Fit:
        """Say whether a model fits into the memory that is free now. Of one that is not here its header is fetched, in pieces.

        Raises:
            NotFoundError.   ModelError: its file is no model.   FetchError.
        """
        from engine import installation

        return installation.check_fit(name, self._http())

    def install_model(self, name: str, *, anyway: bool = False) -> Iterator[Progress]:
        """Fetch a model, checked by its hash; stages "check", "download" and "verify".

        Args:
            anyway: though it does not fit into the memory that is free now.
        Raises:
            ModelError.   FetchError.
        """
        from engine import installation

        yield from installation.install_model(name, client=self._http(), recorder=self._store, anyway=anyway)
        self._drop_models()

    def remove_model(self, name: str) -> Changes:
        """Delete a model's files, or forget one of the person's own, whose files stay. What used it goes back to the default.

        Raises:
            NotFoundError.   ModelError.
        """
        from engine import installation
        from engine.models import catalogue

        entry = catalogue.by_name(name)
        self._drop_models()
        installation.remove_model(name)
        setting = SETTING.get(entry.kind, "")
        if entry.own and setting and self._settings[setting] == entry.name:
            back = next(model for model in catalogue.catalogue() if model.default and model.kind == entry.kind)
            return self.set_setting(setting, back.name)
        return self._publish(Changes(settings=True))

    def add_model(
        self,
        path: Path | str,
        kind: Literal["text", "embedding"],
        *,
        template: str = "",
        languages: Sequence[str] = (),
        trusted: bool = False,
    ) -> Iterator[Progress]:
        """Take in a model of the person's own: a GGUF file (text) or a folder of sentence-transformers (embedding). It is used
        where it lies. Stages "check" (its header, without native code), "verify" (its hash) and "try" (in a process of its own);
        the last event's `detail` is its name. Closing the generator before the end changes nothing.

        Args:
            template: how a text model is spoken to; "" takes the one that its own template looks like.
            languages: two letters each; none means many.   trusted: the person confirmed `OWN_MODEL_WARNING`.
        Raises:
            InputError: it was not confirmed, or no template is known.   ModelError: it cannot be used; nothing was changed.
        """
        from engine.errors import InputError
        from engine.models import catalogue, own

        if not trusted:
            raise InputError(f"{own.OWN_MODEL_WARNING} Confirm that first.")
        folder = catalogue.default_models_dir()
        yield Progress(stage="check", done=0, total=0, detail=Path(path).name)
        entry = own.check(Path(path), kind, template=template, languages=languages)
        entry = yield from own.hashed(entry)
        yield Progress(stage="try", done=0, total=0, detail=entry.name)
        self._models.try_out(entry)
        own.keep(entry, folder)
        self._publish(Changes(settings=True))
        yield Progress(stage="done", done=1, total=1, detail=entry.name)

    def switch_cost(self, name: str) -> SwitchCost:
        """Say what choosing a model means for what was made with the one before. Raises NotFoundError."""
        from engine.models import catalogue, memory

        entry = catalogue.by_name(name)
        folder = catalogue.default_models_dir()
        if entry.kind == "embedding":
            unseen = self._store.unseen_by(entry.name)
            posts = sum(count for language, count in unseen.items() if not language or entry.speaks(language))
            speed = memory.embedding_speed(folder, entry.path(folder).name)
            return SwitchCost(kind="embedding", model=entry.name, posts=posts, seconds=posts / speed if speed else None)
        return SwitchCost(kind="text", model=entry.name, summaries=self._store.summaries_of_others(entry.name))

    def use_model(self, name: str, *, anew: bool = False, cancel: threading.Event | None = None) -> Changes:
        """Choose a model, once it was loaded in a process of its own; when that fails, the one before stays in use.

        Args:
            anew: what other text models wrote is dropped, so that this one writes it again when it is wanted.
        Raises:
            NotFoundError.   ModelError: it is not here or cannot be loaded.   CancelledError.
        """
        from engine.errors import ModelError
        from engine.models import catalogue

        entry = catalogue.by_name(name)
        setting = SETTING.get(entry.kind)
        if setting is None or not entry.runs:
            raise ModelError(f"This version of Millpond cannot run {entry.name} yet.")
        if not entry.installed(catalogue.default_models_dir()):
            why = entry.trouble() if entry.own else f"Install it with:  millpond models install {entry.name}"
            raise ModelError(f"{entry.name} is not here. {why}")
        if self._settings[setting] != entry.name:
            self._models.try_out(entry, cancel.is_set if cancel is not None else None)
        changes = self.set_setting(setting, entry.name)
        if entry.kind == "text":
            changes = changes | self.use_model_server(None)
            if anew:
                changes = changes | self._publish(self._store.forget_summaries_of_others(entry.name))
        return changes

    # ---- on what they run --------------------------------------------------------------------------

    def devices(self, *, again: bool = False) -> Devices:
        """Return what this machine has, on what the chosen models run or will, and what failed before. Takes seconds.

        Args:
            again: look at the machine anew.
        """
        from engine.models import catalogue, memory

        machine = self._models.machine(again=again)
        failures = tuple(memory.failures(catalogue.default_models_dir()))
        return Devices(machine=machine, devices=self._models.devices(), failures=failures)

    def retry_devices(self) -> int:
        """Forget what failed on which device, so that it is tried again. Returns how many failures there were."""
        from engine.models import catalogue, memory

        count = memory.forget_failures(catalogue.default_models_dir())
        self._drop_models()
        return count

    def measure_model(self, *, cancel: threading.Event | None = None) -> float:
        """Have the language model write a little; returns tokens a second. Raises ModelError, WorkerError, CancelledError."""
        return self._models.measure(cancel.is_set if cancel is not None else None)

    def gpu_build(self, backend: Literal["cuda", "vulkan", "metal", "rocm"] | None = None) -> GpuBuild:
        """Say which build of llama.cpp the graphics card here wants, and the command that installs it. Changes nothing.

        Raises:
            ModelError: this is a bundle, or there is no such card.
        """
        from engine.models import gpu_build

        return gpu_build.plan(self._models.machine(again=True), backend)

    def install_gpu_build(self, build: GpuBuild) -> Iterator[Progress]:
        """Install it, with one row in the ledger. What runs goes on with the old one until it is let go.

        Raises:
            FetchError: pip failed; what was here before stays.   ModelError: it was installed and cannot use the card.
        """
        from engine.errors import ModelError
        from engine.models import gpu_build

        yield from gpu_build.install(build, recorder=self._store, proxy=str(self._settings["proxy"]))
        self._drop_models()
        machine = self._models.machine(again=True)
        if not machine.offloads:
            why = machine.trouble or "it finds no graphics card"
            raise ModelError(
                f"The build for {build.backend} was installed, but cannot use {build.card}: {why}. Models run on the processor as before."
            )
        self.retry_devices()

    # ---- servers of the person's own ---------------------------------------------------------------

    def model_servers(self) -> list[ModelServer]:
        return self._store.model_servers()

    def model_server_offers(self, url: str, *, key: str = "", typed_host: str = "") -> list[str]:
        """Ask a server for the names of its models. Raises InputError, RefusedError, ModelError."""
        from engine.workers import remote

        address = remote.normal_url(url)
        confirmed = remote.confirmed(address, typed_host)
        return self._remote(address, confirmed=confirmed, key=key).models()

    def add_model_server(self, url: str, model: str = "", *, key: str = "", typed_host: str = "") -> ModelServer:
        """Keep a model server of the person's own; it is not used before `use_model_server`. It is asked for its models once.

        Args:
            url: as "http://127.0.0.1:11434".   model: "" where it offers but one.   key: lies in the keyring alone.
            typed_host: the host's name, typed by the person; needed outside this machine and the home network.
        Raises:
            InputError: no address, or a model that it does not offer.   RefusedError: not confirmed.
            ModelError: it cannot be reached or makes no sense.   SecretsError: no keyring keeps the key.
        """
        import secrets as random_values

        from engine import secrets
        from engine.errors import InputError
        from engine.workers import remote

        address = remote.normal_url(url)
        confirmed = remote.confirmed(address, typed_host)
        offered = self._remote(address, confirmed=confirmed, key=key).models()
        if not model and len(offered) == 1:
            model = offered[0]
        if model not in offered:
            names = ", ".join(offered[:20]) or "none"
            raise InputError(f"Name the model that the server shall use. It offers: {names}.")
        item = ""
        if key:
            item = f"model-server-{random_values.token_hex(8)}"
            secrets.keep_secret(item, key)
        before = next((server for server in self._store.model_servers() if server.url == address), None)
        old = self._store.model_server_key(before.id) if before is not None else ""
        found = self._store.save_model_server(url=address, model=model, item=item, confirmed=confirmed)
        if old and old != item:
            secrets.forget_secret(old)
        self._publish(Changes(settings=True))
        return found

    def use_model_server(self, server_id: int | None) -> Changes:
        """Let a server write in the place of the model on this machine; None: that one again. Raises NotFoundError."""
        changes = self._store.enable_model_server(server_id)
        self._models.drop_server()
        return self._publish(changes)

    def remove_model_server(self, server_id: int) -> Changes:
        """Forget a server and its key. Raises NotFoundError."""
        from engine import secrets

        item = self._store.model_server_key(server_id)
        changes = self._store.remove_model_server(server_id)
        self._models.drop_server()
        if item:
            secrets.forget_secret(item)
        return self._publish(changes)

    def _remote(self, url: str, *, confirmed: bool, key: str) -> RemoteModel:
        from engine.workers.remote import RemoteModel

        at: Any = self._clock() if confirmed else None
        server = ModelServer(id=0, url=url, model="", enabled=False, has_key=bool(key), confirmed_at=at)
        return RemoteModel(self._http, server, lambda: key)
