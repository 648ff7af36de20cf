"""What only the whole book shows of its takes: equal audio, strangers, jumps, drift. Pure.

Flags are for people: they change no take, no verdict and no exit code. All of it is computed
from what the sidecars hold (identity, level, pace, similarity), over the takes that the book uses.

| kind | what is flagged |
|---|---|
| equal | one audio for different texts: the engine mixed up its answers |
| stranger | a take that is much less like its voice than the voice's takes usually are |
| jump | two neighbours differ by more than 6 dB, each against what its voice usually is |
| drift | along the book a voice gets louder, quieter, faster, slower, or less like itself |

Levels are compared with the voice's own median because the gain that levels voices is one
for the whole voice. Drift is claimed from 80 takes on and only where the medians of the first
and the last quarter differ by more than five of their standard errors: another project's
run of 400 lines showed a drift that its run of 2,000 lines did not have.

Likeness is the cosine between the speaker embeddings of a take and of its voice's reference,
where an engine measures it. No limit of it is absolute: it is the voice's own median that a take
is held against, and only takes of two seconds or more, for embeddings of less scatter.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tasks.plan import ChapterPlan, Line

JUMP_DB: Final = 6.0
_FEWEST: Final = 5  # takes of a voice, for a median to mean something
_DRIFT_FROM: Final = 80
_DRIFT_DB: Final = 2.0
_DRIFT_PACE: Final = 0.08
_DRIFT_LIKENESS: Final = 0.05  # of a cosine
_STRANGER: Final = 0.15  # below the voice's median, and
_STRANGER_SIGMAS: Final = 6.0  # of the voice's own spread
_STRANGERS_FROM: Final = 20  # takes of a voice
_HEARD_S: Final = 2.0
_ERRORS: Final = 5.0
_MAD_TO_SIGMA: Final = 1.4826  # of a normal distribution
_MEDIAN_ERROR: Final = 1.2533  # standard error of a median against that of a mean


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to listen to."""

    id: str  # of the segment, or of the first one concerned
    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a sidecar tells of one line."""

    id: str
    chapter: int
    spoken: str
    voice: str  # name and style
    pcm_sha256: str
    level_db: float | None
    pace: float | None
    likeness: float | None = None  # to the voice's reference; None: unknown, or too short a take


def flags_of(chapters: Iterable[ChapterPlan], lines: Iterable[Line]) -> tuple[Flag, ...]:
    """The flags of the chapters' lines; ``lines`` are those that were spoken since the plan."""
    fresh = {line.identity: line for line in lines}
    told = []
    for chapter in chapters:
        for planned in chapter.lines:
            line = fresh.get(planned.identity, planned)
            if line.take is not None:
                told.append(_told(line, chapter.number))
    return flags(told)


def flags(told: Sequence[Told]) -> tuple[Flag, ...]:
    """All flags, the graver kinds first."""
    return (*equal_audio(told), *strangers(told), *drifts(told), *jumps(told))


def equal_audio(told: Sequence[Told]) -> list[Flag]:
    """One flag for each audio that says different things."""
    groups: dict[str, list[Told]] = defaultdict(list)
    for one in told:
        groups[one.pcm_sha256].append(one)
    found = []
    for group in groups.values():
        texts = {_letters(one.spoken): one for one in group}
        if len(texts) > 1:
            first, second = list(texts.values())[:2]
            sentence = (
                f"{len(texts)} different texts have exactly the same audio, so all but one are "
                f"wrong: {_quoted(first.spoken)} and {second.id} {_quoted(second.spoken)}; "
                "retake them, and report it to whoever made the engine"
            )
            found.append(Flag(first.id, "equal", sentence))
    return found


def strangers(told: Sequence[Told]) -> list[Flag]:
    """Takes that are much less like their voice than its other takes."""
    usual = {
        voice: (statistics.median(values), _spread(values))
        for voice, values in _by_voice(told, lambda one: one.likeness).items()
        if len(values) >= _STRANGERS_FROM
    }
    found = []
    for one in told:
        if one.likeness is None or one.voice not in usual:
            continue
        median, spread = usual[one.voice]
        if median - one.likeness > max(_STRANGER, _STRANGER_SIGMAS * spread):
            sentence = (
                f"{one.likeness:.2f} like the reference of voice {one.voice}, whose takes are "
                f"usually {median:.2f}: perhaps somebody else is heard"
            )
            found.append(Flag(one.id, "stranger", sentence))
    return found


