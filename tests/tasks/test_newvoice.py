"""A recording becomes a voice: its words, its place in project.yaml, and nothing by halves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from clipmaking import RATE, WORDS, clip, cloned_book, reading, spoken
from numpy.typing import NDArray

from audio.hearing.transcripts import Heard
from audio.pcm import read_flac
from book.projectfile import load_project
from castbook.errors import InputError, StorageError, VoiceError
from tasks import newvoice
from tasks.newvoice import add_voice
from tasks.recordings import Recording, find_words, read_transcript, save_clips, survey
from tasks.voices import Voices
from tasks.voicewishes import Wish, check_consent, check_wish, needs_consent

SELF = {"basis": "self"}
CLIP = spoken(4.0, 3)
TEXT = "It was late. Come at once if convenient; if inconvenient, come all the same. He went."


class Ear:
    """A recogniser that hears what it is told."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.asked: list[tuple[int, str]] = []

    def hear(self, samples: NDArray[np.float32], language: str) -> Heard | None:
        self.asked.append((len(samples), language))
        return None if self.text is None else Heard(self.text, -0.2, 0.0, 1.0, 4.0)

    def close(self) -> None:
        return


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return survey(clip(tmp_path_factory.mktemp("long") / "long.wav", reading()))


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return cloned_book(tmp_path / "book")


def add(book: Path, wish: Wish, transcript: str = WORDS, pcm: np.ndarray = CLIP) -> None:
    project = load_project(book)
    check_wish(project, wish)
    add_voice(project, wish, pcm, RATE, transcript)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_voice_is_added_and_can_speak(book: Path) -> None:
    before = (book / "project.yaml").read_text()
    add(book, Wish("anna", consent={**SELF, "holder": "Anna"}))
    project = load_project(book)
    voice = project.book.voices["anna"]
    assert voice.reference == "voices/anna.flac" and voice.transcript == WORDS
    assert voice.engine is None and voice.consent and voice.consent.holder == "Anna"
    assert np.array_equal(read_flac(book / "voices" / "anna.flac")[0], CLIP)
    assert Voices(project).speaker("anna").voice.reference is not None
    after = (book / "project.yaml").read_text()
    lines = iter(after.splitlines())
    assert all(any(line == found for found in lines) for line in before.splitlines())


def test_moods_of_one_voice(book: Path) -> None:
    add(book, Wish("anna", "calm", consent=SELF))
    wish = Wish("anna", "alarm")
    assert not needs_consent(load_project(book), wish)
    add(book, wish, pcm=spoken(4.0, 9))
    project = load_project(book)
    assert list(project.book.voices["anna"].styles) == ["calm", "alarm"]
    assert project.references["anna", "alarm"].name == "anna-alarm.flac"
    assert Voices(project).speaker("anna", "alarm").style == "alarm"


def test_a_voice_is_replaced_only_when_asked(book: Path) -> None:
    add(book, Wish("anna", consent=SELF))
    first = files(book)
    with pytest.raises(InputError, match=r"voices\.anna: there is a voice of that name"):
        add(book, Wish("anna", consent=SELF))
    assert files(book) == first
    add(book, Wish("anna", consent=SELF, replace=True), pcm=spoken(5.0, 9))
    assert load_project(book).book.voices["anna"].reference == "voices/anna-2.flac"
    assert (book / "voices" / "anna.flac").read_bytes() == first["voices/anna.flac"]
    add(book, Wish("anna", consent=SELF, replace=True))  # the first clip again: no third file
    assert sorted(p.name for p in (book / "voices").iterdir()) == ["anna-2.flac", "anna.flac"]


def test_a_voice_for_all_books_of_a_library(book: Path) -> None:
    library = book.parent / "shelf"
    library.mkdir()
    (library / "library.yaml").write_text("# shared\nversion: 1\nvoices:\n  z: {preset: oak}\n")
    with pytest.raises(InputError, match="library: is missing"):
        add(book, Wish("anna", consent=SELF, in_library=True))
    with (book / "project.yaml").open("a") as file:
        file.write("library: ../shelf\n")
    before = (book / "project.yaml").read_text()
    add(book, Wish("anna", "calm", consent=SELF, in_library=True))
    add(book, Wish("anna", "alarm", in_library=True), pcm=spoken(4.0, 9))
    assert (book / "project.yaml").read_text() == before
    assert (library / "library.yaml").read_text().startswith("# shared\nversion: 1\nvoices:\n  z: ")
    project = load_project(book)
    assert project.references["anna", "alarm"] == library / "voices" / "anna-alarm.flac"


