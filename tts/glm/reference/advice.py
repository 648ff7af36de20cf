"""Whether GLM-TTS can speak with a voice: told before anything is loaded. Pure, without torch.

What any clone needs (speech, silence, noise, a transcript as long as the speech) castbook
checks for every engine. Here is what this model needs besides: it continues its reference, so
there must be words to it, both must fit in its context beside a whole line and the speech of
that line, and they must be in the proportion in which the model itself speaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from castbook.errors import VoiceError
from tts.engine import Voice
from tts.glm.checkpoint.configs import TOKENS_PER_SECOND
from tts.glm.lm.prompts import LONGEST, SHORTEST  # one outside them it could not have spoken

LEAST_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Room:
    """What the context of the language model holds, in tokens."""

    context: int  # of a slot
    text: int  # the longest line
    speech: int  # the longest speech of one

    @property
    def reference(self) -> int:
        """What is left for a reference: its transcript and its speech."""
        return self.context - self.text - self.speech - 1  # the mark between text and speech


def check_voice(voice: Voice, transcript_tokens: int, room: Room) -> None:
    """Refuses a voice that the model cannot speak with.

    Args:
        voice: as the project has it.
        transcript_tokens: of its normalised transcript; anything where there is none.
        room: of this engine's options.

    Raises:
        VoiceError: one line: what is wrong, what was expected, what to do.
    """
    _check_kind(voice.preset, voice.parameters)
    reference = voice.reference
    if reference is None:
        raise VoiceError(
            "engine glm has no voices of its own",
            expected="a reference: 3 to 10 seconds of someone's speech",
            hint="castbook voice PROJECT NAME RECORDING makes one",
        )
    if not (reference.transcript or "").strip():
        raise VoiceError(
            "engine glm needs the words of the reference",
            expected="a transcript",
            hint="write down what is said in the clip",
        )
    seconds = len(reference.pcm) / reference.rate
    if seconds < LEAST_S:
        raise VoiceError(f"the reference has only {seconds:.2f} s", expected="3 to 10 seconds")
    speech = reference_tokens(len(reference.pcm), reference.rate)
    if transcript_tokens + speech > room.reference:
        left = (room.reference - transcript_tokens) / TOKENS_PER_SECOND
        raise VoiceError(
            f"the reference is too long for engine glm: {speech} speech tokens and "
            f"{transcript_tokens} of its transcript; there is room for {room.reference}",
            expected=f"at most {left:.0f} s with these words" if left >= LEAST_S else "less text",
            hint="cut out the best 3 to 10 seconds",
        )
    if speech < SHORTEST * transcript_tokens:
        raise VoiceError(
            f"the transcript is too long for the reference: {transcript_tokens} tokens of text "
            f"for {seconds:.1f} s",
            expected=f"at most {speech // SHORTEST}",
            hint="leave out what is not said in the clip",
        )
    if speech > LONGEST * transcript_tokens:
        raise VoiceError(
            f"the transcript is too short for the reference: {transcript_tokens} tokens of text "
            f"for {seconds:.1f} s",
            expected=f"at least {-(-speech // LONGEST)}",
            hint="write down everything that is said, or cut out the pauses",
        )


def reference_tokens(samples: int, rate: int) -> int:
    """Speech tokens of a clip: one for each 40 ms begun, at 16 kHz."""
    return -(-samples * TOKENS_PER_SECOND // rate)


def _check_kind(preset: str | None, parameters: Mapping[str, Any]) -> None:
    if preset is not None:
        raise VoiceError(
            f"engine glm has no preset {preset!r}",
            expected="a reference: 3 to 10 seconds of someone's speech, and its transcript",
            hint="castbook voice PROJECT NAME RECORDING makes one",
        )
    if parameters:
        name = next(iter(parameters))
        raise VoiceError(
            f"engine glm takes no parameter {name!r}",
            expected="none: a voice's pace and mood are those of its reference",
        )
