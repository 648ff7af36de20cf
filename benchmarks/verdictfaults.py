"""Faults for ``benchmarks.verdicts``: what is done to a clean take, and when it counts.

The labels were fixed before any threshold was tuned. A fault that nobody could hear is none,
so each maker returns None where the take gives it no room:

| fault | what is done | counts when |
|---|---|---|
| truncated | ends at a random place, 20-90 % of what sounds | 0.15 s of sound is lost |
| last words cut | ends where one of the last one to three words begins | the same |
| looped twice, thrice | a phrase of three or more words, 0.6-2.5 s, is copied behind itself | |
| looped, varied | the same, twice; the copy up to 6 % faster or slower, 2 dB louder or quieter | |
| looped, spoken | the engine speaks a text in which the phrase stands twice | |
| gap | 1.0-2.5 s of silence at a random place inside | |
| mostly silence | after every 0.15-0.4 s of sound as much silence again, and more | |
| empty | all samples are nought, or a whisper of noise below −66 dBFS | |
| burst | 0.2-1 s of white or pink noise, −6 to +6 dB of the speech, at a random place | |
| hum | 50 or 60 Hz with harmonics, or hiss, 20-35 dB below the speech, under all of it | |
| clipped | 15-24 dB too much gain, cut off at full scale | |
| level | from a random place on, 10-16 dB quieter or louder; or the whole take 12-20 dB off | |
| other text, shorter or longer | another sentence of at most 0.55 or at least 1.8 times the \
letters | 12 letters' difference; a Han character counts as three |
| other text, alike | another sentence within 10 % of the letters | its own row, no fault of ours |

Copies are joined with fades of 5 ms. Lengths, places and levels come from a seed of the take.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from audio.pcm import Pcm
from benchmarks.verdicttakes import CleanTake

LOST_S: Final = 0.15
_FADE_S: Final = 0.005
_SOUND: Final = 10 ** (-45 / 20) * 32768  # what counts as sound where a fault is placed


def truncated(take: CleanTake, rng: random.Random) -> Pcm | None:
    first, last = _span(take.pcm)
    return _ended(take, first + round(rng.uniform(0.2, 0.9) * (last - first)))


def last_words_cut(take: CleanTake, rng: random.Random) -> Pcm | None:
    lost = rng.randint(1, 3)
    if len(take.words) <= lost:
        return None
    return _ended(take, take.words[-lost][2])


def looped(take: CleanTake, rng: random.Random, times: int) -> Pcm | None:
    place = phrase(take, rng)
    if place is None:
        return None
    begin, end = place
    part = take.pcm[begin:end]
    return _joined([take.pcm[:end], *[part] * (times - 1), take.pcm[end:]], take.rate)


def looped_varied(take: CleanTake, rng: random.Random) -> Pcm | None:
    place = phrase(take, rng)
    if place is None:
        return None
    begin, end = place
    part = take.pcm[begin:end].astype(np.float64)
    speed = rng.choice((-1, 1)) * rng.uniform(0.02, 0.06) + 1
    places = np.arange(0, len(part) - 1, speed)
    copy = np.interp(places, np.arange(len(part)), part) * 10 ** (rng.uniform(-2, 2) / 20)
    return _joined([take.pcm[:end], _pcm(copy), take.pcm[end:]], take.rate)


def looped_text(take: CleanTake, rng: random.Random) -> str | None:
    """The text with a phrase of it twice, for the engine to speak."""
    chosen = _phrase_words(take, rng)
    if chosen is None:
        return None
    first, last = chosen
    begin, end = take.words[first][0], take.words[last][1]
    join = "" if take.speaker.language == "zh" else " "
    return take.text[:end] + join + take.text[begin:end] + take.text[end:]


def phrase(take: CleanTake, rng: random.Random) -> tuple[int, int] | None:
    """Frames [begin, end) of a phrase."""
    chosen = _phrase_words(take, rng)
    if chosen is None:
        return None
    first, last = chosen
    end = take.words[last + 1][2] if last + 1 < len(take.words) else _span(take.pcm)[1]
    return take.words[first][2], end


def _phrase_words(take: CleanTake, rng: random.Random) -> tuple[int, int] | None:
    frames = [word[2] for word in take.words] + [_span(take.pcm)[1]]
    fitting = [
        (first, last)
        for first in range(len(take.words))
        for last in range(first + 2, len(take.words))
        if 0.6 <= (frames[last + 1] - frames[first]) / take.rate <= 2.5
    ]
    return rng.choice(fitting) if fitting else None


def gap(take: CleanTake, rng: random.Random) -> Pcm | None:
    first, last = _span(take.pcm)
    at = first + round(rng.uniform(0.2, 0.8) * (last - first))
    hole = np.zeros(round(rng.uniform(1.0, 2.5) * take.rate), np.int16)
    return _joined([take.pcm[:at], hole, take.pcm[at:]], take.rate)


def mostly_silence(take: CleanTake, rng: random.Random) -> Pcm | None:
    first, last = _span(take.pcm)
    if last - first < 0.8 * take.rate:
        return None
    parts, at = [take.pcm[:first]], first
    while at < last:
        size = round(rng.uniform(0.15, 0.4) * take.rate)
        parts += [take.pcm[at : at + size], np.zeros(round(size * rng.uniform(1, 1.5)), np.int16)]
        at += size
    return _joined(parts, take.rate)


def empty(take: CleanTake, rng: random.Random) -> Pcm | None:
    if rng.random() < 0.5:
        return np.zeros_like(take.pcm)
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, 8, len(take.pcm))
    return _pcm(noise)


def burst(take: CleanTake, rng: random.Random) -> Pcm | None:
    first, last = _span(take.pcm)
    size = min(round(rng.uniform(0.2, 1.0) * take.rate), last - first)
    if size < 0.2 * take.rate:
        return None
    at = rng.randint(first, last - size)
    noise = _noise(size, rng, pink=rng.random() < 0.5)
    return _added(take, noise, at, rng.uniform(-6, 6))


def hum(take: CleanTake, rng: random.Random) -> Pcm | None:
    count = len(take.pcm)
    if rng.random() < 0.3:
        sound = _noise(count, rng, pink=False)
    else:
        time = np.arange(count) / take.rate
        base = rng.choice((50.0, 60.0))
        sound = np.zeros(count)
        for harmonic in range(1, 6):
            phase = rng.uniform(0, 2 * np.pi)
            sound += rng.uniform(0.2, 1) * np.sin(2 * np.pi * base * harmonic * time + phase)
    return _added(take, sound, 0, rng.uniform(-35, -20))


def clipped(take: CleanTake, rng: random.Random) -> Pcm | None:
    peak = float(np.abs(take.pcm.astype(np.float64)).max()) or 1.0
    gain = 32767 / peak * 10 ** (rng.uniform(15, 24) / 20)
    return _pcm(take.pcm.astype(np.float64) * gain)


def level(take: CleanTake, rng: random.Random) -> Pcm | None:
    first, last = _span(take.pcm)
    sound = take.pcm.astype(np.float64)
    down = 10 ** (-rng.uniform(10, 16) / 20)
    if rng.random() < 0.5 or last - first < 2 * take.rate:
        return _pcm(sound * 10 ** (-rng.uniform(12, 20) / 20))
    at = first + round(rng.uniform(0.3, 0.7) * (last - first))
    if rng.random() < 0.5:
        sound[at:] *= down
    else:
        sound[:at] *= down
    return _pcm(sound)


def other(
    take: CleanTake, pool: Sequence[CleanTake], rng: random.Random, least: float, most: float
) -> Pcm | None:
    """Another sentence of the same voice, between two shares of this one's letters."""
    own = weight(take.text)

    def fits(text: str) -> bool:
        theirs = weight(text)
        clearly = least <= 1 <= most or abs(theirs - own) >= 12
        return text != take.text and clearly and least * own <= theirs <= most * own

    fitting = [candidate for candidate in pool if fits(candidate.text)]
    return rng.choice(fitting).pcm if fitting else None


