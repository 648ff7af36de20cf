"""A reading through the take store: what was spoken before is not spoken again.

Gives the samples that ``Studio.stream`` gives, where the engine's stream equals its take (all of
ours but GLM, whose chunks were made before its flow had heard the rest). Takes have the keys of
books: the same words, voice and seed are one take, whoever asked for them.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Sequence
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
    beside one another. A piece without usable sound gets another seed once, as in a book;
    what a first attempt gives that can be used is what a stream gives.

    Args:
        store: of ``DATA/takes``.

    Raises:
        TransientFailure, PermanentFailure, MissingDependency: the engine's word on the first
            piece that failed; those that succeeded are kept.
        Unavailable: there was no turn in time.
        StorageError: takes cannot be written.
    """
    pieces = {reading.key(piece): piece for piece in reading.spoken}
    takes: dict[str, Take] = {}
    made = 0
    for attempt in range(reading.attempts):
        left = {key: piece for key, piece in pieces.items() if key not in takes}
        missing = [p for p in left.values() if store.get(reading.key(p, attempt)) is None]
        if missing:
            _synthesize(missing, attempt, reading, studio, store)
            made += len(missing)
        for key, piece in left.items():
            take = store.get(reading.key(piece, attempt))
            if take is not None and take.verdict.usable:
                takes[key] = take
    for key, piece in pieces.items():
        if key not in takes:
            raise PermanentFailure(f"the engine gave no usable sound for {piece.spoken[:60]!r}")
    ordered = tuple(takes[reading.key(piece)] for piece in reading.spoken)
    pcm = np.concatenate(list(finished(_parts(reading, ordered), reading)))
    return Performance(pcm, reading.rate, ordered, made)


def _synthesize(
    pieces: Sequence[TextPiece], attempt: int, reading: Reading, studio: Studio, store: TakeStore
) -> None:
    """Publishes a take for each piece, usable or not: the verdict is in its sidecar."""
    judging, token = Judging(), secrets.token_hex(6)
    asked = {f"{token}#{number}": piece for number, piece in enumerate(pieces)}
    requests = [reading.request(piece, name, attempt) for name, piece in asked.items()]
    voice = reading.speaker.voice
    failed: Failure | None = None
    with studio.at_work(reading) as host:
        for name, result in host.synthesize({voice.digest: voice}, requests):
            if isinstance(result, Failure):
                failed = failed or result
                continue
            store.publish(_recording(asked[name], attempt, result, reading, judging))
        if failed is not None:
            studio.noted(reading, host, failed.kind)
    if failed is not None:
        raise raised(failed.kind, failed.reason)


def _recording(
    piece: TextPiece, attempt: int, speech: Speech, reading: Reading, judging: Judging
) -> Recording:
    ingredients = reading.ingredients(piece).plain()
    verdict = judging.verdict(speech.pcm, speech.rate, ingredients, dict(speech.signals))
    if verdict.complaints:
        _log.warning("a doubtful take: %s", "; ".join(verdict.complaints))
    return Recording(
        key=reading.key(piece, attempt),
        pcm=speech.pcm,
        rate=speech.rate,
        verdict=verdict,
        words=tuple((word.start, word.end, word.frame) for word in speech.words),
        ingredients={**ingredients, "attempt": attempt},
        signals=dict(speech.signals),
        clipped=speech.clipped,
        seconds=speech.seconds,
        tokens=(speech.tokens,) if speech.tokens else (),
        sampling=reading.sampling_key(piece, attempt),
        consent=reading.speaker.consent,
    )


def _parts(reading: Reading, takes: Sequence[Take]) -> Iterator[Part]:
    for piece, take in zip(reading.spoken, takes, strict=True):
        pcm, rate = read_flac(take.audio)
        chunks: Sequence[Pcm] = [pcm]
        if rate != reading.engine_rate:  # of a server that answers with another rate
            from audio.streaming.resampling import resample

            chunks = list(resample(chunks, rate, reading.engine_rate))
        yield chunks, piece.pause_ms
