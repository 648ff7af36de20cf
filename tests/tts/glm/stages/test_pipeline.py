from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from stagedoubles import MUTE, POISON, Answers, Log, pipeline, request

from tts.engine import EngineError, Failure, Speech
from tts.glm.lm.chain import Spoken
from tts.glm.lm.prompts import Generated, bounds
from tts.glm.stages.work import drawn_before, joined_tokens, parted_tokens, piece_seed


def speech(result: Speech | Failure) -> Speech:
    assert isinstance(result, Speech), result
    return result


def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_request_becomes_the_sound_of_its_pieces_in_order() -> None:
    log, answers = Log(), Answers()
    line = pipeline(log)
    line.submit(request(answers, "a", (5, 6), (7,), seed=3))
    found = speech(answers.of("a"))
    line.close()
    assert found.tokens == joined_tokens([(5, 5, 6, 6), (7, 7)])
    assert parted_tokens(found.tokens) == ((5, 5, 6, 6), (7, 7))
    second = piece_seed(3, 1) % 7 / 1000
    wave = [0.05 + 0.003] * 4 + [0.06 + 0.003] * 4 + [0.07 + second] * 4
    np.testing.assert_allclose(found.pcm / 32768, wave, atol=2e-5)
    assert found.signals == {"pieces": 2.0} and found.rate == 1000 and found.seconds > 0
    assert log.began[0] == "a"
    assert {p.prompt_speech for p in log.prompts} == {(3, 4)}


def test_company_changes_no_byte() -> None:
    def spoken(names: list[str], slots: int) -> dict[str, bytes]:
        log, answers = Log(), Answers()
        line = pipeline(log, slots=slots)
        for name in names:
            length = 1 + int(name) % 9
            line.submit(request(answers, name, tuple(range(length)), seed=int(name)))
        found = {name: speech(answers.of(name)).pcm.tobytes() for name in names}
        line.close()
        return found

    names = [str(i) for i in range(30)]
    together = spoken(names, 8)
    assert spoken(names[::-1], 3) == together
    assert spoken(["7"], 1) == {"7": together["7"]}


def test_batches_fill_while_more_may_come_and_go_when_nothing_does() -> None:
    log, answers = Log(), Answers()
    log.gate.clear()
    line = pipeline(log, slots=10)
    for name in range(10):
        line.submit(request(answers, str(name), (1, 2)))
    log.gate.set()
    for name in range(10):
        speech(answers.of(str(name)))
    line.close()
    assert sorted(map(len, log.batches)) == [2, 4, 4]


def test_a_fault_of_one_request_is_its_own() -> None:
    log, answers = Log(), Answers()
    line = pipeline(log)
    line.submit(request(answers, "poison", (1,), (POISON,)))
    line.submit(request(answers, "unknown", (77,)))
    line.submit(request(answers, "mute", (1, MUTE, 3)))
    line.submit(request(answers, "good", (1, 2, 3)))
    speech(answers.of("good"))
    assert answers.of("poison") == Failure("permanent", "poison")
    assert answers.of("unknown") == Failure("permanent", "an unknown token")
    assert answers.of("mute") == Failure("permanent", "no number")
    line.close()
    assert answers.known() == {"poison", "unknown", "mute", "good"}  # each once


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (ValueError("odd"), "transient"),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), "dead"),
        (EngineError("lost", "dead"), "dead"),
    ],
)
def test_a_fault_of_a_step_ends_what_was_in_it(fault: Exception, kind: str) -> None:
    log, answers = Log(), Answers()
    log.faults.append(fault)
    log.gate.clear()
    line = pipeline(log)
    line.submit(request(answers, "a", (1, 2)))
    log.gate.set()
    result = answers.of("a")
    assert isinstance(result, Failure) and result.kind == kind
    line.submit(request(answers, "b", (1, 2)))
    speech(answers.of("b"))
    line.close()


def test_out_of_memory_halves_the_batch_and_goes_on() -> None:
    log, answers = Log(), Answers()
    log.room, log.rows = 2, 1
    log.gate.clear()
    line = pipeline(log, slots=8)
    for name in range(8):
        line.submit(request(answers, str(name), (1, 2, 3)))
    log.gate.set()
    for name in range(8):
        speech(answers.of(str(name)))
    assert line.slots == 2
    line.close()
    assert max(log.widths) == 8 and log.widths[-1] <= 2
    assert len(log.batches[0]) > 1 and len(log.batches[-1]) == 1


