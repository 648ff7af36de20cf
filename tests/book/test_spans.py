"""Narration and quotation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.languages import load_language
from book.manuscript import Paragraph, Slice
from book.spans import chapter_spans, speaks_in_singles


def spans(
    *texts: str, language: str = "en", singles: bool = False
) -> list[list[tuple[str, int | None]]]:
    """(text, quotation number) of the spans of each paragraph."""
    paragraphs = [Paragraph(Slice(0, 0, len(t)), (), t) for t in texts]
    found = chapter_spans(paragraphs, load_language(language), singles=singles)
    return [
        [(text[s.start : s.end], s.quotation) for s in row]
        for text, row in zip(texts, found, strict=True)
    ]


def test_a_tag_between_two_quotations() -> None:
    [row] = spans("“My mind,” he said, “rebels.” He sat.")
    assert row == [("“My mind,”", 1), (" he said, ", None), ("“rebels.”", 2), (" He sat.", None)]


@pytest.mark.parametrize(
    ("text", "quotation"),
    [
        ('"Stop!" he cried.', '"Stop!"'),
        ("« Oui ! » dit-il.", "« Oui ! »"),
        ("“He said ‘no’ to me,” she said.", "“He said ‘no’ to me,”"),
    ],
)
def test_marks(text: str, quotation: str) -> None:
    assert spans(text)[0][0] == (quotation, 1)


@pytest.mark.parametrize("text", ["「走吧。」他说。", "“走吧。”他说。", "『走吧。』他说。"])
def test_chinese_marks(text: str) -> None:
    assert [n for _, n in spans(text, language="zh")[0]] == [1, None]


def test_british_singles() -> None:
    texts = ["‘I won’t,’ he said. ‘It’s the boys’ way.’", "'Tis late,' said Tom. 'Isn't it?'"]
    assert speaks_in_singles(["‘I won’t,’ he said."] * 3)
    assert not speaks_in_singles(["“I won’t,” he said, “use ‘odd’ words.”"] * 3)
    rows = spans(*texts, singles=True)
    assert [t for t, n in rows[0] if n] == ["‘I won’t,’", "‘It’s the boys’ way.’"]
    assert [t for t, n in spans("'I won't,' he said. 'Isn't it?'", singles=True)[0] if n] == [
        "'I won't,'", "'Isn't it?'",
    ]  # fmt: skip


def test_an_apostrophe_is_no_quote() -> None:
    [row] = spans("'Take 'em to the boys' house, Tom,' she said.", singles=True)
    assert row[0] == ("'Take 'em to the boys' house, Tom,'", 1)
    [row] = spans("Those in 'the house' were not 'farmed,' he said.", singles=True)
    assert [text for text, n in row if n] in ([], ["'farmed,'"])


def test_a_quotation_over_several_paragraphs_has_one_number() -> None:
    rows = spans("“One long story.", "“It goes on.", "“It ends,” he said.", "“No.”")
    assert [[n for _, n in row] for row in rows] == [[1], [1], [1, None], [2]]


def test_an_open_quotation_ends_with_its_paragraph() -> None:
    rows = spans("“One is left open.", "Narration follows.", "“Another.”")
    assert [[n for _, n in row] for row in rows] == [[1], [None], [2]]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("They called it the “honest” way of doing it.", "en"),
        ("The sign over the door read “bakery” and no more.", "en"),
        ("One whom people called “Rachel’s husband” in the town.", "en"),
        ("七斤嫂还时常叫他“囚徒”，也没有好声气。", "zh"),
        ("描红纸上的“上大人孔乙己”这半懂不懂的话里。", "zh"),
    ],
)
def test_a_mention_is_no_speech(text: str, language: str) -> None:
    assert all(n is None for _, n in spans(text, language=language)[0])


def test_lone_punctuation_stays_with_its_quotation() -> None:
    [row] = spans("“好的。”。“走吧。”", language="zh")
    assert row == [("“好的。”。", 1), ("“走吧。”", 2)]


@given(
    texts=st.lists(
        st.text(st.sampled_from("Ab .,!?\"“”‘’'「」『』«»说：。"), max_size=30), max_size=5
    ),
    language=st.sampled_from(["en", "zh"]),
    singles=st.booleans(),
)
def test_spans_cover_their_paragraph(texts: list[str], language: str, singles: bool) -> None:
    rows = spans(*texts, language=language, singles=singles)
    for text, row in zip(texts, rows, strict=True):
        assert "".join(part for part, _ in row) == text
    numbers = [n for row in rows for _, n in row if n is not None]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, len(set(numbers)) + 1))
