"""Readers of text on hostile input: nothing lost, no crash, and time that grows with the size."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from bookmaking import read
from hostile import texts
from hypothesis import given, settings
from hypothesis import strategies as st

from book.manuscript import Manuscript
from book.readers.inline import printed
from castbook.errors import ManuscriptError

TAIL = "\n\nThe lamp was lit and the house was still.\n"
SECONDS = 10.0  # of processor time; measured: under 2. What is quadratic takes a minute
ODD = st.lists(
    st.sampled_from(
        [*"aA1.,!?\"'“”‘’_*=#[](){}<>|\\/^~`-–—:;&%$§†‡①⑴〔【】「」《》　第章一二回",
         "\n", "\n\n", "\n\n\n\n", " ", "\t", "\f", "\x85", "\u2028", "\u2029", "\u200b", "\u200f",
         "\u202e", "\ufeff", "\u00ad", "e\u0301", "\U0001f469\u200d\U0001f467", "𠮷", "مرحبا",
         "CHAPTER I", "Contents", "[1]", "[Illustration", "THE END", "NOTES", "I.", "May 7th.--"]
    ),
    max_size=60,
).map("".join)  # fmt: skip


def pieces(manuscript: Manuscript) -> list[tuple[int, int]]:
    paragraphs = [p.slice for chapter in manuscript.chapters for p in chapter.paragraphs]
    slices = [*paragraphs, *(skip.slice for skip in manuscript.skips)]
    return sorted((item.start, item.end) for item in slices)


def check(manuscript: Manuscript) -> None:
    """Slices and skips are disjoint, nothing but white space stands between, edits are true."""
    text = manuscript.sources[0].text
    at = 0
    for start, end in pieces(manuscript):
        assert start >= at, f"{text[start:at]!r} twice"
        assert not text[at:start].strip(), f"{text[at:start]!r} lost"
        at = end
    assert not text[at:].strip()
    for chapter in manuscript.chapters:
        for p in chapter.paragraphs:
            assert p.printed == printed(text, p.slice.start, p.slice.end, p.edits)
            ends = [p.slice.start]
            for edit in p.edits:
                assert ends[-1] <= edit.start < edit.end <= p.slice.end
                ends.append(edit.end)


@settings(max_examples=120, deadline=None)
@given(
    text=st.one_of(texts(), ODD, st.text(max_size=60)),
    language=st.sampled_from(["en", "zh", "ja", "fr", "de"]),
    name=st.sampled_from(["b.txt", "b.md", "b.script"]),
)
def test_nothing_is_lost_of_a_hostile_text(text: str, language: str, name: str) -> None:
    text = text.replace("\r", "\n")
    with TemporaryDirectory() as folder:
        try:
            manuscript = read(Path(folder), text + TAIL, name=name, language=language)
        except ManuscriptError as error:
            assert "\n" not in str(error)
            return
    check(manuscript)


REPEATED = {
    "brackets": "[" * 100_000,
    "underscores": "_" * 100_000,
    "hashes": "#" * 100_000,
    "stars": "*" * 100_000,
    "equals": "=" * 100_000,
    "dots": ". " * 50_000,
    "spaces": " " * 100_000 + "a",
    "emphasis": "_a " * 33_000,
    "pictures": "[Illustration " * 4_000,
    "pictures over lines": "[Illustration\n\n" * 800,
    "links": "[a](" * 25_000,
    "comments": "<!--" * 25_000,
    "Chinese brackets": "a【" * 50_000,
    "superscripts": "a^" * 50_000,
    "footnotes": "[1] a\n\n" * 1_500,
    "chapters": "CHAPTER I\n\n" * 1_500,
    "parts": "BOOK I\n\nCHAPTER I\n\n" * 800,
    "lists": "CONTENTS\n\nA thing\n\n" * 800,
    "ends": "THE END\n\n" * 1_500,
    "dates": "May 7th.--It was.\n\n" * 800,
    "set-in lines": ("    a b\n" * 3 + "c d e\n") * 800,
    "spaced heading": "# a" + " " * 100_000 + "b #",
    "newlines": "\n" * 50_000,
}


MARKS = ("brackets", "underscores", "stars", "links", "comments", "hashes", "spaced heading")


@pytest.mark.parametrize(
    ("what", "name"),
    [*((what, "b.txt") for what in REPEATED), *((what, "b.md") for what in MARKS)],
)
def test_time_grows_with_the_size(what: str, name: str, tmp_path: Path) -> None:
    began = time.process_time()
    try:
        check(read(tmp_path, REPEATED[what] + TAIL, name=name))
    except ManuscriptError as error:
        assert "\n" not in str(error)
    assert time.process_time() - began < SECONDS


def test_a_long_text_is_read_in_a_moment(tmp_path: Path) -> None:
    lines = (
        "It was a bright cold day in the town, and nobody in the long street was awake, for\n"
        "the lamps had burned until the morning came up grey over the roofs of the houses.\n\n"
    )
    text = lines * (1_000_000 // len(lines))
    began = time.process_time()
    [chapter] = read(tmp_path, text).chapters
    assert len(chapter.paragraphs) == text.count("\n\n")
    assert time.process_time() - began < SECONDS
