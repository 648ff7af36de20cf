"""Faster or slower speech: by the engine itself where it can, else by stretching its sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from castbook.errors import InputError, VoiceError
from tasks.keys import preset_digest
from tasks.speech.wishes import FASTEST, SLOWEST
from tts.engine import Engine, Voice

# The parameter ``speed`` at the ordinary pace, of engines that have it: a factor, or words per
# minute (espeak's own default).
_ORDINARY: Final[Mapping[str, float]] = {"tone": 1.0, "kokoro": 1.0, "openai": 1.0, "espeak": 175}
_WHOLE: Final = ("espeak",)


def check_speed(speed: float) -> None:
    """Raises InputError: outside of 0.25…4."""
    if not SLOWEST <= speed <= FASTEST:
        raise InputError(
            f"cannot be {speed:g}", place="speed", expected=f"{SLOWEST:g} to {FASTEST:g}"
        )


def paced(engine: Engine, voice: Voice, language: str, speed: float) -> tuple[Voice, float]:
    """The voice at another pace, and by how much its sound is still to be stretched.

    Returns:
        (voice, 1.0) where the engine takes the pace; (the voice as it is, speed) elsewhere.
    """
    ordinary = _ORDINARY.get(engine.name)
    if speed == 1 or ordinary is None or voice.preset is None:
        return voice, speed
    before = voice.parameters.get("speed", ordinary)
    wanted = float(before) * speed
    pace = round(wanted) if engine.name in _WHOLE else wanted
    parameters = {**voice.parameters, "speed": pace}
    other = replace(voice, parameters=parameters, digest=preset_digest(voice.preset, parameters))
    try:
        engine.check_voice(other, language)
    except VoiceError:  # beyond what this engine can
        return voice, speed
    return other, 1.0
