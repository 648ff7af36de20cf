"""A take by its own voice's measure: what hard bounds cannot see, and what must stay quiet."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
from audio_takes import RATE, babble, silence, with_edges

from audio.pcm import Pcm
from audio.verdicts.clipping import clipped
from audio.verdicts.echoes import LAGS_S, echoes
from audio.verdicts.findings import COSTS
from audio.verdicts.habits import FEWEST, Habits, Spoken, learn
from audio.verdicts.lengths import expect
from audio.verdicts.mains import mains, mains_findings, usual
from audio.verdicts.signals import joined_signals, signal_findings
from audio.verdicts.spectrum import picture
from audio.verdicts.texts import articulation_seconds, ending_marks, measure, refrains
from audio.verdicts.verdict import Verdict, judge

SENTENCES = (
    "The rain had stopped, and a thin light lay over the roofs of the town.",
    "She opened the door, looked down the long street, and waited for an answer.",
    "Nobody knew how far the road went, or why the old house stood empty.",
    "Bring me the blue coat, please, and the two letters from the table by the window.",
)
TEXT = "By the way, I had hoped that Tonga had lost all his darts."
PACE = 0.9


def said(text: str, seed: int, share: float = 1.0) -> Pcm:
    """A babble as long as this voice would need for ``text``, or a share of that."""
    return with_edges(babble(PACE * share * articulation_seconds(text, "en"), seed=seed))


@cache
def habits() -> Habits:
    found = learn([Spoken(said(text, n), RATE, text, "en") for n, text in enumerate(SENTENCES)])
    assert found is not None
    return found


def verdict(pcm: Pcm, text: str = TEXT) -> Verdict:
    return judge(pcm, RATE, text, "en", habits=habits())


def test_habits_are_those_of_the_calibration_takes() -> None:
    found = habits()
    assert found.pace == pytest.approx(PACE, rel=0.08)
    assert found.pace_spread < 0.06
    assert (len(found.reach_db), len(found.ground_db)) == (24, 24)
    silent = [Spoken(silence(2.0), RATE, text, "en") for text in SENTENCES]
    assert learn(silent) is None
    assert learn(silent[:2] + [Spoken(said(TEXT, 9), RATE, TEXT, "en")] * (FEWEST - 1)) is None


@pytest.mark.parametrize("seed", range(5))
def test_clean_takes_stay_good(seed: int) -> None:
    assert verdict(said(TEXT, 20 + seed)).complaints == ()


def test_a_script_that_no_calibration_take_had_has_no_pace() -> None:
    assert expect(TEXT, "en", habits()) is not None
    assert expect("第二章 夜.", "en", habits()) is None
    assert expect("第二章 夜.", "zh", habits()) is not None


def spoilt(kind: str) -> Pcm:
    take = said(TEXT, 31)
    middle = len(take) // 2
    noise = np.random.default_rng(1).normal(0, 3000, len(take))
    time = np.arange(len(take)) / RATE
    mains = sum(np.sin(2 * np.pi * 50 * k * time) for k in (1, 2, 3, 5))
    match kind:
        case "short":
            return said(TEXT, 31, 0.6)
        case "long":
            return said(TEXT, 31, 1.7)
        case "repeats":
            phrase = take[middle - RATE // 2 : middle + RATE // 2]
            return np.concatenate((take[: middle + RATE // 2], phrase, take[middle + RATE // 2 :]))
        case "pause":
            return np.concatenate((take[:middle], silence(1.0), take[middle:]))
        case "noise":
            burst = np.where(np.abs(np.arange(len(take)) - middle) < RATE // 6, noise, 0)
            return np.clip(take + burst, -32768, 32767).astype(np.int16)
        case "hum":
            return (take + 150 * mains).astype(np.int16)
        case "level":
            gain = np.where(np.arange(len(take)) < middle, 1.0, 0.2)
            return (take * gain).astype(np.int16)
        case _:
            return (take * 0.2).astype(np.int16)


@pytest.mark.parametrize(
    "kind", ["short", "long", "repeats", "pause", "noise", "hum", "level", "quiet"]
)
def test_what_only_habits_see(kind: str) -> None:
    pcm = spoilt(kind)
    found = verdict(pcm)
    assert ("level" if kind == "quiet" else kind) in found.kinds
    assert len(found.kinds) == len(found.complaints) == len(set(found.kinds))
    assert set(found.kinds) <= COSTS.keys()
    if kind != "noise":  # the hard bounds are blind to it
        assert judge(pcm, RATE, TEXT, "en").good


def test_a_voice_that_varies_gets_more_room() -> None:
    moody = dataclasses.replace(habits(), pace_spread=0.3)
    assert judge(spoilt("short"), RATE, TEXT, "en", habits=moody).good


def test_a_take_cut_in_a_pause_ends_in_more_silence() -> None:
    whole, part = said(TEXT, 20), said(TEXT, 20, 0.9)
    late = np.concatenate((part, silence(0.2)))
    assert verdict(part).good
    assert verdict(late).kinds == ("cut",)
    assert verdict(np.concatenate((whole, silence(0.2)))).good  # nothing is missing
    assert verdict(late, TEXT[:-1] + ".)").good  # after two marks a voice may rest
    vague = dataclasses.replace(habits(), quiet_spread_s=0.3)
    assert judge(late, RATE, TEXT, "en", habits=vague).good


def test_a_voice_in_an_echoing_room_ends_as_it_always_does() -> None:
    def ended(share: float, earlier: int) -> Pcm:
        take = 4 * said(TEXT, 20, share)
        return take[: np.flatnonzero(np.abs(take) > 20000)[-1] + 1 - earlier]

    loud = ended(1.0, 2000)
    assert "cut" in judge(loud, RATE, TEXT, "en").kinds
    room = dataclasses.replace(habits(), end_db=-8.0, last_db=-8.0, level_db=habits().level_db + 12)
    assert judge(loud, RATE, TEXT, "en", habits=room).good
    assert "cut" in judge(ended(0.84, 0), RATE, TEXT, "en", habits=room).kinds


def test_a_cut_take_of_a_voice_with_a_loud_end_does_not_fall() -> None:
    take = 4 * said(TEXT, 20)
    steady = take[: np.flatnonzero(np.abs(take) > 20000)[-1] - 2000]  # rather short
    fall = np.ones(len(steady))
    fall[-round(0.1 * RATE) :] = 10 ** (np.linspace(0, -24, round(0.1 * RATE)) / 20)
    falling = np.rint(steady * fall).astype(np.int16)
    room = dataclasses.replace(
        habits(), end_db=-8.0, last_db=-18.0, level_db=habits().level_db + 12
    )
    assert judge(falling, RATE, TEXT, "en", habits=room).good
    assert "cut" in judge(steady, RATE, TEXT, "en", habits=room).kinds


def test_a_voice_that_is_always_overdriven_is_measured_by_that() -> None:
    take = said(TEXT, 20)
    full = 32768 / np.quantile(np.abs(take), 0.997)
    hot = np.clip(take * full, -32768, 32767).astype(np.int16)
    own = clipped(hot)
    assert 0.001 < own < 0.01
    assert "clipped" in judge(hot, RATE, TEXT, "en").kinds
    used = dataclasses.replace(habits(), clipped=own)
    assert "clipped" not in judge(hot, RATE, TEXT, "en", habits=used).kinds
    worse = np.clip(take * full * 3, -32768, 32767).astype(np.int16)
    assert "clipped" in judge(worse, RATE, TEXT, "en", habits=used).kinds


def test_mains_hum_shows_its_comb() -> None:
    take = said(TEXT, 20).astype(np.float64)
    time = np.arange(len(take)) / RATE
    for base in (50, 60):
        hum = sum(np.sin(2 * np.pi * base * k * time) for k in (1, 2, 3, 5))
        assert mains((take + 100 * hum).astype(np.int16), RATE) > 10
    assert mains(take.astype(np.int16), RATE) < 5
    assert mains(silence(0.5), RATE) == 0.0


def test_a_voice_that_sings_an_even_note_does_not_hum() -> None:
    time = np.arange(3 * RATE) / RATE
    sung = sum(np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 20))
    take = (2000 * np.abs(np.sin(2 * np.pi * 0.7 * time)) * sung).astype(np.int16)
    always = dataclasses.replace(habits(), mains_db=usual(take[: 2 * RATE], RATE))
    assert mains(take, RATE) > 10
    assert mains_findings(take, RATE, habits())
    assert not mains_findings(take, RATE, always)


def test_echoes_show_the_lag_of_a_loop() -> None:
    phrase, fresh = babble(1.2, seed=1), babble(4.0, seed=2)
    half = len(fresh) // 2
    loop = np.concatenate((fresh[:half], phrase, phrase, fresh[half:]))
    found = echoes(picture(loop, RATE))
    assert LAGS_S[found.argmax()] == pytest.approx(1.2, abs=0.05)
    assert found.max() > 0.9
    assert echoes(picture(fresh, RATE)).max() < 0.9
    assert not echoes(picture(babble(0.9), RATE)).any()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Never, never again", [(1 / 3, 0, 0.0, 0.2, 1.0)]),
        ("Ha! ha! ha! It broke.", [(2 / 13, 1, 0.0, 3 / 13, 1.0)]),
        ("It was a dark and stormy night.", []),
        ("拖下去，拖下去，一直拖到脚跟", [(0.25, 0, 0.0, 1 / 12, 1.0)]),
        ("Oh, come, now, come! Never.", [(7 / 18, 2, 0.0, 4 / 18, 5 / 7)]),
        ("", []),
    ],
)
def test_refrains(text: str, expected: list[tuple[float, ...]]) -> None:
    assert np.allclose([dataclasses.astuple(one) for one in refrains(text)], expected)


def test_a_refrain_excuses_an_echo_only_where_it_stands() -> None:
    text = "By the way, by the way, I had hoped that Tonga had lost all of his long thin darts."
    phrase, rest = babble(1.5, seed=1), babble(4.4, seed=2)

    def heard(*parts: Pcm) -> Verdict:
        take = with_edges(np.concatenate(parts))
        expected = expect(text, "en", habits())
        assert expected is not None
        pace = (
            0.95 * habits().pace * (len(take) / RATE - 0.1) / expected.seconds
        )  # hardly longer than it should be
        return judge(take, RATE, text, "en", habits=dataclasses.replace(habits(), pace=pace))

    assert "repeats" not in heard(phrase, phrase, rest).kinds
    assert "repeats" in heard(rest, phrase, phrase).kinds


def test_letters_said_by_their_names_take_longer() -> None:
    spelt, said_ = (articulation_seconds(text, "en") for text in ("H T T P", "Hutt pa"))
    assert spelt > said_ + 0.5
    assert measure("I saw a doctor's T-shirt by btw", "en").spelt == 4
    assert measure("Mam krk, a ty z nim", "cs").spelt == 0
    assert measure("阿Ｑ在ＵＳＡ", "zh").wide == 4


@pytest.mark.parametrize(
    ("text", "marks"), [("Yes.", "."), ("“Yes.”", "."), ("(Yes.)", ".)"), ("Yes", ""), ("", "")]
)
def test_ending_marks(text: str, marks: str) -> None:
    assert ending_marks(text) == marks


def test_marks_explain_silence() -> None:
    word = babble(0.35, seed=4)
    pause = silence(0.45)
    stops = with_edges(np.concatenate((word, pause, word, pause, word)))
    assert judge(stops, RATE, "Stop! stop! stop!", "en").good
    assert judge(stops, RATE, "I cannot stop", "en").kinds[-1] == "silence"


@pytest.mark.parametrize(
    ("signals", "kinds"),
    [
        ({"stop_token": 0.0}, ("cut",)),
        ({"stop_token": 1.0, "truncated": 0.0, "mark": 12.0}, ()),
        ({"tokens": 12.0, "text_tokens": 20.0}, ("short",)),
        ({"tokens": 500.0, "text_tokens": 20.0}, ("long",)),
        ({"tokens": 90.0, "text_tokens": 2.0}, ()),
        ({"ngram_repeats": 4.0}, ("repeats",)),
    ],
)
def test_engines_are_believed(signals: dict[str, float], kinds: tuple[str, ...]) -> None:
    found = judge(said(TEXT, 20), RATE, TEXT, "en", signals=signals, habits=habits())
    assert found.kinds == kinds
    repeating = signal_findings(signals, repeats=True)
    assert "repeats" not in [one.kind for one in repeating]


def test_signals_of_pieces_are_joined_to_the_worst() -> None:
    pieces = [
        {"truncated": 0.0, "tokens": 40.0, "mark": 3.0},
        {"truncated": 1.0, "tokens": 60.0, "mark": 9.0, "stop_token": 1.0},
    ]
    assert joined_signals(pieces) == {
        "truncated": 1.0,
        "tokens": 100.0,
        "mark": 3.0,
        "stop_token": 1.0,
    }