def weight(text: str) -> int:
    """Letters, a Han character counting as three."""
    return sum(3 if char >= "\u3400" else 1 for char in text if char.isalnum())


def _ended(take: CleanTake, at: int) -> Pcm | None:
    lost = np.abs(take.pcm[at:].astype(np.float64)) > _SOUND
    blocks = lost[: len(lost) // 220 * 220].reshape(-1, 220).any(axis=1)
    if at <= 0 or blocks.sum() * 220 / take.rate < LOST_S:
        return None
    return take.pcm[:at]


def _added(take: CleanTake, sound: NDArray[np.float64], at: int, against_db: float) -> Pcm:
    """``sound`` mixed in, that many dB against the speech's own mean power."""
    speech = take.pcm.astype(np.float64)
    loud = speech[np.abs(speech) > _SOUND]
    rms = float(np.sqrt(np.mean(loud**2))) if loud.size else 1000.0
    own = float(np.sqrt(np.mean(sound**2))) or 1.0
    speech[at : at + len(sound)] += sound * (rms / own * 10 ** (against_db / 20))
    return _pcm(speech)


def _noise(count: int, rng: random.Random, *, pink: bool) -> NDArray[np.float64]:
    white = np.random.default_rng(rng.getrandbits(32)).normal(0, 1, count)
    if not pink:
        return white
    spectrum = np.fft.rfft(white)
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), count)


def _span(pcm: Pcm) -> tuple[int, int]:
    """First frame that sounds, and the one after the last."""
    sounding = np.flatnonzero(np.abs(pcm.astype(np.int32)) > _SOUND)
    return (int(sounding[0]), int(sounding[-1]) + 1) if sounding.size else (0, len(pcm))


def _joined(parts: Sequence[Pcm], rate: int) -> Pcm:
    size = round(_FADE_S * rate)
    ramp = np.linspace(0, 1, size)
    faded = []
    for number, part in enumerate(parts):
        sound = part.astype(np.float64)
        if len(sound) > 2 * size:
            if number:
                sound[:size] *= ramp
            if number < len(parts) - 1:
                sound[-size:] *= ramp[::-1]
        faded.append(sound)
    return _pcm(np.concatenate(faded))


def _pcm(sound: NDArray[np.float64]) -> Pcm:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
