"""A reading: a wish that was checked, and everything that decides how it sounds."""

from __future__ import annotations

from dataclasses import dataclass

from book.singletext import TextPiece
from tasks.keys import Ingredients, sampling_key, seed_of, take_key
from tasks.speech.wishes import SpeechWish
from tasks.voices import Speaker
from tts.engine import Request


@dataclass(frozen=True, slots=True)
class Reading:
    """All that can be refused has been."""

    wish: SpeechWish
    speaker: Speaker
    language: str
    pieces: tuple[TextPiece, ...]  # joined, their printed texts are the wish's
    rate: int  # Hz of the result
    seed: int  # of the whole text; each piece has its own, from this, its words and the voice
    engine_rate: int  # Hz of the engine's sound
    stretch: float  # pace that is left to be made after synthesis; 1.0: none
    fingerprint: str  # of the engine
    sampling: str  # that part of it which decides the speech tokens
    attempts: int = 1  # at a piece: 2 where another seed gives another take
    notes: tuple[str, ...] = ()  # what was asked for and has no effect here, one sentence each

    def ingredients(self, piece: TextPiece) -> Ingredients:
        """What decides the sound of a piece: as in a book, so equal words are one take."""
        return Ingredients(
            spoken=piece.spoken,
            language=self.language,
            voice=self.speaker.voice.digest,
            style=self.speaker.voice.style or "",
            engine=self.speaker.setup.name,
            fingerprint=self.fingerprint,
            seed=self.seed,
        )

    def key(self, piece: TextPiece, attempt: int = 0) -> str:
        """Of the piece's take."""
        return take_key(self.ingredients(piece), attempt)

    def sampling_key(self, piece: TextPiece, attempt: int = 0) -> str:
        """Of its speech tokens."""
        return sampling_key(self.ingredients(piece), attempt, self.sampling)

    def request(self, piece: TextPiece, name: str, attempt: int = 0) -> Request:
        """What the engine is asked for.

        Args:
            name: unique among the requests in flight.
            attempt: 0…; raised where an earlier one gave no usable sound.
        """
        return Request(
            name,
            piece.spoken,
            self.language,
            self.speaker.voice.digest,
            seed_of(self.key(piece, attempt)),
            attempt=attempt,
            attempt_change="seed" if attempt else "",
            sampling_seed=seed_of(self.sampling_key(piece, attempt)),
        )

    @property
    def spoken(self) -> tuple[TextPiece, ...]:
        """The pieces that are spoken."""
        return tuple(piece for piece in self.pieces if piece.spoken)
