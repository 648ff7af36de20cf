"""The verdict on a take, from its samples and what its key was made of.

One object judges all takes of a run, so that a take gets the same verdict whoever asks: the
synthesis step, or the store that found audio without a sidecar. A verdict depends on the
audio, the request, the calibration takes of its voice and the policy's version; never on the
order of work.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from audio.pcm import Pcm, read_flac
from audio.verdicts.habits import Habits, Spoken, learn
from audio.verdicts.verdict import POLICY_VERSION, judge
from tasks.plan import Line
from tasks.takes import TakeVerdict

_OF_THE_SOUND: Final = ("cut", "noise", "clipped", "silence")
_Manner = tuple[str, str, str, str]  # engine, voice digest, style, language


class Ear(Protocol):
    """Listens to takes (tasks/hearing.py), where a recogniser is installed."""

    def heard(
        self, pcm: Pcm, rate: int, made_of: Mapping[str, Any], verdict: TakeVerdict
    ) -> TakeVerdict:
        """The verdict after listening; the same one when this take need not be heard."""
        ...


class Judging:
    """Judges takes.

    Until ``learn`` has been called, and for voices and languages without calibration takes,
    a take is judged by bounds that hold for every voice.

    Args:
        ear: listens to some of them; None where nothing can.
    """

    def __init__(self, ear: Ear | None = None) -> None:
        self._ear = ear
        self._calibration: dict[_Manner, list[Line]] = {}
        self._habits: dict[_Manner, Habits | None] = {}
        self._lock = threading.Lock()

    def learn(self, calibration: Iterable[Line]) -> None:
        """From now on judges voices by the habits that their calibration takes show.

        Calibration takes themselves are made, and judged, before this is called: they are
        judged without. The takes are read when the first take of that voice is judged.
        """
        lines: dict[_Manner, list[Line]] = {}
        unique = {line.identity: line for line in calibration}  # two names of one voice
        for line in unique.values():
            lines.setdefault(_manner(line.ingredients.plain()), []).append(line)
        with self._lock:
            self._calibration.update(lines)
            self._habits.clear()

    def verdict(
        self,
        pcm: Pcm,
        rate: int,
        made_of: Mapping[str, Any],
        signals: Mapping[str, float] | None = None,
    ) -> TakeVerdict:
        """The verdict on audio.

        Args:
            made_of: the ingredients of its key (``Ingredients.plain``).
            signals: the engine's own.

        Raises:
            StorageError: a calibration take is damaged.
        """
        found = judge(
            pcm,
            rate,
            str(made_of["spoken"]),
            str(made_of["language"]),
            signals=signals,
            habits=self._habits_of(_manner(made_of)),
        )
        verdict = TakeVerdict(
            found.good,
            found.usable,
            found.complaints,
            found.score,
            POLICY_VERSION,
            found.kinds,
            level_db=found.level_db,
            pace=found.pace,
        )
        return verdict if self._ear is None else self._ear.heard(pcm, rate, made_of, verdict)

    def _habits_of(self, manner: _Manner) -> Habits | None:
        with self._lock:
            if manner not in self._habits:
                self._habits[manner] = _learnt(self._calibration.get(manner, ()))
            return self._habits[manner]


def _manner(made_of: Mapping[str, Any]) -> _Manner:
    """Who speaks how: takes with equal ones share their habits. The engine's fingerprint is
    no part of it, so that takes kept from before an update (``make --keep``) still count."""
    return (
        str(made_of["engine"]),
        str(made_of["voice"]),
        str(made_of["style"]),
        str(made_of["language"]),
    )


def _usual(kinds: Sequence[Sequence[str]]) -> frozenset[str]:
    """Complaints about the sound that most calibration takes of a voice give cause for: so it
    sounds, overdriven or in an echoing room, and its other takes are measured by that."""
    counts = Counter(kind for each in kinds for kind in each)
    return frozenset(kind for kind in _OF_THE_SOUND if 2 * counts[kind] > len(kinds))


def _learnt(lines: Sequence[Line]) -> Habits | None:
    """Habits only from a whole calibration: part of it now and more of it in a later run
    would judge equal takes differently."""
    takes = [(line, line.take) for line in lines if line.take is not None]
    if len(takes) < len(lines):
        return None
    usual = _usual([take.verdict.kinds for _, take in takes])
    spoken = []
    for line, take in takes:
        if take.verdict.usable and usual.issuperset(take.verdict.kinds):
            pcm, rate = read_flac(take.audio)
            made_of = line.ingredients
            spoken.append(Spoken(pcm, rate, made_of.spoken, made_of.language))
    return learn(spoken)
