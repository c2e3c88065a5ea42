"""Commands over the models: the catalogue, models and servers of one's own, devices."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from engine.cli.shared import Line, Session, command, main, show_json
from engine.errors import InputError


@main.group()
def models() -> None:
    """The models that run on this machine."""


@command(models, "list")
@click.option("--all", "everything", is_flag=True, help="Also those that this version cannot run.")
def models_list(session: Session, everything: bool, as_json: bool) -> None:
    """List the models of the catalogue and your own: licence, size, memory, languages, speed here, and whether each fits."""
    from engine import list_models

    known = list_models(everything=everything)
    if as_json:
        return show_json(known)
    for model in known:
        words = [word for word, on in (("installed", model.installed), ("recommended", model.recommended), ("your own", model.own)) if on]
        if not model.runs:
            words.append("cannot be run by this version")
        elif model.fit is not None:
            words.append(fit_words(model.fit))
        if model.speed:
            words.append(f"{model.speed:.0f} {'posts' if model.kind == 'embedding' else 'tokens'}/s here")
        if model.trouble:
            words.append(model.trouble)
        speaks = " ".join(model.languages[:8]) or "many languages"
        click.echo(f"{model.name:36} {model.kind:10} {model.size_bytes / 1e6:7.0f} MB  {model.licence:14} {speaks}")
        click.echo(f"    {' · '.join(words)}")


def fit_words(fit: Any) -> str:
    """"fits (0.5 GB of 8.1 GB free)"; an estimate says that it is one."""
    about = "about " if fit.by == "catalogue" else ""
    return f"{fit.word} ({about}{fit.need_bytes / 1e9:.1f} GB of memory, {fit.free_bytes / 1e9:.1f} GB free)"


@command(models, "fit")
@click.argument("name")
def models_fit(session: Session, name: str, as_json: bool) -> None:
    """Check whether a model fits, by its own header; of one that is not here that header is fetched."""
    with session.engine() as engine:
        found = engine.check_fit(name)
    if as_json:
        return show_json(found)
    click.echo(f"{name} {fit_words(found)}.")
    if found.by == "header":
        click.echo(f"    weights {found.weights_bytes / 1e6:.0f} MB + cache of {found.context_tokens} tokens {found.cache_bytes / 1e6:.0f} MB "
                   f"+ margin {found.margin_bytes / 1e6:.0f} MB, against 80 % of what is free")


@command(models, "install")
@click.argument("names", nargs=-1)
@click.option("--default", "defaults", is_flag=True, help="The two that Millpond starts with.")
@click.option("--anyway", is_flag=True, help="Though it does not fit into the memory that is free now.")
def models_install(session: Session, names: tuple[str, ...], defaults: bool, anyway: bool, as_json: bool) -> None:
    """Fetch models and check them against the catalogue's hashes. Where there is a profile, each request stands in its ledger."""
    from engine import install_model, list_models, profile_state

    known = list_models()
    wanted = [model.name for model in known if model.default] if defaults else list(names)
    if not wanted:
        raise InputError("Name a model (see `millpond models list`), or say --default.")
    here = {model.name for model in known if model.installed}
    if not as_json:
        for name in wanted:
            if name in here:
                click.echo(f"{name} is here already.")
    wanted_now = [name for name in wanted if name not in here]
    line = Line()
    with ExitStack() as opened:
        install: Any = install_model
        if wanted_now and not defaults and profile_state(session.profile).exists:
            install = opened.enter_context(session.engine()).install_model
        for name in wanted_now:
            if not as_json:
                click.echo(f"Fetching {name} …", err=True)
            for progress in install(name, anyway=anyway or defaults):
                total = f" of {progress.total / 1e6:.0f}" if progress.total else ""
                line.show(f"{name}: {progress.done / 1e6:.0f}{total} MB  {progress.detail}")
            line.end()
            if not as_json:
                click.echo(f"{name} is installed.")
    if as_json:
        show_json([model for model in list_models() if model.name in wanted])


@command(models, "add")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(["text", "embedding"]), default="text", show_default=True,
              help="text: a GGUF file. embedding: a folder of sentence-transformers.")
