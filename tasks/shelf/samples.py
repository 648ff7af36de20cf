"""Uploaded recordings: decoded under limits, trimmed, judged, and what to say about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import soxr

from audio.pcm import FULL_SCALE, Pcm
from audio.recordings.speech import FRAMES_PER_S, find_speech
from audio.recordings.transcripts import check_transcript
from audio.reference import MOST_BYTES, Clip, read_reference
from castbook.errors import VoiceError
from castbook.files import temporary_beside

if TYPE_CHECKING:
    from tasks.ears.listener import Recogniser

_MOST_RATE: Final = 48_000  # Hz: engines hear 24000 at the most, and 30 s are then 3 MB
_EDGE_S: Final = 0.3  # of silence is left before and after the speech
_TOLD_S: Final = 0.2  # less that was cut off is not worth a word


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording that can become a voice."""

    pcm: Pcm  # mono, its long silent edges cut off
    rate: int  # Hz, its own, 48000 at the most
    transcript: str
    advice: tuple[str, ...]  # what is weak about it, for people
    facts: Mapping[str, float]  # measured on the recording as it came


def read_recording(path: Path, place: str) -> Clip:
    """Any audio under the limits of a reference clip.

    Raises:
        VoiceError: no audio, damaged, too long or short, silent; ``place`` is the field.
    """
    try:
        return read_reference(path)
    except VoiceError as error:
        message = error.message
        if path.name in message:  # a decoder's words: the service's paths are nobody's business
            message = message.partition(" (")[0]
        raise VoiceError(message, place=place, expected=error.expected, hint=error.hint) from error


def read_sample(
    path: Path,
    transcript: str,
    language: str,
    recogniser: Recogniser | None = None,
    *,
    wordless: bool = False,
) -> Sample:
    """A clip and its words, checked against each other.

    Args:
        transcript: "" is heard by the recogniser.
        wordless: the words may be missing.

    Raises:
        VoiceError: the clip cannot be used; nobody says what is spoken in it; the words cannot
            be those of the clip.
    """
    clip = read_recording(path, "audio_sample")
    pcm, cut = trimmed(clip.pcm, clip.rate)
    rate = min(clip.rate, _MOST_RATE)
    if rate < clip.rate:
        pcm = soxr.resample(pcm, clip.rate, rate, quality="VHQ")
    advice = list(clip.warnings)
    for seconds, where in zip(cut, ("begin", "end"), strict=True):
        if seconds > _TOLD_S:
            advice.append(f"{seconds:.1f} s of silence at its {where} were cut off")
    words = " ".join(transcript.split())
    if not words and not wordless:
        words = _heard(pcm, rate, language, recogniser)
        advice.append(f"its words were heard, not told: are they {words!r}?")
    if words:
        refused, odd = check_transcript(words, language, clip.speech_s, len(pcm) / rate)
        advice += odd
        if refused is not None:
            raise VoiceError(
                refused.message, place="transcript", expected=refused.expected, hint=refused.hint
            )
    facts = {
        "rate": float(clip.rate),
        "seconds": round(clip.seconds, 3),
        "kept_s": round(len(pcm) / rate, 3),
        "speech_s": round(clip.speech_s, 3),
        "peak": round(clip.peak, 4),
        "rms_db": round(clip.rms_db, 1),
        "noise_db": round(clip.noise_db, 1),
    }
    return Sample(pcm, rate, words, tuple(advice), facts)


def read_bytes(
    content: bytes, folder: Path, transcript: str, language: str,
    recogniser: Recogniser | None = None, *, wordless: bool = False,
) -> Sample:  # fmt: skip
    """``read_sample`` of bytes: M4A and WebM are read from files only.

    Args:
        folder: in which a temporary file may be.
    """
    if len(content) > MOST_BYTES:
        raise VoiceError(
            "the clip is too large", place="audio_sample", expected=f"at most {MOST_BYTES} bytes"
        )
    with temporary_beside(folder / "sample") as temporary:
        temporary.write_bytes(content)
        return read_sample(temporary, transcript, language, recogniser, wordless=wordless)


def trimmed(pcm: Pcm, rate: int) -> tuple[Pcm, tuple[float, float]]:
    """A clip without its long silent edges, and the seconds cut off at each."""
    size = rate // FRAMES_PER_S
    whole = len(pcm) // size * size
    frames = pcm[:whole].reshape(-1, size) / FULL_SCALE
    power = np.einsum("ij,ij->i", frames, frames) / size
    starts, ends = find_speech(power).stretches(0.0)
    if not len(starts):
        return pcm, (0.0, 0.0)
    edge = round(_EDGE_S * rate)
    first = max(0, int(starts[0]) * size - edge)
    last = min(len(pcm), int(ends[-1]) * size + edge)
    return pcm[first:last], (first / rate, (len(pcm) - last) / rate)


def _heard(pcm: Pcm, rate: int, language: str, recogniser: Recogniser | None) -> str:
    if recogniser is not None:
        from tasks.ears.machine import samples_for

        heard = recogniser.hear(samples_for(pcm, rate), language)
        if heard is not None and heard.text.strip():
            return " ".join(heard.text.split())
    raise VoiceError(
        "nobody says which words are spoken in the clip", place="transcript",
        expected="every word of the clip and no other",
        hint="send the field transcript; a service with castbook[asr] and its model listens itself",
    )  # fmt: skip
