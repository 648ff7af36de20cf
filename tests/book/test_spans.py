"""Narration and quotation."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.languages import load_language
from book.manuscript import Paragraph, Slice
from book.spans import Marks, chapter_spans, dialogue_marks

SINGLES = Marks(singles=True)


def spans(
    *texts: str, language: str = "en", marks: Marks | None = None
) -> list[list[tuple[str, int | None]]]:
    """(text, quotation number) of the spans of each paragraph."""
    paragraphs = [Paragraph(Slice(0, 0, len(t)), (), t) for t in texts]
    words = load_language(language)
    found = chapter_spans(paragraphs, words, marks or dialogue_marks(texts, words))
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
    english = load_language("en")
    assert dialogue_marks(["‘I won’t,’ he said."] * 3, english).singles
    assert not dialogue_marks(["“I won’t,” he said, “use ‘odd’ words.”"] * 3, english).singles
    rows = spans(*texts, marks=SINGLES)
    assert [t for t, n in rows[0] if n] == ["‘I won’t,’", "‘It’s the boys’ way.’"]
    assert [t for t, n in spans("'I won't,' he said. 'Isn't it?'", marks=SINGLES)[0] if n] == [
        "'I won't,'", "'Isn't it?'",
    ]  # fmt: skip


def test_an_apostrophe_is_no_quote() -> None:
    [row] = spans("'Take 'em to the boys' house, Tom,' she said.", marks=SINGLES)
    assert row[0] == ("'Take 'em to the boys' house, Tom,'", 1)
    [row] = spans("Those in 'the house' were not 'farmed,' he said.", marks=SINGLES)
    assert [text for text, n in row if n] in ([], ["'farmed,'"])


def test_a_quotation_over_several_paragraphs_has_one_number() -> None:
    long = "“One long story, which he told us in the evening by the fire, as it had come to him."
    rows = spans(long, "“It goes on.", "“It ends,” he said.", "“No.”")
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


def said(*texts: str, language: str = "en", marks: Marks | None = None) -> list[str]:
    """What is spoken in all the paragraphs."""
    rows = spans(*texts, language=language, marks=marks)
    return [part.strip() for row in rows for part, n in row if n is not None]


@pytest.mark.parametrize(
    ("texts", "speech"),
    [
        (["»Komm«, sagte er.", "»Nein!«"], ["»Komm«", "»Nein!«"]),
        (["„Komm!“ rief er. „Schnell!“"], ["„Komm!“", "„Schnell!“"]),
        (["„Komm!” rief er."], ["„Komm!”"]),
        (["”Kom nu!” sade han.", "”Nej.”"], ["”Kom nu!”", "”Nej.”"]),
        (["‹Komm!› rief er."], ["‹Komm!›"]),
        (["“Come!\" he said. \"Now.”"], ["“Come!\"", "\"Now.”"]),
        (["“He reads the “Spectator,” and snuffs candles.” So she said."],
         ["“He reads the “Spectator,” and snuffs candles.”"]),
    ],
)  # fmt: skip
def test_styles_of_many_countries(texts: list[str], speech: list[str]) -> None:
    assert said(*texts, language="und") == speech


def test_backticks() -> None:
    assert said("`Come,' said he. `It's late.'", marks=SINGLES) == ["`Come,'", "`It's late.'"]


def test_a_dash_opens_speech_where_a_book_prints_it_so() -> None:
    texts = [
        "—Back to barracks! he said sternly.",
        "—Look at yourself, he said, you dreadful bard!",
        "—Thanks, old chap, cried Mulligan. That will do nicely.",
        "He shaved warily over his chin.",
        "—Tell me.",
    ]
    assert said(*texts) == [
        "—Back to barracks!", "—Look at yourself,", "you dreadful bard!",
        "—Thanks, old chap,", "That will do nicely.", "—Tell me.",
    ]  # fmt: skip
    assert said("“Come.”", "“No.”", "“Yes.”", "—Shakespeare", "—Milton", "—Donne") == [
        "“Come.”", "“No.”", "“Yes.”",
    ]  # fmt: skip


def test_dashes_around_a_tag() -> None:
    spanish = ["—No sé —dijo Juan—. Vamos.", "—Sí —dijo ella.", "—Bueno."]
    assert said(*spanish, language="und") == ["—No sé", "Vamos.", "—Sí", "—Bueno."]
    russian = ["— Не знаю, — сказал он. — Пойдём.", "— Нет.", "— Да."]
    assert said(*russian, language="und") == ["— Не знаю,", "— Пойдём.", "— Нет.", "— Да."]


def test_french_tags_inside_the_marks_and_dashes_beside_them() -> None:
    texts = [
        "« Bonjour, dit-il, comment allez-vous ? »",
        "— Bien, répondit Marie. Et vous ?",
        "— Moi aussi.",
        "— Tant mieux.",
        "Il sortit.",
    ]
    assert said(*texts, language="fr") == [
        "« Bonjour,", "comment allez-vous ? »", "— Bien,", "Et vous ?",
        "— Moi aussi.", "— Tant mieux.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "speech"),
    [
        ("「行こう」と言った。", ["「行こう」"]),
        ("彼は「行こう」と言った。", ["「行こう」"]),
        ("これは「自由」という言葉だ。", []),
        ("彼は「自由」を求めた。", []),
    ],
)
def test_japanese_speech_and_mentions(text: str, speech: list[str]) -> None:
    assert said(text, language="ja") == speech


@pytest.mark.parametrize(
    ("text", "speech"),
    [
        ("“Come here, said Holmes. It is late.", ["“Come here,", "It is late."]),
        ("Come here,” said Holmes.", ["Come here,”"]),
        ('"Come. "Now," he said.', ['"Come.', '"Now,"']),
        ("“Come.“ He went.", ["“Come.“"]),
    ],
)
def test_a_lost_mark(text: str, speech: list[str]) -> None:
    assert said(text) == speech


def test_a_short_question_left_open_is_answered_by_another() -> None:
    rows = spans("“Is this the stage?", "“No. It leaves in the morning.”")
    assert [[n for _, n in row] for row in rows] == [[1], [2]]


def test_a_lost_mark_swallows_no_chapter() -> None:
    told = ["He went on, and nobody said a word for an hour."] * 40
    assert said("“It is late. He rose.", *told, "“Yes.”") == ["“It is late. He rose.", "“Yes.”"]


def test_verses_inside_a_quotation_are_spoken() -> None:
    rows = spans("“Listen:", "Forth I went a-maying", "By break of day.” He sighed.")
    assert [[n for _, n in row] for row in rows] == [[1], [1], [1, None]]
    rows = spans("“Listen:", "Forth I went", "a-maying.”", "“No.”", "Told.")
    assert [[n for _, n in row] for row in rows] == [[1], [1], [1], [2], [None]]


@pytest.mark.parametrize(
    ("text", "speech"),
    [
        ("他一路点头，说道“请请”，走了。", ["“请请”"]),
        ("忽听得背后“哑——”的一声大叫。", []),
        ("他说了“没有告示”这话。", []),
        ("“走吧。“他说。", ["“走吧。“"]),
        ("他说：“我不去”。", ["“我不去”。"]),
        ("他叫道：‘走！’", ["‘走！’"]),
    ],
)
def test_chinese_speech_and_mentions(text: str, speech: list[str]) -> None:
    assert said(text, language="zh") == speech


@given(
    texts=st.lists(
        st.text(st.sampled_from("Ab .,!?\"“”‘’'`「」『』«»‹›„—- 说：。"), max_size=30), max_size=6
    ),
    language=st.sampled_from(["en", "zh", "und"]),
    marks=st.builds(Marks, st.booleans(), st.booleans(), st.booleans(), st.booleans()),
)
def test_spans_cover_their_paragraph(texts: list[str], language: str, marks: Marks) -> None:
    rows = spans(*texts, language=language, marks=marks)
    for text, row in zip(texts, rows, strict=True):
        assert "".join(part for part, _ in row) == text
    numbers = [n for row in rows for _, n in row if n is not None]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, len(set(numbers)) + 1))


@pytest.mark.parametrize("unit", ["“", '"a ', "‘a' ", "boys' ", "—a ", "„“", "“a” ", "“a.” b, "])
def test_long_paragraphs_take_linear_time(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    began = time.process_time()
    said(text, marks=Marks(singles=True, dashes=True))
    assert time.process_time() - began < 10  # 0.1 s; a quadratic scan takes far longer
