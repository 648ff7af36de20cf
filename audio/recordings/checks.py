"""What is wrong with a reference clip, and what is merely weak about it. Pure.

A clip is refused when no voice can be learnt from it: nobody speaks, it is mostly overdriven,
its channels cancel each other. Everything else is a warning with what to do: a person may
have nothing better. The bounds are judgements unless a figure says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.measuring.meter import CLIP, decibels
from audio.pcm import FULL_SCALE, Pcm
from audio.recordings.speech import FRAMES_PER_S, Speech, find_speech
from audio.verdicts.mains import mains

BEST_S: Final = (3.0, 10.0)  # what the zero-shot models we know ask for
LEAST_SPEECH_S: Final = 1.0

_SILENCE_DB: Final = -50.0  # the loudest 10 ms of a clip with nothing in it
_STEADY_DB: Final = 6.0  # less between loud and soft frames is one unbroken noise
_SYLLABLES: Final = 1.3  # in a second of sound: speech.py; low, for this one refuses
# Speech to pauses, 90th to 10th percentile of 10 ms frames. A quiet room gives 40 dB and
# more; below 20 dB a cloned voice audibly keeps the room. A judgement, not a measurement.
_QUIET_ROOM_DB: Final = 20.0
_CLIPPED_SHARE: Final = 1e-4
_RUINED_SHARE: Final = 0.15  # speech at six times full scale has 12 to 20 %
_CANCELLED: Final = 0.01  # of the channels' power is left in their mean
_PAUSES_JOINED_S: Final = 0.3
_SHORT_SPEECH_S: Final = 2.5
_LONG_PAUSE_S: Final = 1.2
_LONG_EDGE_S: Final = 1.0
_CUT_DB: Final = 12.0  # the first or last frames this near to the loud ones: inside a word
_CUT_FRAMES: Final = 2
_SOFT_DB: Final = -40.0
_TELEPHONE_HZ: Final = 16_000  # a lower rate has nothing above 8 kHz, where s and f live
# audio/verdicts/mains.py: 93 espeak voices in 5 s have at most 2.8; three lines of hum give 6.4
_HUM_DB: Final = 6.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a clip cannot be used."""

    message: str
    expected: str
    hint: str


@dataclass(frozen=True, slots=True)
class Quality:
    """A clip that can be used. Decibels relative to full scale."""

    speech_s: float  # seconds of speech, pauses below 0.3 s included
    noise_db: float  # 10th percentile of 10 ms frames: the room, if the clip has pauses
    warnings: tuple[str, ...]  # for people


def check_clip(samples: NDArray[np.float32], pcm: Pcm, rate: int) -> Quality | Refusal:
    """Judges a clip.

    Args:
        samples: float32 (n, channels) as decoded, full scale 1.
        pcm: int16 (n,), their mean.
        rate: Hz; at least a second.
    """
    size = rate // FRAMES_PER_S
    whole = len(pcm) // size * size
    frames = pcm[:whole].reshape(-1, size) / FULL_SCALE
    power: NDArray[np.float64] = np.einsum("ij,ij->i", frames, frames) / size
    refused = _channels(samples, pcm)
    if refused is None and float(power.max()) < 10 ** (_SILENCE_DB / 10):
        refused = Refusal(
            "the clip is silent",
            "clear speech",
            "check which track or channel was exported, and its volume",
        )
    if refused is not None:
        return refused
    levels = [decibels(float(np.sqrt(np.percentile(power, rank)))) for rank in (10, 90)]
    speech = find_speech(power)
    starts, ends = speech.stretches(_PAUSES_JOINED_S)
    speech_s = float((ends - starts).sum()) / FRAMES_PER_S
    clipped = float(np.mean(np.abs(samples) >= CLIP))
    refused = _nobody(speech, speech_s, levels[1] - levels[0]) or _ruined(clipped)
    if refused is not None:
        return refused
    found = [
        *_of_length(len(pcm) / rate, speech_s),
        *_of_pauses(starts, ends, len(power)),
        *_of_edges(power, speech),
        *_of_sound(clipped, levels[0], levels[1]),
    ]
    if rate < _TELEPHONE_HZ:
        found.append(f"the clip has only {rate} Hz, as a telephone: record at 24000 Hz or more")
    if mains(pcm, rate) > _HUM_DB:
        found.append("mains hums under the voice: it will keep that hum; record on a battery")
    return Quality(speech_s, levels[0], tuple(found))


