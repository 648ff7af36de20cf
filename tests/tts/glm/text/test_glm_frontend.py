"""Text to pieces of ids: all of it, marked sounds as tokens, never more than a piece may have."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.glm_tokens import write_tokenizer
from castbook.phonemes import mark
from tts.engine import EngineError
from tts.glm.text.frontend import MOST, FrontEnd
from tts.glm.text.measure import estimate
from tts.glm.text.tokenizer import Tokenizer

ENGLISH = st.lists(
    st.sampled_from(["the ", "dogs' ", "Don't ", "said: ", "“no” ", "— ", "ﬁ ", "résumé, ", "x. "]),
    max_size=90,
).map("".join)  # fmt: skip
CHINESE = st.lists(
    st.sampled_from([*"重要的人说：“不。”！？…，王", "<|", "OK "]), max_size=150
).map("".join)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder, 16)
    return Tokenizer.load(folder)


@pytest.fixture(scope="module")
def front(tokenizer):
    return FrontEnd(tokenizer)


def spoken(tokenizer, front, text, language="zh"):
    """What the pieces of ``text`` say, phoneme tokens by their names."""
    return [tokenizer.decode(ids) for ids in front.pieces(text, language)]


def test_a_sentence_is_normalised_and_split(tokenizer, front):
    assert spoken(tokenizer, front, "你好！什么？") == ["你好。什么?"]
    assert spoken(tokenizer, front, "It's 3 o'clock — “really”!", "en") == [
        "it's three o'clock really."
    ]
    first = "人工智能的发展历史可以追溯到二十世纪五十年代，当时科学家们开始探索这种可能性。"
    assert spoken(tokenizer, front, f"{first}经过几十年，") == [f"{first}经过几十年。"]
    assert spoken(tokenizer, front, f"{first}{first}") == [first, first]  # more than 60 units


def test_a_transcript_ends_in_one_space(tokenizer, front):
    assert tokenizer.decode(front.prompt_ids("Come at 5!", "en")) == "come at five. "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"他{mark('pinyin', 'chong2')}新来了。", "他<|CH|><|ONG2|>新来了。"),
        ("他<|CH|><|ONG2|><|X|><|IN1|>来了", "他<|CH|><|ONG2|><|X|><|IN1|>来了。"),
        (f"{mark('pinyin', 'zhong4 yao4')}！", "<|ZH|><|ONG4|><|IAO4|>。"),
        (f"{mark('pinyin', 'yi4')}、{mark('pinyin', 'yi4')}？", "<|I4|>，<|I4|>?"),
        ("说<|user|>和<|audio_3|>和<|NO|>", "说user和audio三和no。"),
        ("<|CH|", "ch."),
    ],
)
def test_marked_sounds_become_tokens_and_other_names_do_not(tokenizer, front, text, said):
    assert spoken(tokenizer, front, text) == [said]


def test_sounds_in_english_text_are_words(tokenizer, front):
    text = f"then {mark('pinyin', 'xu2')} came."
    assert spoken(tokenizer, front, text, "en") == ["then <|X|><|V2|> came."]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (mark("ipa", "bruːm"), "reads no sounds in ipa"),
        (mark("pinyin", "zhoong4"), "no syllable of pinyin"),
        (mark("pinyin", "er5 m4"), "no syllable"),
        ("……！”", "nothing to speak"),
        ("", "nothing to speak"),
        ("🎉", "nothing to speak"),
    ],
)
def test_what_cannot_be_spoken_is_refused_for_good(front, text, reason):
    with pytest.raises(EngineError, match=reason) as caught:
        front.pieces(text, "zh")
    assert caught.value.kind == "permanent"


def test_a_sound_that_the_checkpoint_lacks_is_named(tokenizer, monkeypatch):
    monkeypatch.setattr(tokenizer, "knows", lambda name: name != "<|UAI5|>")
    with pytest.raises(EngineError, match=r"no token <\|UAI5\|>"):
        FrontEnd(tokenizer).pieces(mark("pinyin", "huai5"), "zh")


@settings(max_examples=40)
@given(text=ENGLISH | CHINESE | st.text(max_size=60))
def test_pieces_are_bounded_and_hold_every_word(tokenizer, front, text):
    try:
        pieces = front.pieces(text, "zh")
    except EngineError as error:
        assert error.reason.startswith("nothing to speak")
        assert not any((c.isascii() and c.isalnum()) or "一" <= c <= "龥" for c in text)
        return
    assert all(0 < len(ids) <= MOST for ids in pieces)
    said = "".join(map(tokenizer.decode, pieces))
    kept = [c for c in text if "一" <= c <= "龥" and c not in "噢欸咯额"]
    assert [c for c in said if c in kept] == kept or not text.isprintable()
    assert front.pieces(text, "zh") == pieces


@pytest.mark.parametrize("text", ["zq" * 500, "重" * 300, "囍" * 200, "💬é" * 300])
def test_nothing_runs_away(front, tokenizer, text):
    pieces = front.pieces(text, "zh")
    assert max(map(len, pieces)) <= MOST
    kept = [c for c in text.lower() if c.isalnum()]
    said = "".join(tokenizer.decode(ids) for ids in pieces)
    assert [c for c in said if c.isalnum()] == kept


def test_the_estimate_needs_no_checkpoint_and_counts_sounds():
    assert estimate("重要的人。") == 5
    assert estimate(f"重{mark('pinyin', 'chong2 qing4')}") == 5
    assert estimate("<|CH|><|ONG2|>来") == 3
    assert estimate("the unbelievable") == 4
    assert estimate("") == 1
    assert estimate("Ж") == 3


@given(st.text(max_size=60), st.text(max_size=20))
def test_a_longer_text_is_never_smaller(one, more):
    assert estimate(f"{one} {more}") >= estimate(one)


def test_the_front_end_imports_nothing_heavy():
    heavy = "'torch', 'transformers', 'jieba', 'wetext', 'pypinyin', 'prefect'"
    code = f"import sys, tts.glm.text.frontend; print([n for n in ({heavy}) if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
