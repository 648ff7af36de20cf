"""Audio bytes from somewhere else to mono 16-bit PCM, or a sentence about what is wrong.

Bytes are believed, not labels: the format is told by its first bytes. A WAV that is shorter
than its header says was cut on its way; one whose header gives no length (streamed answers
say 0 or 2³² − 1) is as long as its bytes.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np

from tts.engine import Pcm

FORMATS = ("wav", "flac", "mp3", "opus", "pcm")
_STREAMED = (0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF - 36)  # RIFF sizes in use


class Undecodable(Exception):
    """The bytes are no audio of the format that was asked for; the message says why.

    ``other`` is true when they are something else altogether: asking again will not help.
    """

    def __init__(self, message: str, *, other: bool = False) -> None:
        super().__init__(message)
        self.other = other


@dataclass(frozen=True, slots=True)
class Decoded:
    """One clip."""

    pcm: Pcm
    rate: int  # Hz
    clipped: int  # samples beyond full scale


def sniff(data: bytes) -> str | None:
    """The format of ``data`` by its first bytes; None for raw PCM and everything unknown."""
    if data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        return "wav"
    if data[:4] == b"fLaC":
        return "flac"
    if data[:4] == b"OggS":
        return "opus"
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return "mp3"
    return None


def decode(data: bytes, wanted: str, rate: int) -> Decoded:
    """Decodes ``data``, which must be in the format ``wanted`` (one of ``FORMATS``).

    Args:
        rate: Hz of raw PCM, which has no header; other formats bring their own.

    Raises:
        Undecodable: empty, another format, cut short, damaged.
    """
    if not data:
        raise Undecodable("the answer is empty")
    if wanted == "pcm":
        return _raw(data, rate)
    found = sniff(data)
    if found != wanted:
        seen = f"{found} audio" if found else f"bytes that begin with {data[:12]!r}"
        raise Undecodable(f"asked for {wanted}, got {seen}", other=True)
    return _with_soundfile(_whole_wav(data) if wanted == "wav" else data, wanted)


def _raw(data: bytes, rate: int) -> Decoded:
    found = sniff(data)
    if found in ("wav", "flac", "opus"):  # the mark of MP3 is too short to mean anything in PCM
        raise Undecodable(f"asked for raw pcm, got {found} audio", other=True)
    if len(data) % 2:
        raise Undecodable(f"the audio is cut short: {len(data)} bytes of 16-bit samples")
    return Decoded(np.frombuffer(data, "<i2").astype(np.int16), rate, 0)


def _whole_wav(data: bytes) -> bytes:
    """``data`` with the true length in its header.

    Raises:
        Undecodable: the header promises more than there is.
    """
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"data":
            there = len(data) - at - 8
            if size in _STREAMED:
                head = struct.pack("<4sI", b"RIFF", len(data) - 8) + data[8 : at + 4]
                return head + struct.pack("<I", there) + data[at + 8 :]
            if size > there:
                raise Undecodable(f"the audio is cut short: {there} of {size} bytes")
            return data
        at += 8 + size + size % 2
    raise Undecodable("the audio is cut short: a WAV header without samples")


def _with_soundfile(data: bytes, name: str) -> Decoded:
    import soundfile  # 100 ms and libsndfile: not for the light half of an engine

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            rate: int = file.samplerate
            if file.subtype == "PCM_16" and file.channels == 1:
                pcm: Pcm = file.read(dtype="int16")
                return Decoded(pcm, rate, 0)
            # through floats: libsndfile would cut float files to -1, 0 and 1
            samples = file.read(dtype="float32", always_2d=True).mean(axis=1)
    except (soundfile.SoundFileError, ValueError) as error:
        raise Undecodable(f"the {name} audio is damaged: {error}") from error
    if not np.all(np.isfinite(samples)):
        raise Undecodable(f"the {name} audio holds samples that are no numbers")
    scaled = np.rint(samples * 32768.0)
    clipped = int(np.count_nonzero((scaled > 32767) | (scaled < -32768)))
    return Decoded(np.clip(scaled, -32768, 32767).astype(np.int16), rate, clipped)
