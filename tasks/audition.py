"""Auditions: each character speaks its own lines on one self-contained page.

The lines are the book's own and their takes ordinary keyed takes, so nothing spoken here
is spoken again by ``make``.
"""

from __future__ import annotations

import base64
import html
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audio import ffmpeg
from castbook.errors import SelectionError
from castbook.files import write_text
from tasks.plan import ChapterPlan, Line
from tasks.production import Production
from tasks.runners import LocalRunner
from tasks.waves import Gate, synthesise

LINES_EACH = 3
LONGEST = 220  # characters: longer lines make no better audition


@dataclass(frozen=True, slots=True)
class Audition:
    """The finished page."""

    page: Path
    voices: int
    failures: tuple[tuple[str, str], ...]  # (character, reason)


def audition(
    project: str | Path, *, character: str | None = None, build: str | Path | None = None
) -> Audition:
    """Speaks three of each character's own lines and writes ``build/audition.html``.

    Raises:
        SelectionError: no such character.
    """
    with Production(project, build=build) as production, LocalRunner(2) as runner:
        plan = production.plan
        everyone: list[str | None] = [None, *plan.project.book.cast]
        if character is not None:
            if character not in ("narrator", *plan.project.book.cast):
                raise SelectionError(
                    f"no character {character!r}",
                    expected="one of narrator, " + ", ".join(plan.project.book.cast),
                )
            everyone = [None if character == "narrator" else character]
        chosen = {who: choose(plan.lines, who) for who in everyone}
        lines = [line for picked in chosen.values() for line in picked]
        missing = list({line.identity: line for line in lines if line.open}.values())
        if missing:  # judged by the voices' habits, as ``make`` would
            production.calibrate(runner, {line.speaker.voice_name for line in missing})
        stage = ChapterPlan(0, "audition", tuple(lines))
        report = synthesise(missing, stage, production, runner, Gate())
        sections = []
        for who, picked in chosen.items():
            fresh = production.refresh(picked)
            sections.append(_section(who, fresh, plan.project.voice_of(who)))
        page = plan.build.folder / "audition.html"
        write_text(page, _page(plan.project.book.title, sections))
    failures = tuple((f.line.segment.speaker or "narrator", f.reason) for f in report.failures)
    return Audition(page, sum(bool(picked) for picked in chosen.values()), failures)


def choose(lines: Sequence[Line], speaker: str | None) -> tuple[Line, ...]:
    """A character's first lines that are long enough to judge a voice by, in book order."""
    own = [
        line
        for line in lines
        if line.segment.speaker == speaker and line.segment.kind in ("narration", "speech")
    ]
    fitting = [line for line in own if len(line.segment.printed) <= LONGEST]
    telling = sorted(fitting, key=lambda line: -len(line.segment.spoken))[:LINES_EACH]
    return tuple(line for line in own if line in telling)


def _section(who: str | None, lines: Sequence[Line], voice: str) -> str:
    rows = []
    for line in lines:
        player = "<em>no audio</em>"
        if line.take is not None:
            player = f'<audio controls preload="none" src="{_mp3_uri(line.take.audio)}"></audio>'
        rows.append(f"<p>{html.escape(line.segment.printed)}<br>{player}</p>")
    name = html.escape(who or "narrator")
    body = "".join(rows) or "<p>has no line of its own</p>"
    return f"<section><h2>{name} <small>voice {html.escape(voice)}</small></h2>{body}</section>"


def _mp3_uri(take: Path) -> str:
    """A take as a data URI: the page needs no other file and no network."""
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "take.mp3"
        ffmpeg.run(["-i", str(take), "-b:a", "64k", "-y", str(small)], timeout_s=60)
        return "data:audio/mpeg;base64," + base64.b64encode(small.read_bytes()).decode("ascii")


def _page(title: str, sections: Sequence[str]) -> str:
    return (
        "<!doctype html><html><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>Audition: {html.escape(title)}</title><style>"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
        "section{border-top:1px solid #ccc}small{color:#666;font-weight:normal}"
        "audio{width:100%;margin-top:.3rem}</style></head><body>"
        f"<h1>Audition: {html.escape(title)}</h1>{''.join(sections)}</body></html>\n"
    )