@click.option("--template", default="", help="How a text model is spoken to: chatml, qwen, llama3 or gemma.")
@click.option("--language", "languages", multiple=True, help="Two letters; may be given more than once. None means many.")
@click.option("--trust", is_flag=True, help="You trust whoever made this file.")
def models_add(
    session: Session, path: Path, kind: str, template: str, languages: tuple[str, ...], trust: bool, as_json: bool
) -> None:
    """Take in a model of your own. It stays where it lies; its header, its hash and a first try are checked."""
    from engine import OWN_MODEL_WARNING

    if not trust:
        if not sys.stdin.isatty():
            raise InputError(f"{OWN_MODEL_WARNING} To confirm that you do, say --trust.")
        click.echo(OWN_MODEL_WARNING, err=True)
        click.confirm("Do you trust whoever made this file?", abort=True, err=True)
    line, name = Line(), ""
    with session.engine() as engine:
        for step in engine.add_model(path, kind, template=template, languages=languages, trusted=True):
            line.show(f"{step.stage}: {step.detail}" + (f" {step.done / 1e6:.0f} of {step.total / 1e6:.0f} MB" if step.total > 1 else ""))
            name = step.detail
        line.end()
        found = next(model for model in engine.models() if model.name == name)
    if as_json:
        return show_json(found)
    click.echo(f"{name} was taken in ({', '.join(filter(None, (found.architecture, found.quantisation)))}).")
    click.echo(f"Use it with:  millpond models use {name}")


