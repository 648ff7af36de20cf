"""Files that people edit: entries are added and changed, and nothing else moves."""

from __future__ import annotations

import itertools

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from book.yamledit import Entries
from book.yamltext import scalar

COMMENTED = """\
# my castings
version: 1
castings:   # the corrections

  # she whispers
  - anchor: aa.1      # the first
    speaker: anna     # sure

  - {anchor: 'bb.1', speaker: boris}  # in one line
  # at the end
"""


def add(text: str, *rows: dict[str, str], key: str = "castings") -> str:
    entries = Entries.find(text, key)
    return entries.changed(entries.seat().edit(rows))


def test_a_value_is_changed_where_it_stands() -> None:
    entries = Entries.find(COMMENTED, "castings")
    edits = [
        entries.slot(0, "speaker", "anchor").edit("narrator"),
        entries.slot(0, "style", "speaker").edit("calm"),
        entries.slot(1, "style", "speaker").edit("angry"),
    ]
    assert entries.changed(edits) == COMMENTED.replace(
        "speaker: anna     # sure", "speaker: narrator     # sure\n    style: calm"
    ).replace("speaker: boris}", "speaker: boris, style: angry}")


def test_an_entry_is_added_behind_the_last_one() -> None:
    after = add(COMMENTED, {"anchor": "cc.1", "speaker": "cora"})
    assert after == COMMENTED.replace(
        "# in one line\n", "# in one line\n  - anchor: cc.1\n    speaker: cora\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n",
        "version: 1",
        "version: 1\ncastings:\n",
        "version: 1\ncastings:",
        "version: 1\ncastings: []\n",
        "version: 1\ncastings: []  # none yet\nother: 1\n",
        "castings: ~\nversion: 1\n",
        "version: 1\ncastings: [{anchor: z, speaker: y}]\n",
        "version: 1\ncastings: [\n  {anchor: z, speaker: y},  # why\n]\n",
        "version: 1\ncastings:\n- anchor: z\n  speaker: y",
        "version: 1\r\ncastings:\r\n  - anchor: z\r\n    speaker: y\r\n",
        "version: 1\ncastings:\n  - speaker: y\n    anchor: z\n    text: |\n      1\n\nother: 2\n",
        "# é 中文 𝔊\nversion: 1\ncastings:\n    -   anchor: z\n        speaker: ÿ\nlast: [1]\n",
    ],
)
def test_every_way_to_write_a_list(text: str) -> None:
    before = yaml.safe_load(text)
    rows = [{"anchor": "aa.1", "speaker": "anna", "text": '"a: b"'}, {"anchor": "bb.1"}]
    after = add(text, *rows)
    loaded = yaml.safe_load(after)
    assert loaded.pop("castings") == [
        *(before.pop("castings", None) or []),
        {"anchor": "aa.1", "speaker": "anna", "text": "a: b"},
        {"anchor": "bb.1"},
    ]
    assert loaded == before
    comments = [part for part in ("# none yet", "# why", "# é 中文 𝔊") if part in text]
    assert all(part in after for part in comments)


@given(
    rows=st.lists(st.tuples(st.sampled_from("xyz"), st.text(max_size=12)), max_size=5),
    notes=st.lists(st.sampled_from(["", "  # a remark", "\n", "\n# a line\n"]), max_size=5),
    value=st.text(st.characters(codec="utf-8"), max_size=12),
)
def test_what_is_put_in_is_read_back_and_nothing_else_moves(
    rows: list[tuple[str, str]], notes: list[str], value: str
) -> None:
    text = "version: 1\nlist:\n"
    for (name, content), note in itertools.zip_longest(rows, notes[: len(rows)], fillvalue=""):
        text += f"  - {name}: {scalar(content)}{note}\n    last: 1\n"
    before = yaml.safe_load(text)["list"] or []
    entries = Entries.find(text, "list")
    edits = entries.seat().edit([{"new": scalar(value)}])
    for i, row in enumerate(before):
        name = next(iter(row))
        edits += [entries.slot(i, name, name).edit(scalar(value))]
        edits += [entries.slot(i, "more", name).edit(scalar(value))]
        row.update({name: value, "more": value})
    after = entries.changed(edits)
    assert yaml.safe_load(after)["list"] == [*before, {"new": value}]
    assert after.count("# a") == text.count("# a")


def test_an_update_changes_what_is_different_only() -> None:
    rows: list[dict[str, str | int | None]] = [
        {"anchor": "aa.1", "speaker": "anna", "style": None, "text": ""},
        {"anchor": "bb.1", "speaker": "narrator", "style": "calm", "text": "No: never"},
    ]
    assert Entries.find(COMMENTED, "castings").update(rows) == COMMENTED.replace(
        "speaker: boris}", 'speaker: narrator, style: calm, text: "No: never"}'
    )
    assert Entries.find(COMMENTED, "castings").update(rows[1:]) is None
    assert Entries.find(COMMENTED, "castings").update(rows[::-1]) is None
    styled = "castings:\n  - {anchor: aa.1, speaker: anna, style: calm}\n"
    assert Entries.find(styled, "castings").update(rows[:1]) == styled.replace("calm", "null")


def test_quoted_keys_have_their_column() -> None:
    text = "castings:\n  - 'anchor': aa.1\n    \"speaker\": anna\n"
    entries = Entries.find(text, "castings")
    after = entries.changed([entries.slot(0, "style", "speaker").edit("calm")])
    assert yaml.safe_load(after)["castings"] == [
        {"anchor": "aa.1", "speaker": "anna", "style": "calm"}
    ]
