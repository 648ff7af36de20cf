"""The engine's process: every request gets one answer, whatever happens to it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
import types
import venv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from castbook.errors import BrokenPromise
from tts import wire
from tts.engine import Failure, Reference, Request, Speech, Voice
from tts.host import Host
from tts.process import EngineProcess
from tts.tone import ToneEngine

ROOT = Path(__file__).resolve().parents[2]
OAK, FERN = Voice("oak", "oak"), Voice("fern", "fern", {"pitch": 2})
VOICES = {"oak": OAK, "fern": FERN}


def ask(*texts: str, voice: str = "oak", prefix: str = "", **more: int) -> list[Request]:
    return [Request(f"{prefix}{i}", t, "en", voice, i, **more) for i, t in enumerate(texts)]


def fault(kind: str, times: object = "always") -> dict[str, object]:
    return {"faults": [{"match": "goose", "kind": kind, "times": times}]}


def wait_until(done: Callable[[], bool], seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    before = open_fds(), threading.active_count(), children()
    yield
    assert (open_fds(), threading.active_count(), children()) == before


def open_fds() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> set[int]:
    """Zombies included."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if stat.read_text().rsplit(")", 1)[1].split()[1] == str(os.getpid()):
                found.add(int(stat.parent.name))
    return found


def test_answers_are_the_engines_own_and_nothing_is_left_behind() -> None:
    texts = ("Come at once.", "孔乙己", "Yes?", "")
    requests = ask(*texts) + ask(*texts, voice="fern", prefix="f")
    engine = ToneEngine()
    for voice in VOICES.values():
        engine.prepare(voice)
    expected = dict(engine.synthesize(requests))
    with nothing_left(), Host("tone") as host:
        assert host.pid is None
        assert list(host.synthesize(VOICES, [])) == []
        assert host.counters.starts == 0
        for _ in range(2):
            answers = dict(host.synthesize(VOICES, requests))
            assert answers.keys() == expected.keys()
            for key, speech in answers.items():
                mine = expected[key]
                assert isinstance(speech, Speech)
                assert isinstance(mine, Speech)
                assert speech.pcm.tobytes() == mine.pcm.tobytes()
                assert replace(speech, pcm=mine.pcm, seconds=0) == replace(mine, seconds=0)
        pid = host.pid
        assert pid is not None
        assert os.getpgid(pid) == pid != os.getpgrp()
        assert (host.counters.starts, host.counters.kills) == (1, 0)
        assert host.counters.completed == 16
        host.close()
        assert not runs(pid)
        assert host.counters.kills == 0
        with pytest.raises(BrokenPromise, match="closed"):
            next(host.synthesize(VOICES, requests))
    Host("tone").close()


def test_options_that_are_no_json_start_nothing() -> None:
    with nothing_left(), Host("tone", {"rate": object()}) as host:
        [(_, failure)] = host.synthesize(VOICES, ask("text"))
        assert isinstance(failure, Failure)
        assert failure.kind == "dead"
        assert host.counters.starts == 0


def test_callers_get_their_own_answers_and_their_threads_may_end() -> None:
    def call(number: int) -> tuple[int, dict[str, object]]:
        requests = ask(*(f"caller {number} says {i}" for i in range(20)))  # the same ids in all
        return number, dict(host.synthesize(VOICES, requests))

    with Host("tone", {"slots": 3}) as host, nothing_left_but_host(host):
        with ThreadPoolExecutor(6) as pool:
            results = dict(pool.map(call, range(6)))
        # the threads that used the process first are gone: it must not die with them
        pid = host.pid
        more = call(6)
        assert host.pid == pid
        assert host.counters.starts == 1
    engine = ToneEngine()
    engine.prepare(OAK)
    for number, answers in [*results.items(), more]:
        for i in range(20):
            request = Request("x", f"caller {number} says {i}", "en", "oak", i)
            [(_, mine)] = engine.synthesize([request])
            speech = answers[str(i)]
            assert isinstance(mine, Speech)
            assert isinstance(speech, Speech)
            assert speech.pcm.tobytes() == mine.pcm.tobytes()


@contextlib.contextmanager
def nothing_left_but_host(host: Host) -> Iterator[None]:
    yield
    host.close()
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("engine")]


