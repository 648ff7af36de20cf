"""A single text: nothing of it is lost, every piece fits, and it is spoken as in a book."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from book.drafts import Voicing
from book.segments import Limit
from book.singletext import TextPiece, cut_text
from book.spoken.entries import Entry
from book.spoken.lexicon import Lexicon
from castbook.errors import InputError

LIMIT = 120


def voicing(language: str = "en", *entries: Entry, alphabets: tuple[str, ...] = ()) -> Voicing:
    return Voicing(
        language,
        (None,),
        lambda _: False,
        lambda _: "tone",
        Lexicon(entries, {"tone": alphabets}),
        (Limit(lambda text, _: len(text), LIMIT),),
    )


def cut(text: str, language: str = "en", longest: int = 80) -> tuple[TextPiece, ...]:
    return cut_text(text, voicing(language), longest)


def said(text: str, language: str = "en") -> list[str]:
    return [piece.spoken for piece in cut(text, language, 120) if piece.spoken]


PROSE = st.lists(
    st.sampled_from(
        [
            "Mr. Holmes",
            " ",
            "\n",
            "\n\n",
            "“Come!” ",
            "£2 5s.",
            "重庆银行。",
            "孔乙己",
            "…",
            "—",
            "a",
            "!",
        ]
    ),
    max_size=40,
).map("".join)


@given(st.one_of(st.text(max_size=300), PROSE), st.sampled_from(["en", "zh"]))
@example(" " * 500 + "a" + "\n" * 500 + "1" * 400, "en")
@example("\x00\r\n- a\u2028\u2029b", "zh")
@settings(max_examples=60)
def test_the_printed_pieces_are_the_text_and_fit(text: str, language: str) -> None:
    try:
        pieces = cut(text, language)
    except InputError as error:
        assert error.place in ("input", "lexicon")
        assert error.place == "lexicon" or not any(map(str.isalnum, text)) or _halved(text)
        return
    assert "".join(piece.printed for piece in pieces) == text
    assert all(0 < len(piece.printed) <= 80 for piece in pieces)
    assert all(len(piece.spoken) <= 80 for piece in pieces)  # as printed, as spoken
    assert pieces[-1].pause_ms == 0 or not pieces[-1].spoken


def _halved(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def test_a_single_text_is_spoken_as_in_a_book() -> None:
    assert said("Mr. Holmes paid £2 5s. on May 24, 1895.") == [
        "Mister Holmes paid two pounds and five shillings "
        "on May twenty-fourth, eighteen ninety-five."
    ]
    assert said("他花了25元。", "zh") == ["他花了二十五元。"]


def test_pauses_are_those_of_a_book() -> None:
    first, second, third = cut(
        "It was the best of times, it was the worst of times, it was the age of wisdom. "
        "It was the age of foolishness.\n\nIt was the epoch of belief."
    )
    assert (first.pause_reason, first.pause_ms) == ("sentence", 350)
    assert (second.pause_reason, second.pause_ms) == ("paragraph", 650)
    assert (third.pause_reason, third.pause_ms) == ("end", 0)


def test_lines_that_an_editor_broke_go_on() -> None:
    assert said("It was the best of times, it was the worst\nof times.") == [
        "It was the best of times, it was the worst of times."
    ]
    assert said("孔乙己是站着喝酒而穿长衫的唯一的人他身材很\n高大", "zh") == [
        "孔乙己是站着喝酒而穿长衫的唯一的人他身材很高大"
    ]
    assert said("Shopping:\n- milk\n* eggs\n2) bread") == [
        "Shopping:",
        "milk",
        "eggs",
        "two) bread",
    ]


def test_the_lexicon_has_its_say_the_longest_word_first() -> None:
    words = (Entry(word="乐", say="yue"), Entry(word="乐高", say="LEGO"))
    [piece] = cut_text("乐高官方，音乐。", voicing("zh", *words), 80)
    assert piece.spoken == "LEGO官方，音yue。"


@pytest.mark.parametrize("text", ["", "   \n ", "…!—", "“”"])
def test_silence_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="nothing to say"):
        cut(text)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(InputError, match="half of a character"):
        cut("a\ud83d")
