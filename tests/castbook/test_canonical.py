from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castbook.canonical import canonical_json, digest, plain, text_digest
from castbook.errors import BrokenPromise

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers() | TEXT
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=20
)


def backwards(value: Any) -> Any:
    """An equal value whose maps were filled in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return tuple(backwards(item) for item in value)
    return value


@given(VALUES)
def test_equal_values_give_equal_bytes(value: Any) -> None:
    assert canonical_json(value) == canonical_json(backwards(value))


@given(VALUES)
def test_the_bytes_are_json_and_give_the_value_back(value: Any) -> None:
    assert json.loads(canonical_json(value)) == value


@given(VALUES, VALUES)
def test_different_bytes_exactly_when_the_json_differs(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (canonical_json(one) == canonical_json(other)) == same
    assert (digest(one) == digest(other)) == same


def test_the_form_is_written_down() -> None:
    """A change of this form would change every key, and make every take anew."""
    value = {"b": [1, True, None], "a": '茴香豆 \u2028"', "A": {}}
    wanted = '{"A":{},"a":"茴香豆 \u2028\\"","b":[1,true,null]}'
    assert canonical_json(value) == wanted.encode()
    assert digest(value) == hashlib.sha256(wanted.encode()).hexdigest()


@pytest.mark.parametrize(
    "value", [0.5, float("nan"), b"x", {1: "x"}, {"x": [0.0]}, {"x": {"y": {1, 2}}}, object()]
)
def test_what_has_no_single_form_is_refused(value: object) -> None:
    with pytest.raises(BrokenPromise, match="canonical JSON"):
        canonical_json(value)


@given(st.dictionaries(TEXT, st.floats() | LEAVES | st.lists(st.floats())))
def test_plain_makes_options_of_a_project_fit_for_a_key(options: dict[str, Any]) -> None:
    canonical_json(plain(options))


def test_plain_keeps_numbers_apart_that_differ() -> None:
    assert digest(plain({"speed": 1.0})) != digest(plain({"speed": 1.0000000000000002}))
    assert plain({"a": (1.5, 2), 3: "x"}) == {"a": ["1.5", 2], "3": "x"}


def test_text_digest_takes_lone_surrogates() -> None:
    assert text_digest("x") == hashlib.sha256(b"x").hexdigest()
    assert len(text_digest("\ud800")) == 64
