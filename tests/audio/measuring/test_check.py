"""Files held against profiles: figures made up for each rule, and really bad files."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mastering_sounds import speech, wav
from numpy.typing import NDArray

from audio import ffmpeg
from audio.measuring.check import REMINDER, check, check_member, findings, members, together
from audio.measuring.measure import Measured, measure
from audio.profiles import Profile, load_profile
from castbook.errors import InputError, StorageError

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
        ({"format": "flac"}, "format"),
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
    assert failing(bad) == [rule]
    finding = next(f for f in findings(bad, ACX) if f.rule == rule)
    assert finding.advice
    assert "castbook" not in finding.advice
    assert finding.measured != finding.wanted
    ours = next(f for f in findings(bad, ACX, project="books/alice") if f.rule == rule)
    assert ours.advice.endswith("run castbook make books/alice")
    assert dataclasses.replace(ours, advice="") == dataclasses.replace(finding, advice="")


@pytest.mark.parametrize("edge", [{"rms_db": -23.0}, {"rms_db": -18.0}, {"peak_db": -3.0}])
def test_the_edge_itself_passes(edge: dict[str, float]) -> None:
    assert failing(dataclasses.replace(GOOD, **edge)) == []  # type: ignore[arg-type]


@given(st.floats(-60, 0), st.floats(-60, 0))
def test_advice_names_the_way_and_how_far(rms_db: float, peak_db: float) -> None:
    """What is made as much louder or softer as the advice says passes."""
    bad = dataclasses.replace(GOOD, rms_db=round(rms_db, 2), peak_db=round(peak_db, 2))
    for finding in findings(bad, ACX):
        match = re.search(r"at least (\d+\.\d) dB (louder|softer)", finding.advice)
        if match is None:
            assert finding.ok or finding.rule == "peak"
            continue
        by = float(match[1]) + 0.05  # the advice is rounded to 0.1
        mended = bad.rms_db + (by if match[2] == "louder" else -by)
        assert "rms" not in failing(dataclasses.replace(bad, rms_db=mended))


def test_loudness_and_true_peak_where_the_target_speaks_of_them() -> None:
    podcast = load_profile("podcast")
    loud = dataclasses.replace(GOOD, lufs=-19.0)
    assert failing(loud, podcast) == []
    assert failing(dataclasses.replace(loud, lufs=-21.0), podcast) == ["loudness"]
    assert failing(dataclasses.replace(loud, true_peak_db=-0.9), podcast) == ["true peak"]
    advice = [
        f.advice for f in findings(dataclasses.replace(loud, lufs=-15.0), podcast) if not f.ok
    ]
    assert advice == ["make it at least 3.0 dB softer, then encode again"]
    stereo = dataclasses.replace(loud, channels=2)  # two channels of -19 are heard as -16
    assert failing(stereo, podcast) == ["loudness"]
    assert failing(dataclasses.replace(stereo, lufs=-16.0), podcast) == []


def test_a_draft_is_held_to_little() -> None:
    rough = dataclasses.replace(
        GOOD, format="m4b", rate=24000, rms_db=-28.0, head_s=0.0, floor_db=-40.0
    )
    assert failing(rough, load_profile("draft")) == []


def test_stereo_needs_its_own_bitrate_where_the_shop_says_so() -> None:
    google = load_profile("google-play")
    assert failing(GOOD, google) == []
    assert failing(dataclasses.replace(GOOD, channels=2), google) == ["bitrate"]
    assert failing(dataclasses.replace(GOOD, channels=2, bitrate_kbps=256), google) == []
    assert failing(dataclasses.replace(GOOD, rate=48000), google) == []
    assert failing(dataclasses.replace(GOOD, rate=24000), google) == ["sample rate"]
    aac = dataclasses.replace(GOOD, format="m4b", codec="aac", bitrate_kbps=128)
    assert failing(aac, google) == ["bitrate"]  # "more than 128"
    assert failing(dataclasses.replace(aac, bitrate_kbps=160), google) == []
    assert failing(dataclasses.replace(aac, bitrate_kbps=160), load_profile("apple")) == []


def test_a_book_file_may_be_longer_than_a_chapter() -> None:
    book = dataclasses.replace(GOOD, format="m4b", duration_s=36000.0, promised_s=36000.0)
    assert failing(book) == ["format"]


def test_a_retail_sample_has_a_length() -> None:
    def rules(seconds: float) -> list[str]:
        short = dataclasses.replace(GOOD, duration_s=seconds, promised_s=seconds)
        return [f.rule for f in findings(short, ACX, sample=True) if not f.ok]

    assert [rules(s) for s in (59.0, 60.0, 300.0, 301.0)] == [
        ["sample length"], [], [], ["sample length"]
    ]  # fmt: skip
    assert "sample length" not in [f.rule for f in findings(GOOD, ACX)]


def test_the_files_of_a_book_are_of_one_kind() -> None:
    stereo = dataclasses.replace(GOOD, channels=2)
    assert [f.ok for f in together([GOOD, GOOD], ACX)] == [True, True]
    rate, layout = together([GOOD, stereo, stereo], ACX)
    assert (rate.ok, layout.ok, layout.measured) == (True, False, "mono and stereo")
    assert together([GOOD, stereo], load_profile("draft")) == ()
    assert together([GOOD], ACX) == ()


# Really bad files: each is the good one but for one thing.

Sound = NDArray[np.float64]
CBR = ("-c:a", "libmp3lame", "-b:a", "192k", "-compression_level", "9")


def good_sound(seconds: float = 6.0) -> Sound:
    return speech(seconds, level_db=-20.6).astype(np.float64) / 32768


def with_peak(sound: Sound) -> Sound:
    sound[90_000:90_200] = 0.8 * np.sin(np.arange(200) * 0.3)
    return sound


def between_samples(sound: Sound) -> Sound:
    """A burst whose tops fall between the samples: 3 dB more than any of them."""
    sound[90_000:90_100] = 1.2 * np.hanning(100) * np.sin(np.pi / 2 * np.arange(100) + np.pi / 4)
    return sound


def clipped(sound: Sound) -> Sound:
    sound[90_000:90_010] = 1.0
    return sound


def noisy(sound: Sound) -> Sound:
    return sound + np.random.default_rng(2).normal(0, 10 ** (-56 / 20), len(sound))


def dead(sound: Sound) -> Sound:
    sound[90_000:125_000] = 0
    return sound


def room_tone(seconds: float) -> Sound:
    return np.random.default_rng(5).normal(0, 10 ** (-72 / 20), round(seconds * 44100))


def cut_in_a_pause(path: Path) -> None:
    """Two stories and a pause of 2.2 s between them: what is left ends like a whole file."""
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * 6.2 / 12)])


def spoil_a_frame(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[70_000:70_100] = bytes(100)  # in the first pause
    content[70_300:70_900] = bytes(600)
    path.write_bytes(content)


@dataclass(frozen=True)
class Bad:
    """A recipe: what is done to the good sound, how it is encoded, what happens to the file."""

    rule: str
    sound: Callable[[], Sound] = good_sound
    options: tuple[str, ...] = CBR
    suffix: str = "mp3"
    channels: int = 1
    profile: Profile = field(default=ACX)
    after: Callable[[Path], None] | None = None


RULES = dataclasses.replace
WAV = ("-c:a", "pcm_s16le")
BAD = {
    "too loud": Bad("rms", lambda: good_sound() * 1.42),
    "too quiet": Bad("rms", lambda: good_sound() * 0.6),
    "a peak": Bad("peak", lambda: with_peak(good_sound())),
    "a true peak above the samples": Bad(
        "true peak",
        lambda: between_samples(good_sound() * 1.08),
        profile=RULES(load_profile("podcast"), peak_max_db=-1.0),
        options=("-c:a", "flac"),
        suffix="flac",
    ),
    "clipped": Bad("clipping", lambda: clipped(good_sound()), WAV, "wav"),
    "noise": Bad("noise floor", lambda: noisy(good_sound())),
    "dead silence": Bad("room tone", lambda: dead(good_sound())),
    "no head": Bad("silence at the start", lambda: good_sound()[36_000:]),
    "a long head": Bad(
        "silence at the start", lambda: np.concatenate((room_tone(0.6), good_sound()))
    ),
    "no tail": Bad("silence at the end", lambda: good_sound()[:-50_000]),
    "a long tail": Bad(
        "silence at the end", lambda: np.concatenate((good_sound() * 1.3, room_tone(4)))
    ),
    "variable bitrate": Bad(
        "bitrate mode", options=("-c:a", "libmp3lame", "-abr", "1", "-b:a", "288k")
    ),
    "128 kbit/s": Bad("bitrate", options=("-c:a", "libmp3lame", "-b:a", "128k")),
    "48 kHz": Bad("sample rate", options=(*CBR, "-ar", "48000")),
    "cut short": Bad(
        "whole", lambda: np.concatenate((good_sound(), good_sound())), after=cut_in_a_pause
    ),
    "a damaged frame": Bad("whole", after=spoil_a_frame),
    "five channels": Bad(
        "channels", lambda: np.repeat(good_sound(), 5), WAV, "wav", 5, load_profile("draft")
    ),
    "too long": Bad("length", profile=RULES(ACX, max_minutes=0)),
    "no MP3": Bad("format", options=("-c:a", "flac"), suffix="flac"),
    "too soft for a podcast": Bad(
        "loudness", lambda: good_sound() * 0.8, profile=load_profile("podcast")
    ),
    "stereo at the bitrate of mono": Bad(
        "bitrate",
        lambda: np.repeat(good_sound(), 2),
        channels=2,
        profile=load_profile("google-play"),
    ),
}


def made(bad: Bad, path: Path) -> Path:
    samples = np.round(np.clip(bad.sound(), -1, 1) * 32767).astype("<i2")
    arguments = ["-f", "s16le", "-ar", "44100", "-ac", str(bad.channels), "-i", "pipe:0"]
    arguments += [*bad.options, "-y", ffmpeg.url(path)]
    ffmpeg.run(arguments, timeout_s=60, stdin=samples.tobytes())
    if bad.after is not None:
        bad.after(path)
    return path


@pytest.mark.parametrize("name", BAD)
def test_a_really_bad_file_fails_for_its_own_reason_only(tmp_path: Path, name: str) -> None:
    bad = BAD[name]
    profile = bad.profile
    if bad.suffix != "mp3" and bad.rule != "format":
        profile = dataclasses.replace(profile, formats=())
    if bad.rule == "clipping":
        profile = dataclasses.replace(profile, peak_max_db=None)  # full scale is a peak, too
    result = check(made(bad, tmp_path / f"x.{bad.suffix}"), profile)
    assert {f.rule for f in result.findings if not f.ok} == {bad.rule}
    assert not result.passed


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(Bad(""), tmp_path_factory.mktemp("good") / "x.mp3")


def test_the_same_file_unspoiled_passes(good: Path) -> None:
    result = check(good, ACX)
    assert result.passed
    assert result.notes == (REMINDER,)
    assert check(good, load_profile("draft")).notes == ()
    content = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert content["path"] == str(good)
    assert content["profile"] == "acx"
    assert {"rule", "measured", "wanted", "ok", "advice"} == set(content["findings"][0])
    assert content["measured"]["format"] == "mp3"
    assert content["notes"] == [REMINDER]


def by_ffmpeg(path: Path) -> dict[str, float]:
    """RMS, peak, true peak and loudness as ffmpeg's own meters see them."""
    meters = "astats=measure_perchannel=none,ebur128=peak=true:framelog=quiet"
    arguments = ["-loglevel", "info", "-i", ffmpeg.url(path), "-map", "0:a:0", "-af", meters]
    said = ffmpeg.run([*arguments, "-f", "null", "-"], timeout_s=60).stderr
    patterns = {
        "rms_db": r"RMS level dB: (\S+)",
        "peak_db": r"Peak level dB: (\S+)",
        "true_peak_db": r"\bPeak:\s+(\S+) dBFS",
        "lufs": r"\bI:\s+(\S+) LUFS",
    }
    return {name: float(re.findall(pattern, said)[-1]) for name, pattern in patterns.items()}


