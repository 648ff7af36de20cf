"""What the commands print: tables for people, JSON for programs. No decisions."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.tables import clock, table

if TYPE_CHECKING:
    from tasks.audition import Audition
    from tasks.cleaning import Waste
    from tasks.newbook import Created
    from tasks.plan import Line
    from tasks.review import Review
    from tasks.selftest import SelfTest

FLAGS_SHOWN = 3  # of those over the whole book; the report has them all


def show_json(value: object) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_run(summary: Mapping[str, Any]) -> None:
    """What a run did, what failed with the command that redoes it, and the files."""
    click.echo(f"{summary['title']}: {summary['message']}; {summary['made']} takes made")
    if summary["kept"]["segments"]:
        causes = ", ".join(f"{n} {why}" for why, n in summary["kept"]["causes"].items())
        click.echo(f"{summary['kept']['segments']} finished takes are used as they are ({causes})")
    for row in summary["failed"]:
        click.echo(f"failed {row['id']}: {row['reason']}\n  {row['text']}\n  {row['command']}")
    for row in summary["doubtful"]:
        click.echo(f"doubtful {row['id']}: {'; '.join(row['complaints'])}: {row['text']}")
    for chapter in summary["chapters"]:
        if not chapter["complete"]:
            click.echo(f"not finished ch{chapter['number']:02d}: {chapter['message']}")
    for problem in summary["problems"]:
        click.echo(f"problem: {problem}")
    for warning in summary["warnings"]:
        click.echo(f"warning: {warning}")
    for flag in summary["flags"][:FLAGS_SHOWN]:
        click.echo(f"listen to {flag['id']}: {flag['sentence']}")
    if more := summary["flags"][FLAGS_SHOWN:]:
        click.echo(f"listen to {len(more)} more, named in the report")
    for line in file_lines(summary["files"]):
        click.echo(line)
    if summary["report"]:
        click.echo(f"{summary['report']}: measured values, plots, takes to judge; open it")
    click.echo(f"{clock(summary['seconds'])} in all")


def file_lines(files: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The book files of a run: single ones by name, files of chapters by their folder."""
    groups: dict[tuple[Path, str], list[Mapping[str, Any]]] = {}
    for file in files:
        path = Path(file["path"])
        groups.setdefault((path.parent, path.suffix), []).append(file)
    for (folder, suffix), found in groups.items():
        size = f"{sum(file['bytes'] for file in found) / 1e6:.1f} MB"
        if len(found) == 1:
            yield f"{found[0]['path']} ({size})"
        else:
            yield f"{folder}/ ({len(found)} {suffix[1:].upper()} files, {size})"


def show_new(created: Created) -> None:
    """The new project and what to do next."""
    click.echo(f"{created.file}: {created.chapters} chapters, {len(created.cast)} characters")
    table(
        ("character", "lines", "voice", "gender"),
        [(name, lines, voice, gender or "?") for name, lines, voice, gender in created.cast],
    )
    for note in created.notes:
        click.echo(note)
    folder = created.file.parent
    click.echo(f"read it, change what you like, then:\n  castbook plan {folder}")
    click.echo(f"  castbook make {folder}")


def show_status(rows: Sequence[Mapping[str, Any]]) -> None:
    """One line per project; chapters too when there is only one."""
    table(
        ("project", "title", "chapters", "segments", "failed", "doubtful", "length"),
        [
            (row["project"], row["error"], "", "", "", "", "")
            if "error" in row
            else (
                row["project"],
                row["title"],
                f"{row['chapters_done']}/{row['chapters']}",
                f"{row['segments_done']}/{row['segments']}",
                row["failed"],
                row["doubtful"],
                clock(row["seconds"]),
            )
            for row in rows
        ],
    )
    if len(rows) == 1 and "chapter_rows" in rows[0]:
        table(
            ("chapter", "title", "segments", "missing", "doubtful", "length"),
            [
                (
                    f"ch{c['number']:02d}",
                    c["title"],
                    c["segments"],
                    c["missing"],
                    c["doubtful"],
                    "-" if c["seconds"] is None else clock(c["seconds"]),
                )
                for c in rows[0]["chapter_rows"]
            ],
        )
        for path in rows[0]["files"]:
            click.echo(path)


