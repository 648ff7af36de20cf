from __future__ import annotations

import dataclasses

import pytest

from audio.profiles import Profile, load_profile, profile_names, read_profile
from castbook.errors import BrokenPromise, ProjectError

MINIMAL = {
    "about": "a",
    "source": "s",
    "release": True,
    "rms_target_db": -20,
    "peak_db": -3,
    "head_ms": 1,
    "tail_ms": 2,
    "rate": 44100,
    "mp3_kbps": 192,
    "m4b_kbps": 64,
}


def test_the_shipped_profiles() -> None:
    assert profile_names() == (
        *("acx", "apple", "audiobookshelf", "draft", "google-play", "podcast"),
    )


def test_only_what_is_for_listeners_alone_leaves_the_credits_out() -> None:
    silent = {name for name in profile_names() if not load_profile(name).credits}
    assert silent == {"draft", "podcast"}
    assert {n for n in profile_names() if not load_profile(n).release} == {"draft"}


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_aims_inside_its_own_rules(name: str) -> None:
    p = load_profile(name)
    assert p.name == name
    if p.rms_min_db is not None and p.rms_max_db is not None:
        assert p.rms_min_db + 1 <= p.rms_target_db <= p.rms_max_db - 1
    if p.lufs_min is not None and p.lufs_max is not None:
        assert p.lufs_target is not None
        assert p.lufs_min < p.lufs_target < p.lufs_max
    # encoding moved the peak by up to 0.5 dB: the ceiling keeps that distance
    for most in (p.peak_max_db, p.true_peak_max_db):
        assert most is None or p.peak_db <= most - 0.5
    assert p.mp3_min_kbps is None or p.mp3_kbps >= p.mp3_min_kbps
    if p.formats and "m4b" in p.formats:
        assert p.m4b_min_kbps is None or p.m4b_kbps >= p.m4b_min_kbps
    if p.head_min_ms is not None and p.head_max_ms is not None:
        assert p.head_min_ms < p.head_ms < p.head_max_ms
    if p.tail_min_ms is not None and p.tail_max_ms is not None:
        assert p.tail_min_ms < p.tail_ms < p.tail_max_ms
    assert p.peak_db - p.rms_target_db < 20


def test_acx_has_the_figures_of_the_shop() -> None:
    p = load_profile("acx")
    assert (p.rms_min_db, p.rms_max_db, p.peak_max_db, p.floor_max_db) == (-23, -18, -3, -60)
    assert (p.formats, p.mp3_kbps, p.constant_bitrate, p.max_minutes) == (("mp3",), 192, True, 120)
    assert p.release
    assert (p.sample_min_s, p.sample_max_s, p.alike) == (60, 300, True)


def test_an_unknown_profile_names_the_nearest_and_all() -> None:
    with pytest.raises(ProjectError) as caught:
        load_profile("podcst")
    assert str(caught.value) == (
        "no mastering profile is called 'podcst'; expected one of acx, apple, audiobookshelf, "
        "draft, google-play, podcast; did you mean podcast?"
    )


def test_a_name_like_nothing_gets_the_list_alone() -> None:
    with pytest.raises(ProjectError, match=r"'zzzz'; expected one of acx, .*podcast$"):
        load_profile("zzzz")


def test_a_name_is_never_a_path() -> None:
    with pytest.raises(ProjectError):
        load_profile("../mastering/acx")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"loud": 1}, r"unknown keys \['loud'\]"),
        ({"head_ms": "750"}, "head_ms: expected int, found '750'"),
        ({"rate": True}, r"rate: expected int \| None"),
        ({"release": 1}, "release: expected bool"),
        ({"peak_db": None}, "peak_db: expected float"),
        ({"aac_coder": "best"}, "aac_coder: expected AacCoder"),
    ],
)
def test_a_mistake_in_a_profile_is_named(change: dict[str, object], words: str) -> None:
    with pytest.raises(BrokenPromise, match=words):
        read_profile("x", {**MINIMAL, **change})


def test_a_missing_key_is_named() -> None:
    with pytest.raises(BrokenPromise, match=r"missing keys \['tail_ms'\]"):
        read_profile("x", {k: v for k, v in MINIMAL.items() if k != "tail_ms"})
    with pytest.raises(BrokenPromise, match="keys and values"):
        read_profile("x", [])


def test_whole_numbers_are_levels_too() -> None:
    assert read_profile("x", MINIMAL) == read_profile("x", {**MINIMAL, "rms_target_db": -20.0})


def change(profile: Profile, field: str) -> Profile:
    """Another value of the same kind in one field."""
    value = getattr(profile, field)
    if field == "aac_coder":
        other: object = "twoloop"
    elif isinstance(value, str | tuple):
        other = type(value)("x")
    else:
        other = (value or 0) + 1
    return dataclasses.replace(profile, **{field: other})


def test_digests_hold_what_sounds_and_nothing_else() -> None:
    acx = load_profile("acx")
    masters = {"rms_target_db", "lufs_target", "peak_db", "head_ms", "tail_ms", "room_tone_db"}
    book_files = {"mp3_kbps", "mp3_quality", "m4b_kbps", "aac_coder", "opus_kbps"}
    for field in (f.name for f in dataclasses.fields(Profile)):
        other = change(acx, field)
        assert other != acx
        assert (other.master_digest() != acx.master_digest()) is (field in masters), field
        assert (other.digest() != acx.digest()) is (field in masters | book_files), field
