"""Our own tags, read back by mutagen whatever stands in them."""

from __future__ import annotations

import io

import mutagen.id3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audio.packaging import id3
from audio.packaging.id3 import Picture, Span, tag
from audio.packaging.metadata import printable
from castbook.errors import BrokenPromise

# mutagen takes a second byte order mark for the first, and shows no frame without text
TEXT = st.text(st.characters(exclude_characters="\ufeff")).map(lambda text: f"{text}.")


def read(content: bytes) -> mutagen.id3.ID3:
    return mutagen.id3.ID3(io.BytesIO(content), translate=False)


def shown(text: str) -> str:
    """What a line of a tag can hold of ``text``."""
    return " ".join(printable(text).split("\n"))


@settings(max_examples=40, deadline=None)
@given(
    TEXT,
    st.dictionaries(TEXT.map(shown), TEXT, max_size=3),
    st.lists(st.tuples(TEXT, st.integers(0, 2**31), st.integers(0, 2**31)), max_size=4),
)
@example("a\0b\r\nc\ud800", {"": "x\0y\rz"}, [])
def test_every_text_comes_back(
    title: str, comments: dict[str, str], places: list[tuple[str, int, int]]
) -> None:
    spans = [Span(*place) for place in places]
    content = tag({"TIT2": title, "TXXX:né": title}, comments=comments, language="zho", spans=spans)
    found = read(content)
    assert found["TIT2"].text == found["TXXX:né"].text == [shown(title)]
    assert {c.desc: c.text for c in found.getall("COMM")} == {
        name: [printable(text)] for name, text in comments.items()
    }
    assert all(c.lang == "zho" for c in found.getall("COMM"))
    chapters = [found[f"CHAP:ch{n}"] for n in range(len(spans))]
    assert [(str(c.sub_frames["TIT2"]), c.start_time, c.end_time) for c in chapters] == [
        (shown(s.title), s.start_ms, s.end_ms) for s in spans
    ]
    assert found.size == len(content)


@pytest.mark.parametrize(("count", "tables"), [(1, 1), (255, 1), (256, 3), (511, 4), (1000, 5)])
def test_a_table_of_contents_never_has_more_than_255_entries(count: int, tables: int) -> None:
    spans = [Span(str(n), n, n + 1) for n in range(count)]
    found = read(tag({}, comments={}, language="eng", spans=spans)).getall("CTOC")
    assert len(found) == tables
    assert max(len(table.child_element_ids) for table in found) <= 255
    below = [n for t in found for n in t.child_element_ids if n.startswith("ch")]
    assert below == [f"ch{n}" for n in range(count)]
    assert sum(bool(t.flags & mutagen.id3.CTOCFlags.TOP_LEVEL) for t in found) == 1


def test_what_the_format_cannot_hold_is_our_own_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BrokenPromise, match="65026 chapters are more than ID3 can list"):
        tag({}, comments={}, language="eng", spans=[Span("", 0, 1)] * (255 * 255 + 1))
    monkeypatch.setattr(id3, "_MOST_BYTES", 1000)
    with pytest.raises(BrokenPromise, match="an ID3 tag of"):
        tag({}, comments={}, language="eng", picture=Picture("image/png", bytes(1000)))
