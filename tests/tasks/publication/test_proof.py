"""Which rules hold for which file, and the gain that corrects one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from good_figures import GOOD
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audio.measuring.check import findings
from audio.measuring.measure import Measured
from audio.profiles import Profile, load_profile
from tasks.publication.proof import complaint, correction_db, package_verdict, rules_for, verdict

ACX = load_profile("acx")
levels = st.floats(-60, 3).map(lambda value: round(value, 2))


def like(**values: float | str) -> Measured:
    return dataclasses.replace(GOOD, **values)  # type: ignore[arg-type]


def louder(measured: Measured, gain_db: float) -> Measured:
    """What a perfect encoder would give at that gain."""
    names = ("rms_db", "peak_db", "true_peak_db", "lufs", "floor_db")
    moved = {name: getattr(measured, name) + gain_db for name in names}
    return dataclasses.replace(measured, **moved)


def wrong(measured: Measured, profile: Profile) -> set[str]:
    return {finding.rule for finding in findings(measured, profile) if not finding.ok}


def test_a_file_within_the_profile_is_left_alone() -> None:
    assert correction_db(GOOD, ACX) == 0.0
    assert correction_db(like(rms_db=-22.99, peak_db=-3.0), ACX) == 0.0


@pytest.mark.parametrize(
    ("figures", "gain"),
    [
        ({"peak_db": -2.9}, -0.2),  # 0.1 dB below the limit
        ({"rms_db": -17.5}, -3.0),
        ({"rms_db": -25.0, "peak_db": -9.0, "true_peak_db": -9.0}, 4.5),
        ({"rms_db": -25.0}, 0.6),  # as far as the peaks allow
        ({"rms_db": -25.0, "peak_db": -2.5}, -0.6),  # the peaks go first
    ],
)
def test_the_gain(figures: dict[str, float], gain: float) -> None:
    assert correction_db(like(**figures), ACX) == gain


def test_a_target_in_lufs() -> None:
    podcast = load_profile("podcast")
    assert podcast.lufs_target is not None
    quiet = like(lufs=podcast.lufs_target - 6, peak_db=-12.0, true_peak_db=-12.0)
    assert correction_db(quiet, podcast) == 6.0


@settings(max_examples=40)
@given(levels, levels, st.floats(0, 2), st.sampled_from(["acx", "podcast", "google-play"]))
def test_what_one_gain_can_mend_is_mended(rms: float, peak: float, over: float, name: str) -> None:
    assume(peak > rms + 3)
    profile = load_profile(name)
    measured = like(rms_db=rms, peak_db=peak, true_peak_db=peak + over, lufs=rms + 1)
    gain = correction_db(measured, profile)
    mended = louder(measured, gain)
    before, after = wrong(measured, profile), wrong(mended, profile)
    assert not {"peak", "true peak"} & after
    if not after & {"rms", "loudness"}:
        assert correction_db(mended, profile) == 0.0
    if not {"rms", "loudness", "peak", "true peak"} & before:
        assert gain == 0.0


def test_rules_of_delivery_hold_for_what_the_shop_gets_and_no_other() -> None:
    assert rules_for(ACX, "mp3") == rules_for(ACX, "sample") == ACX
    book = like(format="m4b", bitrate_kbps=64, duration_s=36000.0, promised_s=36000.0, rate=24000)
    assert wrong(book, ACX) >= {"format", "sample rate"}
    for output in ("m4b", "epub", "opus", "mp3-book", "flac"):
        assert wrong(book, rules_for(ACX, output)) == set()
        assert wrong(like(peak_db=-1.0), rules_for(ACX, output)) == {"peak"}


def test_a_complaint_is_one_line_with_what_to_do() -> None:
    path = Path("out/x.mp3")
    assert complaint(path, verdict(path, GOOD, ACX).to_json(), 0.0) is None
    line = complaint(path, verdict(path, like(peak_db=-2.0), ACX).to_json(), -1.1)
    assert line is not None
    assert "\n" not in line
    for part in (str(path), "acx", "-1.1 dB", "peak -2.00 dB", "-3 dB"):
        assert part in line


def test_a_package_names_the_chapter() -> None:
    rules = rules_for(ACX, "epub")
    found = package_verdict(Path("b.epub"), {"One": GOOD, "Two": like(rms_db=-30.0)}, rules)
    assert not found["passed"]
    assert [finding["rule"] for finding in found["findings"]] == ["Two: rms"]
    assert set(found["members"]) == {"One", "Two"}
    assert package_verdict(Path("b.epub"), {"One": GOOD}, rules)["passed"]
