"""Phrases: whatever was printed is found again, however it was typed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from test_selection import entries

from book.script import Segment
from tasks.phrases import find_phrase, letters, nearest_segment


def segments(*texts: str, spoken: str | None = None) -> list[Segment]:
    one = entries()[0].segment
    return [
        replace(one, number=n, printed=text, spoken=spoken or text)
        for n, text in enumerate(texts, 1)
    ]


texts = st.lists(st.text("aB é“’—_ 中。1", min_size=1, max_size=8), min_size=1, max_size=6)


@given(texts, st.data())
def test_every_stretch_is_found_where_it_stands(printed: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(printed) - 1))
    text = printed[index]
    start = data.draw(st.integers(0, len(text)))
    phrase = text[start : data.draw(st.integers(start, len(text)))]
    found = find_phrase(phrase, segments(*printed))
    typed = find_phrase(phrase.upper().replace("’", "'").replace("—", " "), segments(*printed))
    if letters(phrase):
        assert any(index in place for place in found) and typed


def test_a_chapter_ends_a_phrase_and_speech_counts_last() -> None:
    first, second = segments("It was 1890", "and he left")
    assert find_phrase("1890 and", [first, second]) == [(0, 1)]
    assert find_phrase("1890 and", [first, replace(second, chapter=4)]) == []
    said = segments("It was 1890.", spoken="It was eighteen ninety.")
    assert find_phrase("eighteen ninety", said) == [(0,)]
    assert find_phrase("", said) == find_phrase("?!", said) == []


def test_the_nearest_is_only_offered_when_it_is_near() -> None:
    book = segments("He never spoke of the softer passions.", "The late Irene Adler.")
    near = nearest_segment("he never spoke of soft passions", book)
    assert near is not None and near.number == 1
    assert nearest_segment("unicorns of old", book) is None
    assert nearest_segment("adler", []) is None