@pytest.mark.parametrize(
    ("wish", "transcript", "says"),
    [
        (Wish("anna", consent=SELF), WORDS * 9, "voices.anna.transcript: the transcript does not"),
        (Wish("anna"), WORDS, "voices.anna.consent: is missing"),
        (
            Wish("anna", consent={"basis": "licensed", "record": "no.pdf"}),
            WORDS,
            "no file 'no.pdf'",
        ),
        (Wish("anna", consent=SELF), "", "transcript"),
    ],
)
def test_whatever_goes_wrong_nothing_is_changed(
    book: Path, wish: Wish, transcript: str, says: str
) -> None:
    before = files(book)
    with pytest.raises(InputError) as caught:
        add(book, wish, transcript)
    assert says in str(caught.value) and ".tmp-" not in str(caught.value)
    assert "\n" not in str(caught.value) and str(book / "project.yaml") in str(caught.value)
    assert files(book) == before and not (book / "voices").exists()


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (Wish("warm"), "there is a voice of that name"),
        (Wish("warm", "calm"), "this voice has no styles"),
        (Wish("an na"), "'an na' is no name for a voice"),
        (Wish("../up"), "'../up' is no name for a voice"),
        (Wish("anna", "so calm"), "'so calm' is no style for a voice"),
        (Wish("anna", engine="tone"), "engine tone does not clone voices"),
        (Wish("anna", engine="nobody"), "there is no engine called 'nobody'"),
    ],
)
def test_what_cannot_become_a_voice_is_refused_before_listening(
    book: Path, wish: Wish, says: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_wish(load_project(book), wish)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("consent", "says"),
    [
        ({}, "consent is missing; expected --consent basis=self, licensed, public-domain or synth"),
        ({"basis": "fame"}, "no basis 'fame'"),
        ({"basis": "licensed"}, "who gave the permission"),
        ({"basis": "self", "proof": "x"}, "no field 'proof'"),
    ],
)
def test_consent_is_never_filled_in(consent: dict[str, str], says: str) -> None:
    with pytest.raises(VoiceError) as caught:
        check_consent(consent)
    assert says in str(caught.value)


def test_words_are_given_or_heard_or_unknown(recording: Recording) -> None:
    assert not recording.whole and len(recording.clips) == 3
    assert find_words(recording, 0, "en") is None
    assert find_words(recording, 0, "en", transcript=TEXT) is None
    given = find_words(recording, 0, "en", transcript=TEXT, given=" Come\n at once. ")
    assert given is not None and given.text == "Come at once." and given.certain
    ear = Ear("come at once, if convenient if inconvenient come all the same")
    found = find_words(recording, 1, "en", transcript=TEXT, recogniser=ear)
    assert found is not None and found.text == WORDS and not found.certain
    assert ear.asked == [(len(recording.clips[1]), "en")]
    heard = find_words(recording, 1, "en", recogniser=ear)
    assert heard is not None and (heard.text, heard.source) == (ear.text, "heard")
    assert find_words(recording, 0, "xx", recogniser=Ear(None)) is None
    with pytest.raises(VoiceError, match="does not hold what is heard"):
        find_words(recording, 0, "en", transcript=TEXT, recogniser=Ear("a ship went down at sea"))


def test_the_words_of_a_short_recording_are_those_of_its_clip(tmp_path: Path) -> None:
    short = survey(clip(tmp_path / "short.wav", CLIP))
    assert short.whole
    words = find_words(short, 0, "en", transcript=TEXT)
    assert words is not None and words.text == TEXT and words.certain


def test_proposals_can_be_listened_to(recording: Recording, tmp_path: Path) -> None:
    paths = save_clips(recording, tmp_path / "new", "anna")
    assert [p.name for p in paths] == ["anna-1.wav", "anna-2.wav", "anna-3.wav"]
    assert survey(paths[0]).whole


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (spoken(2.0), "has only 2.0 s"),
        (np.zeros(20 * RATE, np.int16), "the recording is silent"),
        (np.random.default_rng(1).normal(0, 900, 20 * RATE).astype(np.int16), "no clip of 3 to 10"),
    ],
)
def test_recordings_without_a_clip(samples: np.ndarray, says: str, tmp_path: Path) -> None:
    with pytest.raises(VoiceError) as caught:
        survey(clip(tmp_path / "r.wav", samples))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be opened"), (b" \n", "is empty"), (b"\xff\xfe\x00A", "not UTF-8")],
)
def test_transcripts_that_cannot_be_read(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VoiceError) as caught:
        read_transcript(path)
    assert says in str(caught.value) and str(path) in str(caught.value)


def test_a_full_disk_leaves_everything_as_it_was(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: str) -> None:
        raise StorageError(f"{path}: cannot write: No space left on device")

    before = files(book)
    monkeypatch.setattr(newvoice, "write_text", full)
    with pytest.raises(StorageError):
        add(book, Wish("anna", consent=SELF))
    assert files(book) == before


def test_the_file_is_still_a_file_for_people(book: Path) -> None:
    add(book, Wish("anna", "calm", consent=SELF))
    text = (book / "project.yaml").read_text()
    assert text.startswith("# my book\n")
    assert "  anna:\n    styles:\n      calm: {reference: " in text
    assert yaml.safe_load(text)["voices"]["anna"]["consent"] == SELF
