from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path

import pytest
from mastering_sounds import speech, wav

from audio.measuring.check import check_member
from audio.measuring.members import members
from audio.profiles import load_profile
from castbook.errors import InputError, StorageError

DRAFT = load_profile("draft")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wav(tmp_path_factory.mktemp("members") / "x.flac", speech(3, level_db=-20))


def test_every_sound_of_a_package_has_a_row_of_its_own(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = tmp_path / "book.epub"
    wav(tmp_path / "s.wav", speech(2))
    with zipfile.ZipFile(book, "w") as package:
        package.writestr("mimetype", "application/epub+zip")
        package.writestr("audio/../../../evil.flac", good.read_bytes())
        package.write(tmp_path / "s.wav", "audio/2.wav")
        package.writestr("audio/3.m4a", b"no sound" * 99)
        package.writestr("page.xhtml", "<p/>")
        package.writestr("folder.mp3/", "")
    first, second, third = members(book)
    assert check_member(first, DRAFT).passed
    assert first.member.endswith("evil.flac")
    result = check_member(second, DRAFT)
    assert (result.path, result.member, result.measured.format) == (book, "audio/2.wav", "wav")
    assert json.loads(json.dumps(result.to_json()))["member"] == "audio/2.wav"
    with pytest.raises(InputError, match=r"book\.epub: audio/3\.m4a: there is no sound in it"):
        check_member(third, DRAFT)
    assert {p.name for p in tmp_path.iterdir()} == {"book.epub", "s.wav"}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StorageError, match="cannot be copied out to be measured"):
        check_member(first, DRAFT)


def test_a_package_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    book = tmp_path / "bomb.epub"
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.wav", bytes(1_000_000))
    with pytest.raises(InputError, match="packed more than 100 times"):
        check_member(members(book)[0], DRAFT)


@pytest.mark.parametrize(("content", "words"), [(b"PK nonsense", "damaged"), (None, "no sound in")])
def test_a_package_without_sound_is_told(tmp_path: Path, content: bytes | None, words: str) -> None:
    book = tmp_path / "x.epub"
    if content is None:
        with zipfile.ZipFile(book, "w") as package:
            package.writestr("page.xhtml", "<p/>")
    else:
        book.write_bytes(content)
    with pytest.raises(InputError, match=words):
        members(book)


def test_a_folder_is_all_its_sounds_in_order(tmp_path: Path) -> None:
    for name in ("10 - x.mp3", "2 - x.mp3", "notes.txt", "deep/1.M4B"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [member.path.relative_to(tmp_path).as_posix() for member in members(tmp_path)]
    assert found == ["2 - x.mp3", "10 - x.mp3", "deep/1.M4B"]
    (tmp_path / "empty" / "folder.mp3").mkdir(parents=True)
    with pytest.raises(InputError, match="no sound in this folder"):
        members(tmp_path / "empty")