def test_a_death_fails_what_was_begun_and_nothing_else() -> None:
    requests = ask("one", "two", "goose", "four", "five", "six")
    with nothing_left(), Host("tone", fault("die", 2)) as host:
        answers = dict(host.synthesize(VOICES, requests))
        failure = answers.pop("2")
        assert isinstance(failure, Failure)
        assert failure.kind == "transient"
        assert failure.reason == "the engine process was killed by signal 9 (out of memory?)"
        assert len(answers) == 5
        assert all(isinstance(a, Speech) for a in answers.values())
        assert (host.counters.starts, host.counters.restarts, host.counters.kills) == (2, 1, 0)
        for number, kind in ((1, Failure), (2, Speech)):
            again = replace(requests[2], try_number=number)
            [(_, result)] = host.synthesize(VOICES, [again])
            assert isinstance(result, kind)


def test_an_innocent_caller_does_not_notice_a_death() -> None:
    def call(text: str) -> list[object]:
        requests = ask(*[text] * 6, prefix=text)
        return [result for _, result in host.synthesize(VOICES, requests)]

    with Host("tone", fault("die") | {"cost_ms": 5}) as host, ThreadPoolExecutor(2) as pool:
        innocent, guilty = pool.map(call, ["lamb", "goose"])
    assert all(isinstance(result, Speech) for result in innocent)
    assert [getattr(result, "kind", None) for result in guilty] == ["transient"] * 6


def test_a_hanging_request_is_killed_and_the_rest_goes_on() -> None:
    with nothing_left(), Host("tone", fault("hang", 1), stall_s=0.8) as host:
        answers = dict(host.synthesize(VOICES, ask("one", "goose", "three")))
        failure = answers["1"]
        assert isinstance(failure, Failure)
        assert failure.kind == "transient"
        assert "no progress for 0.8 s" in failure.reason
        assert isinstance(answers["0"], Speech)
        assert isinstance(answers["2"], Speech)
        assert (host.counters.kills, host.counters.starts) == (1, 2)


def test_a_pause_of_our_own_is_not_held_against_the_engine(monkeypatch) -> None:
    pauses = [0.0]
    clock = types.SimpleNamespace(monotonic=lambda: time.monotonic() + pauses[0])
    monkeypatch.setattr("tts.host.time", clock)
    receive = EngineProcess.receive

    def stopped(self: EngineProcess, seconds: float) -> list[wire.Frame]:
        frames = receive(self, seconds)
        if any(frame.header["is"] == "started" for frame in frames):
            pauses[0] += 1000
        return frames

    monkeypatch.setattr(EngineProcess, "receive", stopped)
    with Host("tone", {"cost_ms": 50}, stall_s=5) as host:
        answers = dict(host.synthesize(VOICES, ask("one", "two", "three")))
    assert all(isinstance(a, Speech) for a in answers.values())
    assert host.counters.kills == 0


@pytest.mark.parametrize(
    ("kind", "wanted"), [("fail", "transient"), ("refuse", "permanent"), ("memory", "transient")]
)
def test_failures_inside_the_engine_do_not_end_it(kind: str, wanted: str) -> None:
    with Host("tone", fault(kind, 1)) as host:
        answers = dict(host.synthesize(VOICES, ask("one", "goose", "three")))
        failure = answers.pop("1")
        assert isinstance(failure, Failure)
        assert failure.kind == wanted
        assert ("out of memory" in failure.reason) == (kind == "memory")
        assert all(isinstance(a, Speech) for a in answers.values())
        again = replace(ask("goose")[0], try_number=1)
        assert isinstance(next(host.synthesize(VOICES, [again]))[1], Speech)
        assert host.counters.starts == 1


def test_an_engine_whose_processes_always_die_is_dead() -> None:
    everything = {"faults": [{"match": "", "kind": "die"}]}
    with nothing_left(), Host("tone", everything, max_restarts=1) as host:
        answers = dict(host.synthesize(VOICES, ask("a", "b", "c", "d")))
        assert [getattr(answers[str(i)], "kind", "") for i in range(4)] == [
            "transient", "dead", "dead", "dead",
        ]  # fmt: skip
        assert "2 engine processes died one after another" in str(answers["3"])
        assert host.counters.starts == 2
        [(_, later)] = host.synthesize(VOICES, ask("e"))
        assert isinstance(later, Failure)
        assert later.kind == "dead"
        assert host.counters.starts == 2


def test_closing_an_iterator_or_cancelling_ends_the_rest() -> None:
    with Host("tone", {"cost_ms": 20}) as host:
        answers = host.synthesize(VOICES, ask(*["text"] * 500))
        next(answers)
        answers.close()
        answers = host.synthesize(VOICES, ask(*["more"] * 3, prefix="m"))
        assert next(answers)[0] == "m0"
        host.cancel("m2")
        assert dict(answers)["m2"] == Failure("transient", "cancelled")
        assert host.counters.completed < 10


