"""Doubtful and failed segments with all it takes to judge and mend them. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.keys import seed_of
from tasks.plan import Line
from tasks.reporting.facts import Circumstances, Facts
from tasks.takes import Take

MOST_PLAYERS = 200  # of 48 kbit/s: about 40 kB each in the page

CHANGES = {
    "": "as the text stands",
    "seed": "another seed",
    "shorter": "in shorter pieces",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One link of a chain."""

    number: int  # from 1
    change: str  # what it changes, in words
    key: str
    seed: str  # 63 bits: more than a number of JSON holds exactly
    used: bool  # the take that is in the book
    seconds: float | None = None  # of audio; None: there is no take on disk
    complaints: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    heard: str = ""  # a recogniser's word
    policy: int | None = None  # of the verdict
    pcm_sha256: str = ""
    made: str = ""
    host: str = ""
    synthesis_s: float | None = None
    sound: str = ""  # names a player of the page; empty: none


@dataclass(frozen=True, slots=True)
class Trouble:
    """One segment that waits for a person."""

    state: str  # doubtful, failed
    id: str
    anchor: str
    chapter: int
    chapter_title: str
    in_chapter_s: float | None  # where it sounds
    in_book_s: float | None
    character: str
    voice: str
    style: str
    engine: str
    fingerprint: str
    language: str
    printed: str
    spoken: str
    reason: str  # the complaints, or why there is no audio
    retake: int
    attempts: tuple[Attempt, ...]
    commands: tuple[tuple[str, str], ...]  # (what it does, command)


def troubles(facts: Facts) -> tuple[Trouble, ...]:
    """Everything doubtful or failed, in the order of the book."""
    return tuple(_trouble(line, facts) for line in facts.troubled)


def _trouble(line: Line, facts: Facts) -> Trouble:
    segment = line.segment
    place = facts.second(line)
    attempts = _attempts(line, facts)
    doubtful = line.take is not None
    reason = facts.reasons.get(segment.id, "")
    if line.take is not None:
        reason = "; ".join(line.take.verdict.complaints)
    return Trouble(
        state="doubtful" if doubtful else "failed",
        id=segment.id,
        anchor=str(segment.anchor),
        chapter=segment.chapter,
        chapter_title=facts.title_of(segment.chapter),
        in_chapter_s=None if place is None else round(place[0], 1),
        in_book_s=None if place is None or place[1] is None else round(place[1], 1),
        character=segment.speaker or "narrator",
        voice=line.speaker.voice_name,
        style=line.speaker.style,
        engine=line.speaker.setup.name,
        fingerprint=line.ingredients.fingerprint,
        language=line.ingredients.language,
        printed=segment.printed,
        spoken=segment.spoken,
        reason=reason,
        retake=line.ingredients.retake,
        attempts=attempts,
        commands=commands(facts.plan.project.folder, str(segment.anchor), doubtful=doubtful),
    )


def commands(project: Path, anchor: str, *, doubtful: bool) -> tuple[tuple[str, str], ...]:
    """What a person types to mend a segment, each with what it does."""
    where = f"{shlex.quote(str(project))} {shlex.quote(anchor)}"
    again = f"castbook make {shlex.quote(str(project))} --only {shlex.quote(anchor)}"
    if not doubtful:
        return (("try again", again), ("look closer", f"castbook find {where}"))
    return (
        ("speak it anew", f"castbook retake {where} && {again}"),
        ("take it as it is", f"castbook accept {where}"),
        ("look closer", f"castbook find {where}"),
    )


def _attempts(line: Line, facts: Facts) -> tuple[Attempt, ...]:
    takes = facts.chains[line.identity]
    return tuple(
        _attempt(number, key, change, take, line, facts)
        for number, (key, change, take) in enumerate(
            zip(line.keys, line.changes, takes, strict=True), 1
        )
    )


def _attempt(
    number: int, key: str, change: str, take: Take | None, line: Line, facts: Facts
) -> Attempt:
    used = line.take is not None and line.take.key == key
    attempt = Attempt(number, CHANGES.get(change, change), key, str(seed_of(key)), used)
    if take is None:
        return attempt
    made = facts.circumstances.get(key, Circumstances("", "", 0.0, ""))
    return replace(
        attempt,
        seconds=round(take.frames / take.rate, 2),
        complaints=take.verdict.complaints,
        kinds=take.verdict.kinds,
        heard=take.verdict.heard,
        policy=take.verdict.policy,
        pcm_sha256=take.pcm_sha256,
        made=made.made,
        host=made.host,
        synthesis_s=made.seconds,
    )


def chosen_sounds(found: Sequence[Trouble], further: Sequence[str], most: int) -> tuple[str, ...]:
    """Keys of the takes that get a player.

    First those of ``found`` that are in the book, then ``further`` (flags, outliers), then the
    other attempts: with more than ``most``, every segment is heard before any is heard twice.
    """
    attempts = [a for trouble in found for a in trouble.attempts if a.seconds]
    ordered = [
        *(a.key for a in attempts if a.used),
        *further,
        *(a.key for a in attempts if not a.used),
    ]
    return tuple(dict.fromkeys(ordered))[:most]
