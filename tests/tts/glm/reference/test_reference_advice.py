"""Voices that GLM-TTS refuses, each in one line, before anything is loaded."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from castbook.errors import VoiceError
from tts.engine import Reference, Voice
from tts.glm.reference.advice import Room, check_voice, reference_tokens

RATE = 24000
ROOM = Room(context=1024, text=60, speech=600)


def cloned(seconds: float, transcript: str | None = "Come at once.") -> Voice:
    pcm = np.zeros(round(seconds * RATE), np.int16)
    return Voice(digest="d", reference=Reference(pcm, RATE, transcript, "d"))


def test_an_ordinary_reference_is_taken() -> None:
    check_voice(cloned(6.0), 20, ROOM)


@pytest.mark.parametrize(
    ("voice", "tokens", "says"),
    [
        (Voice(digest="d"), 0, "no voices of its own"),
        (Voice(digest="d", preset="tongtong"), 0, "no preset 'tongtong'"),
        (Voice(digest="d", parameters={"speed": 2}), 0, "no parameter 'speed'"),
        (cloned(6.0, None), 0, "needs the words of the reference"),
        (cloned(6.0, "  \n"), 0, "needs the words of the reference"),
        (cloned(0.5), 3, "only 0.50 s"),
        (cloned(14.0), 20, "room for 363; expected at most 14 s with these words"),
        (cloned(5.0), 350, "room for 363; expected less text"),
        (cloned(4.0), 51, "too long for the reference: 51 tokens of text for 4.0 s; expected at "),
        (cloned(4.0), 4, "too short for the reference: 4 tokens of text for 4.0 s; expected at "),
    ],
)
def test_what_it_cannot_speak_with_is_one_clear_line(voice: Voice, tokens: int, says: str) -> None:
    with pytest.raises(VoiceError) as caught:
        check_voice(voice, tokens, ROOM)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_the_bounds_themselves_are_inside() -> None:
    check_voice(cloned(4.0), 50, ROOM)
    check_voice(cloned(4.0), 5, ROOM)
    check_voice(cloned((363 - 20) / 25), 20, ROOM)


@pytest.mark.parametrize(("samples", "tokens"), [(1, 1), (960, 1), (961, 2), (24000, 25)])
def test_a_token_for_each_40_ms_begun(samples: int, tokens: int) -> None:
    assert reference_tokens(samples, RATE) == tokens


def test_advice_needs_no_torch() -> None:
    program = "import sys, tts.glm.reference.advice; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
