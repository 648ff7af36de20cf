"""AAC of speech: ffmpeg's two coders at four bitrates. What is lost, and what does it cost?

    python -m benchmarks.aac [MASTER.flac …] [--minutes 3] [--json]

Without files, four espeak voices read a book: resampled, levelled and laid on room tone like
a master. Every row is encoded, decoded and compared with the samples that went in:

- *NMR*: noise to mask. The error's power in half Bark bands against what the speech masks
  there (level spread over neighbouring bands, 27 dB a Bark downwards and 10 upwards; below it
  by the offsets of ITU-R BS.1387, never under the threshold of hearing with full scale at
  92 dB SPL). *mean* in dB, and the share of frames in which some band is 1.5 dB over its mask.
- *LSD*: log-spectral distance of the bands up to 11 kHz, dB, of frames with speech in them.
- *CPU* seconds per hour of audio, encoder alone. *real*: the bitrate as it came out, with ADTS
  headers of 2.4 kbit/s, which M4B files do not hold.

No listening test: these are measures of what a listener could hear, lower is better.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from audio import ffmpeg
from audio.joins.stitch import resample
from audio.mastering.roomtone import RoomTone, tone_key
from audio.packaging.aac import BLOCK, encode_aac
from audio.packaging.m4a import write_m4a
from audio.packaging.sound import ChapterFile
from audio.pcm import Pcm
from audio.profiles import AacCoder, Profile, load_profile
from benchmarks.espeak_pool import PRESETS, read_sentences
from tts.engine import Request, Speech, Voice
from tts.espeak import EspeakEngine

RATE: Final = 44100
KBPS: Final = (48, 64, 96, 128)
CODERS: Final[tuple[AacCoder, ...]] = ("fast", "twoloop")
_WINDOW: Final = 2048
_STEP: Final = 1024
_FULL_SCALE_SPL: Final = 92.0
_SPOKEN_DB: Final = -50.0  # frames below it are room tone, not speech
_LSD_HZ: Final = 11000.0  # espeak has nothing above

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """One encoder against all masters."""

    coder: str
    kbps: int
    real_kbps: float
    nmr_db: float
    audible: float  # share of frames, 0…1
    lsd_db: float
    cpu_s_per_hour: float


class Ear:
    """Half Bark bands of a windowed spectrum, and what a sound masks in them."""

    def __init__(self, rate: int) -> None:
        hz = np.fft.rfftfreq(_WINDOW, 1 / rate)
        bark = 13 * np.arctan(0.00076 * hz) + 3.5 * np.arctan((hz / 7500) ** 2)
        band = np.minimum((bark * 2).astype(int), int(bark[-1] * 2))
        self._bands = np.zeros((len(hz), band.max() + 1))
        self._bands[np.arange(len(hz)), band] = 1
        self._bands = self._bands[1:, self._bands[1:].any(axis=0)]  # without DC and empty ones
        centre = (self._bands * bark[1:, None]).sum(0) / self._bands.sum(0)
        self.hz = (self._bands * hz[1:, None]).sum(0) / self._bands.sum(0)
        apart = centre[None, :] - centre[:, None]  # from the masker to the masked
        self._spread = 10 ** (np.where(apart >= 0, -10 * apart, 27 * apart) / 10)
        self._offset = 10 ** (-np.where(centre <= 12, 3.0, 0.25 * centre) / 10)
        khz = np.maximum(self.hz, 20) / 1000
        quiet = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
        self._quiet = 10 ** ((quiet - _FULL_SCALE_SPL) / 10)
        shape = np.hanning(_WINDOW)
        self._shape = shape / np.sqrt(np.sum(shape**2) * _WINDOW / 2)  # a band's power is its share

    def powers(self, sound: Samples) -> Samples:
        """(frames, bands): power of each half Bark, full scale is 1."""
        frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_STEP]
        spectrum = np.abs(np.fft.rfft(frames * self._shape, axis=1)) ** 2
        powers: Samples = spectrum[:, 1:] @ self._bands
        return powers

    def masks(self, powers: Samples) -> Samples:
        """(frames, bands): the noise that can just be heard beside these powers."""
        masks: Samples = np.maximum(powers @ self._spread * self._offset, self._quiet)
        return masks


def compare(before: Samples, after: Samples, ear: Ear) -> tuple[Samples, Samples, Samples]:
    """Of two sounds, −1…1: noise to mask (frames, bands), whether spoken, spectral distance."""
    clean, noise = ear.powers(before), ear.powers(after - before)
    spoken = 10 * np.log10(clean.sum(axis=1) + 1e-12) > _SPOKEN_DB
    low = ear.hz < _LSD_HZ
    levels = [10 * np.log10(p[:, low] + 1e-10) for p in (clean, ear.powers(after))]
    distance: Samples = np.sqrt(np.mean((levels[0] - levels[1]) ** 2, axis=1))
    return noise / ear.masks(clean), spoken, distance


def measure(masters: Sequence[ChapterFile], profile: Profile, folder: Path) -> Row:
    """Encodes all masters with the profile's coder and bitrate, and compares."""
    ear = Ear(RATE)
    ratios, distances = [], []
    seconds = size = cpu = 0.0
    for master in masters:
        packets, sound = folder / "x.aac", folder / "x.m4a"
        began = _children_s()
        encode_aac(packets, master, profile)
        cpu += _children_s() - began
        seconds += master.frames / RATE
        size += packets.stat().st_size
        write_m4a(sound, [packets], rate=RATE)
        decode = ["-i", ffmpeg.url(sound), "-f", "s16le", "pipe:1"]
        output = ffmpeg.run(decode, timeout_s=600).stdout
        before = np.frombuffer(b"".join(master.pcm()), "<i2") / 32768
        after = np.frombuffer(output, "<i2") / 32768
        for at in range(0, len(before) - _WINDOW, 60 * RATE):
            minute = slice(at, at + 60 * RATE)
            if len(before[minute]) < _WINDOW:
                continue
            ratio, spoken, distance = compare(before[minute], after[minute], ear)
            ratios.append(ratio[spoken])
            distances.append(distance[spoken])
    ratio = np.concatenate(ratios)
    return Row(
        coder=profile.aac_coder,
        kbps=profile.m4b_kbps,
        real_kbps=round(size * 8 / seconds / 1000, 1),
        nmr_db=round(float(10 * np.log10(ratio.mean())), 2),
        audible=round(float(np.mean(ratio.max(axis=1) > 10**0.15)), 4),
        lsd_db=round(float(np.concatenate(distances).mean()), 3),
        cpu_s_per_hour=round(cpu / seconds * 3600, 1),
    )


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def spoken_masters(folder: Path, minutes: float) -> Iterator[ChapterFile]:
    """A master by each espeak voice, ``minutes`` together."""
    engine = EspeakEngine({"workers": 1})
    engine.load()
    sentences = read_sentences(None, 200)
    for number, preset in enumerate(PRESETS):
        engine.prepare(Voice(preset, preset=preset))
        parts: list[Pcm] = []
        wanted = minutes * 60 * RATE / len(PRESETS)
        for text in sentences[number :: len(PRESETS)]:
            found = dict(engine.synthesize([Request("x", text, "en", preset, 1)]))["x"]
            if not isinstance(found, Speech):
                sys.exit(f"{text!r}: {found.reason}")
            parts += [resample(found.pcm, found.rate, RATE), np.zeros(RATE * 35 // 100, np.int16)]
            if sum(map(len, parts)) >= wanted:
                break
        yield _master(folder / f"{number}.flac", preset, np.concatenate(parts))
    engine.unload()


def _master(path: Path, title: str, speech: Pcm) -> ChapterFile:
    """At -20.5 dB RMS under -3.6 dB, on room tone, a whole number of AAC blocks long."""
    acx = load_profile("acx")
    speech = speech[: len(speech) // BLOCK * BLOCK]
    gain = 10 ** (acx.rms_target_db / 20) / np.sqrt(np.mean((speech / 32768) ** 2))
    ceiling = 32768 * 10 ** (acx.peak_db / 20)
    samples = np.clip(speech * gain, -ceiling, ceiling).astype(np.int16)
    bed = RoomTone(tone_key(title), RATE, acx.room_tone_db or -72.0).frames(0, len(samples))
    soundfile.write(path, samples + bed, RATE, subtype="PCM_16")
    return ChapterFile(path, title, len(samples), RATE)


def given_masters(paths: Sequence[Path], folder: Path) -> Iterator[ChapterFile]:
    """Masters of a finished book, cut to whole AAC blocks."""
    for number, path in enumerate(paths):
        samples, rate = soundfile.read(path, dtype="int16")
        if rate != RATE or samples.ndim != 1:
            sys.exit(f"{path}: expected a mono master of {RATE} Hz")
        samples = samples[: len(samples) // BLOCK * BLOCK]
        copy = folder / f"{number}.flac"
        soundfile.write(copy, samples, RATE, subtype="PCM_16")
        yield ChapterFile(copy, path.stem, len(samples), RATE)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.aac", description=__doc__)
    parser.add_argument("masters", nargs="*", type=Path)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    profile = load_profile("acx")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        masters = list(
            given_masters(chosen.masters, folder)
            if chosen.masters
            else spoken_masters(folder, chosen.minutes)
        )
        rows = [
            measure(masters, dataclasses.replace(profile, m4b_kbps=k, aac_coder=coder), folder)
            for k in KBPS
            for coder in CODERS
        ]
    seconds = sum(master.frames for master in masters) / RATE
    if chosen.json:
        values: dict[str, Any] = {"seconds": seconds, "ffmpeg": ffmpeg.version()}
        print(json.dumps({**values, "rows": [asdict(row) for row in rows]}))
        return 0
    print(f"{len(masters)} masters, {seconds:.0f} s of speech; {ffmpeg.version()}")
    print("| kbit/s | coder | real | NMR dB | audible frames | LSD dB | CPU s per hour |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row.kbps} | {row.coder} | {row.real_kbps} | {row.nmr_db} | {row.audible:.1%} | "
            f"{row.lsd_db} | {row.cpu_s_per_hour} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