@command(models, "use")
@click.argument("name")
@click.option("--anew", is_flag=True, help="Summaries that another model wrote are written again when they are wanted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def models_use(session: Session, name: str, anew: bool, yes: bool, as_json: bool) -> None:
    """Choose a model. What it means for what was made with the one before is said first."""
    with session.engine() as engine:
        cost = engine.switch_cost(name)
        words = switch_words(cost)
        if words and not yes and not anew and not as_json and sys.stdin.isatty():
            click.echo(words, err=True)
            if cost.kind == "embedding":
                click.confirm("Go on?", abort=True, default=True, err=True)
            else:
                anew = click.confirm("Shall they be written anew?", default=False, err=True)
        engine.use_model(name, anew=anew)
    if as_json:
        return show_json(cost)
    click.echo(f"{name} is in use." + (f" {words}" if words else ""))


def switch_words(cost: Any) -> str:
    """What choosing another model means, in a sentence; "" when it means nothing."""
    if cost.posts:
        time = f", which takes about {cost.seconds / 60:.0f} min" if cost.seconds and cost.seconds >= 90 else ""
        return f"{cost.posts} posts get new vectors, in idle time{time}."
    return f"{cost.summaries} summaries of another model stay as they are." if cost.summaries else ""


@command(models, "remove")
@click.argument("name")
def models_remove(session: Session, name: str, as_json: bool) -> None:
    """Remove a model's files. One of your own is only forgotten; its file stays."""
    from engine import list_models, remove_model

    own = any(model.own and model.name.lower() == name.lower() for model in list_models())
    remove_model(name)
    if as_json:
        return show_json({"removed": name})
    click.echo(f"{name} is forgotten; its file stays where it is." if own else f"{name} is removed.")


@command(models, "measure")
def models_measure(session: Session, as_json: bool) -> None:
    """Measure how quickly the language model writes on this machine."""
    with session.engine() as engine:
        speed = engine.measure_model()
        device = engine.devices().devices[1]
    if as_json:
        return show_json({"model": device.model, "tokens_per_second": speed, "runs_on": device.runs_on})
    click.echo(f"{device.model} writes {speed:.1f} tokens a second on {device.runs_on}.")


@command(models, "device")
@click.option("--retry", is_flag=True, help="Forget what failed before, so that it is tried again.")
def models_device(session: Session, retry: bool, as_json: bool) -> None:
    """Show what this machine has for models, on what they run and why, and what failed before."""
    with session.engine() as engine:
        if retry:
            engine.retry_devices()
        found = engine.devices()
    if as_json:
        return show_json(found)
    machine = found.machine
    click.echo(f"processor  {machine.processor}, {machine.cores} cores, {' '.join(machine.features) or 'abilities unknown'}")
    click.echo(f"memory     {machine.memory_bytes / 1e9:.1f} GB, {machine.free_bytes / 1e9:.1f} GB free")
    for gpu in machine.gpus:
        able = "llama.cpp can use it" if gpu.usable else "the llama.cpp here cannot use it: millpond models gpu-build"
        click.echo(f"card       {gpu.name}, {gpu.total_bytes / 1e9:.1f} GB, {gpu.free_bytes / 1e9:.1f} GB free; {able}")
    if not machine.gpus:
        click.echo("card       none was found")
    click.echo(f"llama.cpp  {machine.llama_version or 'not here'}  {machine.llama_build}")
    if machine.trouble:
        click.echo(f"trouble    {machine.trouble}")
    for device in found.devices:
        speed = f", {device.speed:.0f} {'posts' if device.kind == 'embedding' else 'tokens'}/s" if device.speed else ""
        why = f" ({device.why})" if device.why else ""
        click.echo(f"{device.kind:10} {device.model}: {device.runs_on or 'not used yet'}{speed}{why}")
    for failure in found.failures:
        click.echo(f"failed     {failure.model} on {failure.backend}, {failure.at:%Y-%m-%d}: {failure.why}")


@command(models, "gpu-build")
@click.option("--cuda", "backend", flag_value="cuda", default=None, help="For NVIDIA's cards.")
@click.option("--vulkan", "backend", flag_value="vulkan", help="For cards of any maker with a Vulkan driver.")
@click.option("--metal", "backend", flag_value="metal", help="For Apple's.")
@click.option("--dry-run", is_flag=True, help="Show the command and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def models_gpu_build(session: Session, backend: str | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Install the build of llama.cpp that can use the graphics card of this machine."""
    with session.engine() as engine:
        build = engine.gpu_build(backend)
        if dry_run:
            if as_json:
                return show_json(build)
            click.echo(f"{build.why}\n{' '.join(build.command)}")
            return
        if not yes:
            click.echo(f"{build.why} This runs:\n  {' '.join(build.command)}", err=True)
            click.confirm("Run it?", abort=True, err=True)
        line = Line()
        for step in engine.install_gpu_build(build):
            line.show(f"{step.stage}: {step.done / 1e6:.0f} MB  {step.detail}")
        line.end()
    if as_json:
        return show_json(build)
    click.echo(f"llama.cpp for {build.backend} is installed and can use {build.card}.")


@models.group("server")
def models_server() -> None:
    """Servers of your own that write in the place of a model on this machine (llama-server, Ollama, vLLM, LM Studio)."""


@command(models_server, "add")
@click.argument("url")
@click.option("--model", default="", help="As the server names it; needed where it offers several.")
@click.option("--key-file", type=click.Path(path_type=Path), default=None, help="File that holds the server's API key.")
@click.option("--confirm", "typed_host", default="", help="The host's name, typed out: needed outside your home network.")
def server_add(session: Session, url: str, model: str, key_file: Path | None, typed_host: str, as_json: bool) -> None:
    """Keep a server. It is asked for its models once, and used only after `use`."""
    from engine.secrets import read_passphrase_file

    key = read_passphrase_file(key_file) if key_file is not None else ""
    with session.engine() as engine:
        found = engine.add_model_server(url, model, key=key, typed_host=typed_host)
    if as_json:
        return show_json(found)
    click.echo(f"{found.id}  {found.url}  {found.model}")
    click.echo(f"It is off. Use it with:  millpond models server use {found.id}")


@command(models_server, "list")
def server_list(session: Session, as_json: bool) -> None:
    """List the servers and which one is on."""
    with session.engine() as engine:
        found = engine.model_servers()
    if as_json:
        return show_json(found)
    if not found:
        click.echo("There is no model server.")
    for server in found:
        words = [word for word, on in (("in use", server.enabled), ("with a key", server.has_key), ("confirmed", server.confirmed_at)) if on]
        click.echo(f"{server.id}  {server.url}  {server.model}  {', '.join(words)}")


@command(models_server, "use")
@click.argument("server_id", type=int, required=False)
@click.option("--off", is_flag=True, help="No server: the model on this machine writes again.")
def server_use(session: Session, server_id: int | None, off: bool, as_json: bool) -> None:
    """Let a server write in the place of the model on this machine."""
    if (server_id is None) != off:
        raise InputError("Name a server by its number (see `millpond models server list`), or say --off.")
    with session.engine() as engine:
        engine.use_model_server(None if off else server_id)
        found = engine.model_servers()
    if as_json:
        return show_json(found)
    click.echo("The model on this machine writes." if off else f"Server {server_id} writes; what it is sent stands in the ledger.")


@command(models_server, "remove")
@click.argument("server_id", type=int)
def server_remove(session: Session, server_id: int, as_json: bool) -> None:
    """Forget a server and its key."""
    with session.engine() as engine:
        engine.remove_model_server(server_id)
    if as_json:
        return show_json({"removed": server_id})
    click.echo(f"Server {server_id} is forgotten.")
