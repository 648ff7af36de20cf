"""Who speaks in Chinese print; names of both languages. English: test_english.py."""

from __future__ import annotations

import pytest

from book.languages import load_language
from book.manuscript import Paragraph, Slice
from book.spans import chapter_spans
from book.speakers import ChapterText, attribute
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
