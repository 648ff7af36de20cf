"""Pinyin to the model's tokens, against pypinyin's strict scheme."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_finals_tone3, to_initials, to_tone3

from benchmarks import glm_published_g2p as g2p
from tts.glm.text.phonemes import RUN, TOKEN, sound, tokens

# syllables that are said without a vowel have no tokens; yo and wong are spelt by another rule
_NONE = re.compile(r"(?:hm|hng|m|n|ng|ê|wong|yo)")
SYLLABLES = sorted({s for spelt in PINYIN_DICT.values() for s in spelt.split(",")})


def strict(marked: str) -> tuple[str, str, str]:
    initial = to_initials(marked, strict=True)
    final = to_finals_tone3(marked, strict=True, neutral_tone_with_five=True).replace("ü", "v")
    if final[:-1] == "i":
        longer = {
            "z": "ii",
            "c": "ii",
            "s": "ii",
            "zh": "iii",
            "ch": "iii",
            "sh": "iii",
            "r": "iii",
        }
        return initial, longer.get(initial, "i"), final[-1]
    return initial, final[:-1], final[-1]


def test_every_syllable_of_mandarin_in_every_spelling():
    compared = 0
    for marked in SYLLABLES:
        numbered = to_tone3(marked, neutral_tone_with_five=True)
        if _NONE.fullmatch(numbered.rstrip("12345")):
            continue
        wanted = strict(marked)
        for form in (marked, numbered, numbered.replace("ü", "v"), numbered.replace("ü", "u:")):
            assert sound(form) == wanted, form
            compared += 1
    assert compared > 5000


@pytest.mark.parametrize(
    ("pinyin", "wanted"),
    [
        ("chong2 qing4", "<|CH|><|ONG2|><|Q|><|ING4|>"),
        ("Xī'ān", "<|X|><|I1|><|AN1|>"),
        ("lüe4", "<|L|><|VE4|>"),
        ("lue4", "<|L|><|VE4|>"),
        ("yu3 yue4 yuan2", "<|V3|><|VE4|><|VAN2|>"),
        ("zhi1 zi5 de", "<|ZH|><|III1|><|Z|><|II5|><|D|><|E5|>"),
        ("liu2 hui4 lun2", "<|L|><|IOU2|><|H|><|UEI4|><|L|><|UEN2|>"),
        ("de0", "<|D|><|E5|>"),
    ],
)
def test_tokens(pinyin, wanted):
    assert "".join(tokens(pinyin)) == wanted
    assert RUN.fullmatch(wanted)


@pytest.mark.parametrize(
    "wrong", ["", "zhoong4", "hello", "ma6", "mā1", "zhong4guo2", "ñu", "b", "1"]
)
def test_what_is_no_pinyin_is_named(wrong):
    with pytest.raises(ValueError, match="no syllable of pinyin"):
        tokens(wrong)


@given(st.text(max_size=12))
def test_tokens_or_an_error_never_something_else(pinyin):
    try:
        found = tokens(pinyin)
    except ValueError:
        return
    assert all(TOKEN.fullmatch(token) for token in found)


def test_the_published_mode_cuts_at_its_dictionary_first(monkeypatch):
    table = {"弦": "<|X|><|IAN2|>", "弦乐": "<|X|><|IAN2|>乐"}
    assert g2p.fragments("琴弦乐与弦", table) == [
        ("琴", False), ("<|X|><|IAN2|>乐", True), ("与", False), ("<|X|><|IAN2|>", True),
    ]  # fmt: skip
    assert g2p.fragments("", table) == []
    assert g2p.fragments("琴", {}) == [("琴", False)]
    monkeypatch.setattr(g2p, "_words", lambda run: [run])  # jieba's dictionary costs a second
    assert g2p.replaced("重新来，hm", table, "来") == "<|CH|><|ONG2|><|X|><|IN1|>来，hm"
    assert g2p.phonemes("四，a") == ["s", "ii4", "，", "a", "a"]
    assert lazy_pinyin("四", style=Style.FINALS_TONE3) == ["i4"]
