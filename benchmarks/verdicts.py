"""Verdicts on takes: how many faults are caught, and how many clean takes are suspected?

    python -m benchmarks.verdicts [BOOK…] [--takes 60] [--tuning] [--voices VOICE…]
        [--unseen] [--tone] [--json]

BOOK is a manuscript (default: The Sign of the Four and 孔乙己 of ``projects/``; the name of a
Chinese one is Chinese, or it says ``zh:`` before the path). Voices of its language speak
sentences of it; some takes are then spoilt on the spot (``benchmarks/verdictfaults.py`` says
how and what counts). The thresholds were tuned on the voices that ``--tuning`` uses and on
others (``docs/measurements.md`` names them and the books); the voices reported are a draw from
all that were not. ``--unseen`` takes the voices of a draw that was written down before its only
look (``benchmarks/verdictdraw.py``). ``--tone`` judges clean takes of the tone engine instead.

Every voice is judged by the habits of its own calibration takes. Exit code 1 when fewer than
98 % of the faults are caught or more than 1 % of the clean takes are suspected. "Wrong text
of similar length" is no fault that samples show, stands in its own row and is not counted.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audio.pcm import Pcm
from audio.verdicts.habits import Habits, Spoken, learn
from audio.verdicts.verdict import Verdict, judge
from benchmarks import verdictdraw
from benchmarks import verdictfaults as faults
from benchmarks.verdicttakes import (
    REPORTED,
    TUNING,
    CleanTake,
    Speaker,
    Studio,
    calibration,
    choose,
    espeak,
)
from tts.tone import ToneEngine

PROJECTS = Path(__file__).resolve().parent.parent / "projects"
BOOKS = (PROJECTS / "sign-of-the-four/manuscript.txt", PROJECTS / "kong-yiji/manuscript.md")
CAUGHT, ALARMS = 0.98, 0.01
ALIKE: Final = "other text, alike"
FAULTS_EACH = 3  # of the kinds below, in turn, for each take
Maker = Callable[[CleanTake, random.Random], Pcm | None]
SIMPLE: dict[str, Maker] = {
    "truncated": faults.truncated,
    "last words cut": faults.last_words_cut,
    "looped twice": lambda take, rng: faults.looped(take, rng, 2),
    "looped thrice": lambda take, rng: faults.looped(take, rng, 3),
    "looped, varied": faults.looped_varied,
    "gap": faults.gap,
    "mostly silence": faults.mostly_silence,
    "empty": faults.empty,
    "burst": faults.burst,
    "hum": faults.hum,
    "clipped": faults.clipped,
    "level": faults.level,
}
OTHERS = {
    "other text, shorter": (0.0, 0.55),
    "other text, longer": (1.8, 6.0),
    ALIKE: (0.9, 1.1),
}
SPOKEN: Final = "looped, spoken"
KINDS = (*SIMPLE, SPOKEN, *OTHERS)


@dataclass(slots=True)
class Row:
    """One kind of fault."""

    made: int = 0
    caught: int = 0
    by: Counter[str] = field(default_factory=Counter)  # kinds of complaints
    missed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Score:
    """What came of a run."""

    clean: int = 0
    alarms: list[str] = field(default_factory=list)
    by_voice: Counter[str] = field(default_factory=Counter)  # alarms
    rows: dict[str, Row] = field(default_factory=lambda: {kind: Row() for kind in KINDS})
    judging_s: float = 0.0  # CPU, of all verdicts
    audio_s: float = 0.0

    @property
    def caught(self) -> tuple[int, int]:
        counted = [row for kind, row in self.rows.items() if kind != ALIKE]
        return sum(row.caught for row in counted), sum(row.made for row in counted)

    @property
    def passed(self) -> bool:
        caught, made = self.caught
        alarms = len(self.alarms) <= ALARMS * self.clean
        return alarms and (made == 0 or caught >= CAUGHT * made)


class Listening:
    """Judges the takes of one voice by its habits, and keeps the score."""

    def __init__(self, score: Score, habits: Habits | None) -> None:
        self._score, self._habits = score, habits

    def judged(self, pcm: Pcm, take: CleanTake) -> Verdict:
        began = time.process_time()
        verdict = judge(pcm, take.rate, take.text, take.speaker.language, habits=self._habits)
        self._score.judging_s += time.process_time() - began
        self._score.audio_s += len(pcm) / take.rate
        return verdict

    def clean(self, take: CleanTake) -> None:
        verdict = self.judged(take.pcm, take)
        self._score.clean += 1
        if not verdict.good:
            name = take.speaker.name
            self._score.by_voice[name] += 1
            self._score.alarms.append(f"{name}: {'; '.join(verdict.complaints)}: {take.text}")

    def spoilt(self, kind: str, pcm: Pcm | None, take: CleanTake) -> None:
        if pcm is None or not len(pcm):
            return
        row = self._score.rows[kind]
        verdict = self.judged(pcm, take)
        row.made += 1
        row.caught += not verdict.good
        row.by.update(verdict.kinds[:1])
        if verdict.good:
            row.missed.append(f"{take.speaker.name}: {len(pcm) / take.rate:.1f} s: {take.text}")


def measure(
    studio: Studio, speakers: Sequence[Speaker], books: Sequence[tuple[Path, str]], count: int
) -> Score:
    """Speaks, spoils and judges."""
    score = Score()
    for speaker in speakers:
        first = studio.speak(speaker, calibration(speaker.language))
        habits = learn([Spoken(t.pcm, t.rate, t.text, speaker.language) for t in first])
        listening = Listening(score, habits)
        for book, language in books:
            if language != speaker.language:
                continue
            takes = studio.speak(speaker, choose(book, speaker, count))
            for take in takes:
                listening.clean(take)
            if speaker.engine != "tone":
                _spoil(studio, takes, listening)
    return score


def _spoil(studio: Studio, takes: Sequence[CleanTake], listening: Listening) -> None:
    kinds = _in_turn()
    looped: list[tuple[CleanTake, str]] = []
    for take in takes:
        for kind in (next(kinds) for _ in range(FAULTS_EACH)):
            rng = random.Random(f"{take.speaker.name} {take.text} {kind}")
            if kind in SIMPLE:
                listening.spoilt(kind, SIMPLE[kind](take, rng), take)
            elif kind in OTHERS:
                listening.spoilt(kind, faults.other(take, takes, rng, *OTHERS[kind]), take)
            elif text := faults.looped_text(take, rng):
                looped.append((take, text))
    spoken = {t.text: t for t in studio.speak(takes[0].speaker, [text for _, text in looped])}
    for take, text in looped:
        if text in spoken:
            listening.spoilt(SPOKEN, spoken[text].pcm, take)


def _in_turn() -> Iterator[str]:
    while True:
        yield from KINDS


def show(score: Score) -> None:
    """The table, the false alarms with their texts, and some of what was missed."""
    print(f"{'fault':22} {'caught':>13}   complaint that caught it")
    for kind, row in score.rows.items():
        if row.made:
            by = ", ".join(f"{name} {n}" for name, n in row.by.most_common(4))
            mark = " (only by ASR; not counted)" if kind == ALIKE else ""
            print(
                f"{kind:22} {row.caught:4} of {row.made:4} {row.caught / row.made:6.1%} {by}{mark}"
            )
    caught, made = score.caught
    if made:
        print(f"{'all faults':22} {caught:4} of {made:4} {caught / made:6.1%}")
    alarms = len(score.alarms)
    print(f"{'clean takes suspected':22} {alarms:4} of {score.clean:4} {alarms / score.clean:6.2%}")
    for alarm in score.alarms:
        print(f"  false alarm: {alarm}")
    for kind, row in score.rows.items():
        for missed in row.missed[:3] if kind != ALIKE else ():
            print(f"  missed, {kind}: {missed[:110]}")
    each = 1000 * score.judging_s / max(score.audio_s, 1e-9) * 3
    print(f"CPU: {each:.2f} ms for each 3 s of audio, {score.audio_s:.0f} s judged")


def plain(score: Score) -> dict[str, object]:
    """The figures as JSON values."""
    caught, made = score.caught
    return {
        "clean": score.clean,
        "false_alarms": len(score.alarms),
        "faults": made,
        "caught": caught,
        "rows": {
            kind: {"made": row.made, "caught": row.caught, "by": dict(row.by)}
            for kind, row in score.rows.items()
        },
        "ms_per_3_s": 3000 * score.judging_s / max(score.audio_s, 1e-9),
        "passed": score.passed,
    }


def language_of(book: str) -> tuple[Path, str]:
    """A book's path and language."""
    if book.startswith(("zh:", "en:")):
        return Path(book[3:]), book[:2]
    return Path(book), "zh" if re.search("[\u3400-\u9fff]|kong-yiji", book) else "en"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables; exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("books", nargs="*", metavar="BOOK")
    parser.add_argument("--takes", type=int, default=60, help="of each voice in each book")
    parser.add_argument("--tuning", action="store_true", help="the voices tuned on")
    parser.add_argument("--voices", nargs="+", metavar="VOICE", help="espeak's: en-us+m1@180 …")
    parser.add_argument("--unseen", action="store_true", help="voices of the written-down draw")
    parser.add_argument("--tone", action="store_true", help="clean takes of the tone engine")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    books = [language_of(str(book)) for book in given.books or BOOKS]
    speakers = TUNING if given.tuning else REPORTED
    if given.voices:
        speakers = [
            speaker
            for voice in given.voices
            for speaker in espeak("zh" if voice.startswith("cmn") else "en", voice)
        ]
    if given.unseen:
        speakers = verdictdraw.unseen()
    if given.tone:
        names = [preset.name for preset in ToneEngine().presets()]
        speakers = [Speaker("tone", name, lang) for name in names for lang in ("en", "zh")]
    with Studio() as studio:
        score = measure(studio, speakers, books, given.takes)
    if given.json:
        print(json.dumps(plain(score), ensure_ascii=False, indent=2))
    else:
        show(score)
    return 0 if score.passed else 1


if __name__ == "__main__":
    sys.exit(main())
