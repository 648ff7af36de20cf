"""Outputs: names that cannot leave their folder, files that are whole, names that are claimed."""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from castbook.errors import InputError, StorageError
from castbook.tracing import traced
from tasks.speech import outputs
from tasks.speech.outputs import (
    FORMS,
    NameTaken,
    Spoken,
    check_name,
    encoded,
    output_path,
    standing,
    timed_name,
    write_output,
)

WISH, OTHER = "a" * 64, "b" * 64


def spoken(level: int = 1000, frames: int = 2400) -> Spoken:
    return Spoken(np.full(frames, level, np.int16), 24000, {"voice": "oak"})


@pytest.mark.parametrize(
    "name",
    [
        "..", ".", "../x", "a/b", "a\\b", "/etc/passwd", ".hidden", "a\0b", "x" * 101, "-rf",
        "con", "NUL.txt", "Com1.wav", "lpt9.tar.mp3", "a b", "a:b", "．．", "\u2024\u2024", "a\n",
        "x.", ".wav", "manifest", "Manifest.wav", "é", "~", "%2e%2e", "a*", "$(id)", "a;b",
    ],
)  # fmt: skip
def test_what_is_no_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be a file's name"):
        check_name(name)


@given(st.text() | st.from_regex(re.compile(r"[./\\\w\x00-]{0,8}")))
def test_no_name_leaves_its_folder(name: str) -> None:
    folder = Path("/nowhere/outputs")
    try:
        checked, form = check_name(name)
        path = output_path(folder, checked, form or "wav")
    except InputError:
        return
    assert path.parent == folder
    assert path.resolve().is_relative_to(folder.resolve())
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", path.name)


def test_an_ending_names_the_form() -> None:
    assert check_name("a.b.MP3") == ("a.b", "mp3")
    assert check_name("chapter.1") == ("chapter.1", "")
    with pytest.raises(InputError, match=r"no \.Ogg files are made; expected \.wav, \.flac"):
        check_name("a.Ogg")  # and not a file a.Ogg.wav


def test_a_text_without_a_name_is_called_by_its_time() -> None:
    at = datetime(2026, 11, 21, 21, 33, 43)
    assert timed_name(at) == "tts_20261121_213343"
    assert timed_name(at, "ab12") == "tts_20261121_213343_ab12"


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    (folder / "x.wav").symlink_to(tmp_path / "elsewhere.wav")
    with pytest.raises(InputError, match="is a link"):
        write_output(folder, "x", "wav", spoken(), WISH)
    assert not (tmp_path / "elsewhere.wav").exists()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_written_and_opens(form: str, tmp_path: Path) -> None:
    with traced("t" * 32):
        made = write_output(tmp_path, "a", form, spoken(), WISH)
    with soundfile.SoundFile(made.path) as file:
        assert file.channels == 1
        assert file.frames / file.samplerate == pytest.approx(0.1, abs=0.1)
    said = json.loads(made.manifest.read_text("utf-8"))
    assert (said["file"], said["wish"], said["voice"]) == (f"a.{form}", WISH, "oak")
    assert (said["frames"], said["rate"], said["trace"]) == (2400, 24000, "t" * 32)
    assert encoded(spoken().pcm, 24000, form) == encoded(spoken().pcm, 24000, form)
    there = standing(tmp_path, "a", form, WISH)
    assert there is not None
    assert not there.made
    assert {path.name for path in tmp_path.iterdir()} == {f"a.{form}", "a.json"}


def test_wav_and_flac_hold_the_samples(tmp_path: Path) -> None:
    for form in ("wav", "flac"):
        made = write_output(tmp_path, form, form, spoken(), WISH)
        pcm, rate = soundfile.read(made.path, dtype="int16")
        assert rate == 24000
        assert np.array_equal(pcm, spoken().pcm)
        assert soundfile.info(made.path).subtype == "PCM_16"


def test_a_name_is_of_one_wish(tmp_path: Path) -> None:
    write_output(tmp_path, "a", "wav", spoken(), WISH)
    with pytest.raises(NameTaken, match=r"a\.wav is there and holds another text"):
        write_output(tmp_path, "a", "wav", spoken(5), OTHER)
    with pytest.raises(NameTaken):
        standing(tmp_path, "a", "wav", OTHER)
    replaced = write_output(tmp_path, "a", "wav", spoken(5), OTHER, replacing=True)
    assert replaced.made
    assert soundfile.read(replaced.path, dtype="int16")[0][0] == 5


@pytest.mark.parametrize("harm", ["no sound", "half a sound", "no manifest", "half a manifest"])
def test_what_a_kill_left_is_completed(harm: str, tmp_path: Path) -> None:
    made = write_output(tmp_path, "a", "wav", spoken(), WISH)
    path = made.path if "sound" in harm else made.manifest
    if harm.startswith("no"):
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert standing(tmp_path, "a", "wav", WISH) is None
    assert write_output(tmp_path, "a", "wav", spoken(), WISH).made
    assert standing(tmp_path, "a", "wav", WISH) is not None


def test_writers_of_one_wish_leave_one_whole_file(tmp_path: Path) -> None:
    errors: list[Exception] = []

    def write(level: int) -> None:
        try:
            write_output(tmp_path, "a", "wav", spoken(level), WISH)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(7,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert standing(tmp_path, "a", "wav", WISH) is not None


def test_what_does_not_open_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "encoded", lambda *_: b"RIFF of nothing")
    with pytest.raises(StorageError, match="does not open"):
        write_output(tmp_path, "a", "wav", spoken(), WISH)
