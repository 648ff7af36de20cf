from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from mastering_sounds import BOOK, speech, wav

from audio import ffmpeg
from audio.mastering.master import master
from audio.measuring.check import REMINDER, Finding, check, findings
from audio.measuring.measure import Measured
from audio.packaging.m4b import write_m4b
from audio.packaging.mp3 import write_mp3
from audio.packaging.sound import ChapterFile
from audio.profiles import Profile, load_profile

ACX = load_profile("acx")
GOOD = Measured(
    format="mp3",
    codec="mp3",
    rate=44100,
    channels=1,
    bitrate_kbps=192,
    constant_bitrate=True,
    frames=44100 * 600,
    duration_s=600.0,
    promised_s=600.03,
    errors=0,
    rms_db=-20.6,
    peak_db=-3.7,
    true_peak_db=-3.6,
    floor_db=-71.0,
    lufs=-20.2,
    loudness_range_lu=4.0,
    head_s=0.8,
    tail_s=2.5,
    dead_s=0.0,
    clips=0,
    chapters=0,
)


def failing(measured: Measured, profile: Profile = ACX) -> list[str]:
    return [f.rule for f in findings(measured, profile) if not f.ok]


def test_good_figures_pass() -> None:
    assert failing(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"format": "m4b"}, "format"),
        ({"rate": 48000}, "sample rate"),
        ({"channels": 6}, "channels"),
        ({"bitrate_kbps": 128}, "bitrate"),
        ({"constant_bitrate": False}, "bitrate mode"),
        ({"constant_bitrate": None}, "bitrate mode"),
        ({"duration_s": 7260.0, "promised_s": 7260.0}, "length"),
        ({"duration_s": 300.0}, "whole"),
        ({"errors": 1}, "whole"),
        ({"rms_db": -23.01}, "rms"),
        ({"rms_db": -17.99}, "rms"),
        ({"peak_db": -2.99}, "peak"),
        ({"floor_db": -59.99}, "noise floor"),
        ({"floor_db": -95.0}, "room tone"),
        ({"dead_s": 0.7}, "room tone"),
        ({"clips": 1}, "clipping"),
        ({"head_s": 0.4}, "silence at the start"),
        ({"head_s": 1.1}, "silence at the start"),
        ({"tail_s": 0.9}, "silence at the end"),
        ({"tail_s": 5.1}, "silence at the end"),
    ],
)
def test_each_fault_fails_its_own_rule_and_says_what_to_do(
    changes: dict[str, object], rule: str
) -> None:
    bad = dataclasses.replace(GOOD, **changes)  # type: ignore[arg-type]
    assert failing(bad)[0] == rule
    if rule != "format":  # another format has other rules too
        assert failing(bad) == [rule]
    finding = next(f for f in findings(bad, ACX) if f.rule == rule)
    assert finding.advice
    assert finding.measured != finding.wanted


@pytest.mark.parametrize("edge", [{"rms_db": -23.0}, {"rms_db": -18.0}, {"peak_db": -3.0}])
def test_the_edge_itself_passes(edge: dict[str, float]) -> None:
    assert failing(dataclasses.replace(GOOD, **edge)) == []  # type: ignore[arg-type]


def test_loudness_and_true_peak_where_the_target_speaks_of_them() -> None:
    podcast = load_profile("podcast")
    loud = dataclasses.replace(GOOD, lufs=-19.0)
    assert failing(loud, podcast) == []
    assert failing(dataclasses.replace(loud, lufs=-21.0), podcast) == ["loudness"]
    assert failing(dataclasses.replace(loud, true_peak_db=-0.9), podcast) == ["true peak"]
    advice = [
        f.advice for f in findings(dataclasses.replace(loud, lufs=-15.0), podcast) if not f.ok
    ]
    assert advice == ["master it again: it is too loud"]


