"""Seeded SIGKILLs in the middle of everything: does every restart complete, with nothing lost?

    python -m benchmarks.crash [--kills 30] [--seed 1] [--json]

A book is made once without interruption. Then, for each kill, a fresh ``castbook make`` of
the same book is killed with SIGKILL at a seeded moment of one stage: while the engine
speaks, while a take is published, while a chapter is stitched or mastered, while a book
file is encoded; the victim is the flow process or the engine process. After each kill:

- every file under a final name is whole (audio decodes, JSON parses, sizes agree);
- the restart ends with exit code 0 and the same bytes as the uninterrupted build;
- no take that stood before the restart was made again (same inode, same time).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import soundfile

from benchmarks.books import contents, write_project
from tasks.publication.marks import Marks

CHAPTERS, SEGMENTS = 3, 40
STAGES = ("synthesis", "publishing", "stitching", "mastering", "encoding")
VICTIMS = ("flow", "engine")
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill and what came after it."""

    stage: str
    victim: str
    hit: bool  # whether the process was still running when the kill came
    takes_before: int  # standing when the restart began
    broken: tuple[str, ...]  # files under final names that were not whole
    restart_code: int
    made_after: int  # takes the restart made
    remade: int  # standing takes that it made again: must be 0
    differing: tuple[str, ...]  # files that differ from the uninterrupted build


def main() -> int:
    """Runs the kills and prints a table; 1 when any promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="castbook-crash-") as place:
        root = Path(place)
        project = write_project(
            root / "book",
            chapters=CHAPTERS,
            segments=SEGMENTS,
            options={"cost_ms": 4},
            extra={"outputs": ["m4b", "mp3"]},
        )
        whole = root / "whole"
        subprocess.run(command(project, whole), check=True, capture_output=True)
        wanted = contents(whole)
        kills = []
        for number in range(options.kills):
            stage = STAGES[number % len(STAGES)]
            victim = VICTIMS[number // len(STAGES) % len(VICTIMS)] if number % 5 < 2 else "flow"
            kills.append(
                one_kill(project, root / f"build-{number}", whole, wanted, stage, victim, chance)
            )
            shutil.rmtree(root / f"build-{number}")
            if not options.json:
                print(line(number, kills[-1]), flush=True)
    bad = [k for k in kills if k.broken or k.restart_code or k.remade or k.differing]
    if options.json:
        print(json.dumps({"kills": [asdict(k) for k in kills], "bad": len(bad)}, indent=1))
    else:
        hits = Counter(f"{k.stage}/{k.victim}" for k in kills if k.hit)
        print(f"{len(kills)} kills, {sum(k.hit for k in kills)} in time: {dict(hits)}")
        print(f"broken promises: {len(bad)}")
    return 1 if bad else 0


def command(project: Path, build: Path) -> list[str]:
    """``castbook make`` of this very checkout or installation."""
    return [
        sys.executable,
        "-m",
        "flows.cli",
        "make",
        str(project),
        "--build",
        str(build),
        "--json",
    ]


def one_kill(
    project: Path,
    build: Path,
    whole: Path,
    wanted: dict[str, str],
    stage: str,
    victim: str,
    chance: random.Random,
) -> Kill:
    """Starts a build, kills it in ``stage``, looks at the ruins, starts again."""
    if stage in ("stitching", "mastering", "encoding"):
        shutil.copytree(whole / "takes", build / "takes")
    threshold = chance.randrange(1, CHAPTERS * SEGMENTS)
    patience = chance.random() * 0.02
    running = subprocess.Popen(
        command(project, build),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    hit = wait_for(running, trigger(build, stage, threshold))
    time.sleep(patience)
    target = running.pid if victim == "flow" else engine_of(running.pid)
    if target is not None and running.poll() is None:
        os.kill(target, signal.SIGKILL)
    else:
        hit = False
    running.wait(timeout=PATIENCE_S)
    broken = tuple(damaged(build))
    standing = takes(build)
    again = subprocess.run(command(project, build), capture_output=True, text=True)
    made = json.loads(again.stdout)["made"] if again.stdout else -1
    after = takes(build)
    remade = sum(after.get(name) != stamp for name, stamp in standing.items())
    now = contents(build)
    differing = tuple(n for n in sorted(wanted.keys() | now.keys()) if wanted.get(n) != now.get(n))
    return Kill(
        stage, victim, hit, len(standing), broken, again.returncode, made, remade, differing
    )


def trigger(build: Path, stage: str, threshold: int) -> Callable[[], bool]:
    """True once ``build`` is in the middle of ``stage``."""
    if stage == "synthesis":
        return lambda: len(takes(build)) >= threshold
    if stage == "publishing":
        return lambda: any((build / "takes").glob("??/.tmp-*")) if threshold else False
    if stage == "stitching":
        return lambda: any((build / "chapters").glob(".tmp-*.wav"))
    if stage == "mastering":
        return lambda: any(p.stat().st_size > 0 for p in (build / "chapters").glob(".tmp-*.flac"))
    return lambda: any(
        path for folder in ("encoded", "out") for path in (build / folder).rglob(".tmp-*")
    )


def wait_for(running: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    """Waits until ``ready`` or the process has ended; whether it became ready."""
    deadline = time.monotonic() + PATIENCE_S
    while running.poll() is None and time.monotonic() < deadline:
        try:
            if ready():
                return True
        except FileNotFoundError:
            pass  # a temporary file that was renamed while we looked
        time.sleep(0.001)
    return False


def engine_of(flow: int) -> int | None:
    """The process id of the engine child of a flow process."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            words = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == flow and b"tts.child" in words:
            return int(entry.name)
    return None


