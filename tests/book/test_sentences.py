"""Where sentences end."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.sentences import split_sentences

FIXTURES = Path(__file__).parent / "fixtures"

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
PHENOMENA = [
    ["1.) Boil the water", "2.) Add the salt"],
    ["a. Pack the tent", "b. Fill the lamp", "c. Lock the door"],
    ["• Bread", "• Cheese"],
    ["(1) He came.", "(2) He saw."],
    ["He was 1. in a way that nobody was 2. in those days."],
    ["By 7 a.m. Dr. Hale had left.", "She came at 9 P.M.", "Dr. Hale was out."],
    ["It begins at 8 p.m. Friday."],
    ["Write to j.doe@post.example.org.", "They know."],
    ["Ask for N°. 4017.", "It is there."],
    ["We dined with Hart, Bell & Co. on Friday.", "They paid."],
    ["They sold it to Hart, Bell & Co.", "They needed it."],
    ["He went with the U.S. Cavalry.", "They rode all night."],
    ["So it was you and I.", "Who else?"],
    ["Philip I. Harding wrote it.", "Nobody read it."],
    ["He had it from Lieut.-Col. Grey.", "It was false."],
    ["She said—Mr. Dale heard it—that she would."],
    ["He read the Bible . . . and wept.", "He read on. . . .", "Night came."],
    ["“The rest is silence. . . .”"],
    ["“It was ever so” (Grey 1901).", "Few agree."],
    ["i came late.", "you were gone.", "the door was shut."],
    ["“Oh! the shame of it,” he said."],
    ["Down he went.", "d’Artois followed.", "von Hagen stayed."],
    ["It was in Jan.", "Nobody came."],
    ["They met on Tues. Jan. 5 in Rm. 9."],
]
CHINESE = [
    ["他说：“好。", "走吧！”然后出门了。"],
    ["他沉默了……然后走了。"],
    ["“快走！！”她喊。", "“真的？！”"],
    ["他叫J.K.罗琳。", "是作家。"],
    ["他（不知为何。）笑了。"],
    ["他读《红楼梦。》第一回。", "完了！？"],
    ["“跌断，跌，跌……”", "“什么？”"],
    ["“不是我——”", "“那是谁？”"],
    ['"进来。"他说。', '"坐。"'],
    ["他。。。不见了。", "天亮了。"],
    ["“救火！”的喊声惊醒了他。", "他跳下床。"],
    ["他喊：“快跑！”", "她没有动。"],
    ["他走了。", "（谁也没有送他。）", "天亮了。"],
    ["“你信么？", "——我可不信。”"],
]


@pytest.mark.parametrize("sentences", [*ENGLISH, *PHENOMENA], ids=lambda s: s[0])
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
    text=st.text(
        st.sampled_from("AbIV1 .!?…\"“”'‘’()[]（《》「」。！？”说と\n-—,•։;።"), max_size=60
    )
    | st.text(max_size=40),
    language=st.sampled_from(["en", "zh", "fr", "de", "ja", "es", "el", "am"]),
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
        "split_sentences('He wrote to Jones, Ph.D. Two came.', 'en');"
        "from book.sentences import punkt; assert punkt._punkt.cache_info().currsize == 1;"
        "assert not any(n.partition('.')[0] == 'nltk' for n in sys.modules);"
        "import nltk.tokenize; assert nltk.tokenize.sent_tokenize and nltk.__version__"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


FICTION = [
    json.loads(line)
    for line in (FIXTURES / "sentences_fiction.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("language", ["en", "zh", "de", "fr", "es", "ja"])
def test_fiction_of_our_own(language: str) -> None:
    """Rows written by hand: dialogue as novels print it. At least 97 F1 in each language."""
    hits = wrong = 0
    for row in FICTION:
        if row["lang"] == language:
            found = [row["text"][a:b] for a, b in split_sentences(row["text"], language)]
            gold, seen = ends_of(row["sentences"]), ends_of(found)
            hits += len(gold & seen)
            wrong += len(gold ^ seen)
    assert hits > 10
    assert 2 * hits / (2 * hits + wrong) >= 0.97


def ends_of(sentences: list[str]) -> set[int]:
    """Ends inside the paragraph, in characters that are not white space."""
    sizes = itertools.accumulate(len("".join(sentence.split())) for sentence in sentences)
    return set(list(sizes)[:-1])


@pytest.mark.parametrize("language", ["en", "zh", "am"])
@pytest.mark.parametrize(
    "part",
    [
        "!",
        ". ",
        "! ",
        "(",
        "(a)",
        "a. ",
        "i. A",
        "“…” ",
        "。”",
        "…",
        "「",
        "1. a 2. ",
        "“A.” ",
        '--" ',
        "» ",
    ],
)
def test_a_hostile_paragraph_takes_no_longer_than_prose(part: str, language: str) -> None:
    """Ten times the text takes about ten times as long, not a hundred."""
    text = part * (40_000 // len(part)) + "x"
    begin = time.process_time()
    split_sentences(text, language)
    assert time.process_time() - begin < 10  # measured: 0.1 s; quadratic: minutes
