"""What ``castbook voice`` prints: the clips that a recording offers, and the voice it became."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from audio.recordings.proposals import Proposal
from flows.printing import show_json
from flows.tables import table
from tasks.newvoice import Added
from tasks.recordings import Recording

_HEARD = {
    "heard": "these words were heard by the recogniser",
    "found": "these words were found in the transcript by what the recogniser heard",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The clip that was taken, and its words."""

    added: Added
    pick: int
    words: str
    source: str  # given, heard, found


def show_proposals(found: Recording, pick: int | None = None) -> None:
    """A table, the chosen clip marked."""
    rows = [
        (
            f"{number}{' *' if number == pick else ''}",
            place(p),
            f"{p.seconds:.1f} s",
            f"{p.speech_share:.0%}",
            f"{p.above_noise_db:.0f} dB",
            f"{p.clipped:.2%}" if p.clipped else "none",
            f"{p.level_db:.0f} dB",
        )
        for number, p in enumerate(found.proposals, 1)
    ]
    table(("clip", "where", "length", "speech", "over noise", "overdriven", "level"), rows)


def show_saved(found: Recording, files: Sequence[Path], *, as_json: bool) -> None:
    """The proposals as files to listen to."""
    if as_json:
        show_json({"proposals": _plain(found), "files": [str(file) for file in files]})
        return
    show_proposals(found)
    for file in files:
        click.echo(f"written: {file}")


def show_added(chosen: Chosen, found: Recording, *, as_json: bool) -> None:
    """The new voice, what is weak about it, and what to look at."""
    added = chosen.added
    if as_json:
        show_json(
            {
                "voice": added.voice,
                "style": added.style or None,
                "engine": added.engine,
                "file": str(added.file),
                "clip": str(added.clip),
                "pick": chosen.pick,
                "proposals": _plain(found),
                "transcript": chosen.words,
                "transcript_source": chosen.source,
                "warnings": list(added.notes),
            }
        )
        return
    label = f"{added.voice} ({added.style})" if added.style else added.voice
    click.echo(f"voice {label}, spoken by {added.engine}: {added.clip}, named in {added.file}")
    click.echo(f"its words: {chosen.words}")
    if chosen.source in _HEARD:
        click.echo(f"{_HEARD[chosen.source]}: correct them in {added.file.name} if one is wrong")
    for note in added.notes:
        click.echo(f"note: {note}")


def place(proposal: Proposal) -> str:
    """Where in the recording it is: ``1:33.20 - 1:39.31``."""
    return f"{_time(proposal.start / proposal.rate)} - {_time(proposal.end / proposal.rate)}"


def _time(seconds: float) -> str:
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    second = f"{rest // 100:02}.{rest % 100:02}"
    return f"{hours}:{minutes:02}:{second}" if hours else f"{minutes}:{second}"


def _plain(found: Recording) -> list[dict[str, Any]]:
    return [
        {
            "pick": number,
            "start_s": round(p.start / p.rate, 3),
            "end_s": round(p.end / p.rate, 3),
            "seconds": round(p.seconds, 3),
            "speech_share": p.speech_share,
            "above_noise_db": p.above_noise_db,
            "clipped": round(p.clipped, 6),
            "level_db": p.level_db,
            "swing_db": p.swing_db,
        }
        for number, p in enumerate(found.proposals, 1)
    ]
