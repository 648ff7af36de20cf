"""How long segments sound for the length of their text, and which stand out. Pure.

Every voice has a pace of its own, so a segment is held against the line through the other
segments of the same voice in the same language. The line is Tukey's resistant one (medians
of the shorter and of the longer third): a looping take cannot bend it.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tasks.plan import Line

FEWEST = 12  # segments of a voice: fewer give no line worth the name
# With these none of the 603 segments of the two example books stands out (espeak), while a take
# with a loop does (2026-11-21). A take cut by a quarter is for the verdict to find, not for this.
SPREADS = 4.0  # robust standard deviations a segment has to stand off, and …
LEAST_SHARE = 0.25  # … of its expected length, and …
LEAST_S = 0.7  # … seconds: below it nobody hears a difference of pace
MOST = 40  # outliers in a report


@dataclass(frozen=True, slots=True)
class Spoken:
    """One segment: how much text, how long a sound."""

    id: str
    anchor: str
    character: str  # key of cast, or "narrator"
    group: str  # voice, style and language
    letters: int  # spoken characters, white space left out
    seconds: float
    text: str
    key: str  # of its take


@dataclass(frozen=True, slots=True)
class Outlier:
    """A segment far from its voice's pace."""

    spoken: Spoken
    expected_s: float

    @property
    def ratio(self) -> float:
        """How many times as long as expected."""
        return self.spoken.seconds / self.expected_s


@dataclass(frozen=True, slots=True)
class Pace:
    """Expected seconds = ``base_s`` + letters * ``per_letter_s``.

    Spreads are robust standard deviations as a share of the expected seconds: short segments
    scatter more than long ones.
    """

    base_s: float
    per_letter_s: float
    turn: float = 0.0  # letters up to which a segment counts as short
    short: float = 0.0
    long: float = 0.0

    def expected_s(self, letters: int) -> float:
        """Never below a tenth of a second."""
        return max(0.1, self.base_s + letters * self.per_letter_s)

    def spread(self, letters: int) -> float:
        """How far segments of this length scatter."""
        return self.short if letters <= self.turn else self.long


def spoken_lines(lines: Iterable[Line]) -> tuple[Spoken, ...]:
    """Every line with a take."""
    return tuple(
        Spoken(
            id=line.segment.id,
            anchor=str(line.segment.anchor),
            character=line.segment.speaker or "narrator",
            group=f"{line.speaker.voice_name} {line.speaker.style} {line.segment.language}",
            letters=sum(not letter.isspace() for letter in line.segment.spoken),
            seconds=round(line.take.frames / line.take.rate, 2),
            text=line.segment.printed,
            key=line.take.key,
        )
        for line in lines
        if line.take is not None
    )


def outliers(spoken: Sequence[Spoken], most: int = MOST) -> tuple[Outlier, ...]:
    """The segments that stand out, the strangest first."""
    groups: dict[str, list[Spoken]] = {}
    for row in spoken:
        groups.setdefault(row.group, []).append(row)
    found = []
    for rows in groups.values():
        pace = pace_of(rows)
        if pace is None:
            continue
        for row in rows:
            expected = pace.expected_s(row.letters)
            apart = abs(row.seconds - expected)
            limit = max(SPREADS * pace.spread(row.letters), LEAST_SHARE) * expected
            if apart > max(limit, LEAST_S):
                found.append(Outlier(row, round(expected, 2)))
    found.sort(key=lambda outlier: -max(outlier.ratio, 1 / max(outlier.ratio, 1e-6)))
    return tuple(found[:most])


def pace_of(rows: Sequence[Spoken]) -> Pace | None:
    """The pace of a voice; None for fewer than ``FEWEST`` segments."""
    if len(rows) < FEWEST:
        return None
    ordered = sorted(rows, key=lambda row: row.letters)
    third = len(ordered) // 3
    (x0, y0), (x1, y1) = _centre(ordered[:third]), _centre(ordered[-third:])
    slope = max(0.0, (y1 - y0) / (x1 - x0)) if x1 > x0 else 0.0
    base = statistics.median(row.seconds - slope * row.letters for row in rows)
    pace = Pace(base, slope)
    half = len(ordered) // 2
    return replace(
        pace,
        turn=ordered[half].letters,
        short=_scatter(ordered[: half + 1], pace),
        long=_scatter(ordered[half:], pace),
    )


def _scatter(rows: Sequence[Spoken], pace: Pace) -> float:
    """1.4826 times the median deviation: the standard deviation, were it a normal one."""
    misses = [abs(row.seconds / pace.expected_s(row.letters) - 1) for row in rows]
    return 1.4826 * statistics.median(misses)


def _centre(rows: Sequence[Spoken]) -> tuple[float, float]:
    return (
        statistics.median(row.letters for row in rows),
        statistics.median(row.seconds for row in rows),
    )
