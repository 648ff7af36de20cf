"""A reading through the take store: what was spoken before is not spoken again.

Gives the samples that ``Studio.stream`` gives, where the engine's stream equals its take (all of
ours but GLM, whose chunks were made before its flow had heard the rest). Takes have the keys of
books: the same words, voice and seed are one take, whoever asked for them.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from audio.pcm import Pcm, read_flac
from book.singletext import TextPiece
from castbook.errors import PermanentFailure
from tasks.judging import Judging
from tasks.speech.readings import Reading
from tasks.speech.sound import Part, finished
from tasks.speech.studio import Studio, raised
from tasks.takes import Recording, Take, TakeStore
from tts.engine import Failure, Speech

_log = logging.getLogger("castbook.speech")


@dataclass(frozen=True, slots=True)
class Performance:
    """A reading that was spoken."""

    pcm: Pcm  # int16 (n,), mono
    rate: int  # Hz
    takes: tuple[Take, ...]  # of the spoken pieces, in order; equal pieces share one
    made: int  # takes that were not there before


def speak(reading: Reading, studio: Studio, store: TakeStore) -> Performance:
    """Speaks what is missing of a reading, publishes each take as it comes, joins them.

    Everything that is missing is asked for at once: an engine with slots speaks the pieces
    beside one another.

    Args:
        store: of ``DATA/takes``.

    Raises:
        TransientFailure, PermanentFailure, MissingDependency: the engine's word on the first
            piece that failed; those that succeeded are kept.
        Unavailable: there was no turn in time.
        StorageError: takes cannot be written.
    """
    wanted = {reading.key(piece): piece for piece in reading.spoken}
    missing = {key: piece for key, piece in wanted.items() if store.get(key) is None}
    if missing:
        _synthesize(missing, reading, studio, store)
    takes = {key: _take(key, store) for key in wanted}
    parts = _parts(reading, takes)
    pcm = np.concatenate(list(finished(parts, reading)))
    ordered = tuple(takes[reading.key(piece)] for piece in reading.spoken)
    return Performance(pcm, reading.rate, ordered, len(missing))


def _synthesize(
    missing: Mapping[str, TextPiece], reading: Reading, studio: Studio, store: TakeStore
) -> None:
    judging, token = Judging(), secrets.token_hex(6)
    keys = {f"{token}#{number}": key for number, key in enumerate(missing)}
    requests = [reading.request(missing[key], name) for name, key in keys.items()]
    voice = reading.speaker.voice
    failed: Failure | None = None
    with studio.at_work(reading) as host:
        for name, result in host.synthesize({voice.digest: voice}, requests):
            if isinstance(result, Failure):
                failed = failed or result
                continue
            store.publish(_recording(missing[keys[name]], result, reading, judging))
        if failed is not None:
            studio.noted(reading, failed.kind)
            raise raised(failed.kind, failed.reason)


def _recording(piece: TextPiece, speech: Speech, reading: Reading, judging: Judging) -> Recording:
    """Raises PermanentFailure: there is no usable sound."""
    ingredients = reading.ingredients(piece).plain()
    verdict = judging.verdict(speech.pcm, speech.rate, ingredients, dict(speech.signals))
    if not verdict.usable:
        why = "; ".join(verdict.complaints) or "it is silent"
        raise PermanentFailure(f"no usable sound for {piece.spoken[:60]!r}: {why}")
    if verdict.complaints:
        _log.warning("a doubtful take (%s)", "; ".join(verdict.complaints))
    return Recording(
        key=reading.key(piece),
        pcm=speech.pcm,
        rate=speech.rate,
        verdict=verdict,
        words=tuple((word.start, word.end, word.frame) for word in speech.words),
        ingredients={**ingredients, "attempt": 0},
        signals=dict(speech.signals),
        clipped=speech.clipped,
        seconds=speech.seconds,
        tokens=(speech.tokens,) if speech.tokens else (),
        sampling=reading.sampling_key(piece),
        consent=reading.speaker.consent,
    )


def _take(key: str, store: TakeStore) -> Take:
    take = store.get(key)
    if take is None:
        raise PermanentFailure("a take vanished while the text was spoken: ask again")
    return take


def _parts(reading: Reading, takes: Mapping[str, Take]) -> Iterator[Part]:
    for piece in reading.spoken:
        take = takes[reading.key(piece)]
        pcm, rate = read_flac(take.audio)
        chunks: Sequence[Pcm] = [pcm]
        if rate != reading.engine_rate:  # of a server that answers with another rate
            from audio.streaming.resampling import resample

            chunks = list(resample(chunks, rate, reading.engine_rate))
        yield chunks, piece.pause_ms
