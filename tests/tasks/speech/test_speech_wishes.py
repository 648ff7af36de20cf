"""What a wish asks for, and what of it reaches the engine: presets, languages, turns."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from castbook.errors import InputError, Unavailable
from tasks.speech.languages import language_of
from tasks.speech.pace import check_speed, paced
from tasks.speech.presets import check_stream, engine_options, preset_of, presets
from tasks.speech.turns import Turns
from tts.engine import Voice
from tts.registry import make_engine


def test_the_presets_are_the_promised_ones() -> None:
    assert {
        p.name: (p.rate, p.seed, p.stream, p.options["sampler"]) for p in presets().values()
    } == {
        "debug": (24000, 42, True, "ras"),
        "hifi": (32000, 42, False, "topk"),
        "dialogue": (24000, None, True, "ras"),
        "batch": (24000, 42, False, "ras"),
    }
    assert preset_of("") is None
    with pytest.raises(InputError, match="did you mean hifi"):
        preset_of("hify")


@pytest.mark.parametrize("name", ["debug", "hifi", "dialogue", "batch"])
def test_every_preset_is_one_that_glm_takes(name: str) -> None:
    preset = preset_of(name)
    assert preset is not None
    options, notes = engine_options("glm", preset, {"max_length": 512, "steps": 3}, preset.rate)
    assert notes == ()
    assert options["preset"] == name
    assert (options["context"], options["steps"], options["rate"]) == (512, 3, preset.rate)
    assert options["sampler"] == preset.options["sampler"]
    assert make_engine("glm", options).capabilities.rate == preset.rate


def test_a_texts_own_word_outdoes_the_preset() -> None:
    options, _ = engine_options("glm", preset_of("hifi"), {"sampler": "ras"}, 24000)
    assert (options["sampler"], options["rate"]) == ("ras", 24000)
    assert "rate" not in engine_options("glm", None, {}, 44100)[0]  # resampled
    assert engine_options("tone", None, {}, 44100)[0] == {"rate": 44100}
    assert engine_options("espeak", preset_of("batch"), {}, 24000) == (
        {}, ("engine espeak has no sampler: ignored",),
    )  # fmt: skip


def test_32_khz_is_no_stream() -> None:
    with pytest.raises(InputError, match="rate: 32000 Hz is not steady in a stream"):
        check_stream(32000, stream=True)
    check_stream(32000, stream=True, experimental=True)
    check_stream(32000, stream=False)
    check_stream(24000, stream=True)
    check_stream(None, stream=True)


@pytest.mark.parametrize(
    ("text", "voice", "language"),
    [
        ("Come at once.", (), "en"),
        ("Komm sofort.", ("de",), "de"),
        ("来吧。", ("en-GB",), "zh"),
        ("来吧。", ("zh-CN", "en"), "zh-CN"),
        ("我们用 Python 写 code。", ("en",), "zh"),
        ("The word 道 means way, and much besides, to those who read it.", ("en-GB",), "en-GB"),
        ("Come.", ("zh", "en"), "en"),
        ("Come.", ("*",), "en"),
        ("ありがとう。", (), "ja"),
        ("안녕하세요", (), "ko"),
        ("1895", (), "en"),
    ],
)
def test_the_language_is_in_the_script(text: str, voice: tuple[str, ...], language: str) -> None:
    assert language_of(text, voice) == language


def test_pace_by_the_engine_or_by_stretching() -> None:
    oak = Voice("oak", "oak")
    tone, espeak = make_engine("tone"), make_engine("espeak")
    faster, left = paced(tone, oak, "en", 1.5)
    assert (faster.parameters, left) == ({"speed": 1.5}, 1.0)
    assert faster.digest != oak.digest
    assert paced(tone, oak, "en", 3) == (oak, 3)
    assert paced(tone, oak, "en", 1) == (oak, 1)
    british = Voice("b", "en-gb", {"speed": 200})
    assert paced(espeak, british, "en", 0.5)[0].parameters == {"speed": 100}
    for wrong in (0.24, 4.01, float("nan")):
        with pytest.raises(InputError, match="speed: cannot be"):
            check_speed(wrong)


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order = Turns(1, 5), []

    def work(number: int) -> None:
        with turns.take():
            order.append(number)

    with ThreadPoolExecutor(5) as pool, turns.take():
        for number in range(5):
            pool.submit(work, number)
            while turns.waiting <= number:
                time.sleep(0.001)
    assert order == list(range(5))
    assert (turns.taken, turns.waiting) == (0, 0)


def test_who_gave_up_waiting_holds_up_nobody() -> None:
    turns = Turns(1, 0.05)
    with turns.take():
        with pytest.raises(Unavailable, match="texts before this one: 1"), turns.take():
            pass
        with pytest.raises(Unavailable), turns.alone():
            pass
    with turns.take():
        pass


def test_alone_means_that_nobody_begins() -> None:
    turns, begun = Turns(2, 5), threading.Event()

    def work() -> None:
        with turns.take():
            begun.set()

    thread = threading.Thread(target=work)
    with turns.alone():
        thread.start()
        assert not begun.wait(0.1)
    assert begun.wait(5)
    thread.join()
