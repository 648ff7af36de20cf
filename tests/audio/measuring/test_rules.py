from __future__ import annotations

import dataclasses
import re

import pytest
from good_figures import GOOD
from hypothesis import given
from hypothesis import strategies as st

from audio.measuring.measure import Measured
from audio.measuring.rules import findings, together
from audio.profiles import Profile, load_profile

ACX = load_profile("acx")


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
