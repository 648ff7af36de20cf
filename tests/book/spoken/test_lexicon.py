"""Replacements are real places, never overlap, and the longest and most particular wins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from book.spoken.entries import Entry
from book.spoken.lexicon import Lexicon
from book.spoken.lexiconfile import read_lexicon
from castbook.errors import ProjectError


def apply(lexicon: Lexicon, text: str, language: str = "en", speaker: str | None = None,
          engine: str = "tone") -> str:  # fmt: skip
    found = lexicon.apply(text, language=language, speaker=speaker, engine=engine)
    for item in reversed(found):
        text = text[: item.start] + item.spoken + text[item.end :]
    return text


def words(**said: str) -> Lexicon:
    return Lexicon(tuple(Entry(word=word.replace("_", " "), say=say) for word, say in said.items()))


ALPHABET = st.text("ab '’孔乙.Ab", min_size=1, max_size=4).filter(str.strip)
entries = st.lists(
    st.builds(
        Entry,
        word=ALPHABET,
        say=st.just("X"),
        whole_word=st.booleans(),
        case=st.booleans(),
        character=st.sampled_from([None, "anna"]),
    ),
    max_size=6,
)


@given(entries=entries, text=st.text("ab '’孔乙.Ab", max_size=30))
@settings(deadline=None)
def test_replacements_are_in_order_and_never_overlap(entries: list[Entry], text: str) -> None:
    lexicon = Lexicon(tuple(entries))
    found = lexicon.apply(text, language="en", speaker="anna", engine="tone")
    assert lexicon.apply(text, language="en", speaker="anna", engine="tone") == found
    at = 0
    for item in found:
        assert at <= item.start < item.end <= len(text)
        at = item.end
        printed = " ".join(text[item.start : item.end].replace("’", "'").split()).casefold()
        assert printed in {" ".join(e.word.replace("’", "'").split()).casefold() for e in entries}
        assert item.rule == "lexicon"


@given(entries=entries, text=st.text("ab '’孔乙.Ab", max_size=30))
@settings(deadline=None)
def test_no_word_of_the_lexicon_is_left_beside_the_replacements(
    entries: list[Entry], text: str
) -> None:
    found = Lexicon(tuple(entries)).apply(text, language="en", speaker="anna", engine="tone")
    taken = {i for item in found for i in range(item.start, item.end)}
    for entry in entries:
        if not entry.whole_word and entry.case and not set(entry.word) & set("'’ "):
            for match in re.finditer(re.escape(entry.word), text):
                assert taken & set(range(*match.span())), (entry, match)


def test_the_longest_word_wins_wherever_it_starts() -> None:
    lexicon = words(New_York="NY", York_Times="YT", York="Y", York_Times_Square="YTS")
    assert apply(lexicon, "the New York Times Square of York") == "the New YTS of Y"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Ana and Anas", "AH-na and Anas"),
        ("Ana’s, (ana)", "AH-na’s, (AH-na)"),
        ("ANA_x Ana-x", "ANA_x AH-na-x"),
        ("我叫Ana。", "我叫AH-na。"),
        ("ñAna Ana9", "ñAna Ana9"),
    ],
)
def test_whole_words(text: str, spoken: str) -> None:
    assert apply(words(Ana="AH-na"), text) == spoken


def test_chinese_needs_no_boundary() -> None:
    lexicon = words(孔乙己="孔以己", 长="常")
    assert apply(lexicon, "这孔乙己的长衫", "zh") == "这孔以己的常衫"


def test_apostrophes_and_spaces_may_differ() -> None:
    assert apply(words(**{"O'Brien_Senior": "X"}), "o’brien  senior") == "X"


def test_a_place_inside_a_word_hides_no_place_after_it() -> None:
    assert apply(words(a_a="X"), "xa a a") == "xa X"


def test_capitals_matter_where_they_should() -> None:
    lexicon = Lexicon((Entry(word="US", say="U S", case=True),))
    assert apply(lexicon, "US and us") == "U S and us"


def test_inside_words_when_asked() -> None:
    lexicon = Lexicon((Entry(word="cester", say="ster", whole_word=False),))
    assert apply(lexicon, "Worcester") == "Worster"


def test_the_most_particular_entry_wins() -> None:
    lexicon = Lexicon(
        (
            Entry(word="a", say="anna's", character="anna"),
            Entry(word="a", say="narrator's", character="narrator"),
            Entry(word="a", say="tone's", engine="tone"),
            Entry(word="a", say="British", language="en-GB"),
            Entry(word="a", say="English", language="en"),
            Entry(word="a", say="any"),
        )
    )
    assert apply(lexicon, "a", speaker="anna") == "anna's"
    assert apply(lexicon, "a", speaker=None) == "narrator's"
    assert apply(lexicon, "a", speaker="boris") == "tone's"
    assert apply(lexicon, "a", "en-gb", "boris", "x") == "British"
    assert apply(lexicon, "a", "en-US", "boris", "x") == "English"
    assert apply(lexicon, "a", "de", "boris", "x") == "any"
    assert apply(lexicon, "a", "eng", "boris", "x") == "any"


def test_files_short_form_and_the_last_one_wins(tmp_path: Path) -> None:
    library, own = tmp_path / "library.yaml", tmp_path / "own.yaml"
    library.write_text("version: 1\nwords: {Ana: one, Bob: bee}\n")
    own.write_text("version: 1\nwords: {ana: two}\nentries:\n  - {word: C, say: cee, case: true}\n")
    lexicon = read_lexicon((library, own))
    assert apply(lexicon, "Ana Bob C c") == "two bee cee c"
    assert apply(read_lexicon((own, library)), "Ana") == "one"
    assert read_lexicon(()).apply("Ana", language="en", speaker=None, engine="x") == ()


def test_an_empty_lexicon_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text("version: 1\nwords:\nentries:\n")
    assert read_lexicon((path,)).entries == ()


def test_words_of_white_space_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.yaml"
    path.write_text("version: 1\nwords: {' ': x, y: ' '}\n")
    with pytest.raises(ProjectError, match="is only white space") as caught:
        read_lexicon((path,))
    assert len(str(caught.value).splitlines()) == 2
