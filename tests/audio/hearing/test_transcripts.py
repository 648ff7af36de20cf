from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.hearing.transcripts import Comparison, Heard, compare

SENTENCE = (
    "It was close upon four before the door opened, and a drunken-looking groom, ill-kempt and "
    "side-whiskered, with an inflamed face and disreputable clothes, walked into the room."
)
HAN = (
    "鲁镇的酒店的格局，是和别处不同的：都是当街一个曲尺形的大柜台，柜里面预备着热水，可以随时温酒。"
)

TRADITIONAL = "魯鎮的酒店的格局是和別處不同的都是當街1個曲尺形的大櫃臺櫃裡面預備著熱水可以隨時溫酒"


def heard(text: str, said: str = SENTENCE, language: str = "en", **signals: float) -> Comparison:
    return compare(said, Heard(text, **signals), language)


@pytest.mark.parametrize(
    ("said", "text", "language"),
    [
        (
            "It was two hundred and five pounds in eighteen ninety.",
            "It was £205 in 1890",
            "en",
        ),
        ("Half a million men, five million pounds.", "Half 1 million men; £5 million.", "en"),
        ("On the twenty-first of May at ten thirty.", "On the 21st of May, at 10:30.", "en"),
        ("Three point five per cent.", "3.5 per cent", "en"),
        ("His telephone is one eight nine five.", "His telephone is 1895.", "en"),
        ("Mister Holmes's colour was grey to-day.", "Mr. Holmes' color was gray today.", "en"),
        ("Their knight travelled through a centre.", "There night traveled threw a center", "en"),
        ("The ⟦ipa:bruːm⟧ waited by the house.", "The broom waited by the house.", "en"),
        ("Er kam im Jahre achtzehnhundert fünf an.", "Er kam im Jahre 1805 an.", "de"),
        ("Étienne était là, dit-elle.", "Etienne etait la dit elle", "fr"),
        (HAN, TRADITIONAL, "zh"),
        ("一八九五年他有两千三百块钱。", "1895年,他有2300块钱。", "zh"),
        ("百分之五十的人都走了。", "50%的人都走了", "zh"),
        ("カタカナとひらがなの文章です。", "カタカナとひらがなの文章です", "ja"),
    ],
)
def test_another_spelling_is_no_error(said: str, text: str, language: str) -> None:
    found = compare(said, Heard(text), language)
    assert (found.outcome, found.errors) == ("matches", 0), found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SENTENCE.removesuffix(", walked into the room."), "“walked into the room” was not heard"),
        (SENTENCE.replace(", ill-kempt and side-whiskered", ""), "was not heard"),
        (SENTENCE + " Walked into the room. Walked into the room.", "which is not in the text"),
        (
            "She had never in her life been so glad to see the sea, and the boys ran on before her "
            "down to the shore, shouting and waving their hats at the great white ship.",
            "instead of",
        ),
        ("", "was not heard"),
    ],
)
def test_what_was_not_said_is_named(text: str, reason: str) -> None:
    found = heard(text)
    assert found.outcome == "differs"
    assert reason in found.reason


@pytest.mark.parametrize(
    "text",
    [
        HAN.replace("都是当街一个曲尺形的大柜台，", ""),
        HAN[:-12],
        HAN + "可以随时温酒可以随时温酒",
        "今天天气很好我们去公园里玩了一会儿然后回家吃晚饭，孩子们都非常高兴，大家说说笑笑的走在路上。",
    ],
)
def test_chinese_is_compared_by_characters(text: str) -> None:
    assert compare(HAN, Heard(text), "zh").outcome == "differs"


@pytest.mark.parametrize(
    ("text", "signals"),
    [
        ("He was close to an opening of four doors and a trunk", {"avg_logprob": -1.3}),
        ("Thank you.", {"no_speech": 0.9}),
        ("no no " * 200, {"compression": 9.0, "seconds": 8.0}),
        ("鲁镇的酒店的格局是和别处不同的", {}),
    ],
)
def test_an_unsure_recogniser_proves_nothing(text: str, signals: dict[str, float]) -> None:
    assert heard(text, **signals).outcome == "inconclusive"


def test_a_take_that_loops_is_no_loop_of_the_recogniser() -> None:
    said = "Come at once if convenient, and if inconvenient come all the same."
    text = said + " Come all the same." * 6
    assert compare(said, Heard(text, compression=3.0, seconds=14.0), "en").outcome == "differs"


def test_what_matches_although_unsure_matches() -> None:
    assert heard(SENTENCE.lower(), avg_logprob=-1.4).outcome == "matches"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("No.", "matches"),
        ("Know!", "matches"),
        ("Oh.", "inconclusive"),
        ("No, no, no, no, no, no.", "differs"),
    ],
)
def test_a_short_text_differs_only_by_much(text: str, outcome: str) -> None:
    assert compare("No.", Heard(text), "en").outcome == outcome


def test_what_is_missing_and_added_is_counted() -> None:
    whole = compare(SENTENCE, Heard(SENTENCE), "en")
    assert (whole.missing, whole.added, whole.ended) == (0, 0, True)
    bitten = heard(SENTENCE.removesuffix(" the room."))
    assert (bitten.outcome, bitten.missing, bitten.added, bitten.ended) == ("matches", 2, 0, False)
    stuttered = heard(SENTENCE.replace("drunken-looking", "drunken-looking drunken-looking"))
    assert (stuttered.missing, stuttered.added, stuttered.ended) == (0, 2, True)


def test_invented_endings_are_not_heard() -> None:
    assert heard(SENTENCE + " Thanks for watching!").outcome == "matches"
    assert (
        compare(HAN, Heard(HAN + "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目"), "zh").errors == 0
    )


def test_names_may_be_heard_roughly() -> None:
    said = "Jabez Wilson met Wycliffe Ponder."
    text = "Jaybez Willson met Wickliff Bonner."
    assert compare(said, Heard(text), "en").errors > 0
    names = {"jabez", "wilson", "wycliffe", "ponder"}
    assert compare(said, Heard(text), "en", names=names).errors == 0


WORDS = SENTENCE.replace(",", "").rstrip(".").split()
OTHERS = [
    "ocean",
    "pepper",
    "quiet",
    "ribbon",
    "table",
    "umbrella",
    "violin",
    "yellow",
    "mountain",
    "bishop",
]


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_a_few_misheard_words_never_differ_and_a_lost_clause_always_does(
    rng: random.Random,
) -> None:
    noisy = [rng.choice(OTHERS) if i % 9 == 4 else word for i, word in enumerate(WORDS)]
    assert heard(" ".join(noisy)).outcome != "differs"
    at = rng.randrange(len(WORDS) - 6)
    assert heard(" ".join(WORDS[:at] + WORDS[at + 6 :])).outcome == "differs"


@settings(max_examples=50)
@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["en", "zh", "ja", "de", "und"]))
def test_any_two_texts_can_be_compared(said: str, text: str, language: str) -> None:
    found = compare(said, Heard(text), language)
    assert found.reason
    assert 0 <= found.errors <= found.length + len(text)
    assert compare(said, Heard(said), language).outcome in ("matches", "inconclusive")