def jumps(told: Sequence[Told]) -> list[Flag]:
    """Neighbours in a chapter of which one is much louder."""
    usual = {
        voice: statistics.median(levels)
        for voice, levels in _by_voice(told, lambda one: one.level_db).items()
        if len(levels) >= _FEWEST
    }
    found = []
    for before, after in pairwise(told):
        if before.chapter != after.chapter or not {before.voice, after.voice} <= usual.keys():
            continue
        if before.level_db is None or after.level_db is None:
            continue
        step = (after.level_db - usual[after.voice]) - (before.level_db - usual[before.voice])
        if abs(step) > JUMP_DB:
            how = "louder" if step > 0 else "quieter"
            sentence = f"{abs(step):.0f} dB {how} than the line before it, voices levelled"
            found.append(Flag(after.id, "jump", sentence))
    return found


def drifts(told: Sequence[Told]) -> list[Flag]:
    """Voices that change along the book."""
    found = []
    first = {one.voice: one.id for one in reversed(told)}
    for voice, levels in _by_voice(told, lambda one: one.level_db).items():
        step = _drift(levels)
        if abs(step) > _DRIFT_DB:
            how = "louder" if step > 0 else "quieter"
            sentence = f"voice {voice} gets {abs(step):.1f} dB {how} along the book"
            found.append(Flag(first[voice], "drift", sentence))
    for voice, paces in _by_voice(told, lambda one: one.pace).items():
        step = math.expm1(_drift([math.log(pace) for pace in paces if pace > 0]))
        if abs(step) > _DRIFT_PACE:
            how = "slower" if step > 0 else "faster"
            sentence = f"voice {voice} gets {abs(step):.0%} {how} along the book"
            found.append(Flag(first[voice], "drift", sentence))
    for voice, values in _by_voice(told, lambda one: one.likeness).items():
        step = _drift(values)
        if abs(step) > _DRIFT_LIKENESS:
            how = "more" if step > 0 else "less"
            sentence = (
                f"voice {voice} gets {how} like its reference along the book: "
                f"{abs(step):.2f} of a cosine"
            )
            found.append(Flag(first[voice], "drift", sentence))
    return found


def _drift(values: Sequence[float]) -> float:
    """Median of the last quarter less that of the first; 0 where it may be chance."""
    if len(values) < _DRIFT_FROM:
        return 0.0
    quarter = len(values) // 4
    step = statistics.median(values[-quarter:]) - statistics.median(values[:quarter])
    error = _MEDIAN_ERROR * _spread(values) * math.sqrt(2 / quarter)
    return step if abs(step) > _ERRORS * error else 0.0


def _spread(values: Sequence[float]) -> float:
    """The standard deviation, whatever a few values do."""
    middle = statistics.median(values)
    return _MAD_TO_SIGMA * statistics.median(abs(value - middle) for value in values)


def _by_voice(
    told: Iterable[Told], figure: Callable[[Told], float | None]
) -> dict[str, list[float]]:
    values: dict[str, list[float]] = defaultdict(list)
    for one in told:
        value = figure(one)
        if value is not None:
            values[one.voice].append(value)
    return values


def _told(line: Line, chapter: int) -> Told:
    take, speaker = line.take, line.speaker
    assert take is not None
    return Told(
        id=line.segment.id,
        chapter=chapter,
        spoken=line.ingredients.spoken,
        voice=f"{speaker.voice_name} {speaker.style}".strip(),
        pcm_sha256=take.pcm_sha256,
        level_db=take.verdict.level_db,
        pace=take.verdict.pace,
        likeness=take.similarity if take.frames >= _HEARD_S * take.rate else None,
    )


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _quoted(text: str) -> str:
    return f"“{text[:40]}{'…' if len(text) > 40 else ''}”"
