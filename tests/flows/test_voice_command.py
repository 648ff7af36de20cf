"""``castbook voice`` as people and scripts use it, on a recording that espeak reads aloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from clipmaking import cloned_book

from book.projectfile import load_project
from castbook.errors import VoiceError
from flows.cli import cli
from flows.commands import voicing
from tts.engine import Request, Speech, Voice
from tts.espeak import EspeakEngine

SENTENCES = (
    "It was a dark night, and the rain had not stopped since noon.",
    "The old lighthouse keeper climbed the stairs, one by one, with his lamp in his hand.",
    "He said nothing at all for a long while.",
    "Then, very slowly, he turned round and looked at me.",
    "We stood there and listened to the sea, which was louder than before.",
)


@pytest.fixture(scope="module")
def read_aloud(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[float, float]]]:
    """A recording of the sentences, noisy in its first half, and where each of them is."""
    engine = EspeakEngine({"workers": 1})
    engine.load()
    try:
        engine.prepare(Voice("v", preset="en-gb"))
        asked = [Request(str(n), text, "en", "v", 1) for n, text in enumerate(SENTENCES)]
        spoken = dict(engine.synthesize(asked))
    finally:
        engine.unload()
    rng = np.random.default_rng(0)
    parts: list[np.ndarray] = []
    places: list[tuple[float, float]] = []
    at = 0
    for half, noise in enumerate((700, 4)):
        for number in range(len(SENTENCES)):
            take = spoken[str(number)]
            assert isinstance(take, Speech)
            rest = int(take.rate * 0.6)
            sound = np.append(take.pcm * 0.6, np.zeros(rest))
            if half:
                places.append((at / take.rate, (at + len(take.pcm)) / take.rate))
            parts.append(sound + rng.normal(0, noise, len(sound)))
            at += len(sound)
    path = tmp_path_factory.mktemp("read") / "reading.flac"
    soundfile.write(path, np.concatenate(parts).astype(np.int16), take.rate)
    return path, places


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return cloned_book(tmp_path / "book")


def words_at(places: list[tuple[float, float]], proposal: dict[str, Any]) -> str:
    inside = [
        text
        for text, (start, end) in zip(SENTENCES, places, strict=True)
        if start >= proposal["start_s"] - 0.1 and end <= proposal["end_s"] + 0.1
    ]
    return " ".join(inside)


def run(*words: str | Path, answers: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["voice", *map(str, words)], input=answers)


def test_listen_choose_and_add(
    book: Path, read_aloud: tuple[Path, list[tuple[float, float]]], tmp_path: Path
) -> None:
    recording, places = read_aloud
    listened = run(book, "keeper", recording, "--save", tmp_path / "clips", "--json")
    assert listened.exit_code == 0, listened.output
    proposals = json.loads(listened.stdout)["proposals"]
    assert len(list((tmp_path / "clips").iterdir())) == len(proposals) >= 2
    assert all(p["start_s"] >= places[0][0] - 0.4 for p in proposals)  # none of the noisy half
    text = words_at(places, proposals[1])
    assert text
    consent = ("--consent", "basis=licensed", "--consent", "holder=The Keeper")
    added = run(book, "keeper", recording, "--pick", "2", "--clip-transcript", text, *consent,
                "--json")  # fmt: skip
    assert added.exit_code == 0, added.output
    report = json.loads(added.stdout)
    assert report["transcript"] == text and report["transcript_source"] == "given"
    assert report["warnings"] == [] and report["engine"] == "openai"
    voice = load_project(book).book.voices["keeper"]
    assert voice.transcript == text
    assert voice.consent and voice.consent.holder == "The Keeper"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "consent is missing"),
        (("--consent", "basis=self"), "nobody knows the words of the clip at 0:"),
        (("--consent", "basis=self", "--transcript", "{words}"), "nobody knows the words"),
        (("--consent", "basis=fame"), "no basis 'fame'"),
        (("--consent", "basis=self", "--engine", "tone"), "engine tone does not clone"),
        (("--consent", "basis=self", "--clip-transcript", "No."), "does not belong to the clip"),
    ],
)
def test_nothing_is_guessed_and_nothing_changed(
    book: Path,
    read_aloud: tuple[Path, list[tuple[float, float]]],
    options: tuple[str, ...],
    says: str,
    tmp_path: Path,
) -> None:
    words = tmp_path / "words.txt"
    words.write_text(" ".join(SENTENCES))
    before = (book / "project.yaml").read_bytes()
    done = run(book, "keeper", read_aloud[0], *(o.format(words=words) for o in options))
    assert isinstance(done.exception, VoiceError) and says in str(done.exception)
    assert (book / "project.yaml").read_bytes() == before
    assert sorted(p.name for p in book.iterdir()) == ["project.yaml", "story.md"]


@pytest.mark.parametrize("consent", ["self", "licensed\nThe Keeper\n"])
def test_a_person_is_asked(
    book: Path,
    read_aloud: tuple[Path, list[tuple[float, float]]],
    consent: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(voicing, "_at_terminal", lambda: True)
    recording, places = read_aloud
    clips = json.loads(run(book, "x", recording, "--save", book.parent / "c", "--json").stdout)
    text = words_at(places, clips["proposals"][0])
    done = run(book, "keeper", recording, "--style", "calm", answers=f"{text}\n{consent}\n")
    assert done.exit_code == 0, done.output
    assert "Every word of the clip" in done.output and "On what ground" in done.output
    voice = load_project(book).book.voices["keeper"]
    assert voice.styles["calm"].transcript == text
    assert voice.consent and voice.consent.basis == consent.split("\n")[0]
    assert voice.consent.holder == ("The Keeper" if "Keeper" in consent else None)


def test_wrong_options_are_told(book: Path, read_aloud: tuple[Path, Any]) -> None:
    done = run(book, "keeper", read_aloud[0], "--consent", "self")
    assert done.exit_code == 2 and "expected FIELD=VALUE" in done.output
    done = run(book, "keeper", read_aloud[0], "--consent", "basis=self", "--pick", "9")
    assert done.exit_code == 2 and "proposals" in done.output
