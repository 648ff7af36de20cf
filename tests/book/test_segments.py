"""Pieces: joined to a comfortable length, cut at clauses, never over a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.languages import load_language
from book.segments import Limit, Piece, Ruler, cut_pieces
from book.sentences import sentence_ends
from book.spans import Span


def pieces(
    text: str,
    limit: int,
    *,
    language: str = "en",
    spans: list[Span] | None = None,
    weight: int = 1,
) -> list[Piece]:
    """The pieces of a paragraph, measured in characters times ``weight``."""
    words = load_language(language)
    ruler = Ruler(
        [Limit(lambda part, tag: weight * len(part), limit)],
        language,
        lambda start, end: (text[start:end],),
        lambda start, end: (),
    )
    return cut_pieces(text, spans or [Span(0, len(text))], sentence_ends(text, words), words, ruler)


def cut(text: str, limit: int, **options: str) -> list[str]:
    return [
        text[p.start : p.end] for p in pieces(text, limit, language=options.get("language", "en"))
    ]


def test_short_sentences_are_joined_and_long_paragraphs_balanced() -> None:
    assert cut("No. Not now. It rains.", 400) == ["No. Not now. It rains."]
    sentence = "It was a bright cold day in the town, and nobody in the street was yet awake."
    parts = cut(" ".join([sentence] * 4), 1000)
    assert [len(part) for part in parts] == [155, 155]


def test_a_crumb_joins_its_neighbour_and_not_the_next_speaker() -> None:
    text = "“Oh! It rained all day long and nobody came.” He left."
    spans = [Span(0, 45, 1), Span(45, len(text))]
    assert [text[p.start : p.end] for p in pieces(text, 400, spans=spans)] == [
        "“Oh! It rained all day long and nobody came.”", "He left.",
    ]  # fmt: skip


def test_a_long_sentence_is_cut_at_clauses_in_balance() -> None:
    text = (
        "The lamp was lit, and the house was still; nobody had come home, for the rain "
        "went on, and the street was empty"
    )
    parts = cut(text, 70)
    assert len(parts) == 2
    assert max(map(len, parts)) <= 70
    assert all(part[-1] in ";," for part in parts[:-1])
    assert min(map(len, parts)) > 20


@pytest.mark.parametrize("protected", ["《红楼梦后传》", "12,345,678.90"])
def test_titles_and_numbers_stay_whole(protected: str) -> None:
    text = f"他在街上慢慢地走着{protected}然后又慢慢地走回家里去了"
    parts = cut(text, 16, language="zh")
    assert any(protected in part for part in parts)


def test_where_a_sentence_does_not_end() -> None:
    text = "“My mind,” he said, “rebels.” He sat. “But why?” I asked."
    spans = [Span(0, 10, 1), Span(10, 20), Span(20, 29, 2), Span(29, 38), Span(38, 48, 3),
             Span(48, len(text))]  # fmt: skip
    assert [p.ends_sentence for p in pieces(text, 400, spans=spans)] == [
        False, False, True, True, False, True,
    ]  # fmt: skip


@given(
    text=st.text(st.sampled_from('ab1 .,;!?"“”《》。，、；：——…\u0301汉字\n👩‍👧'), max_size=120),
    limit=st.integers(1, 40),
    weight=st.sampled_from([1, 3]),
    language=st.sampled_from(["en", "zh"]),
)
def test_never_over_the_limit_and_nothing_speakable_is_lost(
    text: str, limit: int, weight: int, language: str
) -> None:
    at, lost = 0, []
    for piece in pieces(text, limit * weight, language=language, weight=weight):
        assert at <= piece.start < piece.end
        assert piece.end - piece.start <= limit
        lost.append(text[at : piece.start])
        at = piece.end
    lost.append(text[at:])
    assert not any(map(str.isalnum, "".join(lost)))


def test_a_very_long_word_is_cut_in_linear_time() -> None:
    assert len(cut("a" * 100_000, 500)) == 200
