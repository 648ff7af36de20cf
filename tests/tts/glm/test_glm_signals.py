from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.verdicts.signals import signal_findings
from tts.glm.lm.prompts import Generated
from tts.glm.signals import most_frequent_gram, repeated_run, token_signals

SPEECH = tuple(random.Random(1).sample(range(32768), 120))


def spoken(tokens: tuple[int, ...] = SPEECH, **more: object) -> Generated:
    values = {"ended": True, "log_prob": -2.0, "resampled": 3, **more}
    return Generated("x", tokens, **values)  # type: ignore[arg-type]


def complaints(one: Generated, text_tokens: int = 20) -> list[str]:
    found = signal_findings(token_signals([one], text_tokens), repeats=False)
    return sorted(finding.kind for finding in found)


def test_speech_is_not_complained_of() -> None:
    found = token_signals([spoken()], 20)
    assert found["truncated"] == 0
    assert found["stop_token"] == 1
    assert (found["tokens"], found["text_tokens"]) == (120, 20)
    assert (found["ngram_repeats"], found["gram_count"]) == (1, 1)
    assert found["one_token_share"] == pytest.approx(1 / 120)
    assert found["mean_log_prob"] == pytest.approx(-2)
    assert found["resampled_share"] == pytest.approx(3 / 121)
    assert complaints(spoken()) == []


def test_each_fault_is_complained_of() -> None:
    assert complaints(spoken(ended=False)) == ["cut"]
    assert complaints(spoken(SPEECH[:30])) == ["short"]
    assert complaints(spoken(), text_tokens=5) == ["long"]
    assert complaints(spoken(SPEECH[:40] + SPEECH[40:60] * 3)) == ["repeats"]
    elsewhere = sum(((*SPEECH[20 * n : 20 * n + 20], 7, 8, 9, 10) for n in range(4)), ())
    assert complaints(spoken(elsewhere)) == ["repeats"]
    assert complaints(spoken(SPEECH[:60] + (5,) * 40)) == ["silence"]


def test_a_pause_is_no_loop() -> None:
    pause = (31, 31, 77) * 8
    assert repeated_run(SPEECH[:50] + pause + SPEECH[50:]) == 1
    assert most_frequent_gram(SPEECH[:50] + pause) == 1


@given(st.integers(3, 40), st.integers(2, 6), st.integers(0, 30))
def test_loops_are_counted(unit: int, times: int, before: int) -> None:
    loop = SPEECH[40 : 40 + unit] * times
    whole = SPEECH[:before] + loop + SPEECH[100:]
    expected = len(loop) // (unit * -(-8 // unit)) if len(loop) >= unit + 8 else 1
    assert repeated_run(whole) == max(1, expected)


@given(st.lists(st.integers(0, 5), max_size=60))
def test_any_tokens_have_signals(tokens: list[int]) -> None:
    found = token_signals([spoken(tuple(tokens), ended=False), spoken(())], 1)
    assert 1 <= found["ngram_repeats"] <= max(1, len(tokens) // 8)
    assert 0 <= found["one_token_share"] <= 1


def test_a_long_loop_takes_no_time() -> None:
    assert repeated_run((*range(10),) * 300) == 300


def test_pieces_are_one_take() -> None:
    found = token_signals([spoken(SPEECH[:10], log_prob=-1.0), spoken(ended=False)], 50)
    assert (found["truncated"], found["stop_token"], found["tokens"]) == (1, 0, 130)
    assert found["mean_log_prob"] == pytest.approx(-(11 + 240) / 131)
