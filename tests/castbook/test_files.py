from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from castbook import files
from castbook.errors import StorageError
from castbook.files import publish, replace, sweep, temporary_beside, write_bytes, write_text

ROOT = Path(__file__).resolve().parents[2]


def child(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process with castbook importable, that talks through pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".tmp-")]


# Stops in the place that the second argument names, until it is killed or told to go on.
WRITER = """
import sys
from pathlib import Path
from castbook import files
final, stop = Path(sys.argv[1]), sys.argv[2]
def reach(place):
    if place == stop:
        print(place, flush=True)
        sys.stdin.readline()
with files.temporary_beside(final) as temporary:
    with temporary.open("w") as handle:
        handle.write("new " * 5000)
        handle.flush()
        reach("half written")
        handle.write("end")
    reach("written")
    files.publish(temporary, final)
    reach("published")
"""


@pytest.mark.parametrize(
    ("place", "stands"),
    [("half written", False), ("written", False), ("published", True)],
)
def test_a_killed_writer_leaves_a_whole_file_or_none(
    tmp_path: Path, place: str, stands: bool
) -> None:
    final = tmp_path / "take.flac"
    writer = child(WRITER, final, place)
    assert hear(writer) == place
    assert sweep(tmp_path) == 0  # it still runs: its file is not ours to remove
    writer.send_signal(signal.SIGKILL)
    end(writer)
    assert final.exists() == stands
    if stands:
        assert final.read_text() == "new " * 5000 + "end"
    assert len(temporaries(tmp_path)) == 1
    assert sweep(tmp_path) == 1
    assert temporaries(tmp_path) == []
    assert final.exists() == stands


REWRITER = """
import sys
from pathlib import Path
from castbook.files import write_text
print("ready", flush=True)
while True:
    for letter in "ab":
        write_text(Path(sys.argv[1]), letter * 50_000)
"""


def test_a_file_killed_while_it_is_rewritten_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    final = tmp_path / "report.json"
    for number in range(6):
        writer = child(REWRITER, final)
        assert hear(writer) == "ready"
        deadline = time.monotonic() + 20
        while not final.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.003 * number)  # six places of its circle
        end(writer)
        text = final.read_text()
        assert text in ("a" * 50_000, "b" * 50_000)
    sweep(tmp_path)
    assert names(tmp_path) == ["report.json"]


RACER = """
import random, sys
from pathlib import Path
from castbook.files import publish, temporary_beside
folder, me = Path(sys.argv[1]), sys.argv[2]
names = [f"{n}.flac" for n in range(40)]
random.Random(me).shuffle(names)
print("ready", flush=True)
sys.stdin.readline()
won = []
for name in names:
    with temporary_beside(folder / name) as temporary:
        temporary.write_text(me * 1000)
        if publish(temporary, folder / name):
            won.append(name)
print(" ".join(won), flush=True)
"""


def test_of_several_writers_of_one_name_the_first_wins(tmp_path: Path) -> None:
    racers = {me: child(RACER, tmp_path, me) for me in "abc"}
    for racer in racers.values():
        assert hear(racer) == "ready"
    for racer in racers.values():
        say(racer, "go")
    wins = {me: hear(racer).split() for me, racer in racers.items()}
    for racer in racers.values():
        end(racer)
    everything = sorted(name for names in wins.values() for name in names)
    assert everything == sorted(f"{n}.flac" for n in range(40))  # each name once
    for me, names in wins.items():
        for name in names:
            assert (tmp_path / name).read_text() == me * 1000
    assert temporaries(tmp_path) == []


def test_a_published_file_is_never_replaced(tmp_path: Path) -> None:
    final = tmp_path / "x"
    final.write_text("first")
    with temporary_beside(final) as temporary:
        temporary.write_text("second")
        assert not publish(temporary, final)
    assert final.read_text() == "first"
    assert temporaries(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_disk_without_links_still_gets_whole_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    final = tmp_path / "x"
    for content, first in (("first", True), ("second", False)):
        with temporary_beside(final) as temporary:
            temporary.write_text(content)
            assert publish(temporary, final) is first
    assert final.read_text() == "first"
    assert temporaries(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "choose another with --build"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "run the same command again"),
    ],
)
def test_a_full_or_locked_disk_is_told_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    final = tmp_path / "x"
    write_text(final, "old")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StorageError, match=advice) as caught:
        write_text(final, "new")
    assert str(caught.value).startswith(f"{final}: cannot write: ")
    assert "\n" not in str(caught.value)
    assert final.read_text() == "old"
    assert temporaries(tmp_path) == []


def test_an_error_of_the_caller_is_not_turned_into_one_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), temporary_beside(tmp_path / "x") as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert names(tmp_path) == []


def test_replace_moves_over_the_old_file(tmp_path: Path) -> None:
    final = tmp_path / "deep" / "er" / "x.txt"
    for content in (b"one", b"two"):
        write_bytes(final, content)
        assert final.read_bytes() == content
    with temporary_beside(final) as temporary:
        assert temporary.suffix == ".txt"  # ffmpeg and soundfile choose a format by it
        temporary.write_bytes(b"three")
        replace(temporary, final)
    assert final.read_bytes() == b"three"


def test_sweep_leaves_other_machines_their_files_for_a_day(tmp_path: Path) -> None:
    fresh, stale = tmp_path / ".tmp-0badcafe-1-0.flac", tmp_path / "ab" / ".tmp-0badcafe-1-1.flac"
    odd, mine = tmp_path / ".tmp-notes", tmp_path / f".tmp-{files._HOST}-{os.getpid()}-7"
    stale.parent.mkdir()
    for path in (fresh, stale, odd, mine):
        path.write_text("x")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(stale, (two_days_ago, two_days_ago))
    (tmp_path / "tmp-mine.flac").write_text("the user's")
    assert sweep(tmp_path) == 1
    assert names(tmp_path) == sorted([fresh.name, odd.name, mine.name, "ab", "tmp-mine.flac"])


def test_what_is_being_written_is_not_among_the_finished(tmp_path: Path) -> None:
    assert files.finished(tmp_path / "nowhere", "*.json") == []
    (tmp_path / "in").mkdir()
    for name in ("b.json", "a.json", "in/c.json", "d.txt"):
        files.write_text(tmp_path / name, "{}")
    with files.temporary_beside(tmp_path / "e.json") as temporary:
        temporary.write_text("half")
        assert [p.name for p in files.finished(tmp_path, "*.json")] == ["a.json", "b.json"]
        found = files.finished(tmp_path, "**/*.json")
        assert [p.relative_to(tmp_path).as_posix() for p in found] == [
            "a.json", "b.json", "in/c.json",
        ]  # fmt: skip
