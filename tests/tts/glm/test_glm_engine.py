"""The whole engine on a tiny checkpoint: equal requests give equal bytes, however they are asked.

One model of random weights for all tests here. The flow takes one step instead of ten: what is
tested holds for any number of them.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.glm_checkpoint import TINY, write
from castbook.errors import VoiceError
from tts.conformance import check_engine
from tts.engine import EngineError, Failure, Reference, Request, Speech, Voice
from tts.fleet import Fleet
from tts.glm.engine import GlmEngine
from tts.glm.lm.decoder import SlotDecoder
from tts.glm.lm.prompts import Generated
from tts.glm.reference.features import ReferenceReader
from tts.glm.stages.threads import Threads
from tts.glm.stages.work import parted_tokens
from tts.host import Host

PROSE = "no yes the house stood on a hill and nobody had lived in it for so long they said"
CHINESE = ("是。", "温两碗酒，要一碟茴香豆。", "孔乙己是站着喝酒而穿长衫的唯一的人。")
LONG = (  # several pieces
    "The house stood on the hill above the town, and nobody had lived in it for a long time, or"
    " so they said. The wind blew all night around the walls, and the candle went out at last."
    " Down below there was water, black and still as glass, and he went down alone."
)
TOLERANCE = 2  # of 32768, between a stream of one block and the offline take: rounding alone


def voice(name: str, pitch: float, transcript: str) -> Voice:
    """Three seconds of a tone that comes and goes."""
    at = np.arange(3 * 16000)
    pcm = (9000 * np.sin(at * pitch) * np.abs(np.sin(at * 7e-4))).astype(np.int16)
    return Voice(name, reference=Reference(pcm, 16000, transcript, name))


LOW = voice("low", 0.05, "Come at once if convenient.")
HIGH = voice("high", 0.11, "If inconvenient, come all the same, my dear fellow.")
VOICES = {"low": LOW, "high": HIGH}


def line(number: int) -> Request:
    """From one word to eleven, now and then in Chinese; its id is its seed."""
    words = PROSE.split()[number * 3 % 7 :]
    text = " ".join(words[: 1 + number * 5 % 11]).capitalize() + "."
    language = "en"
    if number % 16 == 9:
        text, language = CHINESE[number // 16 % len(CHINESE)], "zh"
    return Request(str(number), text, language, ("low", "high")[number // 3 % 2], 1000 + number)


LINES = [line(number) for number in range(64)]


@dataclass(frozen=True)
class Print:
    """sha256 of a take's tokens and samples."""

    tokens: str
    pcm: str


def printed(result: Speech | Failure) -> Print:
    assert isinstance(result, Speech), result
    tokens = hashlib.sha256(np.asarray(result.tokens, np.int64).tobytes())
    return Print(tokens.hexdigest(), hashlib.sha256(result.pcm.tobytes()).hexdigest())


def prints(answers: Iterable[tuple[str, Speech | Failure]]) -> dict[str, Print]:
    return {name: printed(result) for name, result in answers}