def test_a_draft_is_held_to_little() -> None:
    rough = dataclasses.replace(
        GOOD, format="m4b", rate=24000, rms_db=-28.0, head_s=0.0, floor_db=-40.0
    )
    assert failing(rough, load_profile("draft")) == []


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A chapter through the whole line: stitched, mastered, encoded."""
    folder = tmp_path_factory.mktemp("line")
    stitched = wav(folder / "s.wav", speech(12, level_db=-27))
    report = master(stitched, folder / "m.flac", ACX)
    one = ChapterFile(folder / "m.flac", "One", report.frames, report.rate)
    write_mp3(folder / "x.mp3", one, BOOK, track=1, tracks=1, cover=None, profile=ACX)
    write_m4b(folder / "x.m4b", [one], BOOK, cover=None, profile=ACX)
    return folder / "x.mp3", folder / "x.m4b"


def test_what_castbook_makes_passes(line: tuple[Path, Path]) -> None:
    result = check(line[0], ACX)
    assert [f for f in result.findings if not f.ok and f.rule != "silence at the end"] == []
    assert result.notes == (REMINDER,)
    library = check(line[1], load_profile("audiobookshelf"))
    assert library.passed
    assert check(line[1], load_profile("draft")).notes == ()


def test_a_book_file_is_not_what_the_shop_takes(line: tuple[Path, Path]) -> None:
    result = check(line[1], ACX)
    assert not result.passed
    finding = next(f for f in result.findings if f.rule == "format")
    assert finding == Finding(
        rule="format",
        measured="m4b",
        wanted="mp3",
        ok=False,
        advice="this target takes mp3: give it those files of the book",
    )


def test_a_result_is_json(line: tuple[Path, Path]) -> None:
    content = json.loads(json.dumps(check(line[0], ACX).to_json(), allow_nan=False))
    assert content["path"] == str(line[0])
    assert content["profile"] == "acx"
    assert {"rule", "measured", "wanted", "ok", "advice"} == set(content["findings"][0])
    assert content["measured"]["format"] == "mp3"
    assert content["notes"] == [REMINDER]


def spoiled(kind: str, folder: Path) -> Path:
    """A file with one fault, really made."""
    sound = speech(12, level_db=-20.6).astype(np.float64)
    sound = np.clip(sound, -22000, 22000)
    options = ["-b:a", "192k"]
    if kind == "rms":
        sound *= 0.5
    elif kind == "peak":
        sound[200_000:200_400] = 27000 * np.sin(np.arange(400))
    elif kind == "noise floor":
        sound += np.random.default_rng(2).normal(0, 32768 * 10 ** (-56 / 20), len(sound))
    elif kind == "room tone":
        sound[200_000:245_000] = 0
    elif kind == "silence at the start":
        sound = sound[30_000:]
    elif kind == "silence at the end":
        sound = np.concatenate((sound, speech(5, level_db=-300)))
    elif kind == "bitrate":
        options = ["-b:a", "128k"]
    elif kind == "bitrate mode":
        options = ["-q:a", "0"]
    elif kind == "sample rate":
        options += ["-ar", "48000"]
    source = wav(folder / "s.wav", np.clip(sound, -32768, 32767).astype(np.int16))
    path = folder / "x.mp3"
    ffmpeg.run(["-i", ffmpeg.url(source), *options, "-y", ffmpeg.url(path)], timeout_s=60)
    if kind == "whole":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize(
    "kind",
    [
        "rms",
        "peak",
        "noise floor",
        "room tone",
        "silence at the start",
        "silence at the end",
        "bitrate",
        "bitrate mode",
        "sample rate",
        "whole",
    ],
)
def test_a_really_bad_file_fails_for_its_own_reason(tmp_path: Path, kind: str) -> None:
    wrong = {f.rule for f in check(spoiled(kind, tmp_path), ACX).findings if not f.ok}
    # half a file has no end; a variable bitrate has frames below the least
    along = {"whole": {"silence at the end"}, "bitrate mode": {"bitrate"}}
    assert wrong == {kind} | along.get(kind, set())


def test_the_same_file_unspoiled_passes(tmp_path: Path) -> None:
    assert check(spoiled("", tmp_path), ACX).passed
