from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castbook.errors import BrokenPromise
from tasks.keys import (
    Ingredients,
    content_key,
    jitter,
    preset_digest,
    reference_digest,
    seed_of,
    take_key,
)

LINE = Ingredients("Come here.", "en", "aa" * 32, "", "tone", "tone 1", 42)


def test_a_key_never_changes_without_a_release_note() -> None:
    """A changed key means that every user's finished takes are made again."""
    assert take_key(LINE, 0) == ("67635806db112913db4d88ca371a18b300a7ae2e30af9cd6c29ed5cbffe2b93f")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spoken", "Come here!"),
        ("language", "zh"),
        ("voice", "bb" * 32),
        ("style", "angry"),
        ("engine", "espeak"),
        ("fingerprint", "tone 2"),
        ("seed", 43),
        ("retake", 1),
    ],
)
def test_every_ingredient_is_in_the_key(field: str, value: object) -> None:
    assert take_key(replace(LINE, **{field: value}), 0) != take_key(LINE, 0)


def test_attempts_have_their_own_keys_and_seeds() -> None:
    keys = {take_key(LINE, attempt) for attempt in range(3)}
    assert len(keys) == 3
    assert len({seed_of(key) for key in keys}) == 3


@given(st.text(alphabet="0123456789abcdef", min_size=64, max_size=64), st.integers(0, 5))
def test_a_seed_has_63_bits(key: str, piece: int) -> None:
    assert 0 <= seed_of(key, piece) < 2**63


def test_the_seed_is_the_first_eight_bytes_of_the_key() -> None:
    assert seed_of("ffffffffffffffff" + "0" * 48) == 2**63 - 1


@given(st.text(max_size=8), st.text(max_size=8))
def test_jitter_stays_inside_its_bounds(before: str, after: str) -> None:
    assert -1 <= jitter(before, after) <= 1


def test_voices_are_told_apart_by_sound_not_by_file() -> None:
    assert preset_digest("en", {"pitch": 30}) != preset_digest("en", {"pitch": 31})
    assert preset_digest("en", {"rate": 1.5}) == preset_digest("en", {"rate": 1.5})
    assert reference_digest("ab", 24000, "Hi.", "") != reference_digest("ab", 24000, "Ho.", "")


def test_floats_never_enter_a_key_unspelled() -> None:
    assert content_key("master", {"gain": 0.5}) == content_key("master", {"gain": 0.5})
    with pytest.raises(BrokenPromise):
        take_key(replace(LINE, seed=0.5), 0)  # type: ignore[arg-type]
