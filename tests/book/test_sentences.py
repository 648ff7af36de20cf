"""Where sentences end."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.sentences import split_sentences

ENGLISH = [
    ["“Come here.”", "He turned."],
    ["“Hello!", "Come in,” she said."],
    ['"I saw it.', "It moved.", 'Run!" cried Tom.'],
    ["“I never—”", "“Don’t.”"],
    ["Was it J. R. R. Tolkien?", "It was."],
    ["'I won't,' he said.", "'Never.'"],
    ["It cost £3.50.", "Too dear!"],
    ["She was (I think. No, I know.) his aunt."],
    ["Mr. and Mrs. Brown of St. Mary St. saw Dr. Who.", "He left."],
    ["I live in the U.S.", "How about you?"],
    ["At 5 p.m. they left.", "It was I.", "He knew."],
    ["It was . . . odd, i.e. not like him.", "No. 5 was shut."],
    ["“Stop!” he cried.", "“What? now?” she asked."],
    ["Well … perhaps.", "He waited..."],
]
CHINESE = [
    ["他说：“好。", "走吧！”然后出门了。"],
    ["他沉默了……然后走了。"],
    ["“快走！！”她喊。", "“真的？！”"],
    ["他叫J.K.罗琳。", "是作家。"],
    ["他（不知为何。）笑了。"],
    ["他读《红楼梦。》第一回。", "完了！？"],
    ["“跌断，跌，跌……”", "“什么？”"],
]


@pytest.mark.parametrize("sentences", ENGLISH, ids=lambda s: s[0])
def test_english(sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert [text[a:b] for a, b in split_sentences(text, "en")] == sentences


@pytest.mark.parametrize("sentences", CHINESE, ids=lambda s: s[0])
def test_chinese(sentences: list[str]) -> None:
    text = "".join(sentences)
    assert [text[a:b] for a, b in split_sentences(text, "zh")] == sentences


def test_a_language_without_words_of_its_own() -> None:
    text = "Il pleut. Elle dort! Oui?"
    assert len(split_sentences(text, "fr")) == 3


@given(
    text=st.text(st.sampled_from("Ab1 .!?…\"“”'‘’()（《》。！？”说\n-—,"), max_size=60),
    language=st.sampled_from(["en", "zh", "fr"]),
)
def test_only_white_space_lies_between(text: str, language: str) -> None:
    at = 0
    for start, end in split_sentences(text, language):
        assert at <= start < end
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


def test_punkt_comes_alone_and_leaves_nltk_whole() -> None:
    """Loading the splitter must not run all of nltk, nor spoil it for others."""
    code = (
        "import sys; from book.sentences import split_sentences;"
        "split_sentences('One. Two.', 'en');"
        "assert not any(n.partition('.')[0] == 'nltk' for n in sys.modules);"
        "import nltk.tokenize; assert nltk.tokenize.sent_tokenize and nltk.__version__"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
