"""Loudness and true peak by ITU-R BS.1770, from ffmpeg's ``ebur128``.

``METER`` stands last in a filter chain and changes no sample; ``loudness`` reads what it
printed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from audio.measuring.meter import NOTHING_DB
from castbook.errors import BrokenPromise

METER: Final = "ebur128=peak=true:framelog=quiet"
_SILENT_LUFS: Final = -70.0  # the meter's absolute gate: what it shows for silence
_NUMBERS: Final = {
    "integrated": r"\bI:\s+(\S+) LUFS",
    "range": r"\bLRA:\s+(\S+) LU\b",
    "true peak": r"\bPeak:\s+(\S+) dBFS",
}


@dataclass(frozen=True, slots=True)
class Loudness:
    """What the meter printed (it rounds to 0.1)."""

    lufs: float
    range_lu: float
    true_peak_db: float


def loudness(stderr: str) -> Loudness:
    """The summary in what ffmpeg printed at log level ``info``.

    Raises:
        BrokenPromise: there is none.
    """
    summary = stderr.rpartition("Summary:")[2]
    values: dict[str, float] = {}
    for name, pattern in _NUMBERS.items():
        match = re.search(pattern, summary)
        if match is None:
            raise BrokenPromise(f"ffmpeg's ebur128 printed no {name}: {stderr[-300:]!r}")
        number = float(match[1])
        values[name] = number if math.isfinite(number) else NOTHING_DB
    return Loudness(
        lufs=max(_SILENT_LUFS, values["integrated"]),
        range_lu=max(0.0, values["range"]),
        true_peak_db=max(NOTHING_DB, values["true peak"]),
    )
