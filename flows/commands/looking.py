"""``castbook review``, ``status`` and ``check``."""

from __future__ import annotations

from pathlib import Path

import click

from flows.commands.making import BUILD, CHAPTERS, JSON, PROJECT


@click.command("review")
@PROJECT
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The file (default: script.html in the build).",
)
@CHAPTERS
@BUILD
@JSON
def review_command(
    project: Path, output: Path | None, chapters: str | None, build: Path | None, as_json: bool
) -> int:
    """Write one page with the whole script, coloured by character, doubtful lines first.

    It opens in any browser without a server or a network. Correct who speaks with one key a
    line, save casting.yaml from it, and put that into the project: what you decided is never
    asked again.
    """
    from flows import printing
    from tasks.review import write_review

    review = write_review(project, output=output, chapters=chapters, build=build)
    printing.show_json(review.plain()) if as_json else printing.show_review(review)
    return 0


@click.command("status")
@click.argument("projects", nargs=-1, required=True, type=click.Path(path_type=Path))
@JSON
def status_command(projects: tuple[Path, ...], as_json: bool) -> int:
    """Chapters, takes, failures and files; several projects in one table."""
    from flows import printing
    from tasks.status import project_status

    rows = [project_status(project) for project in projects]
    printing.show_json({"projects": rows}) if as_json else printing.show_status(rows)
    return 0


@click.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", default="acx", show_default=True, help="Delivery profile.")
@JSON
def check_command(files: tuple[Path, ...], profile: str, as_json: bool) -> int:
    """Measure finished audio against a profile: 0 all pass, 1 something fails."""
    from audio.measuring.check import check
    from audio.profiles import load_profile
    from flows import printing

    loaded = load_profile(profile)
    results = [check(file, loaded) for file in files]
    if as_json:
        printing.show_json({"files": [printing.plain_check(result) for result in results]})
    else:
        printing.show_checks(results)
    return 0 if all(result.passed for result in results) else 1
