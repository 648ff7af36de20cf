"""Maps in files that people edit: an entry is added or replaced, and nothing else moves."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from book.yamlmaps import with_entry, without_entry
from book.yamltext import scalar

PROJECT = """\
# a book
version: 1
voices:   # who sounds how

  # the narrator
  warm: {engine: espeak, preset: en-gb}   # for now
  anna:
    styles:
      calm: {reference: voices/anna.wav, transcript: 'Come: at once.'}  # morning
    consent: {basis: self}

cast:
  anna: {voice: anna}
# at the end
"""
CLIP = {"reference": "voices/x.flac", "transcript": "It’s “done”: yes."}


def test_a_voice_is_added_behind_the_last_one() -> None:
    after = with_entry(PROJECT, ("voices",), "bob", {**CLIP, "consent": {"basis": "self"}})
    assert after == PROJECT.replace(
        "    consent: {basis: self}\n",
        "    consent: {basis: self}\n"
        "  bob:\n"
        "    reference: voices/x.flac\n"
        '    transcript: "It’s “done”: yes."\n'
        "    consent: {basis: self}\n",
    ).replace("voices/x.flac", scalar("voices/x.flac"))


def test_a_style_is_added_beside_the_others() -> None:
    after = with_entry(PROJECT, ("voices", "anna", "styles"), "alarm", CLIP)
    (line,) = set(after.splitlines()) - set(PROJECT.splitlines())
    assert line.startswith("      alarm: {reference: ")
    assert yaml.safe_load(after)["voices"]["anna"]["styles"]["alarm"] == CLIP


def test_an_entry_is_replaced_with_what_it_holds() -> None:
    after = with_entry(PROJECT, ("voices",), "warm", {"engine": "tone", "preset": "a"})
    assert after == PROJECT.replace(
        "warm: {engine: espeak, preset: en-gb}", "warm: {engine: tone, preset: a}"
    )
    after = with_entry(PROJECT, ("voices",), "anna", {"preset": "b"})
    assert yaml.safe_load(after)["voices"]["anna"] == {"preset": "b"}
    assert after.startswith(PROJECT[: PROJECT.index("  anna:")])
    assert after.endswith("\n\ncast:\n  anna: {voice: anna}\n# at the end\n")


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n",
        "version: 1",
        "version: 1\nvoices:\n",
        "version: 1\nvoices: {}\ncast: {}\n",
        "version: 1\nvoices: {}  # none\n",
        "version: 1\nvoices: null   # none yet\nrate: 1\n",
        "version: 1\nvoices: ~\n",
        "version: 1\r\nvoices:\r\n  a: {preset: b}\r\n# end\r\n",
        "{version: 1, voices: {a: {preset: b},\n}}\n",
        "version: 1\nvoices:\n  a:\n    preset: |\n      x\n      y\n\n\n# end\n",
        "voices:\n  a:\n  b: {preset: c}\n",
        "voices:\n  b: {preset: c}\n  x:\n",
    ],
)
@pytest.mark.parametrize("key", ["a", "x"])
def test_wherever_the_map_is(text: str, key: str) -> None:
    wanted: dict[str, Any] = yaml.safe_load(text)
    wanted["voices"] = {**(wanted.get("voices") or {}), key: CLIP}
    after = with_entry(text, ("voices",), key, CLIP)
    assert yaml.safe_load(after) == wanted
    for comment in ("# end", "# none yet", "cast: {}", "rate: 1"):
        assert (comment in after) == (comment in text)


@pytest.mark.parametrize("path", [("cast", "anna", "voice"), ("nothing", "here"), ("version",)])
def test_a_path_to_something_else_is_refused(path: tuple[str, ...]) -> None:
    with pytest.raises(KeyError):
        with_entry(PROJECT, path, "x", CLIP)


NAMES = st.sampled_from(["a", "bob", "约翰", "no", "x-1", "null"])
TEXTS = st.text(max_size=12)
ENTRIES = st.dictionaries(
    st.sampled_from(["reference", "transcript", "gain_db"]),
    TEXTS | st.integers(-9, 9) | st.dictionaries(st.just("basis"), TEXTS, min_size=1),
    min_size=1,
)


@settings(max_examples=30)
@given(st.dictionaries(NAMES, ENTRIES, max_size=3), NAMES, ENTRIES, st.booleans(), st.data())
def test_what_was_there_stays(
    voices: dict[str, Any], key: str, entry: dict[str, Any], flow: bool, data: st.DataObject
) -> None:
    """Any file with any comments: the entry is there, everything else as before."""
    dumped = yaml.safe_dump(voices, default_flow_style=True, allow_unicode=True, width=10_000)
    if not flow:
        dumped = yaml.safe_dump({"voices": voices}, allow_unicode=True, width=10_000)
    body = f"voices: {dumped}" if flow else dumped
    lines = f"# top\nversion: 1\n{body}cast: {{z: 1}}  # kept\n".split("\n")
    if not flow:  # comments of their own between the entries
        spots = [i for i, line in enumerate(lines) if line[:2] == "  " and line[2:3].strip()]
        for spot in sorted(
            data.draw(st.sets(st.sampled_from(spots))) if spots else (), reverse=True
        ):
            lines.insert(spot, "  # comment")
    text = "\n".join(lines)
    before = yaml.safe_load(text)
    after = with_entry(text, ("voices",), key, entry)
    assert yaml.safe_load(after) == {**before, "voices": {**(before["voices"] or {}), key: entry}}
    if not flow and voices and key not in voices:
        kept = iter(after.split("\n"))
        assert all(any(line == found for found in kept) for line in lines)


def test_an_entry_is_taken_out_and_nothing_else() -> None:
    after = without_entry(PROJECT, ("voices",), "anna")
    start = PROJECT.index("  anna:\n")
    assert after == PROJECT[:start] + PROJECT[PROJECT.index("\ncast:") :]
    assert without_entry(PROJECT, ("voices",), "carl") == PROJECT
    assert without_entry(PROJECT, ("sounds",), "anna") == PROJECT
    emptied = without_entry(after, ("voices",), "warm")
    assert yaml.safe_load(emptied)["voices"] is None
    assert yaml.safe_load(with_entry(emptied, ("voices",), "x", CLIP))["voices"] == {"x": CLIP}


@pytest.mark.parametrize("key", ["a", "b", "c"])
def test_an_entry_is_taken_out_of_a_map_in_braces(key: str) -> None:
    after = without_entry('v: {a: {x: 1}, b: "s", c: }\nw: 1\n', ("v",), key)
    assert yaml.safe_load(after) == {
        "v": {k: v for k, v in {"a": {"x": 1}, "b": "s", "c": None}.items() if k != key},
        "w": 1,
    }
