"""``castbook serve``."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from castbook.errors import MissingDependency


@click.command("serve")
@click.option("--host", help="Address to listen at (default: CASTBOOK_HOST, else 127.0.0.1).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Default: CASTBOOK_PORT, else 7860; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of voices, takes and outputs (default: CASTBOOK_DATA, else the user's).",
)
@click.option(
    "--projects",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder that holds your projects (default: CASTBOOK_PROJECTS, else this folder).",
)
@click.option("--engine", help="Speaks where a voice names no engine (default: espeak).")
@click.option("--no-jobs", is_flag=True, help="Only speech at once: no Prefect, no batches.")
def serve_command(
    host: str | None,
    port: int | None,
    data: Path | None,
    projects: tuple[Path, ...],
    engine: str | None,
    no_jobs: bool,
) -> int:
    """Open the page and the speech API; a Prefect server and a worker start beside it."""
    # by its name, as commands are loaded: the service stands above flows/, which know nothing
    # of it; only the word `serve` is said here
    try:
        serving = importlib.import_module("service.serving")
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"castbook serve needs {error.name}: pip install 'castbook[service]'"
        ) from error
    asked = serving.Serving(host, port, data, projects, engine, jobs=not no_jobs)
    code: int = serving.serve(asked, click.echo)
    return code
