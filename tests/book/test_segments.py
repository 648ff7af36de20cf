"""Pieces: joined to a comfortable length, cut at clauses, never over a limit."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.languages import load_language
from book.segments import Limit, Measure, Piece, Ruler, cut_pieces
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


def odd_measure(seed: int, plain: int) -> Measure:
    """A measure as engines have them at worst: no sum of its parts, not even rising with length."""

    def measure(part: str, tag: str) -> int:
        digest = hashlib.blake2b(part.encode("utf-8", "replace"), digest_size=2, key=bytes([seed]))
        return len(part) * plain + int.from_bytes(digest.digest()) % (1 + len(part))

    return measure


@given(
    text=st.text(max_size=80)
    | st.text(st.sampled_from("a é\u0301字。，“”<b>《》1.2👩\u200d\ufe0f\t"), max_size=80),
    limit=st.integers(1, 50),
    seed=st.integers(0, 255),
    plain=st.integers(0, 2),
    language=st.sampled_from(["en", "zh", "ja", "de", "und"]),
)
def test_never_over_any_limit_of_any_measure(
    text: str, limit: int, seed: int, plain: int, language: str
) -> None:
    """Only a single character may be larger than the limit: no text is smaller."""
    words = load_language(language)
    limits = [Limit(odd_measure(seed, plain), limit), Limit(lambda part, tag: len(part), 60)]
    ruler = Ruler(limits, language, lambda a, b: (text[a:b],), lambda a, b: (text[a:b] + ".",))
    found = cut_pieces(text, [Span(0, len(text))], sentence_ends(text, words), words, ruler)
    at = 0
    for piece in found:
        assert at <= piece.start < piece.end
        part = text[piece.start : piece.end]
        assert part == part.strip()
        assert len(part) == 1 or all(
            item.measure(part, language) <= item.maximum for item in limits
        )
        at = piece.end
    spoken = sum(character.isalnum() for p in found for character in text[p.start : p.end])
    assert spoken == sum(map(str.isalnum, text))


def test_a_lexicon_that_makes_short_words_long_moves_no_piece_over_the_limit() -> None:
    text = "X X X X X X X X. X X X. Y."
    long = {"X": "extraordinarily", "Y": "yes"}

    def heard(start: int, end: int) -> list[str]:
        return [" ".join(long.get(word.rstrip("."), word) for word in text[start:end].split())]

    words = load_language("en")
    ruler = Ruler([Limit(lambda part, tag: len(part), 40)], "en", lambda a, b: (text[a:b],), heard)
    found = cut_pieces(text, [Span(0, len(text))], sentence_ends(text, words), words, ruler)
    assert "".join(text[p.start : p.end] for p in found).count("X") == 11
    assert max(len(heard(p.start, p.end)[0]) for p in found) <= 40


@given(
    sizes=st.lists(st.integers(1, 11), min_size=30, max_size=120),
    commas=st.sets(st.integers(0, 119), max_size=20),
    limit=st.integers(80, 300),
)
def test_the_pieces_of_a_long_sentence_are_balanced(
    sizes: list[int], commas: set[int], limit: int
) -> None:
    """No last piece of three words, no word cut, and not many more pieces than there must be."""
    text = " ".join("abcdefghijk"[:n] + "," * (i in commas) for i, n in enumerate(sizes))
    parts = cut(text, limit)
    assert " ".join(parts) == text
    assert len(parts) <= 2 * -(-len(text) // limit)
    if len(parts) > 1:
        assert min(map(len, parts)) >= limit / 6


def test_words_and_markup_are_cut_last() -> None:
    text = "a bb " + "incomprehensibilities " * 3 + '<break time="600ms"/> and so on'
    for part in cut(text, 24):
        assert part in text and len(part) <= 24
        assert all(word in text.split() or "<" in part or "/>" in part for word in part.split())


@pytest.mark.parametrize(
    ("language", "text", "first"),
    [
        ("de", "Er ging langsam die Straße hinunter und sie blieb am Fenster stehen", "hinunter"),
        ("fr", "Il descendit lentement la rue jusqu’au bout et elle resta à la fenêtre", "bout"),
        ("es", "Bajó despacio por la calle hasta el final y ella se quedó en la ventana", "final"),
        ("ja", "彼はゆっくりと通りを下っていき彼女は窓のそばに立ったまま動かなかった", "彼女は"),
        ("zh", "他慢慢地沿着那条街一直走下去但是她却还站在窗前没有动一下身子呢", "下去"),
    ],
)
def test_clauses_of_other_languages(language: str, text: str, first: str) -> None:
    limit = 45 if text.isascii() or language in ("de", "fr", "es") else 20
    assert cut(text, limit, language=language)[0].endswith(first)


def test_a_very_long_word_is_cut_in_linear_time() -> None:
    assert len(cut("a" * 100_000, 500)) == 200