def takes(build: Path) -> dict[str, tuple[int, int]]:
    """Audio files of committed takes: name -> (inode, time of modification)."""
    found = {}
    for path in (build / "takes").glob("??/*.json"):
        audio = path.with_suffix(".flac")
        if not path.name.startswith(".tmp-") and audio.exists():
            status = audio.stat()
            found[path.stem] = (status.st_ino, status.st_mtime_ns)
    return found


def damaged(build: Path) -> list[str]:
    """Files under final names that are not whole."""
    bad = []
    for path in build.rglob("*"):
        if not path.is_file() or path.name.startswith(".tmp-"):
            continue
        try:
            if path.suffix == ".flac":
                with soundfile.SoundFile(path) as file:
                    if len(file.read(dtype="int16")) != file.frames:
                        bad.append(path.name)
            elif path.suffix == ".json":
                json.loads(path.read_bytes())
            elif path.suffix in (".m4b", ".mp3"):
                mark = Marks(build / "marks", build / "out").of(path)
                # published before its mark: whole all the same, so look inside it
                if mark.exists() and json.loads(mark.read_bytes())["bytes"] == path.stat().st_size:
                    continue
                soundfile.info(path) if path.suffix == ".mp3" else _read_m4b(path)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            bad.append(f"{path.name}: {error}")
    return bad


def _read_m4b(path: Path) -> None:
    """Walks the top-level boxes: a file cut short does not end on a box border."""
    size, at, kinds = path.stat().st_size, 0, []
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            kinds.append(head[4:8])
            if length < 8:
                raise ValueError("a box of no length")
            at += length
    if at != size or b"moov" not in kinds or b"mdat" not in kinds:
        raise ValueError("not a whole MP4 file")


def line(number: int, kill: Kill) -> str:
    """One row for a person."""
    verdict = (
        "ok" if not (kill.broken or kill.restart_code or kill.remade or kill.differing) else "BAD"
    )
    return (
        f"{number + 1:3d} {kill.stage:10s} {kill.victim:6s} {'hit' if kill.hit else 'missed':6s}"
        f" {kill.takes_before:4d} takes stood, {kill.made_after:4d} made after,"
        f" {kill.remade} made twice, {len(kill.differing)} differ: {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main())
