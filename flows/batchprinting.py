"""What ``castbook speak`` and ``batch`` print. No decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.printing import show_json
from flows.tables import clock
from tasks.batches.lines import live_line

if TYPE_CHECKING:
    from tasks.batches.running import BatchReport, RowResult
    from tasks.speech.outputs import Output


class LiveLines:
    """Rows as they end, on stderr: one line each, and a bar where it is a terminal
    (``tasks.batches.running.Observer``)."""

    def __init__(self, total: int, language: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self._console = Console(stderr=True, highlight=False)
        self._language = language
        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)

    def row_finished(self, result: RowResult, done: int, total: int) -> None:
        """See ``Observer``."""
        line = live_line(result, self._language)
        self._console.print(line, markup=False, emoji=False, soft_wrap=True)
        self._bar.update(self._task, completed=done)

    def __enter__(self) -> LiveLines:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def show_output(output: Output, as_json: bool) -> None:
    """One file."""
    if as_json:
        show_json(
            {
                "file": str(output.path),
                "made": output.made,
                "seconds": round(output.seconds, 3),
                "rate": output.rate,
                "pcm_sha256": output.pcm_sha256,
            }
        )
        return
    was = "" if output.made else " (was there)"
    click.echo(f"{output.path}{was}: {output.seconds:.1f} s at {output.rate} Hz")


def show_batch(report: BatchReport, folder: Path, packed: Path | None, as_json: bool) -> None:
    """How a batch ended: numbers, failed rows, where the files are, how fast it went."""
    speed = speed_of(report)
    if as_json:
        show_json(
            {
                "folder": str(folder),
                "zip": str(packed) if packed else None,
                "total": len(report.rows),
                "made": report.made,
                "kept": len(report.done) - report.made,
                "failed": [
                    {"number": row.number, "id": row.id, "reason": row.reason}
                    for row in report.failed
                ],
                "files": [row.output.path.name for row in report.done if row.output],
                **speed,
            }
        )
        return
    click.echo(report.message)
    for row in report.failed:
        click.echo(f"failed {row.number}{f' ({row.id})' if row.id else ''}: {row.reason}")
    click.echo(f"{folder}: {len(report.done)} files")
    if packed:
        click.echo(str(packed))
    if report.made:
        click.echo(
            f"{clock(report.seconds)} for {clock(speed['audio_s'])} of sound:"
            f" {speed['chars_per_s']:g} characters/s, {speed['s_per_1000_chars']:g} s for 1000"
            f" characters, {speed['rtf']:g} s for 1 s of sound"
        )


def speed_of(report: BatchReport) -> dict[str, Any]:
    """What was made now, how long it took, and the ratios that benchmarks quote: characters a
    second, wall seconds for 1000 characters, wall seconds for one of sound (RTF)."""
    made = [row for row in report.rows if row.output is not None and row.output.made]
    characters = sum(row.characters for row in made)
    sound = sum(row.output.seconds for row in made if row.output is not None)
    return {
        "characters": characters,
        "audio_s": round(sound, 3),
        "seconds": round(report.seconds, 3),
        "chars_per_s": round(characters / report.seconds, 1) if report.seconds else 0.0,
        "s_per_1000_chars": round(1000 * report.seconds / characters, 3) if characters else 0.0,
        "rtf": round(report.seconds / sound, 4) if sound else 0.0,
    }
