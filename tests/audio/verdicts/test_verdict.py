"""The verdict: clean takes pass, each fault is named, and the graver fault scores higher.

Clean means both a babble of our own and the tone engine, which every test of the line uses;
real speech was measured when the thresholds were set (audio/verdicts/verdict.py).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from audio_takes import RATE, babble, silence, with_edges
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.verdicts.repetition import likeness
from audio.verdicts.spectrum import LONGEST_S, picture
from audio.verdicts.texts import length_bounds, repeats_itself, typical_seconds
from audio.verdicts.verdict import judge

SENTENCES = (
    ("en", "No."),
    ("en", "“Oh, yes.”"),
    ("en", "I cried."),
    ("en", "Might she not look upon me as a mere vulgar fortune-seeker?"),
    ("en", "By the way, I had hoped that Tonga had lost all his darts; yet he shot one at us."),
    ("en", "His luggage was found in 1895, in room 12 of the Langham Hotel."),
    ("de", "„Die Königin lächelte verächtlich“, sagte er, „und schwieg.“"),
    ("ru", "Пошёл дождь, и мы долго сидели молча у окна."),
    ("zh", "“好香！你们吃什么点心呀？”"),
    ("zh", "许多的工夫过去了；上坟的人渐渐增多，几个老的小的，在土坟间出没。"),
    ("ja", "私はその人を常に先生と呼んでいた。"),
)
CLEAN = (True, True, (), 0)
TEXT = SENTENCES[3][1]  # 47 letters: about 4 s


def speak(text: str, language: str, **options: object) -> tuple[np.ndarray, int]:
    """The tone engine's take."""
    from tts.engine import Request, Speech, Voice
    from tts.tone import ToneEngine

    engine = ToneEngine(options)
    engine.load()
    preset = engine.presets()[sum(map(ord, text)) % 6].name
    engine.prepare(Voice(digest="v", preset=preset))
    [(_, speech)] = engine.synthesize([Request("1", text, language, "v", seed=7)])
    assert isinstance(speech, Speech)
    return speech.pcm, speech.rate


def babbled(text: str, language: str = "en", **how: float) -> np.ndarray:
    return with_edges(babble(typical_seconds(text), **how))  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "text"), SENTENCES)
def test_clean_takes_are_good(language: str, text: str) -> None:
    for seed in range(2):
        verdict = judge(babbled(text, seed=seed), RATE, text, language)
        assert (verdict.good, verdict.usable, verdict.complaints, verdict.score) == CLEAN
    for rate in (16000, 44100):
        pcm, _ = speak(text, language, rate=rate)
        verdict = judge(pcm, rate, text, language)
        assert (verdict.good, verdict.usable, verdict.complaints, verdict.score) == CLEAN


@pytest.mark.parametrize("gain_db", [-30, -12, 8])
def test_loudness_alone_is_no_fault(gain_db: int) -> None:
    take = np.rint(babbled(TEXT, level=0.3) * 10 ** (gain_db / 20)).astype(np.int16)
    assert judge(take, RATE, TEXT, "en").good


@pytest.mark.parametrize(
    "pcm", [np.zeros(0, np.int16), np.zeros(1, np.int16), silence(3.0), silence(3.0) + 20]
)
def test_no_sound_is_not_usable(pcm: np.ndarray) -> None:
    verdict = judge(pcm.astype(np.int16), RATE, TEXT, "en")
    assert (verdict.good, verdict.usable) == (False, False)
    assert len(verdict.complaints) == 1


