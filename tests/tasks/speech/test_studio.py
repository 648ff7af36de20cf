"""Single texts: the same bytes whoever asks, at once, one after the other, and never for nobody."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from castbook.errors import (
    InputError,
    MissingDependency,
    PermanentFailure,
    TransientFailure,
    Unavailable,
)
from castbook.tracing import traced
from tasks.shelf.shelf import Shelf
from tasks.speech import residents
from tasks.speech.jobs import speak
from tasks.speech.readings import Reading
from tasks.speech.studio import Studio
from tasks.speech.wishes import SpeechWish
from tasks.takes import TakeStore

TEXT = "Come at once if convenient; if inconvenient, come all the same.\n\nMr. Holmes paid £5."
CHUNKED = "version: 1\nengine: tone\nengines: {tone: {chunk_ms: 100, slots: 2}}\n"
LOUD = "voices: {loud: {preset: oak, gain_db: 6.0}}\n"


def library(folder: Path, text: str = CHUNKED) -> Shelf:
    folder.mkdir(exist_ok=True)
    (folder / "library.yaml").write_text(text)
    return Shelf(folder)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    shelf = library(tmp_path_factory.mktemp("data") / "library", CHUNKED + LOUD)
    made = Studio(shelf, slots=2, patience_s=10)
    yield made
    made.close()


def sound(studio: Studio, wish: SpeechWish) -> bytes:
    return b"".join(chunk.tobytes() for chunk in studio.stream(studio.read(wish)))


def test_a_reading_is_spoken_as_a_book_would(studio: Studio) -> None:
    reading = studio.read(SpeechWish(TEXT))
    assert [piece.spoken for piece in reading.pieces] == [
        "Come at once if convenient; if inconvenient, come all the same.",
        "Mister Holmes paid five pounds.",
    ]
    assert "".join(piece.printed for piece in reading.pieces) == TEXT
    assert (reading.language, reading.seed, reading.rate, reading.stretch) == ("en", 42, 24000, 1)
    assert studio.read(SpeechWish("我们用 Python 写 code。")).language == "zh"
    assert (
        studio.read(SpeechWish(TEXT, seed=None)).seed
        != studio.read(SpeechWish(TEXT, seed=None)).seed
    )


def test_equal_readings_are_equal_bytes_in_any_company(studio: Studio) -> None:
    wish = SpeechWish(TEXT)
    alone = sound(studio, wish)
    others = [SpeechWish(f"Text number {n}.") for n in range(6)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: sound(studio, one), [others[0], wish, *others, wish]))
    assert found[1] == found[-1] == alone
    assert len(set(found)) == 7
    assert sound(studio, replace(wish, seed=43)) != alone


def test_a_job_gives_the_samples_of_the_stream_and_keeps_its_takes(
    studio: Studio, tmp_path: Path
) -> None:
    wish = SpeechWish(f"{TEXT}\n\n{TEXT}", speed=3, rate=44100)  # too fast for the engine
    reading, store = studio.read(wish), TakeStore(tmp_path / "takes")
    assert reading.stretch == 3
    streamed = sound(studio, wish)
    with traced("0123abc"):
        first = speak(reading, studio, store)
    assert first.pcm.tobytes() == streamed
    assert (first.rate, first.made) == (44100, 2)  # four pieces, each of them twice
    assert len(first.takes) == len(reading.spoken) == 4
    again = speak(reading, studio, store)
    assert (again.made, again.pcm.tobytes()) == (0, streamed)
    sidecar = store.sidecar(first.takes[0].key)
    assert sidecar["circumstances"]["trace"] == "0123abc"
    assert "0123abc" not in str({k: v for k, v in sidecar.items() if k != "circumstances"})
    assert sidecar["ingredients"]["spoken"] == reading.spoken[0].spoken


def test_a_piece_without_sound_gets_another_seed(tmp_path: Path) -> None:
    silent = "{match: Holmes, kind: silence, times: 1}, {match: convenient, kind: refuse}"
    text = CHUNKED.replace("slots: 2", f"faults: [{silent}]")
    studio, store = Studio(library(tmp_path / "library", text)), TakeStore(tmp_path / "takes")
    try:
        reading = studio.read(SpeechWish("Mr. Holmes came.\n\nNobody else did, whatever they say."))
        spoken = speak(reading, studio, store)
        attempts = [store.sidecar(take.key)["ingredients"]["attempt"] for take in spoken.takes]
        assert attempts == [1, 0]
        assert spoken.made == 3
        assert speak(reading, studio, store).made == 0
        with pytest.raises(PermanentFailure, match="refuse"):
            speak(studio.read(SpeechWish(TEXT)), studio, store)
        assert len(list(store)) == 3 + 1  # what the other piece gave is kept
    finally:
        studio.close()


def test_espeak_gives_jobs_the_samples_of_its_streams(tmp_path: Path) -> None:
    studio = Studio(library(tmp_path / "library", "version: 1\nengine: espeak\n"))
    try:
        reading = studio.read(SpeechWish(TEXT, speed=1.2))
        assert reading.stretch == 1  # it speaks faster itself
        assert reading.speaker.voice.parameters["speed"] == 210
        streamed = b"".join(chunk.tobytes() for chunk in studio.stream(reading))
        assert speak(reading, studio, TakeStore(tmp_path / "takes")).pcm.tobytes() == streamed
        assert len(streamed) < len(sound(studio, SpeechWish(TEXT)))
    finally:
        studio.close()


def test_a_reader_who_leaves_frees_the_turn(studio: Studio) -> None:
    stream = studio.stream(studio.read(SpeechWish(TEXT * 20)))
    next(stream)
    assert studio._turns.taken == 1
    stream.close()
    assert studio._turns.taken == 0
    assert sound(studio, SpeechWish("And now this."))


def test_the_first_chunk_comes_while_the_rest_is_made(tmp_path: Path) -> None:
    slow = CHUNKED.replace("chunk_ms: 100", "chunk_ms: 100, chunk_cost_ms: 20")
    studio = Studio(library(tmp_path / "library", slow))
    try:
        sound(studio, SpeechWish("Warm."))
        reading = studio.read(SpeechWish(TEXT))
        began = time.monotonic()
        stream = studio.stream(reading)
        first = next(stream)
        first_s = time.monotonic() - began
        rest = list(stream)
        assert len(first) == 2400
        assert first_s < (time.monotonic() - began) / 3
        assert len(rest) > 20
    finally:
        studio.close()


def test_turns_are_few_and_nobody_waits_for_ever(studio: Studio) -> None:
    held, most = [0], [0]
    lock = threading.Lock()

    @contextmanager
    def gate() -> Iterator[None]:
        with lock:
            held[0] += 1
            most[0] = max(most[0], held[0])
        try:
            yield
        finally:
            with lock:
                held[0] -= 1

    gated = Studio(studio.shelf, slots=2, gate=gate, patience_s=2)
    try:
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda n: sound(gated, SpeechWish(f"Number {n}.")), range(6)))
        assert len(set(found)) == 6
        assert most[0] <= 2
        gated._turns._patience_s = 0.2
        open_ones = [gated.stream(gated.read(SpeechWish(TEXT))) for _ in range(2)]
        for one in open_ones:
            next(one)
        with pytest.raises(Unavailable, match="texts before this one: 2"):
            next(gated.stream(gated.read(SpeechWish(TEXT))))
        with pytest.raises(Unavailable, match="still being spoken"):
            gated.unload()
        for one in open_ones:
            one.close()
        assert sound(gated, SpeechWish("Again."))
        assert held == [0]
    finally:
        gated.close()


def test_unloading_frees_the_process_and_the_next_text_loads_again(studio: Studio) -> None:
    studio.unload()
    before = sound(studio, SpeechWish(TEXT))
    [pid] = studio.pids
    assert studio.unload() > 1_000_000
    assert studio.pids == ()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert sound(studio, SpeechWish(TEXT)) == before
    assert studio.pids != (pid,)


def test_a_process_that_is_killed_is_one_transient_failure(tmp_path: Path) -> None:
    # slow, so that it is killed within a piece: between two, nobody would notice
    slow = CHUNKED.replace("chunk_ms: 100", "chunk_ms: 100, chunk_cost_ms: 50")
    studio = Studio(library(tmp_path / "library", slow))
    try:
        stream = studio.stream(studio.read(SpeechWish(TEXT)))
        next(stream)
        os.kill(studio.pids[0], signal.SIGKILL)
        with pytest.raises(TransientFailure):
            list(stream)
        assert sound(studio, SpeechWish("Again."))
    finally:
        studio.close()


def test_a_dead_engine_is_tried_anew(tmp_path: Path) -> None:
    broken = CHUNKED.replace("slots: 2", "slots: 2, host: {python: /nowhere/python}")
    studio = Studio(library(tmp_path / "library", broken))
    try:
        for _ in range(2):
            with pytest.raises(MissingDependency, match="nowhere"):
                sound(studio, SpeechWish("Text."))
        assert studio.pids == ()
    finally:
        studio.close()


def test_many_options_do_not_fill_the_machine(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio._residents, "_most", 1)
    for rate in (16000, 24000):
        assert sound(studio, SpeechWish("Text.", rate=rate))
    assert len(studio.pids) == 1
    assert residents.resident_bytes(studio.pids) > 10_000_000
    assert residents.resident_bytes(()) == 0


def test_what_cannot_be_spoken_is_refused_before(studio: Studio) -> None:
    for wish, place in (
        (SpeechWish(" "), "input"),
        (SpeechWish("…"), "input"),
        (SpeechWish("a", speed=4.1), "speed"),
        (SpeechWish("a", rate=1), "rate"),
        (SpeechWish("a", voice="nobody"), "voice"),
        (SpeechWish("a", preset="debugg"), "preset"),
        (SpeechWish("a", options={"sampler": "rask"}), "sampler"),
        (SpeechWish("a", options={"kv_cache": "yes"}), "kv_cache"),
        (SpeechWish("a", options={"steps": 3}), "engines.tone.steps"),
    ):
        with pytest.raises(InputError) as caught:
            studio.read(wish)
        assert caught.value.place == place


def test_pronunciations_are_read_again_when_a_file_changes(tmp_path: Path) -> None:
    shelf = library(tmp_path / "library")
    studio = Studio(shelf)

    def said(text: str) -> str:
        return studio.read(SpeechWish(text)).pieces[0].spoken

    assert said("Hello Moriarty.") == "Hello Moriarty."
    lexicon = shelf.folder / "lexicon.yaml"
    lexicon.write_text("version: 1\nwords: {Moriarty: More arty}\n")
    assert said("Hello Moriarty.") == "Hello More arty."
    (shelf.folder / "G2P.jsonl").write_text('{"word": "Hello", "phoneme": "你好"}\n')
    assert said("Hello Moriarty.") == "你好 More arty."
    lexicon.write_text("version: 1\nwords: {Moriarty: [\n")  # somebody is still writing it
    assert said("Hello Moriarty.") == "你好 More arty."
    lexicon.write_text("version: 1\nwords: {Hello Moriarty: Both}\n")
    os.utime(lexicon, ns=(1, 1))
    assert said("Hello Moriarty.") == "Both."


def test_readings_say_what_had_no_effect(studio: Studio) -> None:
    wish = SpeechWish(
        "a",
        instructions="whisper",
        options={"sampler": "topk", "max_length": 512, "kv_cache": False},
    )
    assert studio.read(wish).notes == (
        "engine tone has no sampler: ignored",
        "engine tone has no max_length: ignored",
        "engine tone cannot do without its cache: kv_cache ignored",
        "engine tone does not listen to instructions: ignored",
    )
    assert isinstance(studio.read(SpeechWish("a")), Reading)
    assert studio.read(SpeechWish("a")).notes == ()


def test_louder_by_the_voices_own_gain(studio: Studio) -> None:
    loud = np.frombuffer(sound(studio, SpeechWish("Ah.", voice="loud")), np.int16)
    soft = np.frombuffer(sound(studio, SpeechWish("Ah.", voice="oak")), np.int16)
    assert len(loud) == len(soft)
    ratio = np.sqrt(np.mean(loud.astype(float) ** 2) / np.mean(soft.astype(float) ** 2))
    assert 20 * np.log10(ratio) == pytest.approx(6.0, abs=0.1)
