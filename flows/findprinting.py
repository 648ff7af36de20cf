"""What ``castbook find`` prints: a few sentences in full, many as a list. No decisions."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from flows.tables import clock

if TYPE_CHECKING:
    from tasks.mending import Found

_FULL: Final = 3  # more than that are listed, one line each
_TEXT: Final = 60  # characters of a line's text in the list


def show_found(found: Sequence[Found], project: Path) -> None:
    """Everything about a sentence and the commands that mend it; many are only listed."""
    if len(found) <= _FULL:
        for item in found:
            _show(item, shlex.quote(str(project)))
        return
    for item in found:
        text = item.line.segment.printed
        shown = text if len(text) <= _TEXT else f"{text[: _TEXT - 1]}…"
        time = clock(item.place.start_s) if item.place else "-"
        state = "" if item.state == "done" else f" {item.state}"
        click.echo(f"{item.line.segment.id} {time:>7} {item.speaker}{state}: {shown}")
    first = found[0].line.segment.id
    click.echo(f"{len(found)} segments; castbook find {shlex.quote(str(project))} {first}")


def plain_found(item: Found) -> dict[str, Any]:
    """One segment as JSON values. Times in seconds."""
    segment, line = item.line.segment, item.line
    take = line.take
    return {
        "id": segment.id,
        "anchor": str(segment.anchor),
        "chapter": {"number": segment.chapter, "title": item.chapter_title},
        "kind": segment.kind,
        "printed": segment.printed,
        "spoken": segment.spoken,
        "replacements": [
            {"printed": segment.printed[r.start : r.end], "spoken": r.spoken, "rule": r.rule}
            for r in segment.replacements
        ],
        "speaker": item.speaker,
        "rule": segment.rule,
        "confidence": segment.confidence,
        "guesses": {guess.speaker or "narrator": guess.probability for guess in segment.guesses},
        "voice": line.speaker.voice_name,
        "style": segment.style,
        "pause": {"ms": segment.pause_ms, "reason": segment.pause_reason},
        "place": item.place
        and {
            "audio": str(item.place.audio),
            "start": item.place.start_s,
            "end": item.place.end_s,
            "book": item.place.book_s,
        },
        "state": item.state,
        "failure": item.failure,
        "take": take
        and {
            "audio": str(take.audio),
            "key": take.key,
            "seconds": take.frames / take.rate,
            "retake": line.ingredients.retake,
            "complaints": list(take.verdict.complaints),
            "heard": take.verdict.heard,
        },
    }


def _show(item: Found, project: str) -> None:
    segment = item.line.segment
    click.echo(f"{segment.id}, {item.chapter_title}, anchor {segment.anchor}")
    if item.place is not None:
        start, end = tenths(item.place.start_s), tenths(item.place.end_s)
        click.echo(
            f"  sounds   {tenths(item.place.book_s)} in the book,"
            f" ch{segment.chapter:02d}@{start} to {end} in {item.place.audio}"
        )
    click.echo(f"  printed  {segment.printed}")
    if segment.spoken != segment.printed:
        click.echo(f"  spoken   {segment.spoken}")
    for change in segment.replacements:
        was = segment.printed[change.start : change.end]
        click.echo(f"           {_said(was, change.spoken)} ({change.rule})")
    style = f", style {segment.style}" if segment.style else ""
    click.echo(
        f"  speaker  {item.speaker}{style} by rule {segment.rule!r},"
        f" confidence {segment.confidence:.2f}, voice {item.line.speaker.voice_name}"
    )
    others = [g for g in segment.guesses if g.speaker != segment.speaker and g.probability >= 0.01]
    if others:
        named = ", ".join(f"{g.speaker or 'narrator'} {g.probability:.2f}" for g in others[:3])
        click.echo(f"           or else {named}")
    click.echo(f"  pause    {segment.pause_ms} ms after it ({segment.pause_reason})")
    _show_take(item)
    click.echo(f"  mend     castbook retake {project} {segment.id}")
    if item.state == "doubtful":
        click.echo(f"           castbook accept {project} {segment.id}")
    click.echo(
        f"           or in casting.yaml: {{anchor: {segment.anchor}, speaker: NAME}};"
        " or a word in lexicon.yaml"
    )


def tenths(seconds: float) -> str:
    """``3:27.4``: cut, not rounded, so that nothing begins after the time that is shown."""
    whole, tenth = divmod(int(seconds * 10), 10)
    return f"{clock(whole)}.{tenth}"


def _said(was: str, spoken: str) -> str:
    if not was:
        return f"{spoken!r} is added"
    return f"{was!r} is spoken {spoken!r}" if spoken else f"{was!r} is not spoken"


def _show_take(item: Found) -> None:
    take = item.line.take
    if item.failure is not None:
        click.echo(f"  take     none: {item.failure}")
    elif take is None:
        click.echo("  take     not made yet")
    else:
        click.echo(
            f"  take     {item.state}, {take.frames / take.rate:.2f} s,"
            f" retake {item.line.ingredients.retake}, {take.audio}"
        )
        from audio.verdicts.verdict import POLICY_VERSION  # numpy: only where a take is shown

        for complaint in take.verdict.complaints:
            click.echo(f"           {complaint}")
        if take.verdict.policy != POLICY_VERSION:
            policy = f"policy {take.verdict.policy}, today's is {POLICY_VERSION}"
            click.echo(f"           judged by {policy}: the verdict stands as long as the take")
        if take.verdict.heard:
            note = f": {take.verdict.heard_note}" if take.verdict.heard_note else ""
            click.echo(f"           heard by {take.verdict.heard_by}, {take.verdict.heard}{note}")
        if item.line.kept is not None:
            causes = " and ".join(item.line.kept.causes)
            click.echo(f"           kept as it is (make --keep) in spite of: {causes}")
