"""Plain data and lines out of YAML, for any text whatever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from book.yamlfile import DEPTH_LIMIT, place_name, read_yaml, shown
from book.yamltext import flow_list, one_line, scalar
from castbook.errors import ProjectError

READABLE = st.text(st.characters(codec="utf-8"), max_size=80)
BASIC = st.characters(max_codepoint=0xD7FF)  # beyond, JSON writes pairs that YAML does not know
KEYS = st.text(BASIC, min_size=1, max_size=20)
NUMBERS = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(BASIC, max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def parse(folder: Path, content: str | bytes) -> Any:
    path = folder / "file.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_yaml(path).data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml")


@given(data=st.dictionaries(KEYS, VALUES, min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_json_is_read_as_json(folder: Path, data: dict[str, Any]) -> None:
    assert parse(folder, json.dumps(data)) == data


@given(data=st.dictionaries(KEYS, READABLE | st.integers(-(10**17), 10**17) | st.booleans()))
@settings(max_examples=200, deadline=None)
def test_what_we_write_is_read_back(folder: Path, data: dict[str, Any]) -> None:
    rows = [f"{scalar(key)}: {scalar(value)}  # remark" for key, value in data.items()]
    assert parse(folder, "\n".join(["last: 0", *rows] if "last" not in data else rows)) == {
        **({} if "last" in data else {"last": 0}), **data
    }  # fmt: skip


@given(values=st.lists(READABLE, max_size=6))
@settings(deadline=None)
def test_lists_we_write_are_read_back(folder: Path, values: list[str]) -> None:
    assert parse(folder, f"a: {flow_list(tuple(values))}") == {"a": values}


YAML_LIKE = st.text("abc:-[]{}#&*!|>'\"%@`,? \n\t0.~<", max_size=60)


@given(junk=st.binary(max_size=200) | READABLE.map(str.encode) | YAML_LIKE.map(str.encode))
@settings(max_examples=400, deadline=None)
def test_whatever_stands_there_is_a_map_or_one_line(folder: Path, junk: bytes) -> None:
    try:
        assert isinstance(parse(folder, junk), dict)
    except ProjectError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("true", True), ("False", False),
        ("null", None), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0", 0), ("1.5", 1.5),
        ("1e3", 1000.0), (".5", 0.5), ("007", "007"), ("0x10", "0x10"), ("3:42:10", "3:42:10"),
        ("1_000", "1_000"), ("2024-01-01", "2024-01-01"), ("9" * 30, "9" * 30), ("'1'", "1"),
        ('"true"', "true"), ("|-\n  two\n  lines", "two\nlines"), ("=", "="), ("“a”", "“a”"),
    ],
)  # fmt: skip
def test_plain_words(folder: Path, written: str, read: object) -> None:
    value = parse(folder, f"key: {written}\n")["key"]
    assert value == read
    assert type(value) is type(read)


def test_a_byte_order_mark_and_windows_lines_are_fine(folder: Path) -> None:
    assert parse(folder, b"\xef\xbb\xbfa: 1\r\nb: 2\r\n") == {"a": 1, "b": 2}


def test_every_part_has_its_line(folder: Path) -> None:
    (folder / "file.yaml").write_text("a: 1\nb:\n  c: [x,\n    y]\n  d:\n   - e: |\n       f\n\n")
    file = read_yaml(folder / "file.yaml")
    assert file.line(("a",)) == 1
    assert file.line(("b", "c")) == 3
    assert file.line(("b", "c", 1)) == 4
    assert file.line(("b", "d", 0, "e")) == 6
    assert file.line(("b", "d", 0, "missing")) == 6
    assert file.line(("b", "missing", "deeper")) == 2
    assert file.line(("missing",)) is None
    assert (file.depth(("b", "c", 1)), file.depth(("b", "x")), file.depth(("x",))) == (3, 1, 0)


def test_the_deepest_allowed_nesting(folder: Path) -> None:
    levels = DEPTH_LIMIT - 1
    assert parse(folder, "a: " + "[" * levels + "]" * levels)["a"]
    with pytest.raises(ProjectError, match=f"at most {DEPTH_LIMIT} levels"):
        parse(folder, "a: " + "[" * (levels + 1) + "]" * (levels + 1))


def test_places_and_values_stay_on_one_short_line() -> None:
    assert place_name(("voices", "a", "styles", 1, "x")) == "voices.a.styles[2].x"
    assert place_name(("a\nb", "c" * 500)).isprintable()
    assert len(place_name(("c" * 500,))) <= 60
    assert shown("a\nb" * 100).isprintable()
    assert (shown(None), shown(True), shown({}), shown([]), shown(3)) == (
        "nothing", "true", "a map", "a list", "3",
    )  # fmt: skip


@given(text=READABLE, limit=st.integers(5, 100))
@settings(deadline=None)
def test_one_line_fits_and_is_one_line(text: str, limit: int) -> None:
    short = one_line(text, limit)
    assert len(short) <= limit
    assert short.isprintable()
    assert one_line(short, limit) == short
