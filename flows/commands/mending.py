"""``castbook find``, ``retake``, ``accept`` and ``audition``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from flows.commands.making import BUILD, JSON, PROJECT
from tasks.plan import BookPlan
from tasks.selection import Where


def _where(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments that name segments."""
    for decorate in (
        click.option("--character", metavar="C", help="Every segment of a character."),
        click.option("--doubtful", is_flag=True, help="Every doubtful segment."),
        click.option("--failed", is_flag=True, help="Every segment that failed in the last run."),
        click.argument("where", nargs=-1),
    ):
        command = decorate(command)
    return command


def read_plan(project: Path, build: Path | None) -> BookPlan:
    from book.projectfile import load_project
    from tasks.location import find_build, find_project
    from tasks.plan import make_plan

    folder = find_project(project)
    loaded = load_project(folder)
    return make_plan(loaded, find_build(folder, loaded.slug, build))


@click.command("find")
@PROJECT
@_where
@BUILD
@JSON
def find_command(
    project: Path,
    where: tuple[str, ...],
    failed: bool,
    doubtful: bool,
    character: str | None,
    build: Path | None,
    as_json: bool,
) -> int:
    """Find segments by id, anchor, time (3:42:10, ch07@12:31) or phrase.

    A time is one of the book's file, or with ch07@ of that chapter's; in a pause it finds what
    was said before. A phrase may be pasted from anywhere: quotes, dashes, accents and case do
    not matter, nor does it whether words or numbers are as printed or as spoken.
    """
    from flows import findprinting, printing
    from tasks.mending import find

    found = find(read_plan(project, build), Where(where, failed, doubtful, character))
    if as_json:
        printing.show_json({"segments": [findprinting.plain_found(item) for item in found]})
    else:
        findprinting.show_found(found, project)
    return 0


@click.command("retake")
@PROJECT
@_where
@click.option("--note", default="", help="Why, for your co-workers.")
@BUILD
def retake_command(
    project: Path,
    where: tuple[str, ...],
    failed: bool,
    doubtful: bool,
    character: str | None,
    note: str,
    build: Path | None,
) -> int:
    """Ask for another take; the next make speaks it."""
    from flows import printing
    from tasks.mending import retake, silent_retakes

    plan = read_plan(project, build)
    lines = retake(plan, Where(where, failed, doubtful, character), note)
    printing.show_retakes(lines, silent_retakes(plan, lines), project)
    return 0


@click.command("accept")
@PROJECT
@_where
@BUILD
def accept_command(
    project: Path,
    where: tuple[str, ...],
    failed: bool,
    doubtful: bool,
    character: str | None,
    build: Path | None,
) -> int:
    """Accept doubtful takes as they are."""
    from flows import printing
    from tasks.mending import accept

    printing.show_accepted(
        accept(read_plan(project, build), Where(where, failed, doubtful, character))
    )
    return 0


@click.command("audition")
@PROJECT
@click.option("--character", metavar="C", help="Only this character.")
@BUILD
def audition_command(project: Path, character: str | None, build: Path | None) -> int:
    """Each character speaks its own lines: one self-contained page to choose voices by ear."""
    from flows import printing
    from tasks.audition import audition

    result = audition(project, character=character, build=build)
    printing.show_audition(result)
    return 0 if not result.failures else 1