def _channels(samples: NDArray[np.float32], pcm: Pcm) -> Refusal | None:
    if samples.shape[1] < 2:
        return None
    apart = float(np.mean(np.square(samples, dtype=np.float64)))
    together = float(np.mean(np.square(pcm / FULL_SCALE)))
    if apart < 10 ** (_SILENCE_DB / 10) or together > _CANCELLED * apart:
        return None
    return Refusal(
        "the left and the right channel cancel each other out",
        "mono, or two channels of the same sign",
        "export one channel only",
    )


def _nobody(speech: Speech, speech_s: float, range_db: float) -> Refusal | None:
    steady = range_db < _STEADY_DB
    if steady or not speech.heard or speech.syllables_a_second < _SYLLABLES:
        what = "its level never changes" if steady else "nothing in it rises and falls as speech"
        return Refusal(
            f"nobody speaks in the clip: {what}", "clear speech", "listen to it, and cut anew"
        )
    if speech_s < LEAST_SPEECH_S:
        return Refusal(
            f"only {speech_s:.1f} s of the clip are speech",
            "3 to 10 seconds of speech",
            "cut out the pauses, or record more",
        )
    return None


def _ruined(clipped: float) -> Refusal | None:
    if clipped < _RUINED_SHARE:
        return None
    return Refusal(
        f"the clip is overdriven throughout ({clipped:.0%} of it is cut off)",
        "a recording that never reaches full scale",
        "record it again, softer or farther from the microphone",
    )


def _of_length(seconds: float, speech_s: float) -> list[str]:
    if seconds < BEST_S[0]:
        return [f"the clip has only {seconds:.1f} s; 3 to 10 s clone better"]
    if seconds > BEST_S[1]:
        return [f"the clip has {seconds:.1f} s; engines use about the first 10"]
    if speech_s < _SHORT_SPEECH_S:
        return [f"only {speech_s:.1f} s of the clip are speech; 3 to 10 s clone better"]
    return []


def _of_pauses(starts: NDArray[np.int64], ends: NDArray[np.int64], frames: int) -> list[str]:
    found = []
    longest = float((starts[1:] - ends[:-1]).max(initial=0)) / FRAMES_PER_S
    if longest > _LONG_PAUSE_S:
        found.append(
            f"there is a pause of {longest:.1f} s in the clip: cut it out, or the voice will "
            "pause like that"
        )
    edges = {"begins": float(starts[0]), "ends": float(frames - ends[-1])}
    for edge, count in edges.items():
        if count > _LONG_EDGE_S * FRAMES_PER_S:
            found.append(f"the clip {edge} with {count / FRAMES_PER_S:.1f} s of silence: cut it")
    return found


def _of_edges(power: NDArray[np.float64], speech: Speech) -> list[str]:
    if speech.loud_db - speech.noise_db < _QUIET_ROOM_DB:
        return []  # noise is no word
    limit = 10 ** ((speech.loud_db - _CUT_DB) / 10)
    edges = {"begins": power[:_CUT_FRAMES], "ends": power[-_CUT_FRAMES:]}
    return [
        f"the clip {edge} inside a word: leave a short pause there"
        for edge, frames in edges.items()
        if frames.min() > limit
    ]


def _of_sound(clipped: float, noise_db: float, speech_db: float) -> list[str]:
    found = []
    if clipped > _CLIPPED_SHARE:
        found.append(f"the clip is overdriven ({clipped:.2%} of it is cut off): record it softer")
    if speech_db - noise_db < _QUIET_ROOM_DB:
        found.append(
            f"the clip is noisy (speech only {speech_db - noise_db:.0f} dB above the pauses): "
            "the voice will keep that noise"
        )
    if speech_db < _SOFT_DB:
        found.append(f"the clip is very soft ({speech_db:.0f} dB): record nearer or louder")
    return found
