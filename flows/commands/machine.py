"""``castbook up``, ``voices``, ``get``, ``doctor`` and ``clean``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from flows.commands.making import BUILD, JSON, PROJECT


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65535), help="Of the Prefect server.")
@click.option(
    "--projects",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder that holds your projects (default: CASTBOOK_PROJECTS, else this folder).",
)
def up_command(port: int | None, projects: tuple[Path, ...]) -> int:
    """Start the Prefect server with castbook's profile, one worker and the deployment."""
    from flows.server import up

    return up(port, projects)


@click.command("voices")
@click.option("--engine", help="Only this engine.")
@click.option("--language", help="Only presets that speak this language.")
@JSON
def voices_command(engine: str | None, language: str | None, as_json: bool) -> int:
    """List the presets of the engines."""
    from flows import printing
    from tasks.diagnosis import engines_that_clone, list_presets

    rows, cloning = list_presets(engine, language), engines_that_clone(engine, language)
    if as_json:
        printing.show_json({"presets": rows, "cloning": cloning})
    else:
        printing.show_presets(rows, cloning)
    return 0


@click.command("get")
@click.argument("engine")
@click.option("--no-selftest", is_flag=True, help="Do not let it speak once the weights are here.")
@click.option(
    "--reference",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Clip for the self-test of an engine that clones (default: espeak speaks one).",
)
@click.option("--transcript", help="What is said in it.")
@JSON
def get_command(
    engine: str, no_selftest: bool, reference: Path | None, transcript: str | None, as_json: bool
) -> int:
    """Download the weights of ENGINE, or of whisper, which listens to takes: resumable, sizes
    and digests checked. An engine then speaks two sentences, and says how well and how fast."""
    from flows import printing
    from tasks.selftest import has_selftest, run_selftest
    from tts.weights import get_weights

    with printing.download_progress(engine) as progress:
        folder = get_weights(engine, progress=progress)
    if not as_json:
        printing.show_weights(engine, folder)
    if no_selftest or not has_selftest(engine):
        return 0
    found = run_selftest(engine, reference, transcript)
    printing.show_json(asdict(found)) if as_json else printing.show_selftest(found)
    return 0 if found.good else 1


@click.command("doctor")
@JSON
def doctor_command(as_json: bool) -> int:
    """Say what is installed and what is missing, to paste in a report."""
    from flows import printing
    from tasks.diagnosis import examine

    facts = examine()
    printing.show_json(facts) if as_json else printing.show_facts(facts)
    return 0


@click.command("clean")
@PROJECT
@click.option("--yes", is_flag=True, help="Really remove them.")
@BUILD
def clean_command(project: Path, yes: bool, build: Path | None) -> int:
    """Show the takes that nothing uses any more; remove them with --yes."""
    from flows import printing
    from flows.commands.mending import read_plan
    from tasks.cleaning import find_waste, remove
    from tasks.takes import TakeStore

    plan = read_plan(project, build)
    store = TakeStore(plan.build.takes)
    waste = find_waste(plan, store)
    if yes:
        remove(waste, store)
    printing.show_waste(waste, removed=yes)
    return 0
