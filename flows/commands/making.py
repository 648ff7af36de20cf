"""``castbook new``, ``plan`` and ``make``."""

from __future__ import annotations

import os
from pathlib import Path

import click

PROJECT = click.argument("project", type=click.Path(path_type=Path))
CHAPTERS = click.option("--chapters", metavar="1,3-5", help="Only these chapters.")
BUILD = click.option(
    "--build", type=click.Path(path_type=Path), help="Where to build (default: PROJECT/build)."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


@click.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--manuscript", required=True, type=click.Path(path_type=Path))
@click.option("--language", metavar="L", help="Such as en or zh (default: told from the text).")
@click.option("--engine", help="Default: the best that is installed for the language.")
def new_command(folder: Path, manuscript: Path, language: str | None, engine: str | None) -> int:
    """Start a project in FOLDER: chapters, cast, a fitting voice for every part."""
    from flows import printing
    from tasks.newbook import create_project

    created = create_project(folder, manuscript, language=language, engine=engine)
    printing.show_new(created)
    return 0


@click.command("plan")
@PROJECT
@CHAPTERS
@BUILD
@JSON
def plan_command(project: Path, chapters: str | None, build: Path | None, as_json: bool) -> int:
    """Show what would be read, skipped, spoken and synthesised, and why. Changes nothing."""
    from book.projectfile import load_project
    from flows import planprinting, printing
    from tasks.location import find_build, find_project
    from tasks.plan import make_plan
    from tasks.summary import summarise_plan

    folder = find_project(project)
    loaded = load_project(folder)
    plan = make_plan(loaded, find_build(folder, loaded.slug, build), chapters=chapters)
    summary = summarise_plan(plan)
    printing.show_json(summary) if as_json else planprinting.show_plan(summary)
    return 0


@click.command("make")
@PROJECT
@CHAPTERS
@click.option("--only", multiple=True, metavar="WHERE", help="Only these segments; 'failed' too.")
@click.option("--redo", is_flag=True, help="Speak again what only an update changed.")
@click.option("--keep", is_flag=True, help="Use finished takes although an update changed them.")
@click.option("--prefect", "on_prefect", is_flag=True, help="Run on the Prefect server.")
@click.option("--workers", type=click.IntRange(1, 256), help="Steps at once (default: cores).")
@BUILD
@JSON
def make_command(
    project: Path,
    chapters: str | None,
    only: tuple[str, ...],
    redo: bool,
    keep: bool,
    on_prefect: bool,
    workers: int | None,
    build: Path | None,
    as_json: bool,
) -> int:
    """Make the book. PROJECT may also be a manuscript: then a project is started beside it.

    It stops before any work when more than 5 % of the book's finished segments would be spoken
    again for anything but an edit of the project: --redo or --keep then decides.
    """
    from flows import printing
    from tasks.newbook import looks_like_manuscript, project_beside

    if looks_like_manuscript(project):
        project, created = project_beside(project)
        if created is not None and not as_json:
            printing.show_new(created)
    if on_prefect or os.environ.get("PREFECT_API_URL"):
        from flows.books import run_on_prefect

        report = run_on_prefect(
            project, chapters=chapters, only=only, build=build, redo=redo, keep=keep
        )
    else:
        from flows.local import run_locally

        report = run_locally(
            project,
            chapters=chapters,
            only=only,
            build=build,
            workers=workers,
            redo=redo,
            keep=keep,
        )
    from tasks.summary import summarise_run

    summary = summarise_run(report)
    printing.show_json(summary) if as_json else printing.show_run(summary)
    return 0 if report.clean else 1
