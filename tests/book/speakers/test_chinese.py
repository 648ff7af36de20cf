"""Speakers in Chinese: tags before and after, what is left out, who is meant by 他."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.goldquotes import lay_out, load_books
from book.languages import load_language
from book.manuscript import Paragraph, Slice
from book.spans import chapter_spans
from book.speakers import Attribution, ChapterText, attribute
from book.speakers.names import find_names

FIXTURES = Path(__file__).parents[1] / "fixtures" / "speakers_zh"
CAST = {
    "孔乙己": [],
    "掌柜": [],
    "老栓": ["华老栓"],
    "七斤嫂": [],
    "七斤": [],
    "驼背": [],
    "小梅": [],
}
GENDERS = {
    "孔乙己": "m",
    "掌柜": "m",
    "老栓": "m",
    "七斤嫂": "f",
    "七斤": "m",
    "驼背": "m",
    "小梅": "f",
}


def answers(*texts: str, narrator: str | None = None) -> list[Attribution]:
    """What is found for each quotation, in order."""
    words = load_language("zh")
    paragraphs = [Paragraph(Slice(0, 0, len(t)), (), t) for t in texts]
    cast = {**CAST, **({narrator: []} if narrator else {})}
    names = find_names(cast, words, narrator, GENDERS)
    (found,) = attribute([ChapterText(paragraphs, chapter_spans(paragraphs, words))], names, words)
    return [answer for _, answer in sorted(found.items())]


def who(*texts: str, narrator: str | None = None) -> list[str | None]:
    """The likeliest speaker of each quotation."""
    return [answer.speaker for answer in answers(*texts, narrator=narrator)]


@pytest.mark.parametrize(
    ("text", "speaker", "rule"),
    [
        ("掌柜说，“哦！”", "掌柜", "explicit, tag before"),
        ("孔乙己睁大眼睛说，“你怎么这样……”", "孔乙己", "explicit, tag before"),
        ("掌柜也伸出头去，一面说，“还欠十九个钱呢！”", "掌柜", "clause chain"),
        ("“唔。”老栓一面听，一面应。", "老栓", "explicit"),
        ("“好香的菜干！”掌柜站在七斤嫂的对面说。", "掌柜", "explicit"),
        ("“谁的？”七斤嫂有些着急，赶忙的问。", "七斤嫂", "explicit"),
        ("掌柜笑着对孔乙己说，“你又偷了东西了！”", "掌柜", "explicit, tag before"),
        ("“受用了。”壁角的驼背忽然高兴起来。", "驼背", "action"),
        ("孔乙己一到店，有的叫道，“你脸上又添上新伤疤了！”", None, "others"),
        ("一个戴帽子的女人走过来，指着箱子问道：“这是谁的？”", None, "others"),
    ],
)
def test_tags(text: str, speaker: str | None, rule: str) -> None:
    (answer,) = answers(text)
    assert (answer.speaker, answer.rule) == (speaker, rule)
    assert answer.confidence > 0.6


def test_the_object_of_a_tag_does_not_speak() -> None:
    for text in (
        "老栓走到七斤嫂身边说，“走罢。”",
        "老栓望着对面的掌柜说，“走罢。”",
        "老栓听掌柜说完，才说：“走罢。”",
    ):
        assert who(text) == ["老栓"]


def test_who_listens_does_not_speak() -> None:
    (answer,) = answers("“治病的呀？”老栓也似乎听得有人问他，但他并不答应。")
    assert answer.speaker != "老栓" or answer.confidence < 0.5


def test_a_tag_between_two_quotations() -> None:
    assert who("“后来呢？”老栓一面问，一面抬起头，“打折了么？”") == ["老栓", "老栓"]
    assert who("老栓问：“后来呢？”掌柜说，“哦！”") == ["老栓", "掌柜"]
    assert who("老栓说：“坐。”又问孔乙己：“吃么？”") == ["老栓", "老栓"]


def test_a_tag_line_above() -> None:
    (answer,) = answers("七斤嫂走到桌边，大声说：", "“入娘的！”")
    assert (answer.speaker, answer.rule) == ("七斤嫂", "colon")


def test_a_pronoun_means_a_fitting_person() -> None:
    texts = ("老栓走进屋里。小梅还坐着。", "“你来了。”她说。", "“来了。”他说。")
    assert who(*texts) == ["小梅", "老栓"]


def test_two_people_take_turns() -> None:
    texts = ["掌柜问：“有么？”", "“有。”老栓说。", "“几个？”", "“两个。”", "“要酒么？”", "“要。”"]
    assert who(*texts) == ["掌柜", "老栓"] * 3


def test_the_one_who_tells_the_story() -> None:
    assert who("我对掌柜说：“没有来。”", narrator="我") == ["我"]
    assert who("“没有来。”我说。") == [None]
    assert who("我走进店里，掌柜坐着。他说：“来了？”", narrator="我") == ["掌柜"]


def test_a_newcomer_is_the_one_who_speaks() -> None:
    assert who("老栓坐着。忽然闯进了一个驼背，披一件布衫。刚进门，便嚷道：", "“吃了么？”") == [
        "驼背"
    ]


def test_who_is_called_by_name_does_not_speak() -> None:
    texts = ("老栓和小梅坐着。", "“小梅，你饿么？”", "“不饿。”")
    assert who(*texts) == ["老栓", "小梅"]


def test_guesses_are_three_at_most_and_add_up() -> None:
    for answer in answers("老栓和小梅看掌柜。", "“走罢。”", "“不走。”"):
        assert 0 < len(answer.guesses) <= 3
        assert answer.guesses[0].speaker == answer.speaker
        shares = [guess.probability for guess in answer.guesses]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1.0001


def test_japanese_tags() -> None:
    words = load_language("ja")
    texts = ("「行こう。」と太郎は言った。", "「はい。」花子が太郎に答えた。")
    paragraphs = [Paragraph(Slice(0, 0, len(t)), (), t) for t in texts]
    names = find_names({"太郎": [], "花子": []}, words)
    (found,) = attribute([ChapterText(paragraphs, chapter_spans(paragraphs, words))], names, words)
    assert [answer.speaker for _, answer in sorted(found.items())] == ["太郎", "花子"]


def test_written_speakers_stay() -> None:
    words = load_language("zh")
    paragraphs = [Paragraph(Slice(0, 0, 2), (), "走罢", speaker="掌柜")]
    names = find_names(CAST, words)
    (found,) = attribute([ChapterText(paragraphs, chapter_spans(paragraphs, words))], names, words)
    assert (found[1].speaker, found[1].rule, found[1].confidence) == ("掌柜", "script", 1.0)


def test_nobody_without_a_cast() -> None:
    words = load_language("zh")
    paragraphs = [Paragraph(Slice(0, 0, 9), (), "掌柜说，“哦！”他走了。")]
    names = find_names({}, words)
    (found,) = attribute([ChapterText(paragraphs, chapter_spans(paragraphs, words))], names, words)
    assert found[1].speaker is None


def test_labelled_stories() -> None:
    """152 quotations of seven texts: 138 right when this was written."""
    right = total = sure = wrong = 0
    for book in load_books(FIXTURES):
        laid = lay_out(book)
        found = attribute(laid.chapters, book.names, book.words)
        for quote, answer in zip(book.quotes, laid.answers(found), strict=True):
            if quote.speaker is not None and answer is not None:
                total += 1
                right += answer.speaker == quote.speaker
                if answer.confidence >= 0.8 and answer.speaker is not None:
                    sure += 1
                    wrong += answer.speaker != quote.speaker
    assert total == 152
    assert right >= 0.85 * total
    assert sure >= 0.6 * total
    assert wrong <= 0.05 * sure


@given(
    st.lists(st.text(st.sampled_from("老栓掌柜他她我说道：，。“”！的一个人小梅有"), max_size=25))
)
def test_any_text_is_answered(texts: list[str]) -> None:
    for answer in answers(*[text for text in texts if text]):
        assert 0 <= answer.confidence <= 1
        assert answer.speaker is None or answer.speaker in CAST
