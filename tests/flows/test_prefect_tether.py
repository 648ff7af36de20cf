"""What is started on a tether ends with its owner, flow runs in sessions of their own too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import tether
from flows.server import prefect_child

ROOT = Path(__file__).parents[2]

# a program called prefect: it has a child in a session of its own, as a worker has, and that
# has one more; none of them does what it is told
FAKE = """
import os, pathlib, signal, subprocess, sys, time
kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])
if kind == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
(folder / kind).write_text(str(os.getpid()))
following = {"worker": "run", "run": "engine", "stubborn": "deaf", "ends": "left"}.get(kind)
if following:
    subprocess.Popen([sys.executable, "-m", "prefect", following, folder], start_new_session=True)
while following and not (folder / following).exists():
    time.sleep(0.01)
if kind == "ends":
    sys.exit(7)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def hasty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tether as it is, with less patience."""
    source = Path(tether.__file__).read_text(encoding="utf-8")
    for name in ("RUNS_S", "REPORT_S"):
        source = source.replace(f"\n{name} = ", f"\n{name} = 0.2  # ")
    (tmp_path / "tether.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(tether, "__file__", str(tmp_path / "tether.py"))


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An environment in which ``python -m prefect`` is the program above."""
    package = tmp_path / "path" / "prefect"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(FAKE)
    yield {**os.environ, "PYTHONPATH": str(package.parent)}


def pid(folder: Path, name: str) -> int:
    """The process of that name, once it runs."""
    until(lambda: (folder / name).exists() and bool((folder / name).read_text()))
    return int((folder / name).read_text())


def until(check: object, seconds: float = 20.0) -> None:
    assert callable(check)
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def gone(*pids: int) -> bool:
    return not {number for number, _ in tether._processes()} & set(pids)


def test_the_end_of_the_block_ends_the_whole_family(tmp_path: Path, fake: dict[str, str]) -> None:
    with prefect_child(("worker", str(tmp_path)), fake):
        family = [pid(tmp_path, name) for name in ("worker", "run", "engine")]
        assert not gone(family[0])
    assert gone(*family)


def test_what_does_not_listen_is_killed(tmp_path: Path, fake: dict[str, str]) -> None:
    with prefect_child(("stubborn", str(tmp_path)), fake):
        family = [pid(tmp_path, name) for name in ("stubborn", "deaf")]
    assert gone(*family)


def test_a_killed_owner_takes_the_family_along(tmp_path: Path, fake: dict[str, str]) -> None:
    owner = subprocess.Popen(
        [
            sys.executable, "-c",
            "import os, time\nfrom flows import tether\nfrom flows.server import prefect_child\n"
            f"tether.__file__ = {tether.__file__!r}\n"
            f"with prefect_child(('worker', {str(tmp_path)!r}), dict(os.environ)): time.sleep(60)",
        ],
        env={**fake, "PYTHONPATH": os.pathsep.join([str(ROOT), fake["PYTHONPATH"]])},
    )  # fmt: skip
    family = [pid(tmp_path, name) for name in ("worker", "run", "engine")]
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    until(lambda: gone(*family))


def test_a_program_that_ends_by_itself_leaves_nobody(tmp_path: Path, fake: dict[str, str]) -> None:
    with prefect_child(("ends", str(tmp_path)), fake) as child:
        left = pid(tmp_path, "left")
        assert child.process.wait(20) == 7
        assert gone(left)


def test_last_words_are_the_end_of_the_log(tmp_path: Path, fake: dict[str, str]) -> None:
    with prefect_child(("worker", str(tmp_path)), fake) as child:
        pid(tmp_path, "engine")
        until(lambda: child.last_words() != "it said nothing")
        assert "ready" in child.last_words()
