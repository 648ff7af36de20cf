"""Where the files of a book lie: as Audiobookshelf reads them, on every file system."""

from __future__ import annotations

import itertools
from pathlib import PurePosixPath
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.packaging.metadata import BookMetadata
from book.project import Output
from tasks.publication.layout import ignored, lay_out, shown

OUTPUTS = get_args(Output)


def folder(**words: str | None) -> str:
    book = BookMetadata(title="The Sign: a Tale", author="A/B", **words)  # type: ignore[arg-type]
    return str(lay_out(book, finished=2, total=2).folder)


@pytest.mark.parametrize(
    ("series", "part", "wanted"),
    [
        (None, None, "A-B/The Sign - a Tale"),
        (None, "2", "A-B/The Sign - a Tale"),
        ("Holmes", None, "A-B/Holmes/The Sign - a Tale"),
        ("Holmes", "2", "A-B/Holmes/2 - The Sign - a Tale"),
        ("Holmes", "0.5", "A-B/Holmes/0.5 - The Sign - a Tale"),
        ("Holmes", "two", "A-B/Holmes/The Sign - a Tale"),  # no place its scanner would read
        ("Holmes", "1890", "A-B/Holmes/The Sign - a Tale"),  # it would read a year
        ("Ho/lmes", "../2", "A-B/Ho-lmes/The Sign - a Tale"),
    ],
)
def test_the_folder(series: str | None, part: str | None, wanted: str) -> None:
    assert folder(series=series, series_part=part) == wanted


@given(st.text(), st.text(), st.none() | st.text(), st.none() | st.text())
def test_no_name_leaves_the_folder(
    title: str, author: str, series: str | None, part: str | None
) -> None:
    book = BookMetadata(title=title, author=author, series=series, series_part=part)
    layout = lay_out(book, finished=1, total=3)
    for path in (layout.book("m4b"), layout.chapter("mp3", 1, title, "mp3"), layout.sample("mp3")):
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert all(part and len(part.encode()) <= 255 for part in path.parts)
        assert path.is_relative_to(layout.folder)


def test_the_final_name_is_for_a_complete_book() -> None:
    book = BookMetadata(title="T", author="A")
    assert lay_out(book, finished=3, total=3).book("m4b") == PurePosixPath("A/T/T.m4b")
    part = lay_out(book, finished=2, total=3)
    assert part.book("m4b").name == "T (incomplete 2 of 3).m4b"
    assert part.whole("opus", "opus") == PurePosixPath("A/T/opus/T (incomplete 2 of 3).opus")


def test_file_names_sort_in_order_of_the_chapters() -> None:
    layout = lay_out(BookMetadata(title="T", author="A"), finished=120, total=120)
    names = [layout.chapter("mp3", n, "X", "mp3").name for n in range(120)]
    assert names == sorted(names)
    assert names[7] == "007 - X.mp3"


def test_one_set_of_tracks_is_left_to_audiobookshelf() -> None:
    for count in range(1, len(OUTPUTS) + 1):
        for outputs in itertools.combinations(OUTPUTS, count):
            sets = {"" if name == "m4b" else name for name in outputs} - {"epub", "captions"}
            left = sets - set(ignored(outputs))
            assert left == ({shown(outputs)} if sets else set())
            assert "sample" in ignored(outputs)
