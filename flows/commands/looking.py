"""``castbook review``, ``status`` and ``check``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from castbook.errors import InputError
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
    """Measure finished audio against a profile.

    FILES are audio files of anybody's making, EPUBs with sound, or folders of them. Each is
    decoded and measured as it plays. Exit code 0: all pass. 1: something fails, and it says
    what to do. 2: something is no readable audio.
    """
    from audio.measuring.check import CheckResult, check_member, members, reminders, together
    from audio.measuring.members import Member
    from audio.profiles import load_profile
    from flows import checkprinting, printing

    target = load_profile(profile)
    sounds = [sound for file in files for sound in members(file)]
    table = None
    if len(sounds) > 1 and not as_json:
        table = checkprinting.CheckTable(sounds, target)
    results: list[CheckResult] = []
    unreadable: list[tuple[Member, str]] = []
    for sound in sounds:
        try:
            with checkprinting.measuring(sound):
                result = check_member(sound, target, project=_project_of(sound.path))
        except InputError as error:
            if len(sounds) == 1:
                raise
            unreadable.append((sound, str(error)))
            if table is not None:
                table.add_unreadable(*unreadable[-1])
            continue
        results.append(result)
        if table is not None:
            table.add(result)
    as_set = together([result.measured for result in results], target)
    if as_json:
        printing.show_json(checkprinting.plain_checks(target, results, as_set, unreadable))
    else:
        if table is None:
            checkprinting.show_check(results[0])
        passed = sum(result.passed for result in results)
        checkprinting.show_verdict(
            target, reminders(target), as_set, passed=passed, failed=len(sounds) - passed
        )
    good = all(result.passed for result in results) and all(rule.ok for rule in as_set)
    return 2 if unreadable else int(not good)


def _project_of(file: Path) -> str | None:
    """The project in whose build a file lies, as a word of a command line."""
    for folder in file.absolute().parents:
        if folder.name == "build" and (folder.parent / "project.yaml").is_file():
            project = folder.parent
            here = Path.cwd()
            shown = project.relative_to(here) if project.is_relative_to(here) else project
            return shlex.quote(str(shown))
    return None