@cache
def fault(kind: str) -> tuple[np.ndarray, str]:
    """A spoilt take, and what is to be heard of it."""
    take = babbled(TEXT, seed=5)
    middle = len(take) // 2
    match kind:
        case "cut":
            loud = np.flatnonzero(np.abs(take[: 3 * middle // 2]) > 4000)[-1]
            return take[: loud + 1], "ends in the middle of a sound"
        case "pause":
            return np.concatenate((take[:middle], silence(1.3), take[middle:])), "a pause of 1."
        case "silence":
            thin = take.copy()
            for start in range(0, len(thin), RATE):
                thin[start : start + 3 * RATE // 5] = 0
            return thin, "% of it is silence"
        case "clipping":
            return np.clip(take.astype(int) * 9, -32768, 32767).astype(np.int16), "overdriven"
        case "short":
            return with_edges(babble(1.0)), "too short for its text (1.0 s"
        case "long":
            return with_edges(babble(16.0)), "too long for its text (15.9 s"
        case _:
            phrase = take[middle - RATE // 2 : middle + RATE]
            again = np.concatenate((take[: middle + RATE], phrase, phrase, take[middle + RATE :]))
            return again, "say something twice"


@pytest.mark.parametrize("kind", ["cut", "pause", "silence", "clipping", "short", "long", "loop"])
def test_each_fault_is_named(kind: str) -> None:
    pcm, says = fault(kind)
    verdict = judge(pcm, RATE, TEXT, "en")
    assert verdict.usable and not verdict.good and verdict.score > 0
    assert says in verdict.complaints[0]


def test_the_graver_fault_scores_higher() -> None:
    order = ["clipping", "pause", "cut", "long", "loop", "short"]
    scores = [judge(fault(kind)[0], RATE, TEXT, "en").score for kind in order]
    assert scores == sorted(scores)
    assert scores[-1] < judge(silence(1), RATE, TEXT, "en").score


@pytest.mark.parametrize("kind", ["silence", "loop", "truncate"])
@pytest.mark.parametrize(("language", "text"), [s for s in SENTENCES if len(s[1]) > 30])
def test_the_tone_engines_faults_are_heard(kind: str, language: str, text: str) -> None:
    pcm, rate = speak(text, language, faults=[{"match": ".", "kind": kind}])
    verdict = judge(pcm, rate, text, language)
    assert not verdict.good
    assert verdict.usable == (kind != "silence")


def test_a_text_that_repeats_itself_may() -> None:
    text = "Never again, never again, said the raven, never again."
    phrase = babble(1.3, seed=9)
    take = with_edges(np.concatenate((phrase, phrase, babble(1.0, seed=2), phrase)))
    assert judge(take, RATE, text, "en").good
    other = "Nothing like that, he said; the old raven would not answer."
    assert not judge(np.concatenate((take, take)), RATE, other, "en").good


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("How did these folk come, and how did these folk go?", True),
        ("他慢慢地走，他慢慢地说。", True),
        ("It was a dark and stormy night.", False),
        ("窃书不能算偷", False),
        ("", False),
    ],
)
def test_repeating_texts_are_known(text: str, does: bool) -> None:
    assert repeats_itself(text) is does


def test_an_engine_that_stopped_early_is_believed() -> None:
    take = babbled(TEXT)
    assert judge(take, RATE, TEXT, "en", signals={"truncated": 0.0, "mark": 77.0}).good
    verdict = judge(take, RATE, TEXT, "en", signals={"truncated": 1.0})
    assert verdict.complaints == ("the engine stopped before the end of the text",)


@given(text=st.text(max_size=200), language=st.sampled_from(["en", "zh", "ja", "und"]))
def test_bounds_hold_the_ordinary_reader(text: str, language: str) -> None:
    least, most = length_bounds(text, language)
    assert 0 <= least <= typical_seconds(text) <= most


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(0, 40000),
    level=st.sampled_from([1, 100, 32767]),
    rate=st.sampled_from([8000, 22050, 48000]),
    text=st.text(max_size=60),
)
def test_any_samples_get_a_verdict(count: int, level: int, rate: int, text: str) -> None:
    pcm = np.random.default_rng(count).integers(-level, level + 1, count).astype(np.int16)
    verdict = judge(pcm, rate, text, "en")
    assert verdict.good == (verdict.usable and not verdict.complaints) == (verdict.score == 0)
    assert verdict == judge(pcm.copy(), rate, text, "en")


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
def test_likeness_of_loops_and_of_fresh_speech(rate: int) -> None:
    phrase = babble(1.5, rate, seed=1)
    loop = np.concatenate((babble(0.7, rate, seed=2), phrase, silence(0.13, rate), phrase))
    assert likeness(picture(loop, rate), 1.0) > 0.9
    assert likeness(picture(babble(5.0, rate, seed=3), rate), 1.0) < 0.85
    assert likeness(picture(babble(1.3, rate), rate), 1.0) == 0.0  # no room for two
    assert likeness(picture(silence(0.001, rate), rate), 1.0) == 0.0


def test_a_picture_shows_thirty_seconds_only() -> None:
    assert len(picture(silence(40.0, 8000), 8000)) == pytest.approx(LONGEST_S / 0.02, abs=2)
