from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from mastering_sounds import speech, wav

from audio import ffmpeg
from audio.mastering.gain import corrected_gain_db, first_gain_db, rendering_gain_db
from audio.mastering.master import MasterReport, gauge_for, master
from audio.mastering.roomtone import RoomTone, tone_key
from audio.profiles import load_profile
from castbook.errors import BrokenPromise, CastbookError, StorageError

ACX = load_profile("acx")
KEY = tone_key("The Lamp", "A. Writer", 42)
BARE = dataclasses.replace(ACX, room_tone_db=None)


def bed(frames: int, rate: int = 44100) -> np.ndarray:
    return RoomTone(KEY, rate, -72.0).frames(0, frames)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, MasterReport]:
    """A quiet chapter of 12 s, mastered for acx."""
    folder = tmp_path_factory.mktemp("master")
    stitched = wav(folder / "stitched.wav", speech(12, level_db=-31.0))
    return stitched, folder / "m.flac", master(stitched, folder / "m.flac", ACX, key=KEY)


def astats(path: Path) -> dict[str, float]:
    """ffmpeg's own meters, independent of ours."""
    arguments = ["-loglevel", "info", "-i", ffmpeg.url(path), "-af"]
    arguments += ["astats=measure_perchannel=none,ebur128=peak=true:framelog=quiet"]
    said = ffmpeg.run([*arguments, "-f", "null", "-"], timeout_s=60).stderr
    names = {"RMS level dB": "rms", "Peak level dB": "peak", "    I": "lufs", "    LRA": "range"}
    names["    Peak"] = "true"
    return {
        short: float(re.search(rf"{name}: +(\S+)", said)[1])  # type: ignore[index]
        for name, short in names.items()
    }


def test_the_target_is_met_and_the_report_is_true(made: tuple[Path, Path, MasterReport]) -> None:
    _, path, report = made
    assert abs(report.rms_db - ACX.rms_target_db) <= 0.3
    assert report.peak_db <= ACX.peak_db + 0.01
    own = 10 ** ((-72 + report.gain_db) / 10)  # the chapter's own floor, raised, and the bed
    assert report.floor_db == pytest.approx(10 * np.log10(own + 10**-7.2), abs=1.0)
    independent = astats(path)
    assert report.rms_db == pytest.approx(independent["rms"], abs=0.02)
    assert report.peak_db == pytest.approx(independent["peak"], abs=0.02)
    assert report.lufs == pytest.approx(independent["lufs"], abs=0.11)
    assert report.true_peak_db == pytest.approx(independent["true"], abs=0.11)
    assert report.range_lu == pytest.approx(independent["range"], abs=0.3)
    samples = soundfile.read(path)[0]
    course = [samples[at : at + 88200] for at in range(0, len(samples), 88200)]
    assert report.course_db == pytest.approx(
        [20 * np.log10(np.sqrt(np.mean(part**2))) for part in course], abs=0.06
    )


def test_the_length_is_untouched_and_the_hash_is_of_the_samples(
    made: tuple[Path, Path, MasterReport],
) -> None:
    stitched, path, report = made
    info = soundfile.info(path)
    assert (info.frames, info.samplerate, info.channels) == (
        soundfile.info(stitched).frames,
        44100,
        1,
    )
    assert (info.format, info.subtype) == ("FLAC", "PCM_16")
    samples, _ = soundfile.read(path, dtype="int16")
    assert report.frames == len(samples)
    assert report.pcm_sha256 == hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()


def test_nothing_moves_in_time(made: tuple[Path, Path, MasterReport]) -> None:
    """The limiter looks ahead and puts its delay right: before and after differ by a gain."""
    stitched, path, report = made
    before, _ = soundfile.read(stitched)
    after, _ = soundfile.read(path)
    after = after - bed(len(after)) / 32768  # the room tone is exactly the book's
    gain = 10 ** (report.gain_db / 20)
    quiet = np.abs(before * gain) < 10 ** (-20 / 20)
    calm = np.convolve(quiet, np.ones(8821), "same") == 8821  # nothing to limit nearby
    assert calm.sum() > 10000
    assert np.max(np.abs(after[calm] - before[calm] * gain)) < 1.6 / 32768


