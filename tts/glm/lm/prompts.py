"""What the language model is asked, and what comes back: plain values."""

from __future__ import annotations

from dataclasses import dataclass

from tts.glm.checkpoint.configs import SpecialTokens

SHORTEST = 2  # speech tokens for each text token, below which no sequence ends
LONGEST = 20  # and at which it is cut


@dataclass(frozen=True, slots=True)
class Prompt:
    """One segment to be spoken.

    Attributes:
        prompt_text: ids of the transcript of the reference, with its trailing space.
        text: ids of the segment.
        prompt_speech: speech tokens of the reference, counted from 0.
        seed: 63 bits; the only source of chance.
        min_tokens: no end before so many.
        max_tokens: cut there.
    """

    id: str
    prompt_text: tuple[int, ...]
    text: tuple[int, ...]
    prompt_speech: tuple[int, ...]
    seed: int
    min_tokens: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Generated:
    """The speech tokens of one prompt.

    Attributes:
        tokens: counted from 0.
        ended: the model said that it has finished; otherwise it was cut at ``max_tokens``.
        log_prob: mean natural logarithm of the probability of what was drawn, end included.
        resampled: how often the drawn token stood among the last ten and was drawn again.
    """

    id: str
    tokens: tuple[int, ...]
    ended: bool
    log_prob: float
    resampled: int


def bounds(text_tokens: int, room: int | None = None) -> tuple[int, int]:
    """Upstream's fewest and most speech tokens of a text of so many tokens.

    Args:
        room: what the decoder has positions for; the most, and then the fewest, are cut there.
    """
    most = LONGEST * text_tokens if room is None else min(LONGEST * text_tokens, room)
    return min(SHORTEST * text_tokens, most), most


def layout(
    prompt_text: tuple[int, ...],
    text: tuple[int, ...],
    prompt_speech: tuple[int, ...],
    special: SpecialTokens,
) -> tuple[int, ...]:
    """The ids that the model reads before it speaks.

    Speech tokens become ids only beside a prompt text, as upstream does it; without one there
    should be no prompt speech either.
    """
    shift = special.ats if prompt_text and prompt_speech else 0
    speech = tuple(token + shift for token in prompt_speech)
    return (*prompt_text, *text, special.boa, *speech)
