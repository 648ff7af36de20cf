"""What the engine is asked for, taken apart: a request, its pieces, and how they are addressed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor

from tts.engine import Failure, Speech
from tts.glm.flow.batching import FlowJob
from tts.glm.lm.chain import Chain, Spoken
from tts.glm.lm.prompts import Generated, Prompt, bounds
from tts.glm.reference.features import ReferenceFeatures
from tts.glm.vocoder.hift import VocoderJob

BREAK: Final = -1  # stands between the pieces of a request in ``Speech.tokens``


@dataclass(frozen=True, slots=True)
class PreparedVoice:
    """A voice ready to speak."""

    prompt_text: tuple[int, ...]  # ids of the transcript
    features: ReferenceFeatures


@dataclass(slots=True, eq=False)
class Work:
    """One request on its way through the stages; one stage at a time holds it."""

    id: str
    voice: PreparedVoice
    pieces: tuple[tuple[int, ...], ...]  # ids of the text
    seed: int  # of flow and vocoder
    sampling_seed: int  # of the language model
    deliver: Callable[[str, Speech | Failure], None]
    spoken: dict[int, Generated] = field(default_factory=dict)  # by piece
    heard: Callable[[int, tuple[int, ...], bool], None] | None = None  # for streams: see Sampling
    length: int | None = None  # speech tokens of each piece, where they are fixed: measurements
    began: float = 0.0  # monotonic seconds, when it was in the decoder first
    cancelled: bool = False

    @property
    def reference(self) -> Spoken:
        """The voice as the language model hears it."""
        return Spoken(self.voice.prompt_text, self.voice.features.speech_tokens)

    @property
    def left(self) -> tuple[int, ...]:
        """The pieces that have no tokens yet."""
        return tuple(number for number in range(len(self.pieces)) if number not in self.spoken)


def prompt_of(work: Work, piece: int, context: int, before: Spoken) -> Prompt:
    """What the language model gets for one piece.

    Args:
        context: positions that prompt and answer have together; the answer is cut there.
        before: what it shows as spoken already: the reference, or more where prompts are chained.
    """
    ids = work.pieces[piece]
    fewest, most = bounds(len(ids), _room(context, before, ids))
    if work.length is not None:
        fewest = most = work.length
    return Prompt(
        id=f"{work.id}/{piece}",
        prompt_text=before.text,
        text=ids,
        prompt_speech=before.speech,
        seed=piece_seed(work.sampling_seed, piece),
        min_tokens=fewest,
        max_tokens=most,
    )


def flow_job(work: Work, piece: int, tokens: Sequence[int] | None = None) -> FlowJob:
    """What the flow gets for one piece: always the reference itself, never a chained prompt.

    Args:
        tokens: those of the piece if absent.
    """
    tokens = work.spoken[piece].tokens if tokens is None else tokens
    features = work.voice.features
    return FlowJob(
        id=f"{work.id}/{piece}",
        tokens=torch.tensor(tokens, dtype=torch.int64),
        prompt_tokens=torch.tensor(features.speech_tokens, dtype=torch.int64),
        prompt_mel=features.mel,
        embedding=features.embedding,
        seed=piece_seed(work.seed, piece),
    )


def vocoder_job(work: Work, piece: int, mel: Tensor) -> VocoderJob:
    """What the vocoder gets for one piece."""
    return VocoderJob(f"{work.id}/{piece}", mel, piece_seed(work.seed, piece))


def piece_seed(seed: int, piece: int) -> int:
    """63 bits: each piece its own, so that equal pieces of a request do not sound cloned."""
    if piece == 0:
        return seed
    word = hashlib.blake2b(f"{seed}#{piece}".encode(), digest_size=8).digest()
    return int.from_bytes(word) >> 1


def drawn_before(
    row: Sequence[int],
    pieces: Sequence[tuple[int, ...]],
    reference: Spoken,
    *,
    context: int,
    chained: bool,
) -> dict[int, Generated]:
    """What is known of tokens that were drawn for an earlier take: all but their probability.

    Whether a piece ended by itself follows from its number of tokens: only one that was cut has
    as many as its prompt allowed.

    Args:
        row: as ``joined_tokens`` gives it; of another number of pieces it is of no use.
        context, chained: as they were drawn with (both are part of what decides the tokens).
    """
    parts = parted_tokens(row) if row else ()
    if len(parts) != len(pieces) or not all(parts):
        return {}
    found, chain = {}, Chain(reference)
    for number, (ids, tokens) in enumerate(zip(pieces, parts, strict=True)):
        chain = chain.pruned(len(ids))
        before = Spoken(chain.text, chain.speech) if chained else reference
        _, most = bounds(len(ids), _room(context, before, ids))
        found[number] = Generated("", tokens, len(tokens) < most, math.nan, 0)
        chain = chain.followed(ids, tokens)
    return found


def _room(context: int, before: Spoken, ids: Sequence[int]) -> int:
    """Positions that are left for an answer behind its prompt."""
    return context - len(before.text) - len(ids) - 1 - len(before.speech)


def joined_tokens(pieces: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The speech tokens of all pieces as one row, with ``BREAK`` between them."""
    row: list[int] = []
    for number, tokens in enumerate(pieces):
        row += [BREAK, *tokens] if number else tokens
    return tuple(row)


def parted_tokens(row: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """The inverse of ``joined_tokens``."""
    pieces: list[list[int]] = [[]]
    for token in row:
        if token == BREAK:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return tuple(map(tuple, pieces))
