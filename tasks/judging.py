"""The verdict on a take, from its samples and what its key was made of.

One object judges all takes of a run, so that a take gets the same verdict whoever asks: the
synthesis step, or the store that found audio without a sidecar. A verdict depends on the
audio, the request, the calibration takes of its voice and the policy's version; never on the
order of work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from audio.pcm import Pcm
from audio.verdicts.verdict import POLICY_VERSION, judge
from tasks.takes import TakeVerdict


class Ear(Protocol):
    """Listens to takes (tasks/hearing.py), where a recogniser is installed."""

    def heard(
        self, pcm: Pcm, rate: int, made_of: Mapping[str, Any], verdict: TakeVerdict
    ) -> TakeVerdict:
        """The verdict after listening; the same one when this take need not be heard."""
        ...


class Judging:
    """Judges takes.

    Args:
        ear: listens to some of them; None where nothing can.
    """

    def __init__(self, ear: Ear | None = None) -> None:
        self._ear = ear

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
        """
        found = judge(pcm, rate, str(made_of["spoken"]), str(made_of["language"]), signals=signals)
        verdict = TakeVerdict(
            found.good,
            found.usable,
            found.complaints,
            found.score,
            POLICY_VERSION,
            found.kinds,
        )
        return verdict if self._ear is None else self._ear.heard(pcm, rate, made_of, verdict)
