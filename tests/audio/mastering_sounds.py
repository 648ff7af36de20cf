"""Small sounds and books that the tests of mastering and packaging are made of."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from audio.packaging.metadata import BookMetadata
from audio.packaging.sound import ChapterFile

BOOK = BookMetadata(
    title="灯塔 & the “Keeper”; = # \\ end",
    author="Anna O'Neill",
    narrator="espeak en-us, en-gb",
    subtitle="A story",
    series="Lights #1; or =",
    series_part="2",
    language="zh-CN",
    publisher="Castbook Press",
    year=1890,
    isbn="9780000000000",
    genres=("Mystery", "Sea"),
    description="Line one\nline two; = # \\",
    disclosure="The narration is synthetic.",
)


@functools.lru_cache(maxsize=32)
def speech(
    seconds: float,
    rate: int = 44100,
    *,
    level_db: float = -24.0,
    bed_db: float = -72.0,
    seed: int = 1,
) -> NDArray[np.int16]:
    """Bursts of harmonics with pauses over a faint noise: room tone at both ends."""
    frames = round(seconds * rate)
    t = np.arange(frames) / rate
    rng = np.random.default_rng(seed)
    voice = sum(np.sin(2 * np.pi * 110 * k * t + k) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 2.1 * t) * 1.5, 0, 1) * (
        np.sin(2 * np.pi * 0.37 * t) > -0.6
    )
    edges = (t > 0.75) & (t < seconds - 1.5)
    sound = voice * syllables * edges
    power = float(np.sqrt(np.mean(sound**2)))
    sound *= 10 ** (level_db / 20) / power if power > 0 else 0.0
    sound += rng.normal(0, 10 ** (bed_db / 20), frames)
    samples: NDArray[np.int16] = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
    samples.setflags(write=False)  # shared between tests
    return samples


def wav(path: Path, samples: NDArray[np.int16], rate: int = 44100) -> Path:
    """Writes ``samples`` (frames,) or (frames, channels) in the format of the suffix."""
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def chapter(
    folder: Path, title: str, seconds: float = 1.0, rate: int = 44100, seed: int = 1
) -> ChapterFile:
    """A tiny master."""
    samples = speech(seconds, rate, seed=seed)
    path = wav(folder / f"master-{seed}-{len(samples)}.flac", samples, rate)
    return ChapterFile(path=path, title=title, frames=len(samples), rate=rate)


def picture(path: Path, kind: str = "png") -> Path:
    """A cover of 64 x 64 pixels, made by ffmpeg."""
    from audio import ffmpeg

    source = ["-f", "lavfi", "-i", "color=c=navy:s=64x64:d=0.04:r=25", "-frames:v", "1"]
    coder = {"png": "png", "jpeg": "mjpeg", "gif": "gif"}[kind]
    pixels = ["-pix_fmt", "yuvj420p", "-strict", "-1"] if kind == "jpeg" else []
    muxer = "gif" if kind == "gif" else "image2pipe"
    output = ffmpeg.run([*source, "-c:v", coder, *pixels, "-f", muxer, "pipe:1"], timeout_s=60)
    path.write_bytes(output.stdout)
    return path


def fake_ffmpeg(folder: Path, script: str) -> str:
    """A shell script in ffmpeg's place."""
    path = folder / "ffmpeg-fake"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)
