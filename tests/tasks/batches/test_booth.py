"""The booth: one row sounds the same whoever asks, and what is finished is not made again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from clipmaking import RATE, WORDS, spoken

from castbook.canonical import text_digest
from castbook.errors import ConsentError, InputError, VoiceError
from tasks.batches.booth import Booth, find_clip
from tasks.batches.jsonlines import read_objects
from tasks.batches.rows import Row, read_row
from tasks.batches.running import Missing, RowResult
from tasks.speech.outputs import NameTaken

CLONING = "engines: {openai: {base_url: 'http://127.0.0.1:9/v1', references: true}}\n"


class Silent:
    """Shows nothing."""

    def row_finished(self, result: RowResult, done: int, total: int) -> None:
        pass


@pytest.fixture(scope="module")
def booth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    with Booth(tmp_path_factory.mktemp("data"), engine="tone") as booth:
        yield booth


def row(text: str = "Good morning. How are you?", **changes: object) -> Row:
    return read_row({"text": text, "voice": "oak", "output_name": "a", **changes})


def test_the_same_row_sounds_the_same(booth: Booth, tmp_path: Path) -> None:
    first = booth.speak(row(), tmp_path / "1")
    again = booth.speak(row(), tmp_path / "1")
    other = booth.speak(row(), tmp_path / "2")
    assert (first.made, again.made, other.made) == (True, False, True)
    assert first.path.read_bytes() == other.path.read_bytes()
    assert booth.speak(row(seed=43), tmp_path / "3").pcm_sha256 != first.pcm_sha256
    assert booth.speak(row(voice="elm"), tmp_path / "4").pcm_sha256 != first.pcm_sha256
    said = json.loads(first.manifest.read_text("utf-8"))
    assert said["text_sha256"] == text_digest("Good morning. How are you?")
    assert "Good morning" not in first.manifest.read_text("utf-8")
    assert (said["voice"], said["engine"], said["seed"], said["rate"]) == (
        "oak", "tone", 42, 24000,
    )  # fmt: skip


def test_a_taken_name_is_refused_before_anything_is_spoken(booth: Booth, tmp_path: Path) -> None:
    booth.speak(row(), tmp_path)
    with pytest.raises(NameTaken):
        booth.speak(row("Another text."), tmp_path)
    replaced = booth.speak(row("Another text.", format="flac"), tmp_path, replacing=True)
    assert replaced.made
    assert {path.name for path in tmp_path.iterdir()} == {"a.flac", "a.json"}
    again = booth.speak(row("Another text.", format="flac"), tmp_path, replacing=True)
    assert not again.made


def test_an_edited_pronunciation_is_another_wish(booth: Booth, tmp_path: Path) -> None:
    lexicon = booth.shelf.library.folder / "lexicon.yaml"
    booth.speak(row("The Reading road."), tmp_path)
    lexicon.write_text("version: 1\nwords: {Reading: Redding}\n", "utf-8")
    try:
        with pytest.raises(NameTaken, match="pronunciation"):
            booth.speak(row("The Reading road."), tmp_path)
        assert booth.speak(row("The Reading road."), tmp_path, replacing=True).made
    finally:
        lexicon.unlink()


def test_a_row_that_cannot_be_spoken_says_why(booth: Booth) -> None:
    with pytest.raises(VoiceError, match="oka"):
        booth.read(row(voice="oka"))


def test_order_and_workers_change_no_sample(booth: Booth, tmp_path: Path) -> None:
    texts = [{"text": f"Sentence number {n}.", "voice": "oak"} for n in range(6)]
    one = booth.speak_all(read_objects(texts), tmp_path / "1", Silent(), workers=1)
    many = booth.speak_all(read_objects(texts), tmp_path / "2", Silent(), workers=4)
    backwards = booth.speak_all(read_objects(texts[::-1]), tmp_path / "3", Silent())
    sounds = [[r.output.pcm_sha256 for r in each.rows if r.output] for each in (one, many)]
    assert sounds[0] == sounds[1]
    assert len(set(sounds[0])) == 6
    assert [r.output.pcm_sha256 for r in backwards.rows if r.output] == sounds[0][::-1]
    manifests = [(tmp_path / n / "manifest.json").read_bytes() for n in "12"]
    assert manifests[0] == manifests[1]


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    """A data folder with an engine that clones and a recording; the folder of uploads."""
    data = tmp_path / "data"
    Booth(data).shelf.voices()
    with (data / "library" / "library.yaml").open("a") as file:
        file.write(CLONING)
    (data / "uploads").mkdir()
    memory = io.BytesIO()
    soundfile.write(memory, spoken(4.0, 3), RATE, format="WAV")
    (data / "uploads" / "anna.wav").write_bytes(memory.getvalue())
    return data / "uploads"


def test_a_row_brings_its_own_voice(uploads: Path) -> None:
    wish = {"syn_text": "Good day.", "prompt_speech": "anna.wav", "prompt_text": WORDS}
    with Booth(uploads.parent, homes=[uploads]) as booth:
        reading = booth.read(read_row({**wish, "consent": "self"}))
        reference = reading.speaker.voice.reference
        assert reference is not None
        assert reference.transcript == WORDS
        assert dict(reading.speaker.consent)["basis"] == "self"
        with pytest.raises(ConsentError):
            booth.read(read_row(wish))
        with pytest.raises(Missing, match=r"gone\.wav not found"):
            booth.read(read_row({**wish, "prompt_speech": "gone.wav", "consent": "self"}))


@pytest.mark.parametrize(
    "path",
    [
        "../secret.wav", "a/../../secret.wav", "/etc/passwd.wav", "C:\\x.wav", "~/x.wav",
        "link.wav", "linked/secret.wav", "..\\secret.wav/", "../batch2/x.wav",
    ],
)  # fmt: skip
def test_no_recording_lies_outside(path: str, tmp_path: Path) -> None:
    home = tmp_path / "batch"
    home.mkdir()
    (tmp_path / "secret.wav").write_bytes(b"x")
    (home / "link.wav").symlink_to(tmp_path / "secret.wav")
    (home / "linked").symlink_to(tmp_path)
    with pytest.raises(InputError) as caught:
        find_clip(path, [home])
    assert not isinstance(caught.value, Missing) or "\\" in path


def test_recordings_of_the_data_folder_are_those_that_were_offered(tmp_path: Path) -> None:
    for name in ("uploads", "library"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.wav").write_bytes(b"x")
    homes, within = [tmp_path, tmp_path / "uploads"], [tmp_path / "uploads"]
    offered = tmp_path / "uploads" / "x.wav"
    assert find_clip("uploads/x.wav", homes, within) == offered
    assert find_clip("x.wav", homes, within) == offered
    with pytest.raises(VoiceError, match="outside"):
        find_clip("library/x.wav", [tmp_path], within)