def show_retakes(lines: Sequence[Line], silent: Sequence[str], project: Path) -> None:
    """What will be spoken again."""
    for line in lines:
        click.echo(f"{line.segment.id} will be spoken again: {line.segment.printed[:70]}")
    for engine in silent:
        click.echo(
            f"note: {engine} has no seeds, so the same words sound the same again:"
            " change the text, the lexicon or the voice instead"
        )
    click.echo(f"castbook make {project}")


def show_accepted(lines: Sequence[Line]) -> None:
    """What is no longer doubtful."""
    for line in lines:
        click.echo(f"{line.segment.id} accepted: {line.segment.printed[:70]}")


def show_audition(result: Audition) -> None:
    """Where the page is, and who could not speak."""
    for name, reason in result.failures:
        click.echo(f"{name}: {reason}")
    click.echo(f"{result.page}: {result.voices} voices, open it in any browser")


def show_review(review: Review) -> None:
    """Where the page is, and what waits on it."""
    click.echo(
        f"{review.page}: {review.segments} segments, {review.doubtful} doubtful lines, "
        f"{review.second} for a second look; open it in any browser"
    )


def show_presets(
    rows: Sequence[Mapping[str, Any]], cloning: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Presets by engine; then the engines that have none, because they clone."""
    if rows or not cloning:
        table(
            ("engine", "preset", "gender", "languages", "ready", "description"),
            [
                (
                    r["engine"],
                    r["preset"],
                    r["gender"],
                    " ".join(r["languages"]),
                    "yes" if r["ready"] else "no",
                    r["description"],
                )
                for r in rows
            ],
        )
    for one in cloning:
        click.echo(
            f"{one['engine']} speaks {' and '.join(one['languages'])} with the voices of recordings"
            f"{'' if one['ready'] else ' (not ready: castbook doctor)'}:"
            " castbook voice PROJECT NAME RECORDING makes one"
        )


def show_facts(facts: Mapping[str, Any]) -> None:
    """What ``doctor`` found."""
    for key, value in facts.items():
        if isinstance(value, Mapping):
            click.echo(f"{key}:")
            for name, text in value.items():
                click.echo(f"  {name}: {text}")
        else:
            click.echo(f"{key}: {value}")


def show_waste(waste: Waste, *, removed: bool) -> None:
    """What ``clean`` found or removed."""
    verb = "removed" if removed else "unused, --yes removes them:"
    click.echo(f"{verb} {len(waste.keys)} takes, {waste.bytes / 1e6:.1f} MB")


def show_weights(engine: str, folder: Path) -> None:
    """Where an engine's weights are now."""
    click.echo(f"{engine}: weights are complete and checked in {folder}")


def show_selftest(found: SelfTest) -> None:
    """What an engine did in its self-test: a block to paste in a report."""
    click.echo(
        f"\nself-test of {found.engine}" + (f" with {found.reference}" if found.reference else "")
    )
    for sentence in found.sentences:
        likeness = "" if sentence.similarity is None else f", likeness {sentence.similarity:.2f}"
        told = "good" if sentence.good else "; ".join(sentence.complaints)
        click.echo(f"  {sentence.language}: {sentence.seconds:.1f} s{likeness}: {told}")
    click.echo(
        f"  {found.audio_s:.0f} s of sound in {found.seconds:.1f} s:"
        f" {found.audio_s / found.seconds:.1f} audio-seconds per second;"
        f" first sound after {found.load_s:.1f} s, loading included"
    )
    on_device = f", {found.device_memory_mb:.0f} MB on the GPU" if found.device_memory_mb else ""
    click.echo(f"  peak memory {found.memory_mb:.0f} MB{on_device}")
    for name, text in found.facts.items():
        click.echo(f"  {name}: {text}")


@contextlib.contextmanager
def download_progress(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar per file on stderr; called with (file name, bytes so far, bytes in all)."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def update(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"{title} {name}", total=total or None)
            bar.update(tasks[name], completed=done)

        yield update