def test_again_is_the_same_bytes(made: tuple[Path, Path, MasterReport], tmp_path: Path) -> None:
    stitched, path, report = made
    assert master(stitched, tmp_path / "again.flac", ACX, key=KEY) == report
    assert (tmp_path / "again.flac").read_bytes() == path.read_bytes()
    flac = wav(tmp_path / "stitched.flac", soundfile.read(stitched, dtype="int16")[0])
    gauge = gauge_for(ACX, 44100)  # as it is fed while the chapter is stitched
    for block in soundfile.blocks(flac, 5000, dtype="int16"):
        gauge.add(block)
    again = master(flac, tmp_path / "flac.flac", ACX, key=KEY, before=gauge)
    assert again == report
    other = master(flac, tmp_path / "other.flac", ACX, key=KEY + 1)
    assert other.pcm_sha256 != report.pcm_sha256


def test_the_report_is_json(made: tuple[Path, Path, MasterReport]) -> None:
    text = json.dumps(dataclasses.asdict(made[2]), allow_nan=False)
    loaded = json.loads(text)
    assert MasterReport(**{**loaded, "course_db": tuple(loaded["course_db"])}) == made[2]


def test_sharp_peaks_take_level_and_get_it_back(tmp_path: Path) -> None:
    """A chapter with clicks: limiting them lowers the RMS, a higher gain makes up for it."""
    sound = speech(6, level_db=-38).astype(np.float64)
    sound[:: 44100 // 30] = 30000  # most of the energy is in clicks
    stitched = wav(tmp_path / "s.wav", np.clip(sound, -32768, 32767).astype(np.int16))
    report = master(stitched, tmp_path / "m.flac", ACX)
    first = first_gain_db(astats(stitched)["rms"], astats(stitched)["rms"], ACX)
    assert report.gain_db > first
    assert report.gain_db <= first + 6.05
    assert report.peak_db <= ACX.peak_db + 0.01
    assert report.frames == len(sound)


def test_a_loudness_target(tmp_path: Path) -> None:
    podcast = load_profile("podcast")
    stitched = wav(tmp_path / "s.wav", speech(8, level_db=-30))
    gauge = gauge_for(podcast, 44100)
    gauge.add(soundfile.read(stitched, dtype="int16")[0])
    report = master(stitched, tmp_path / "m.flac", podcast, before=gauge)
    assert report == master(stitched, tmp_path / "n.flac", podcast)
    assert report.lufs == pytest.approx(-19, abs=0.3)
    assert report.true_peak_db <= -1


@pytest.mark.parametrize("level", [None, -80.0])
def test_near_silence_stays_as_it_is(tmp_path: Path, level: float | None) -> None:
    frames = 44100
    sound = np.zeros(frames)
    if level is not None:
        sound = np.random.default_rng(0).normal(0, 10 ** (level / 20), frames)
    samples = np.round(sound * 32767).astype(np.int16)
    report = master(wav(tmp_path / "s.wav", samples), tmp_path / "m.flac", ACX, key=KEY)
    assert report.gain_db == 0
    heard = soundfile.read(tmp_path / "m.flac", dtype="int16")[0]
    assert np.array_equal(heard, samples + bed(frames))
    if level is None:
        assert report.floor_db == pytest.approx(-72, abs=0.6)
        master(tmp_path / "s.wav", tmp_path / "bare.flac", BARE)
        assert not soundfile.read(tmp_path / "bare.flac", dtype="int16")[0].any()
    json.dumps(dataclasses.asdict(report), allow_nan=False)


@pytest.mark.parametrize(("frames", "rate"), [(1, 44100), (100, 16000), (4411, 22050), (5, 48000)])
def test_any_length_and_rate_keep_every_sample(tmp_path: Path, frames: int, rate: int) -> None:
    samples = speech(2, rate, bed_db=-20)[:frames]
    report = master(wav(tmp_path / "s.wav", samples, rate), tmp_path / "m.flac", ACX)
    assert (report.frames, report.rate) == (frames, rate)


def test_stereo_and_nothing_are_refused(tmp_path: Path) -> None:
    stereo = wav(tmp_path / "s.wav", np.zeros((100, 2), np.int16))
    with pytest.raises(BrokenPromise, match="mono"):
        master(stereo, tmp_path / "m.flac", ACX)
    empty = wav(tmp_path / "e.wav", np.zeros(0, np.int16))
    with pytest.raises(BrokenPromise, match="without a single sample"):
        master(empty, tmp_path / "m.flac", ACX)


def test_an_unreadable_chapter_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.wav").write_bytes(b"RIFF no sound")
    with pytest.raises(StorageError, match=r"s\.wav: the stitched chapter cannot be read"):
        master(tmp_path / "s.wav", tmp_path / "m.flac", ACX)


def refused(folder: Path, stitched: Path) -> CastbookError:
    """The error of a chapter that cannot be mastered; the old master is whole."""
    (folder / "m.flac").write_bytes(b"the old one")
    with pytest.raises(CastbookError) as caught:
        master(stitched, folder / "m.flac", ACX)
    assert (folder / "m.flac").read_bytes() == b"the old one"
    assert not list(folder.glob(".tmp-*"))
    return caught.value


def test_a_full_disk_leaves_the_old_master_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stitched = wav(tmp_path / "s.wav", speech(2))
    write = soundfile.SoundFile.write

    def full(file: soundfile.SoundFile, data: np.ndarray) -> None:
        write(file, data[:100])
        raise AssertionError  # what soundfile says when not every frame was taken

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    error = refused(tmp_path, stitched)
    assert isinstance(error, StorageError) and "is the disk full? Free some space" in str(error)


@pytest.mark.parametrize("lost", [1, 200, 5000, 30000])
def test_a_master_whose_end_did_not_reach_the_disk_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    stitched = wav(tmp_path / "s.wav", speech(2, bed_db=-30))
    close = soundfile.SoundFile.close

    def cut(file: soundfile.SoundFile) -> None:
        close(file)
        path = Path(file.name)
        if path.suffix == ".flac" and path.exists() and path.stat().st_size > 40000:
            path.write_bytes(path.read_bytes()[:-lost])

    monkeypatch.setattr(soundfile.SoundFile, "close", cut)
    error = refused(tmp_path, stitched)
    assert isinstance(error, StorageError) and "the master cannot be written" in str(error)


def test_a_chapter_that_was_cut_after_it_was_measured(tmp_path: Path) -> None:
    stitched = wav(tmp_path / "s.wav", speech(2))
    before = gauge_for(ACX, 44100)
    before.add(np.concatenate((speech(2), speech(2))))
    with pytest.raises(BrokenPromise, match="of 176400 frames"):
        master(stitched, tmp_path / "m.flac", ACX, before=before)
    assert not (tmp_path / "m.flac").exists()


@given(st.floats(-59, 0), st.floats(-60, 0))
def test_gains_are_tenths_within_limits(rms: float, level: float) -> None:
    gain = first_gain_db(rms, level, ACX)
    assert gain == round(gain, 1)
    assert -40 <= gain <= 40
    assert str(gain) != "-0.0"


@given(st.floats(-40, 40), st.floats(-70, 0))
def test_a_correction_is_bounded_and_only_for_a_miss(gain: float, reached: float) -> None:
    gain = round(gain, 1)
    again = corrected_gain_db(gain, reached, -20.5, gain)
    if abs(reached + 20.5) <= 0.3:
        assert again == gain
    assert abs(again - gain) <= 6.0001
    assert corrected_gain_db(gain, reached, -20.5, gain - 5) <= max(gain, gain + 1.0001)


def test_what_the_limiter_takes_is_made_up_for() -> None:
    """A limiter that takes a third of every decibel above 3."""
    gain = rendering_gain_db(2.0, -30.0, -25.0, lambda db: -max(0.0, db - 3) / 3)
    assert gain == pytest.approx(6.0, abs=0.1)
    assert rendering_gain_db(2.0, -30.0, -25.0, lambda db: 0.0) == 5.0
    assert rendering_gain_db(2.0, -30.0, 0.0, lambda db: -db) == 8.0  # no more than 6 above
