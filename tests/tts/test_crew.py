"""Jobs in forks: one answer each, whatever becomes of the processes."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.crew import Answer, Crew
from tts.engine import EngineError
from tts.forks import Reader, pack

MakeCrew = Callable[..., Crew]


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeCrew]:
    """Makes crews of ``odd_work``, and closes them."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    made: list[Crew] = []

    def make(workers: int = 2, *, loading: str = "", limit_s: float = 30.0) -> Crew:
        made.append(Crew("odd_work", {"loading": loading}, workers, limit_s=limit_s))
        return made[-1]

    yield make
    for one in made:
        one.close()


def do(crew: Crew, *jobs: str, size: int = 0) -> list[Answer]:
    numbers = [crew.submit({"do": job, "size": size}) for job in jobs]
    answers = dict(crew.answers(numbers))
    return [answers[number] for number in numbers]


def _waiting_bytes(pipe: int) -> int:
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_each_job_is_the_first_of_its_process(crew: MakeCrew) -> None:
    answers = do(crew(), *"abcdefgh")
    assert [a.header["said"] for a in answers] == list("abcdefgh")
    assert {a.header["calls"] for a in answers} == {1}
    assert len({a.header["pid"] for a in answers}) == 8


def test_bad_jobs_harm_nobody_else(crew: MakeCrew) -> None:
    one = crew(1)
    answers = do(one, "a", "refuse", "raise", "exit", "die", "b", "die", "c")
    assert [a.kind for a in answers] == [
        "done", "refused", "failed", "failed", "failed", "done", "failed", "done",
    ]  # fmt: skip
    assert [a.reason for a in answers[1:5]] == [
        "never",
        "ValueError: not now",
        "its process ended with exit code 7",
        f"its process was killed by signal {int(signal.SIGSEGV)}",
    ]
    assert do(one, "d")[0].kind == "done"


def test_a_job_that_takes_too_long_is_ended(crew: MakeCrew) -> None:
    one = crew(2, limit_s=0.2)
    slow, quick = do(one, "sleep", "a")
    assert (slow.kind, slow.reason) == ("failed", "it took longer than 0.2 s")
    assert quick.kind == "done"
    assert do(one, "a")[0].kind == "done"


def test_answers_larger_than_a_pipe_come_whole(crew: MakeCrew) -> None:
    answers = do(crew(2), "a", "b", "c", size=5_000_000)
    assert [len(a.payload) for a in answers] == [5_000_000] * 3


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
def test_half_an_answer_is_forgotten(crew: MakeCrew) -> None:
    """Killed while it waits for room in the pipe; the next job uses the same pipe."""
    one = crew(1)
    big = one.submit({"do": "big", "size": 5_000_000})
    children = Path(f"/proc/{one.pid}/task/{one.pid}/children")
    while not (child := children.read_text().strip()):
        pass
    while _waiting_bytes(one._lanes[0]) < 60_000:  # some of it is in the pipe
        pass
    after = one.submit({"do": "after"})
    os.kill(int(child), signal.SIGKILL)
    answers = dict(one.answers([big, after]))
    assert (answers[big].kind, answers[after].kind) == ("failed", "done")
    assert answers[after].header["said"] == "after"


def test_a_cancelled_job_ends_and_leaves_room(crew: MakeCrew) -> None:
    one = crew(1)
    running, waiting = one.submit({"do": "sleep"}), one.submit({"do": "sleep"})
    one.cancel(running)
    one.cancel(waiting)
    assert {a.reason for _, a in one.answers([running, waiting])} == {"cancelled"}
    assert do(one, "a")[0].kind == "done"


def test_an_iterator_that_is_closed_gives_up_its_jobs(crew: MakeCrew) -> None:
    one = crew(1)
    numbers = [one.submit({"do": job}) for job in ("a", "sleep", "sleep")]
    answers = one.answers(numbers)
    assert next(answers)[0] == numbers[0]
    answers.close()
    assert do(one, "b")[0].kind == "done"


@pytest.mark.parametrize(
    ("loading", "reason"),
    [
        ("refuse", "there are no weights"),
        ("raise", "ValueError: odd weights"),
        ("die", "its process ended with exit code 3 while loading"),
    ],
)
def test_a_process_that_cannot_load_says_why(
    crew: MakeCrew, capfd: pytest.CaptureFixture[str], loading: str, reason: str
) -> None:
    with pytest.raises(EngineError) as caught:
        crew(loading=loading)
    assert (caught.value.kind, caught.value.reason) == ("dead", reason)


def test_a_closed_crew_answers_everything(crew: MakeCrew) -> None:
    one = crew()
    before = one.submit({"do": "sleep"})
    one.close()
    after = one.submit({"do": "a"})
    assert [a.kind for _, a in one.answers([before, after])] == ["dead", "dead"]


@given(
    frames=st.lists(
        st.tuples(st.dictionaries(st.text(), st.text(), max_size=3), st.binary(max_size=50))
    ),
    cuts=st.lists(st.integers(1, 40), min_size=1),
)
def test_frames_come_back_however_they_were_cut(
    frames: list[tuple[dict[str, str], bytes]], cuts: list[int]
) -> None:
    data = b"".join(pack(header, payload) for header, payload in frames)
    reader, found, at, turn = Reader(), [], 0, 0
    while at < len(data):
        size = cuts[turn % len(cuts)]
        found += reader.feed(data[at : at + size])
        at, turn = at + size, turn + 1
    assert [(h, bytes(p)) for h, p in found] == frames