def test_ffmpegs_own_meters_agree_on_encoded_files(good: Path, tmp_path: Path) -> None:
    m4b = made(Bad("", options=("-c:a", "aac", "-b:a", "64k", "-f", "ipod")), tmp_path / "x.m4b")
    for path in (good, m4b):
        measured = measure(path)
        for name, theirs in by_ffmpeg(path).items():
            assert getattr(measured, name) == pytest.approx(theirs, abs=0.1), (path.name, name)


# What a name on the command line stands for.


def test_every_sound_of_a_package_has_a_row_of_its_own(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = tmp_path / "book.epub"
    wav(tmp_path / "s.wav", speech(2))
    with zipfile.ZipFile(book, "w") as package:
        package.writestr("mimetype", "application/epub+zip")
        package.writestr("audio/../../../evil.mp3", good.read_bytes())
        package.write(tmp_path / "s.wav", "audio/2.wav")
        package.writestr("audio/3.m4a", b"no sound" * 99)
        package.writestr("page.xhtml", "<p/>")
        package.writestr("folder.mp3/", "")
    first, second, third = members(book)
    assert check_member(first, ACX).passed
    assert first.member.endswith("evil.mp3")
    result = check_member(second, ACX)
    assert (result.path, result.member, result.measured.format) == (book, "audio/2.wav", "wav")
    assert json.loads(json.dumps(result.to_json()))["member"] == "audio/2.wav"
    with pytest.raises(InputError, match=r"book\.epub: audio/3\.m4a: there is no sound in it"):
        check_member(third, ACX)
    assert {p.name for p in tmp_path.iterdir()} == {"book.epub", "s.wav"}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(StorageError, match="cannot be copied out to be measured"):
        check_member(first, ACX)


def test_a_package_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    book = tmp_path / "bomb.epub"
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.wav", bytes(1_000_000))
    with pytest.raises(InputError, match="packed more than 100 times"):
        check_member(members(book)[0], ACX)


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
