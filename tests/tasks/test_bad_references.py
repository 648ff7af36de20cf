"""Bad references: each is one clear line before anything is synthesised, and names its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clipmaking import RATE, WORDS, clip, cloned_book, spoken

from audio.reference import MOST_BYTES
from book.projectfile import load_project
from castbook.errors import InputError
from tasks.voices import Voices

NOISE = np.random.default_rng(5).normal(0, 3000, 4 * RATE).astype(np.int16)
TONE = (9000 * np.sin(np.arange(4 * RATE) * 0.1)).astype(np.int16)
GOOD = spoken()
VOICE: dict[str, Any] = {
    "reference": "voices/anna.wav",
    "transcript": WORDS,
    "consent": {"basis": "self"},
}

Make = Callable[[Path], object]


def sound(samples: np.ndarray, rate: int = RATE) -> Make:
    return lambda path: clip(path, samples, rate)


def content(data: bytes) -> Make:
    return lambda path: path.write_bytes(data)


def truncated(path: Path) -> None:
    clip(path, GOOD)
    path.write_bytes(path.read_bytes()[:60])


CLIPS: dict[str, tuple[Make, str]] = {
    "missing": (lambda path: None, "no file 'voices/anna.wav'"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "empty": (content(b""), "not audio castbook can read"),
    "text": (content(b"Come at once."), "not audio castbook can read"),
    "a picture": (content(b"\x89PNG\r\n\x1a\n" + bytes(900)), "not audio castbook can read"),
    "an archive": (content(b"PK\x03\x04" + bytes(900)), "not audio castbook can read"),
    "noise behind a FLAC's head": (content(b"fLaC" + b"\xff" * 900), "damaged or not really"),
    "noise behind an Ogg's head": (content(b"OggS" + b"\x17" * 900), "damaged or not really"),
    "only tags": (content(b"ID3" + bytes(900)), "damaged or not really audio"),
    "cut off": (truncated, "too short"),
    "too large": (content(b"RIFF\0\0\0\0WAVE" + bytes(MOST_BYTES)), "larger than 10 MiB"),
    "six channels": (sound(np.zeros((9000, 6), np.int16)), "6 channels"),
    "4 kHz": (sound(GOOD, 4000), "4000 Hz"),
    "half a second": (sound(GOOD[: RATE // 2]), "too short: 0.50 s"),
    "too long": (sound(np.tile(GOOD, 8)), "longer than 30 s"),
    "silent": (sound(np.zeros(4 * RATE, np.int16)), "the clip is silent"),
    "next to silent": (sound((GOOD // 500).astype(np.int16)), "the clip is silent"),
    "noise": (sound(NOISE), "nobody speaks in the clip"),
    "a tone": (sound(TONE), "nobody speaks in the clip"),
    "one beep": (sound(np.append(TONE[:RATE], np.zeros(3 * RATE, np.int16))), "nobody speaks"),
    "one word": (sound(np.append(spoken(1.0), np.zeros(3 * RATE, np.int16))), "are speech"),
    "overdriven": (
        sound(np.clip(GOOD.astype(int) * 500, -32768, 32767).astype(np.int16)),
        "overdriven throughout",
    ),
    "channels that cancel": (sound(np.stack((GOOD, -GOOD), 1)), "cancel each other out"),
}

TRANSCRIPTS: dict[str, tuple[object, str]] = {
    "missing": (None, "is missing; expected the words spoken in the reference"),
    "empty": ("", "transcript"),
    "blank": ("   ", "transcript"),
    "marks": ("…!", "it has no word"),
    "a file's name": ("anna.txt", "is the name of a file"),
    "subtitles": ("00:00:01,000 --> 00:00:04,000 Come at once.", "times of subtitles"),
    "a whole page": (WORDS * 8, "cannot be said in"),
    "one word": ("Come.", "cannot last"),
    "a number": (42, "transcript"),
}


def refused(book: Path) -> str:
    with pytest.raises(InputError) as caught:
        Voices(load_project(book)).speaker("anna")
    message = str(caught.value)
    assert "\n" not in message and message.count("; expected") == 1
    return message


@pytest.mark.parametrize("name", CLIPS)
def test_a_bad_clip(name: str, tmp_path: Path) -> None:
    make, says = CLIPS[name]
    book = cloned_book(tmp_path / "book", {"anna": VOICE})
    (book / "voices").mkdir()
    make(book / "voices" / "anna.wav")
    message = refused(book)
    assert says in message and "anna" in message


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_bad_transcript(name: str, tmp_path: Path) -> None:
    transcript, says = TRANSCRIPTS[name]
    voice = {**VOICE, "transcript": transcript}
    if transcript is None:
        del voice["transcript"]
    book = cloned_book(tmp_path / "book", {"anna": voice})
    clip(book / "voices" / "anna.wav", GOOD)
    message = refused(book)
    assert says in message
    assert f"{book / 'project.yaml'}:" in message and "voices.anna.transcript" in message


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"consent": None}, "voices.anna.consent"),
        ({"consent": {"basis": "found on the web"}}, "voices.anna.consent.basis"),
        ({"consent": {"basis": "licensed", "record": "no.pdf"}}, "no file 'no.pdf'"),
        ({"reference": "/tmp/anna.wav"}, "absolute path"),
        ({"reference": "../anna.wav"}, "outside the project"),
        ({"preset": "oak"}, "has both"),
        ({"engine": "tone"}, "engine tone"),
    ],
)
def test_a_voice_that_may_not_be_used(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    voice = {key: value for key, value in {**VOICE, **change}.items() if value is not None}
    book = cloned_book(tmp_path / "book", {"anna": voice})
    clip(book / "voices" / "anna.wav", GOOD)
    with pytest.raises(InputError) as caught:
        Voices(load_project(book)).speaker("anna")
    assert says in str(caught.value)


def test_weak_clips_are_listed_and_used(tmp_path: Path) -> None:
    styles = {
        "calm": {"reference": "voices/a.wav", "transcript": WORDS},
        "alarm": {"reference": "voices/b.wav", "transcript": "[shouts] " + WORDS},
    }
    voice = {"styles": styles, "consent": {"basis": "self"}}
    book = cloned_book(tmp_path / "book", {"anna": voice})
    loud = np.clip(GOOD.astype(int) * 12, -32768, 32767).astype(np.int16)
    clip(book / "voices" / "a.wav", loud)
    clip(book / "voices" / "b.wav", loud)
    voices = Voices(load_project(book))
    assert voices.speaker("anna", "alarm").voice.reference is not None
    told = "\n".join(voices.clone_warnings)
    assert "voice anna (calm): the clip is overdriven" in told
    assert "voice anna (alarm): its transcript holds '[shouts]'" in told
    assert "voice anna (alarm): its clip is that of voice anna (calm)" in told