def test_close_answers_those_who_wait_within_a_second() -> None:
    with nothing_left():
        host = Host("tone", fault("hang"))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(lambda: dict(host.synthesize(VOICES, ask("goose", "lamb"))))
            wait_until(lambda: host.counters.starts == 1)
            began = time.monotonic()
            host.close()
            assert time.monotonic() - began < 1.5
            assert {str(a) for a in waiting.result().values()} == {
                str(Failure("transient", "the engine was closed"))
            }


def test_a_missing_voice_and_a_missing_interpreter() -> None:
    with Host("tone", python="/no/such/python") as host:
        with pytest.raises(BrokenPromise, match="request 0"):
            next(host.synthesize({}, ask("text")))
        [(_, failure)] = host.synthesize(VOICES, ask("text"))
        assert isinstance(failure, Failure)
        assert failure.kind == "dead"
        assert "/no/such/python" in failure.reason


def test_an_engine_that_cannot_be_made_is_dead_with_the_reason() -> None:
    for name, options, match in (
        ("tonne", {}, "did you mean tone"),
        ("tone", {"rat": 1}, "engines.tone.rat: unknown option"),
    ):
        with nothing_left(), Host(name, options) as host:
            answers = dict(host.synthesize(VOICES, ask("a", "b")))
            for failure in answers.values():
                assert isinstance(failure, Failure)
                assert failure.kind == "dead"
                assert match in failure.reason
            assert host.counters.starts == 1


# -- engines that misbehave --------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "match"),
    [
        ("no weights", "engine odd cannot load: weights are missing: castbook get odd"),
        ("import", "a_package_that_nobody_has"),
    ],
)
def test_loading_fails(odd, load: str, match: str) -> None:
    with odd(load=load) as host:
        [(_, failure)] = host.synthesize(VOICES, ask("text"))
        assert failure.kind == "dead"
        assert match in failure.reason
        assert host.counters.starts == 1


def test_dying_or_dawdling_while_loading(odd) -> None:
    with odd(load="exit", max_restarts=1) as host:
        [(_, failure)] = host.synthesize(VOICES, ask("text"))
        assert failure.kind == "dead"
        assert "exit code 7; its last words: last words before the end" in failure.reason
        assert host.counters.starts == 2
    with odd(load="sleep", ready_s=0.5) as host:
        [(_, failure)] = host.synthesize(VOICES, ask("text"))
        assert (failure.kind, host.counters.kills) == ("dead", 1)
        assert "not ready within 0.5 s" in failure.reason


def test_what_a_library_prints_does_not_touch_the_answers(odd) -> None:
    with odd(load="noise") as host:
        answers = dict(host.synthesize(VOICES, ask("noise", "7", "noise", "9")))
        assert [len(answers[str(i)].pcm) for i in range(4)] == [5, 7, 5, 9]
        assert host.counters.starts == 1


def test_every_way_to_fail_is_an_answer(odd) -> None:
    texts = ["1", "raise", "skip", "float", "dead", "segfault", "exit", "8"]
    with nothing_left(), odd() as host:
        answers = dict(host.synthesize(VOICES, ask(*texts)))
        found = {texts[int(i)]: a for i, a in answers.items()}
        assert (len(found["1"].pcm), len(found["8"].pcm)) == (1, 8)
        expected = {
            "raise": ("transient", "RuntimeError: something broke"),
            "skip": ("transient", "the engine gave no answer"),
            "float": ("permanent", "int16 samples .n,., found float64"),
            "dead": ("transient", "the engine gave up: the device is lost"),
            "segfault": ("transient", "signal 11 .SIGSEGV."),
            "exit": ("transient", "exit code 1; its last words: .*a library that calls exit"),
        }
        for text, (kind, match) in expected.items():
            assert found[text].kind == kind
            assert re.search(match, found[text].reason), found[text].reason
        assert host.counters.starts == 4


def test_progress_moves_the_stall_deadline_and_a_frozen_process_is_killed(odd) -> None:
    with odd(stall_s=1.6, reports=True) as host:  # heartbeats carry progress once a second
        answers = dict(host.synthesize(VOICES, ask("slow")))
        assert isinstance(answers["0"], Speech)
        assert host.counters.kills == 0
    with odd(stall_s=0.8) as host:
        answers = dict(host.synthesize(VOICES, ask("freeze", "2")))
        assert answers["0"].kind == "transient"
        assert len(answers["1"].pcm) == 2
        assert host.counters.kills == 1