def spoken(engine: GlmEngine, request: Request) -> Speech:
    [(_, result)] = engine.synthesize([request])
    assert isinstance(result, Speech), result
    return result


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    """Of an engine on the checkpoint; what it keeps beside goes to a folder of the test's own."""
    folder = tmp_path_factory.mktemp("glm")
    write(folder / "checkpoint", replace(TINY, end=0.07), 1, vocos=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CASTBOOK_CACHE", str(folder / "cache"))
        yield {"checkpoint": str(folder / "checkpoint"), "device": "cpu", "steps": 1, "slots": 8}


def loaded(options: Mapping[str, Any], **more: Any) -> GlmEngine:
    engine = GlmEngine({**options, **more})
    engine.load()
    for one in VOICES.values():
        engine.prepare(one)
    return engine


@pytest.fixture(scope="module")
def engine(options: Mapping[str, Any]) -> Iterator[GlmEngine]:
    made = loaded(options)
    yield made
    made.unload()


@pytest.fixture(scope="module")
def together(engine: GlmEngine) -> dict[str, Speech]:
    """All lines, handed in at once."""
    answers = dict(engine.synthesize(LINES))
    assert set(answers) == {one.id for one in LINES}
    return {name: one for name, one in answers.items() if isinstance(one, Speech)}


@pytest.fixture(scope="module")
def expected(together: dict[str, Speech]) -> dict[str, Print]:
    """What every other way of asking must give."""
    assert len({one.tokens for one in together.values()}) == len(LINES)
    lengths = sorted(len(one.tokens) for one in together.values())
    assert lengths[0] * 6 < lengths[-1]  # mixed
    return prints(together.items())


def test_alone_is_as_in_company(engine: GlmEngine, expected: dict[str, Print]) -> None:
    for one in LINES[::5]:  # 13 of 64: each costs as much as 8
        assert printed(spoken(engine, one)) == expected[one.id], one.text


def test_small_batches_another_order_other_threads_after_a_new_load(
    options: Mapping[str, Any], expected: dict[str, Print]
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        engine = loaded(options)
        shuffled = random.Random(5).sample(LINES, len(LINES))
        found: dict[str, Print] = {}
        for at in range(0, len(shuffled), 7):
            found |= prints(engine.synthesize(shuffled[at : at + 7]))
        assert found == expected

        weight = weakref.ref(engine._model.lm.embedding)  # type: ignore[union-attr]
        engine.unload()
        assert weight() is None
        with pytest.raises(EngineError, match="not loaded"):
            engine.synthesize(LINES[:1])
        engine.load()
        engine.prepare(HIGH)
        assert printed(spoken(engine, LINES[3])) == expected["3"]
        engine.unload()
        engine.unload()  # twice does no harm
    finally:
        torch.set_num_threads(threads)


def test_two_processes_and_a_crash_in_one_of_them_and_streams(
    options: Mapping[str, Any], expected: dict[str, Print], together: dict[str, Speech]
) -> None:
    hosts = [Host("glm", options) for _ in range(2)]
    found: dict[str, Print] = {}
    lost: list[Request] = []
    with Fleet(hosts, GlmEngine(options).measure) as fleet:
        for number, (name, result) in enumerate(fleet.synthesize(VOICES, LINES)):
            if isinstance(result, Speech):
                found[name] = printed(result)
            else:
                assert result.kind == "transient", result
                lost.append(next(one for one in LINES if one.id == name))
            if number == 5:
                pid = hosts[0].pid
                assert pid is not None
                os.killpg(pid, signal.SIGKILL)
        assert lost  # those that were begun; the others waited for the next process
        again = [replace(one, try_number=1) for one in lost]
        found |= prints(fleet.synthesize(VOICES, again))
        assert hosts[0].counters.starts == 2 and hosts[1].counters.starts == 1
        assert all(host.counters.completed for host in hosts)
        # and streams, beside one another, which are the takes where they are one block
        some = [one for one in LINES if 12 <= len(together[one.id].tokens) <= 25][:3]
        streams = [fleet.stream(VOICES, one) for one in some]
        for one, stream in zip(some, streams, strict=True):
            sound = np.concatenate(list(stream)).astype(int)
            assert np.abs(sound - together[one.id].pcm.astype(int)).max() <= TOLERANCE
        left = fleet.stream(VOICES, replace(LINES[0], id="left", text=LONG))
        assert len(next(left))
        left.close()
        with pytest.raises(EngineError, match="no word"):
            list(fleet.stream(VOICES, replace(LINES[0], id="none", text="…")))
    assert found == expected


def test_seed_and_voice_and_text_are_heard(engine: GlmEngine, together: dict[str, Speech]) -> None:
    first = LINES[8]
    kept = printed(spoken(engine, replace(first, id="x", try_number=3)))
    assert kept == printed(together["8"])
    for other in (
        replace(first, seed=7),
        replace(first, voice="low" if first.voice == "high" else "high"),
    ):
        found = printed(spoken(engine, other))
        assert found.tokens != kept.tokens and found.pcm != kept.pcm


def test_what_reads_references_is_loaded_once_and_let_go(
    options: Mapping[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[weakref.ref[ReferenceReader]] = []

    def reader(*args: Any, **kwargs: Any) -> ReferenceReader:
        made = ReferenceReader(*args, **kwargs)
        readers.append(weakref.ref(made))
        return made

    monkeypatch.setattr("tts.glm.model.ReferenceReader", reader)
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path))  # no features of these clips are stored
    engine = loaded(options)
    [kept] = readers
    assert kept() is not None
    spoken(engine, LINES[0])
    assert kept() is None
    engine.unload()
    loaded(options).unload()  # stored by now
    assert len(readers) == 1


def test_threads_of_a_device() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(12)
    try:
        cpu = torch.device("cpu")
        assert Threads.for_device(cpu) == Threads(sampling=6, rendering=1, renderings=8)
        assert Threads.for_device(cpu, 1).renderings == 1
        assert Threads.for_device(torch.device("cuda")) == Threads()
    finally:
        torch.set_num_threads(before)


def test_a_gpu_has_more_in_hand_than_its_decoder_holds() -> None:
    here, there = (GlmEngine({"device": name}).capabilities for name in ("cpu", "cuda:0"))
    assert (here.slots, here.batch_hint) == (16, 64)
    assert (there.slots, there.batch_hint) == (384, 128)


def test_it_keeps_the_contract_of_engines(options: Mapping[str, Any]) -> None:
    assert check_engine("glm", options, voice=LOW) == []


def test_tokens_that_were_drawn_before_sound_the_same(
    engine: GlmEngine, together: dict[str, Speech]
) -> None:
    drawn = together["20"]
    given = replace(LINES[20], tokens=drawn.tokens, sampling_seed=99)
    again = spoken(engine, given)
    assert printed(again) == printed(drawn)
    assert "mean_log_prob" in drawn.signals and "mean_log_prob" not in again.signals
    other = spoken(engine, replace(given, seed=1))  # of flow and vocoder
    assert other.tokens == drawn.tokens and printed(other).pcm != printed(drawn).pcm
    drawn_anew = spoken(engine, replace(LINES[20], sampling_seed=99))
    assert drawn_anew.tokens != drawn.tokens


class Gate:
    """Lets the decoder go no further than some tokens until the first sound is heard."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tokens: int) -> None:
        self.heard = threading.Event()
        self.finished: list[Generated] = []
        step = SlotDecoder.step

        def gated(decoder: SlotDecoder) -> list[Generated]:
            if any(len(decoder.so_far(name)) >= tokens for name in self._live(decoder)):
                assert self.heard.wait(30)
            found = step(decoder)
            self.finished += found
            return found

        monkeypatch.setattr(SlotDecoder, "step", gated)

    @staticmethod
    def _live(decoder: SlotDecoder) -> list[str]:
        return [sitting.prompt.id for sitting in decoder._sitting.values()]


def test_a_stream_begins_before_the_tokens_end(
    engine: GlmEngine, together: dict[str, Speech], monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = max(LINES, key=lambda one: len(together[one.id].tokens))
    whole = together[longest.id]
    assert len(whole.tokens) > 50
    gate = Gate(monkeypatch, 32)
    stream = engine.stream(longest)
    sounds = [next(stream)]
    assert not gate.finished  # and the decoder waits for us
    gate.heard.set()
    sounds += stream
    [generated] = gate.finished
    assert generated.tokens == whole.tokens
    joined = np.concatenate(sounds)
    assert joined.dtype == np.int16 and len(joined) == len(whole.pcm)
    # the flow of the first blocks has not heard the end; see flow/streaming.py
    likeness = np.corrcoef(joined, whole.pcm)[0, 1]
    assert likeness > 0.9


def test_a_stream_of_one_block_is_the_take(engine: GlmEngine, together: dict[str, Speech]) -> None:
    short = [one for one in LINES if 12 <= len(together[one.id].tokens) <= 25]
    for one in short[:2]:
        joined = np.concatenate(list(engine.stream(one))).astype(int)
        apart = np.abs(joined - together[one.id].pcm.astype(int))
        assert apart.max() <= TOLERANCE
        given = replace(one, tokens=together[one.id].tokens)  # drawn before
        np.testing.assert_array_equal(np.concatenate(list(engine.stream(given))), joined)


def test_a_stream_of_what_cannot_be_spoken_says_so(engine: GlmEngine) -> None:
    with pytest.raises(EngineError, match="no word"):
        list(engine.stream(replace(LINES[0], text="…")))


def test_a_stream_that_nobody_hears_to_its_end_leaves_its_slot(engine: GlmEngine) -> None:
    stream = engine.stream(replace(LINES[0], id="left", text=LONG))
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert engine._pipeline is not None and "left" not in engine._pipeline._open
    printed(spoken(engine, LINES[1]))


def test_another_vocoder_for_32_khz(options: Mapping[str, Any]) -> None:
    engine = loaded(options, rate=32000)
    some = LINES[1:4]
    found = dict(engine.synthesize(some))
    for one in some:
        result = found[one.id]
        assert isinstance(result, Speech)
        assert result.rate == engine.capabilities.rate == 32000
        assert len(result.pcm) == len(result.tokens) * 32000 // 25
    alone = spoken(engine, some[1])
    assert printed(alone) == printed(found[some[1].id])
    joined = np.concatenate(list(engine.stream(some[2])))
    assert len(joined) == len(found[some[2].id].pcm)  # type: ignore[union-attr]
    engine.unload()
    assert GlmEngine({**options, "rate": 32000}).fingerprint() != GlmEngine(options).fingerprint()


def test_chained_pieces_continue_one_another(engine: GlmEngine, options: Mapping[str, Any]) -> None:
    request = Request("long", LONG, "en", "low", 77)
    free = parted_tokens(spoken(engine, request).tokens)
    assert len(free) > 1
    chained = loaded(options, chained=True)
    found = dict(chained.synthesize([replace(request, id="other", seed=5), request, LINES[0]]))
    alone = spoken(chained, request)
    assert printed(found["long"]) == printed(alone)
    pieces = parted_tokens(alone.tokens)
    assert len(pieces) == len(free) and pieces[0] == free[0]
    assert all(one != other for one, other in zip(pieces[1:], free[1:], strict=True))
    assert chained.fingerprint() != engine.fingerprint()
    assert chained.sampling_fingerprint() != engine.sampling_fingerprint()
    chained.unload()


@pytest.mark.parametrize(
    ("text", "words"),
    [("…!?", "no word"), ("", "no word"), ("Say ⟦pinyin:xyz9⟧ now.", "pinyin")],
)
def test_a_text_that_cannot_be_spoken_is_its_own_failure(
    engine: GlmEngine, text: str, words: str, expected: dict[str, Print]
) -> None:
    bad = replace(LINES[0], id="bad", text=text)
    found = dict(engine.synthesize([bad, LINES[1]]))
    failure = found["bad"]
    assert isinstance(failure, Failure) and failure.kind == "permanent"
    assert words in failure.reason
    assert printed(found["1"]) == expected["1"]


def test_a_voice_that_cannot_be_used(engine: GlmEngine) -> None:
    assert LOW.reference is not None
    silent = Voice("s", reference=replace(LOW.reference, transcript=None))
    for wrong in (Voice("p", preset="anna"), silent):
        with pytest.raises(VoiceError):
            engine.prepare(wrong)
    [(_, failure)] = engine.synthesize([replace(LINES[0], voice="nobody")])
    assert failure == Failure("permanent", "its voice was not prepared")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("file", "harm"),
    [
        ("flow/flow.pt", Path.unlink),
        ("llm/model-00002-of-00002.safetensors", cut),
        ("frontend/campplus.onnx", cut),
        ("vq32k-phoneme-tokenizer/tokenizer.model", cut),
    ],
)
def test_a_broken_checkpoint_is_one_clear_failure(
    options: Mapping[str, Any], tmp_path: Path, file: str, harm: Any
) -> None:
    folder = tmp_path / "broken"
    original = Path(options["checkpoint"])
    for path in original.rglob("*"):
        if path.is_file():
            copy = folder / path.relative_to(original)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    harm(folder / file)
    broken = GlmEngine({**options, "checkpoint": str(folder)})
    with pytest.raises(EngineError) as caught:
        broken.load()
    assert caught.value.kind == "dead"
    assert Path(file).name in caught.value.reason and "\n" not in caught.value.reason


def test_no_weights_at_all(options: Mapping[str, Any], tmp_path: Path) -> None:
    nowhere = GlmEngine({**options, "checkpoint": str(tmp_path / "nothing")})
    assert nowhere.missing() is not None
    with Host("glm", nowhere.options) as host:
        answers = dict(host.synthesize(VOICES, LINES[:2]))
    assert {one.kind for one in answers.values() if isinstance(one, Failure)} == {"dead"}
    assert len(answers) == 2
