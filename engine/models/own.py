"""Models of the person's own: a GGUF file, or a folder of sentence-transformers, used where it lies.

Nothing is copied: such files have gigabytes, and the person keeps them somewhere for a reason. What was checked is remembered by
hash, size and time of change; a file that changed since is not loaded. Removing one forgets it and leaves the file alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from engine.errors import InputError, ModelError, NotFoundError
from engine.models import fit, gguf_header
from engine.models.catalogue import OWN_FILE, Model, ModelFile, catalogue, own_models
from engine.types import Progress

OWN_MODEL_WARNING = (
    "A model file is read by native code that was not written for hostile files. "
    "Only take one from somebody you trust. It runs in a process without network, and can still be wrong in what it says."
)
MODEL_TEMPLATES = ("chatml", "qwen", "llama3", "gemma")
CHUNK_BYTES = 4 << 20
MAX_FOLDER_FILES = 200
MAX_CONFIG_BYTES = 1 << 20
EMBED_SPARE_BYTES = 500 << 20  # beside the weights: torch, tokenizer, interpreter

_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
_READ = (".json", ".safetensors", ".txt", ".model")  # of a folder, what loading it may read


def check(path: Path, kind: Literal["text", "embedding"], *, template: str = "", languages: Sequence[str] = ()) -> Model:
    """Look at a file or folder without any native code; returns what would be added, its hashes not yet taken.

    Raises:
        InputError: no template is known for it, or a wrong one was named.   ModelError: it cannot be used, in one sentence.
    """
    path = path.expanduser().absolute()
    if not path.exists():
        raise ModelError(f"{path} is not there.")
    for language in languages:
        if not re.fullmatch(r"[a-z]{2}", language):
            raise InputError(f"Languages are written as two letters each, such as en or de, not “{language}”.")
    return _folder(path, languages) if kind == "embedding" else _gguf(path, template, languages)


def hashed(model: Model) -> Generator[Progress, None, Model]:
    """Take the hashes; the generator's value is the model with them, and with a name that no other content gets.

    Raises:
        ModelError: a file cannot be read, or changes meanwhile.
    """
    place = Path(model.own)
    done, files = 0, []
    for file in model.files:
        target = place / file.name if place.is_dir() else place
        digest = hashlib.sha256()
        try:
            before = target.stat()
            with target.open("rb") as source:
                while chunk := source.read(CHUNK_BYTES):
                    digest.update(chunk)
                    done += len(chunk)
                    yield Progress(stage="verify", done=done, total=max(model.size_bytes, done), detail=file.name)
            after = target.stat()
        except OSError as error:
            raise ModelError(f"{target} cannot be read: {error.strerror or type(error).__name__}.") from error
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise ModelError(f"{target} changes while it is read; wait until it is whole.")
        files.append(replace(file, sha256=digest.hexdigest(), size_bytes=after.st_size, modified_ns=after.st_mtime_ns))
    whole = files[0].sha256 if len(files) == 1 else hashlib.sha256("".join(sorted(f"{one.name} {one.sha256}\n" for one in files)).encode()).hexdigest()
    return replace(model, files=tuple(files), name=f"{model.name}-{whole[:8]}")


def keep(model: Model, models_dir: Path) -> None:
    """Remember a model; one of the same name is replaced. Raises ModelError when that cannot be written."""
    if any(model.name.lower() == known.name.lower() for known in catalogue()):
        raise ModelError(f"The catalogue has a model named {model.name} already.")
    _write(models_dir, [*(one for one in own_models(models_dir) if one.name != model.name), model])


def forget(name: str, models_dir: Path) -> None:
    """Forget a model; its files stay. Raises NotFoundError, ModelError."""
    known = own_models(models_dir)
    left = [one for one in known if one.name.lower() != name.lower()]
    if len(left) == len(known):
        raise NotFoundError(f"There is no model of your own named “{name}”.")
    _write(models_dir, left)


def _write(models_dir: Path, models: Sequence[Model]) -> None:
    entries = []
    for model in models:
        plain = asdict(model)
        plain["files"], plain["languages"] = list(plain["files"]), list(plain["languages"])
        entries.append(plain)
    path = models_dir / OWN_FILE
    try:
        models_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and not own_models(models_dir):
            with suppress(OSError, ValueError, KeyError, TypeError):
                if json.loads(path.read_text(encoding="utf-8"))["models"] == []:
                    path.unlink()
            if path.exists():  # somebody may still want to read what we cannot
                path.replace(path.with_suffix(".damaged"))
        handle, name = tempfile.mkstemp(prefix=".own-", dir=models_dir)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump({"models": entries}, out, indent=1, ensure_ascii=False)
        Path(name).replace(path)
    except OSError as error:
        raise ModelError(f"The list of your own models cannot be written in {models_dir}: {error.strerror}.") from error


def _name(path: Path) -> str:
    return re.sub(r"[^\w.-]+", "-", path.name.removesuffix(".gguf")).strip("-.")[:60] or "own"


# ---- text: a GGUF file ---------------------------------------------------------------------------------


def _gguf(path: Path, template: str, languages: Sequence[str]) -> Model:
    if path.is_dir():
        inside = sorted(path.glob("*.gguf"))
        if len(inside) != 1:
            raise ModelError(f"{path} is a folder with {len(inside)} GGUF files; name the one that you mean.")
        path = inside[0]
    header = gguf_header.read_file(path)
    if header.part_of > 1:
        raise ModelError(f"{path.name} is one of {header.part_of} parts of a model; Millpond takes models in one file.")
    if header.kind != "model" or header.architecture == "clip":
        raise ModelError(f"{path.name} is no whole model but an addition to one ({header.kind or header.architecture}).")
    if header.embeds:
        raise ModelError(f"{path.name} turns text into vectors and writes none; for that Millpond takes folders of sentence-transformers.")
    if not header.vocabulary:
        raise ModelError(f"{path.name} holds no vocabulary, so nothing can be said to it.")
    chosen = template or header.template
    if not chosen:
        raise InputError(
            f"{path.name} does not tell how it wants to be spoken to. Say which template fits: {', '.join(MODEL_TEMPLATES)}."
        )
    if chosen not in MODEL_TEMPLATES:
        raise InputError(f"There is no template “{chosen}”. There are: {', '.join(MODEL_TEMPLATES)}.")
    size = header.file_bytes
    return Model(
        name=_name(path), kind="text", licence="your own", description=header.name, languages=tuple(languages), template=chosen,
        memory_bytes=fit.of_header(header, 0).need_bytes, own=str(path),
        files=(ModelFile(name=path.name, sha256="", size_bytes=size),),
    )  # fmt: skip


# ---- embedding: a folder of sentence-transformers ------------------------------------------------------


def _folder(path: Path, languages: Sequence[str]) -> Model:
    if not path.is_dir():
        raise ModelError(f"{path.name} is a file; to make vectors Millpond takes a folder of sentence-transformers, with a modules.json in it.")
    modules, config = _json(path / "modules.json"), _json(path / "config.json")
    if not isinstance(modules, list) or not modules or not all(isinstance(one, dict) for one in modules):
        raise ModelError(f"{path.name} is no folder of sentence-transformers: its modules.json lists no modules.")
    for module in modules:
        if not str(module.get("type", "")).startswith("sentence_transformers."):
            raise ModelError(f"{path.name} brings program code of its own, which Millpond does not run.")
    if not isinstance(config, dict) or "auto_map" in config:
        raise ModelError(f"{path.name} brings program code of its own, which Millpond does not run.")
    found = sorted(one for one in path.rglob("*") if one.is_file())[: MAX_FOLDER_FILES + 1]
    if len(found) > MAX_FOLDER_FILES:
        raise ModelError(f"{path.name} holds more than {MAX_FOLDER_FILES} files; that is no model's folder.")
    if any(not one.resolve().is_relative_to(path.resolve()) for one in found if one.suffix in _READ):
        raise ModelError(f"{path.name} has links that lead out of the folder; copy the files themselves into it.")
    read = [one for one in found if one.suffix in _READ]
    weights = [one for one in read if one.suffix == ".safetensors"]
    if not weights:
        other = "only as pickles, which can run programs" if any(one.suffix in _PICKLES for one in found) else "not at all"
        raise ModelError(f"{path.name} has its weights {other}; Millpond takes .safetensors.")
    width = config.get("hidden_size")
    size = sum(one.stat().st_size for one in read)
    return Model(
        name=_name(path), kind="embedding", licence="your own", description=str(config.get("model_type", ""))[:100],
        languages=tuple(languages), dimensions=width if isinstance(width, int) and 0 < width < 1 << 16 else None,
        memory_bytes=size + EMBED_SPARE_BYTES, own=str(path),
        files=tuple(
            ModelFile(name=one.relative_to(path).as_posix(), sha256="", size_bytes=one.stat().st_size) for one in read
        ),
    )  # fmt: skip


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise ModelError(f"{path.name} in {path.parent.name} is too long for what it should be.")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path.parent.name} is no folder of sentence-transformers: it has no {path.name}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path.name} in {path.parent.name} cannot be read.") from error
