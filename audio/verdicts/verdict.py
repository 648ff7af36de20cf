"""The verdict on a take: is there speech, is it whole, can it be the text?

A pure function of samples, text, the engine's signals, the habits of the voice and the
version of this policy; no model listens. What it cannot hear is a wrong word said well. What
may be wrong is in ``findings.py``; each module beside this one looks for one thing.

With habits (``habits.py``) a take is judged by the voice's own measure; without, as
calibration takes themselves are, by bounds that hold for every voice. Habits only ever add
complaints, except that loops are looked for in another way.

``python -m benchmarks.verdicts`` measures all of it on faults made on the spot;
``docs/measurements.md`` has the looks at voices that nobody had tuned on. Robots and echoing
rooms are most of what is missed and suspected; and where a voice pauses between all its words,
only the length shows that the last of them are missing: 18 of 49 found. espeak's voices only:
neural ones have yet to be heard. Widths grow with the spread of a voice's calibration takes where
that is wider than espeak's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audio.pcm import Pcm
from audio.verdicts.clipping import clipping_findings
from audio.verdicts.contour import trace
from audio.verdicts.endings import ending_findings
from audio.verdicts.findings import Finding, finding
from audio.verdicts.habits import Habits
from audio.verdicts.lengths import length_findings
from audio.verdicts.levels import level_findings
from audio.verdicts.loops import loop_findings
from audio.verdicts.mains import mains_findings
from audio.verdicts.noises import noise_findings
from audio.verdicts.pauses import pause_findings
from audio.verdicts.signals import signal_findings
from audio.verdicts.spectrum import picture
from audio.verdicts.texts import articulation_seconds, repeats_itself

# Raise it when the same take may be judged otherwise. Takes keep the verdict they were
# published with: nothing finished is done twice, so an older verdict stands until the take
# itself is made anew. ``castbook find`` says when one is older.
POLICY_VERSION: Final = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a take."""

    good: bool  # nothing to complain about
    usable: bool  # there is sound at all
    complaints: tuple[str, ...]  # for people, the gravest first
    score: int  # 0 for a good take; smaller is better
    kinds: tuple[str, ...] = ()  # of the complaints, in their order: see findings.py
    level_db: float | None = None  # dBFS, mean of the sounding frames
    pace: float | None = None  # seconds of sound for each that the text's measure says


def judge(
    pcm: Pcm,
    rate: int,
    text: str,
    language: str,
    *,
    signals: Mapping[str, float] | None = None,
    habits: Habits | None = None,
) -> Verdict:
    """Judges a take.

    Args:
        pcm: int16 (n,), mono.
        rate: Hz.
        text: what was to be spoken.
        language: BCP 47 tag of the text.
        signals: the engine's own (``audio/verdicts/signals.py``).
        habits: of the voice in that language; None where they are not known.
    """
    contour = trace(pcm, rate)
    if contour is None:
        found = "there is no sound in it" if len(pcm) else "it is empty"
        return _verdict([finding("empty", found)], usable=False)
    seen = picture(pcm, rate)
    findings = [
        *length_findings(contour, text, language, habits),
        *loop_findings(contour, seen, text, language, habits),
        *ending_findings(contour, text, language, habits),
        *pause_findings(contour, text, language, habits),
        *noise_findings(contour, seen, rate, text, language, habits),
        *mains_findings(pcm, rate, habits),
        *level_findings(contour, habits),
        *clipping_findings(pcm, habits),
    ]
    if signals:
        findings += signal_findings(signals, repeats=repeats_itself(text))
    expected = articulation_seconds(text, language)
    return _verdict(
        findings,
        usable=True,
        level_db=round(contour.level_db, 1),
        pace=round(contour.articulation_s / expected, 3) if expected else None,
    )


def _verdict(
    findings: list[Finding],
    *,
    usable: bool,
    level_db: float | None = None,
    pace: float | None = None,
) -> Verdict:
    gravest: dict[str, Finding] = {}  # of each kind: signals may say the same as the samples
    for one in sorted(findings, reverse=True):
        gravest.setdefault(one.kind, one)
    kept = tuple(gravest.values())
    return Verdict(
        good=not kept,
        usable=usable,
        complaints=tuple(one.words for one in kept),
        score=sum(one.cost for one in kept),
        kinds=tuple(one.kind for one in kept),
        level_db=level_db,
        pace=pace,
    )
