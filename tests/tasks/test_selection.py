from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.anchors import anchor_chapter
from book.script import Segment
from castbook.errors import SelectionError
from tasks.selection import Chapters, Where, select

TEXTS = ("Come in.", "“No.”", "He sat down by the fire.", "“No.”", "She left.")


@dataclass(frozen=True)
class Entry:
    segment: Segment


def entries() -> tuple[Entry, ...]:
    made = []
    for number, (text, anchor) in enumerate(zip(TEXTS, anchor_chapter(TEXTS), strict=True), 1):
        speaker = "tom" if text == "“No.”" else None
        made.append(
            Entry(
                Segment(
                    3,
                    number,
                    anchor,
                    (),
                    text,
                    text,
                    (),
                    "en",
                    "speech",
                    speaker,
                    "explicit",
                    1.0,
                    None,
                    0,
                    "sentence",
                )
            )
        )
    return tuple(made)


def at_time(chapter: int | None, second: float) -> Entry:
    if (chapter, second) != (3, 751):
        raise SelectionError("nothing is spoken")
    return entries()[2]


def chosen(*words: str, several: bool = False, **flags: object) -> list[int]:
    where = Where.parse(words)
    if flags:
        where = Where(where.words, **{"failed": where.failed, **flags})  # type: ignore[arg-type]
    lines = select(
        where,
        entries(),
        failed=lambda e: e.segment.number == 5,
        doubtful=lambda e: e.segment.number == 4,
        at_time=at_time,
        several=several,
    )
    return [line.segment.number for line in lines]


def test_by_id_phrase_anchor_time_and_state() -> None:
    assert chosen("ch03/0002") == [2]
    assert chosen("ch3/2") == [2]
    assert chosen("by the FIRE") == [3]
    assert chosen("ch03@12:31") == chosen("CH3 @ 0:12:31,000") == [3]
    assert chosen("failed") == [5]
    assert chosen("--doubtful") == [4]
    assert chosen(character="tom") == [2, 4]
    assert chosen(character="narrator") == [1, 3, 5]
    assert chosen("ch03/0005", "ch03/0001", "failed") == [1, 5]


def test_a_phrase_need_not_be_as_printed() -> None:
    assert chosen("SAT — down, by the fíre") == [3]
    assert chosen("_fire._ 'No' She") == [3, 4, 5]  # it runs over three segments
    assert chosen("no", several=True) == [2, 4]
    with pytest.raises(SelectionError, match="no segment contains '…'"):
        chosen("…", several=True)


@pytest.mark.parametrize("number", range(5))
def test_every_anchor_finds_its_own_segment(number: int) -> None:
    assert chosen(str(entries()[number].segment.anchor)) == [number + 1]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("ch09/0001", "no segment ch09/0001"),
        ("ffffffffff", "fits the anchor"),
        ("0123456789.1.aaaaaa.bbbbbb", "fits the anchor"),
        ("1:00", "nothing is spoken"),
        ("12:61", "12:61 is no time"),
        ("1:60:00", "1:60:00 is no time"),
        ("unicorn", "no segment contains"),
        ("he sat by the fire", "the nearest is ch03/0003: He sat down"),
        ("“no.”", "2 segments contain"),
    ],
)
def test_a_word_that_names_nothing_says_so(word: str, message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        chosen(word)


def test_chapters() -> None:
    assert Chapters.parse("1,3-4", range(6)).numbers == (1, 3, 4)
    assert Chapters.parse(None, range(3)).numbers == (0, 1, 2)
    for bad in ("", "x", "1-", "7", "2-9", "-1"):
        with pytest.raises(SelectionError) as caught:
            Chapters.parse(bad, range(1, 6))
        assert caught.value.exit_code == 2


@given(st.sets(st.integers(1, 30), min_size=1))
def test_a_written_choice_comes_back(numbers: set[int]) -> None:
    written = ",".join(str(n) for n in numbers)
    assert set(Chapters.parse(written, range(1, 31)).numbers) == numbers
