"""What measuring costs, by meter and by decoder, and how far ffmpeg's own meters are from ours.

    python -m benchmarks.measuring [MASTER.flac]   (a chapter: it is held in memory)

Without a master, ten minutes of something like speech are made. Costs are CPU seconds per
hour of mono sound, this process and its children; the best of three runs, because other work
on the machine only ever adds.
"""

from __future__ import annotations

import re
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from audio import ffmpeg
from audio.measuring.loudness import LoudnessMeter
from audio.measuring.measure import Measured, measure
from audio.measuring.meter import Meter

_BLOCK: Final = 1 << 17
_RUNS: Final = 3
_METERS: Final = "astats=measure_perchannel=none,ebur128=peak=true:framelog=quiet"
_THEIRS: Final = {
    "rms_db": r"RMS level dB: (\S+)",
    "peak_db": r"Peak level dB: (\S+)",
    "true_peak_db": r"\bPeak:\s+(\S+) dBFS",
    "lufs": r"\bI:\s+(\S+) LUFS",
    "loudness_range_lu": r"\bLRA:\s+(\S+) LU\b",
}


def main() -> None:
    """Prints both tables."""
    with tempfile.TemporaryDirectory() as folder:
        master = Path(sys.argv[1]) if sys.argv[1:] else _made(Path(folder) / "master.flac")
        samples, rate = soundfile.read(master, dtype="float32")
        hours = len(samples) / rate / 3600
        mp3, m4b = Path(folder) / "x.mp3", Path(folder) / "x.m4b"
        options = {mp3: ["-b:a", "192k"], m4b: ["-aac_coder", "fast", "-b:a", "64k", "-f", "ipod"]}
        for path, how in options.items():
            ffmpeg.run(["-i", ffmpeg.url(master), *how, ffmpeg.url(path)], timeout_s=3600)
        print(f"{hours * 60:.0f} min of mono sound, CPU s per hour of it")
        for name, step in (
            ("Meter", lambda: _feed(samples, Meter(rate))),
            ("LoudnessMeter", lambda: _feed(samples, LoudnessMeter(rate))),
            ("measure MP3, by ffmpeg", lambda: measure(mp3)),
            ("measure MP3, ours", lambda: measure(mp3, ours=True)),
            ("measure M4B", lambda: measure(m4b)),
            ("ffmpeg astats + ebur128, MP3", lambda: _theirs(mp3)),
        ):
            print(f"  {name:<30} {_cpu_s(step) / hours:6.2f}")
        print("figure, ours, ffmpeg's")
        for path in (mp3, m4b):
            ours = measure(path)
            for name, value in _theirs(path).items():
                print(f"  {path.suffix} {name:<18} {getattr(ours, name):8.2f} {value:8.2f}")


def _cpu_s(step: Callable[[], Measured | dict[str, float] | None]) -> float:
    def spent() -> float:
        who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, who))

    costs = []
    for _ in range(_RUNS):
        before = spent()
        step()
        costs.append(spent() - before)
    return min(costs)


def _feed(samples: NDArray[np.float32], meter: Meter | LoudnessMeter) -> None:
    for start in range(0, len(samples), _BLOCK):
        meter.add(samples[start : start + _BLOCK])


def _theirs(path: Path) -> dict[str, float]:
    arguments = ["-loglevel", "info", "-i", ffmpeg.url(path), "-map", "0:a:0", "-af", _METERS]
    said = ffmpeg.run([*arguments, "-f", "null", "-"], timeout_s=3600).stderr
    return {name: float(re.findall(pattern, said)[-1]) for name, pattern in _THEIRS.items()}


def _made(path: Path) -> Path:
    with soundfile.SoundFile(path, "w", 44100, channels=1, subtype="PCM_16") as file:
        for minute in _minutes(10):
            file.write(minute)
    return path


def _minutes(count: int) -> Iterator[NDArray[np.float64]]:
    """Harmonics of a voice in syllables and sentences, over room tone."""
    t = np.arange(60 * 44100) / 44100
    rng = np.random.default_rng(1)
    for minute in range(count):
        pitch = 100 + 20 * minute
        voice = sum(np.sin(2 * np.pi * pitch * k * t + k * k) / k for k in range(1, 20))
        syllables = np.clip(np.sin(2 * np.pi * 2.1 * t), 0, 1) * (np.sin(t * 1.7) > -0.6)
        yield 0.15 * voice * syllables + rng.normal(0, 10 ** (-72 / 20), t.size)


if __name__ == "__main__":
    main()
