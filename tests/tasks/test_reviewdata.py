"""What the script page is given: safe inside HTML, and casting.yaml cut without loss."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.review import page
from tasks.reviewdata import casting_parts

FILES = [
    "version: 1\ncastings: []  # none yet\n",
    "version: 1\n",
    "# é 𝔊\r\nversion: 1\r\ncastings:\r\n  - anchor: a.1 # x\r\n    speaker: b\r\n# end",
    "castings: [{anchor: a.1, speaker: b}, {anchor: c.1, speaker: d, style: e}]\nversion: 1\n",
    "version: 1\ncastings:\n- speaker: b\n  style: c\n  anchor: a.1\n- anchor: d.1\n  speaker: e\n",
]


@pytest.mark.parametrize("text", FILES)
def test_the_parts_are_the_file(text: str) -> None:
    entries = text.count("anchor")
    parts = casting_parts(text, {i: 100 + i for i in range(entries)})["parts"]
    assert "".join(part if isinstance(part, str) else part[1] for part in parts) == text
    places = [part[0] for part in parts if not isinstance(part, str)]
    assert places.count("seat") == 1
    for entry in range(entries):
        assert [100 + entry, "speaker"] in places
        assert [100 + entry, "style"] in places
    values = {part[1] for part in parts if not isinstance(part, str)} - {"", "[]"}
    assert values <= set("bcde")


PIECES = ["<", ">", "&", "/script", "!--", "{{", "}}", "\u2028", "a", '"']
hostile = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@given(text=hostile, title=hostile)
def test_no_text_ends_its_element(text: str, title: str) -> None:
    made = page({"title": title, "author": text, "segments": [[text, 0, 2, False]], "cast": title})
    data = made.partition('<script type="application/json" id="data">')[2].partition("</script>")[0]
    assert "<" not in data
    assert json.loads(data)["segments"][0][0] == text
    shipped = page({"title": "", "author": "", "segments": [], "cast": ""})
    assert made.count("<") == shipped.count("<")