def test_out_of_memory_for_one_alone_is_said() -> None:
    log, answers = Log(), Answers()
    log.rows = 0
    line = pipeline(log)
    line.submit(request(answers, "a", (1,)))
    result = answers.of("a")
    line.close()
    assert isinstance(result, Failure) and "out of memory" in result.reason


def test_what_is_cancelled_ends_at_once_and_leaves_its_slot() -> None:
    log, answers = Log(), Answers()
    log.gate.clear()
    line = pipeline(log, slots=1)
    line.submit(request(answers, "a", tuple(range(50))))
    eventually(lambda: bool(log.began))
    line.cancel("a")
    assert answers.of("a") == Failure("transient", "cancelled")
    log.gate.set()
    line.submit(request(answers, "b", (1,)))
    speech(answers.of("b"))
    line.close()
    assert answers.known() == {"a", "b"}
    assert "a/0" in log.cancelled


def test_closing_answers_what_is_left() -> None:
    log, answers = Log(), Answers()
    log.gate.clear()
    line = pipeline(log)
    line.submit(request(answers, "a", (1,)))
    eventually(lambda: bool(log.began))
    log.faults.append(ValueError("late"))
    log.gate.set()
    line.close()
    assert isinstance(answers.of("a"), Failure)


def test_chained_pieces_continue_one_another() -> None:
    log, answers = Log(), Answers()
    line = pipeline(log, chained=True)
    line.submit(request(answers, "a", (5,), (6,), (7,)))
    speech(answers.of("a"))
    line.close()
    assert [p.prompt_text for p in log.prompts] == [(1, 2), (1, 2, 5), (1, 2, 5, 6)]
    assert [p.prompt_speech for p in log.prompts] == [(3, 4), (3, 4, 5, 5), (3, 4, 5, 5, 6, 6)]


def test_tokens_that_were_drawn_before_are_not_drawn_again() -> None:
    log, answers = Log(), Answers()
    line = pipeline(log)
    work = request(answers, "a", (5,), (6,))
    for piece, tokens in enumerate(((8, 9), (9, 9))):
        work.spoken[piece] = Generated("", tokens, True, 0.0, 0)
    line.submit(work)
    found = speech(answers.of("a"))
    line.close()
    assert found.tokens == joined_tokens([(8, 9), (9, 9)])
    assert log.prompts == []


def test_the_longest_answer_is_cut_at_the_context() -> None:
    log, answers = Log(), Answers()
    line = pipeline(log)
    line.submit(request(answers, "a", (1,) * 12))
    speech(answers.of("a"))
    line.close()
    [prompt] = log.prompts
    assert prompt.max_tokens == 200 - 2 - 12 - 1 - 2 and prompt.min_tokens == 24


@pytest.mark.parametrize("chained", [False, True])
def test_what_was_cut_is_known_to_have_been_cut_when_it_is_spoken_again(chained: bool) -> None:
    """At its bound by the text (20 for each id) or by the room that its prompt left."""
    reference, context = Spoken((1, 2), (3, 4)), 70
    room = context - 2 - 4 - 1 - 2
    rows = [(7,) * 20, (7,) * 19]
    short = drawn_before(
        joined_tokens(rows), [(5,), (5,)], reference, context=context, chained=False
    )
    assert [one.ended for one in short.values()] == [False, True]
    for length, ended in ((room, False), (room - 1, True)):
        row = joined_tokens([(7,) * length])
        found = drawn_before(row, [(5,) * 4], reference, context=context, chained=chained)
        assert found[0].ended is ended and found[0].tokens == (7,) * length
    less = room - 3 - 10 + 3  # the second piece hears the first: 3 ids, 10 tokens; 4 ids become 1
    rows = [(7,) * 10, (7,) * min(20, less)]
    found = drawn_before(
        joined_tokens(rows), [(5,) * 3, (5,)], reference, context=context, chained=chained
    )
    assert [one.ended for one in found.values()] == [True, False]
    assert drawn_before(joined_tokens(rows), [(5,)], reference, context=70, chained=chained) == {}


def test_bounds() -> None:
    assert bounds(12) == (24, 240)
    assert bounds(12, 100) == (24, 100)
    assert bounds(12, 10) == (10, 10)
