"""Really bad files, each the good one but for one thing, and who else hears the same."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from mastering_sounds import speech
from numpy.typing import NDArray

from audio import ffmpeg
from audio.measuring.check import REMINDER, check
from audio.measuring.measure import measure
from audio.profiles import Profile, load_profile

ACX = load_profile("acx")
Sound = NDArray[np.float64]
CBR = ("-c:a", "libmp3lame", "-b:a", "192k", "-compression_level", "9")


def good_sound(seconds: float = 6.0) -> Sound:
    return speech(seconds, level_db=-20.6).astype(np.float64) / 32768


def with_peak(sound: Sound) -> Sound:
    sound[90_000:90_200] = 0.8 * np.sin(np.arange(200) * 0.3)
    return sound


def between_samples(sound: Sound) -> Sound:
    """A burst whose tops fall between the samples: 3 dB more than any of them."""
    sound[90_000:90_100] = 1.2 * np.hanning(100) * np.sin(np.pi / 2 * np.arange(100) + np.pi / 4)
    return sound


def clipped(sound: Sound) -> Sound:
    sound[90_000:90_010] = 1.0
    return sound


def noisy(sound: Sound) -> Sound:
    return sound + np.random.default_rng(2).normal(0, 10 ** (-56 / 20), len(sound))


def dead(sound: Sound) -> Sound:
    sound[90_000:125_000] = 0
    return sound


def room_tone(seconds: float) -> Sound:
    return np.random.default_rng(5).normal(0, 10 ** (-72 / 20), round(seconds * 44100))


def cut_in_a_pause(path: Path) -> None:
    """Two stories and a pause of 2.2 s between them: what is left ends like a whole file."""
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * 6.2 / 12)])


def spoil_a_frame(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[70_000:70_100] = bytes(100)  # in the first pause
    content[70_300:70_900] = bytes(600)
    path.write_bytes(content)


@dataclass(frozen=True)
class Bad:
    """A recipe: what is done to the good sound, how it is encoded, what happens to the file."""

    rule: str
    sound: Callable[[], Sound] = good_sound
    options: tuple[str, ...] = CBR
    suffix: str = "mp3"
    channels: int = 1
    profile: Profile = field(default=ACX)
    after: Callable[[Path], None] | None = None


RULES = dataclasses.replace
WAV = ("-c:a", "pcm_s16le")
BAD = {
    "too loud": Bad("rms", lambda: good_sound() * 1.42),
    "too quiet": Bad("rms", lambda: good_sound() * 0.6),
    "a peak": Bad("peak", lambda: with_peak(good_sound())),
    "a true peak above the samples": Bad(
        "true peak",
        lambda: between_samples(good_sound() * 1.08),
        profile=RULES(load_profile("podcast"), peak_max_db=-1.0),
        options=("-c:a", "flac"),
        suffix="flac",
    ),
    "clipped": Bad("clipping", lambda: clipped(good_sound()), WAV, "wav"),
    "noise": Bad("noise floor", lambda: noisy(good_sound())),
    "dead silence": Bad("room tone", lambda: dead(good_sound())),
    "no head": Bad("silence at the start", lambda: good_sound()[36_000:]),
    "a long head": Bad(
        "silence at the start", lambda: np.concatenate((room_tone(0.6), good_sound()))
    ),
    "no tail": Bad("silence at the end", lambda: good_sound()[:-50_000]),
    "a long tail": Bad(
        "silence at the end", lambda: np.concatenate((good_sound() * 1.3, room_tone(4)))
    ),
    "variable bitrate": Bad(
        "bitrate mode", options=("-c:a", "libmp3lame", "-abr", "1", "-b:a", "288k")
    ),
    "128 kbit/s": Bad("bitrate", options=("-c:a", "libmp3lame", "-b:a", "128k")),
    "48 kHz": Bad("sample rate", options=(*CBR, "-ar", "48000")),
    "cut short": Bad(
        "whole", lambda: np.concatenate((good_sound(), good_sound())), after=cut_in_a_pause
    ),
    "a damaged frame": Bad("whole", after=spoil_a_frame),
    "five channels": Bad(
        "channels", lambda: np.repeat(good_sound(), 5), WAV, "wav", 5, load_profile("draft")
    ),
    "too long": Bad("length", profile=RULES(ACX, max_minutes=0)),
    "no MP3": Bad("format", options=("-c:a", "flac"), suffix="flac"),
    "too soft for a podcast": Bad(
        "loudness", lambda: good_sound() * 0.8, profile=load_profile("podcast")
    ),
    "stereo at the bitrate of mono": Bad(
        "bitrate",
        lambda: np.repeat(good_sound(), 2),
        channels=2,
        profile=load_profile("google-play"),
    ),
}


def made(bad: Bad, path: Path) -> Path:
    samples = np.round(np.clip(bad.sound(), -1, 1) * 32767).astype("<i2")
    arguments = ["-f", "s16le", "-ar", "44100", "-ac", str(bad.channels), "-i", "pipe:0"]
    arguments += [*bad.options, "-y", ffmpeg.url(path)]
    ffmpeg.run(arguments, timeout_s=60, stdin=samples.tobytes())
    if bad.after is not None:
        bad.after(path)
    return path


@pytest.mark.parametrize("name", BAD)
def test_a_really_bad_file_fails_for_its_own_reason_only(tmp_path: Path, name: str) -> None:
    bad = BAD[name]
    profile = bad.profile
    if bad.suffix != "mp3" and bad.rule != "format":
        profile = dataclasses.replace(profile, formats=())
    if bad.rule == "clipping":
        profile = dataclasses.replace(profile, peak_max_db=None)  # full scale is a peak, too
    result = check(made(bad, tmp_path / f"x.{bad.suffix}"), profile)
    assert {f.rule for f in result.findings if not f.ok} == {bad.rule}
    assert not result.passed


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(Bad(""), tmp_path_factory.mktemp("good") / "x.mp3")


def test_the_same_file_unspoiled_passes(good: Path) -> None:
    result = check(good, ACX)
    assert result.passed
    assert result.notes == (REMINDER,)
    assert check(good, load_profile("draft")).notes == ()
    content = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert content["path"] == str(good)
    assert content["profile"] == "acx"
    assert {"rule", "measured", "wanted", "ok", "advice"} == set(content["findings"][0])
    assert content["measured"]["format"] == "mp3"
    assert content["notes"] == [REMINDER]


def by_ffmpeg(path: Path) -> dict[str, float]:
    """RMS, peak, true peak and loudness as ffmpeg's own meters see them."""
    meters = "astats=measure_perchannel=none,ebur128=peak=true:framelog=quiet"
    arguments = ["-loglevel", "info", "-i", ffmpeg.url(path), "-map", "0:a:0", "-af", meters]
    said = ffmpeg.run([*arguments, "-f", "null", "-"], timeout_s=60).stderr
    patterns = {
        "rms_db": r"RMS level dB: (\S+)",
        "peak_db": r"Peak level dB: (\S+)",
        "true_peak_db": r"\bPeak:\s+(\S+) dBFS",
        "lufs": r"\bI:\s+(\S+) LUFS",
    }
    return {name: float(re.findall(pattern, said)[-1]) for name, pattern in patterns.items()}


def test_ffmpegs_own_meters_agree_on_encoded_files(good: Path, tmp_path: Path) -> None:
    m4b = made(Bad("", options=("-c:a", "aac", "-b:a", "64k", "-f", "ipod")), tmp_path / "x.m4b")
    for path in (good, m4b):
        measured = measure(path)
        for name, theirs in by_ffmpeg(path).items():
            assert getattr(measured, name) == pytest.approx(theirs, abs=0.1), (path.name, name)
