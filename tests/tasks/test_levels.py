"""Levels of voices: one gain each, and a word to the author where it does not reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lines import SPEAKER, chapter_plan, take

from audio.pcm import pcm_sha256, write_flac
from tasks.attempts import Decision
from tasks.levels import Level, level_warning, level_warnings, measure_levels
from tasks.plan import Line

TARGET = -23.0
RATE = 16000


def calibration(folder: Path, peak: int, own_gain: float = 0.0) -> list[Line]:
    """Two calibration lines of a voice whose takes are noise of that height."""
    lines = []
    for number, line in enumerate(chapter_plan(-1, ["one", "two"], ["one", "two"]).lines):
        noise = np.random.default_rng(number).integers(-peak, peak + 1, RATE).astype(np.int16)
        file = folder / f"{number}-{peak}.flac"
        write_flac(file, noise, RATE)
        spoken = replace(
            take(f"{number}"),
            audio=file,
            pcm_sha256=pcm_sha256(noise),
            frames=RATE,
            rate=RATE,
        )
        lines.append(
            replace(
                line,
                speaker=replace(SPEAKER, gain_db=own_gain),
                decision=Decision("done", spoken),
            )
        )
    return lines


def test_a_voice_in_reach_is_brought_to_the_target(tmp_path: Path) -> None:
    level = measure_levels(calibration(tmp_path, 3000))["warm", ""]
    assert level.loudness is not None
    assert level.loudness + level.gain_db == pytest.approx(TARGET, abs=0.25)
    assert level.missing_db == 0 and level_warning(("warm", ""), level) is None


@pytest.mark.parametrize(("peak", "words"), [(100, "below"), (32000, "above")])
def test_a_voice_out_of_reach_is_told(tmp_path: Path, peak: int, words: str) -> None:
    levels = measure_levels(calibration(tmp_path, peak))
    level = levels["warm", ""]
    assert level.loudness is not None and level.missing_db
    assert abs(level.gain_db) == 12
    assert level.missing_db == pytest.approx(TARGET - level.loudness - level.gain_db, abs=0.06)
    [warning] = level_warnings(levels)
    assert f"voice 'warm' stays {abs(level.missing_db):g} LU {words} the other voices" in warning
    assert f"gain_db by {abs(level.missing_db):g}" in warning and "clip" in warning
    # done as it says, there is nothing left to say
    mended = measure_levels(calibration(tmp_path, peak, level.missing_db))
    assert level_warnings(mended) == ()


def test_silence_and_a_hair_are_no_warning() -> None:
    assert level_warnings({("a", ""): Level(None, 0.0), ("b", ""): Level(-36.0, 12.0, 0.9)}) == ()
    [styled] = level_warnings({("b", "calm"): Level(-40.0, 12.0, 5.0)})
    assert styled.startswith("voice 'b' (calm) stays 5 LU below")


def test_an_open_line_leaves_its_voice_out(tmp_path: Path) -> None:
    lines = calibration(tmp_path, 3000)
    lines[1] = replace(lines[1], decision=Decision("missing", attempt=0))
    assert measure_levels(lines) == {}
