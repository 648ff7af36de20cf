"""Who speaks, by what the text itself says."""

from __future__ import annotations

import pytest

from book.languages import load_language
from book.manuscript import Paragraph, Slice
from book.spans import chapter_spans
from book.speakers import ChapterText, attribute
from book.speakers.english import CONFIDENCE
from book.speakers.names import find_names, written_names

CAST = {
    "holmes": ["Sherlock Holmes", "Mr. Holmes"],
    "watson": ["Dr. Watson"],
    "hudson": ["Mrs. Hudson"],
}
HAN = {"孔乙己": [], "掌柜": [], "老栓": ["华老栓"], "赵七爷": ["七爷"], "七斤嫂": []}


def who(
    *texts: str, language: str = "en", first_person: str | None = None
) -> list[tuple[str | None, str]]:
    """(speaker, rule) of each quotation."""
    words = load_language(language)
    paragraphs = [Paragraph(Slice(0, 0, len(t)), (), t) for t in texts]
    names = find_names(HAN if words.han else CAST, words, first_person)
    (found,) = attribute([ChapterText(paragraphs, chapter_spans(paragraphs, words))], names, words)
    return [(a.speaker, a.rule) for _, a in sorted(found.items())]


@pytest.mark.parametrize(
    "text",
    [
        "“Come,” said Holmes.",
        "“Come!” cried Mr. Holmes, rising.",
        "“Come?” Holmes asked.",
        "“Come,” Sherlock Holmes quietly replied.",
        "“Come,” said the impatient Holmes.",
        "“Come,” was Holmes’s dry answer.",
        "“Come,” Holmes, his pipe lit, remarked.",
    ],
)
def test_a_tag_after(text: str) -> None:
    assert who(text) == [("holmes", "explicit")]


@pytest.mark.parametrize(
    "text",
    [
        "Holmes said, “Come.”",
        "At last Holmes said to Dr. Watson: “Come.”",
        "Then said Holmes, “Come.”",
    ],
)
def test_a_tag_before(text: str) -> None:
    assert who(text) == [("holmes", "explicit, tag before")]


@pytest.mark.parametrize(
    "text",
    [
        "“Come.” Holmes said nothing.",
        "“Come,” he said.",
        "“Come,” said the sergeant.",
        "“Come.” Holmes sat down.",
        "He told Holmes it was late. “Come.”",
    ],
)
def test_no_tag(text: str) -> None:
    assert who(text) == [(None, "unresolved")]


def test_a_tag_inside_a_sentence_carries_on() -> None:
    assert who("“My mind,” said Holmes, “rebels.”") == [
        ("holmes", "explicit"), ("holmes", "explicit, goes on"),
    ]  # fmt: skip


def test_a_paragraph_has_one_speaker_unless_another_acts() -> None:
    assert who("“Yes,” said Holmes. “I see.” He sat. “Good.”") == [
        ("holmes", "explicit"),
        ("holmes", "explicit, paragraph"),
        ("holmes", "explicit, paragraph"),
    ]  # fmt: skip
    later = who("“Yes,” said Holmes. “I see.” Mrs. Hudson came in. “Good.”")
    assert [rule for _, rule in later] == ["explicit", "explicit, paragraph", "same paragraph"]
    assert CONFIDENCE["same paragraph"] < 0.8 < CONFIDENCE["explicit, paragraph"]


def test_the_first_person() -> None:
    assert who("“No,” I answered. “Never.”", first_person="watson") == [
        ("watson", "explicit"), ("watson", "explicit, paragraph"),
    ]  # fmt: skip
    assert who("“No,” I answered.") == [(None, "unresolved")]


def test_i_inside_a_told_story_is_its_teller() -> None:
    story = who(
        '"I was young then.', '"He cried, and "Stop," said I. "Never."', first_person="watson"
    )
    assert all(speaker is None for speaker, _ in story)


def test_a_speech_over_paragraphs_keeps_its_speaker() -> None:
    assert who("“It began,” said Holmes, “in May.", "“It ended in June.”") == [
        ("holmes", "explicit"), ("holmes", "explicit, goes on"),
    ]  # fmt: skip


def test_a_name_of_two_people_names_nobody() -> None:
    names = find_names({"a": ["Brown"], "b": ["Brown", "Bob"]}, load_language("en"))
    assert dict(names.keys) == {"A": "a", "B": "b", "Bob": "b"}


def test_written_names_hold_keys_and_aliases() -> None:
    names = written_names({"old-tom": ["Tom"]})
    assert names == {"Tom": "old-tom", "old tom": "old-tom", "old-tom": "old-tom"}


@pytest.mark.parametrize(
    ("text", "speaker", "rule"),
    [
        ("掌柜说，“哦！”", "掌柜", "explicit, tag before"),
        ("孔乙己睁大眼睛说，“你怎么这样……”", "孔乙己", "explicit, tag before"),
        ("掌柜也伸出头去，一面说，“孔乙己么？”", "掌柜", "clause chain"),
        ("“唔。”老栓一面听，一面应。", "老栓", "explicit"),
        ("“好香的菜干！”赵七爷站在七斤嫂的对面说。", None, "unresolved"),
        ("掌柜仍然笑着对孔乙己说，“你又偷了东西了！”", "掌柜", "explicit, tag before"),
        ("孔乙己一到店，有的叫道，“你脸上又添上新伤疤了！”", None, "unresolved"),
        ("“后来呢？”掌柜也不再问，仍然算账。", None, "unresolved"),
    ],
)
def test_chinese_tags(text: str, speaker: str | None, rule: str) -> None:
    assert who(text, language="zh") == [(speaker, rule)]


def test_a_chinese_tag_belongs_to_what_follows() -> None:
    assert who("“怎么会来？”掌柜说，“哦！”", language="zh") == [
        (None, "unresolved"), ("掌柜", "explicit, tag before"),
    ]  # fmt: skip


def test_a_chinese_tag_line_above() -> None:
    assert who("七斤嫂大声说：", "“入娘的！”", language="zh") == [("七斤嫂", "colon")]