def test_voices_cross_with_their_clips_once_per_process(odd) -> None:
    clip = Reference(np.arange(-500, 500, dtype=np.int16), 16000, "words", "c")
    voices = {"clip": Voice("clip", reference=clip), "broken": Voice("broken", "broken")}
    with odd() as host:
        answers = dict(host.synthesize(voices, ask("echo", voice="clip")))
        assert np.array_equal(answers["0"].pcm, clip.pcm)
        os.kill(host.pid, signal.SIGKILL)
        wait_until(lambda: host.pid is None)
        answers = dict(host.synthesize(voices, ask("echo", voice="clip")))
        assert np.array_equal(answers["0"].pcm, clip.pcm)
        for _ in range(2):  # a voice that failed is tried again, not forgotten
            [(_, failure)] = host.synthesize(voices, ask("5", voice="broken"))
            assert failure == Failure(
                "permanent", "the voice cannot be prepared: its clip is silent"
            )


def test_an_engine_with_slots_is_fed_before_it_runs_dry(odd, monkeypatch) -> None:
    heard: list[bytes] = []
    listen = EngineProcess._listen

    def keep(self: EngineProcess) -> None:
        listen(self)
        heard.append(self._stderr)

    monkeypatch.setattr(EngineProcess, "_listen", keep)
    with odd(slots=4, log=True) as host:
        assert len(dict(host.synthesize(VOICES, ask(*["5"] * 20)))) == 20
    calls = [int(n) for n in re.findall(rb"call of (\d+)", heard[-1])]
    assert sum(calls) == 20
    assert calls[0] <= 8
    assert max(calls[1:]) <= 8
    assert len(calls) >= 3


def test_unload_is_called_when_all_is_well(odd, tmp_path: Path) -> None:
    with odd(unloaded=str(tmp_path / "unloaded")) as host:
        dict(host.synthesize(VOICES, ask("5")))
    assert (tmp_path / "unloaded").read_text() == "unloaded"
    assert host.counters.kills == 0


def test_the_engine_and_its_own_processes_end_with_ours(odd, tmp_path: Path) -> None:
    """``odd`` only for its environment: the host lives in a process that is killed."""
    code = (
        "import sys; from tts.engine import *; from tts.host import Host\n"
        "host = Host('odd', {'load': 'grandchild'}); v = {'oak': Voice('oak', 'it')}\n"
        "list(host.synthesize(v, [Request('1', '5', 'en', 'oak', 1)]))\n"
        "print(host.pid, host._process._stderr.decode().split()[1], flush=True)\n"
        "{end}"
    )
    for end in ("import time; time.sleep(60)", "", "raise SystemExit(3)"):
        parent = subprocess.Popen(
            [sys.executable, "-c", code.replace("{end}", end)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"},
        )
        assert parent.stdout is not None
        engine, grandchild = (int(n) for n in parent.stdout.readline().split())
        parent.stdout.close()
        if "sleep" in end:
            assert runs(engine)
            assert runs(grandchild)
            parent.kill()
        parent.wait()
        wait_until(lambda pids=(engine, grandchild): not any(map(runs, pids)), 5)


def test_an_engine_that_holds_the_interpreters_lock_ends_with_us(odd) -> None:
    code = (
        "from tts.engine import *; from tts.host import Host; import threading, time\n"
        "host = Host('odd'); v = {'oak': Voice('oak', 'it')}\n"
        "requests = [Request(t, t, 'en', 'oak', 1) for t in ('5', 'hold')]\n"
        "for answer in host.synthesize(v, requests):\n"
        "    time.sleep(0.2); print(host.pid, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"},
    ) as parent:
        assert parent.stdout is not None
        engine = int(parent.stdout.readline())
        assert runs(engine)
        parent.kill()
    wait_until(lambda: not runs(engine), 5)


def test_another_interpreter_sees_our_two_rooms_and_its_own_packages(tmp_path: Path) -> None:
    """An environment with numpy alone; it must not see what this one has installed."""
    venv.EnvBuilder(symlinks=True).create(tmp_path / "v")
    python = tmp_path / "v/bin/python"
    [packages] = (tmp_path / "v/lib").glob("python*/site-packages")
    theirs = Path(np.__file__).parent
    (packages / "numpy").symlink_to(theirs)
    if (theirs.parent / "numpy.libs").is_dir():
        (packages / "numpy.libs").symlink_to(theirs.parent / "numpy.libs")
    with nothing_left(), Host("tone", python=str(python)) as host:
        [(_, speech)] = host.synthesize(VOICES, ask("Come at once."))
        assert isinstance(speech, Speech), speech
        environment = Path(f"/proc/{host.pid}/environ").read_bytes()
        [path] = re.findall(rb"PYTHONPATH=([^\0]*)", environment)
        assert sorted(p.name for p in Path(os.fsdecode(path)).iterdir()) == ["castbook", "tts"]
    assert not Path(os.fsdecode(path)).exists()
