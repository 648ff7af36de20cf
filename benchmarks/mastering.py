"""What a long book costs after its takes are there, against the bare encoders.

    python -m benchmarks.mastering [PROJECT] [--hours 2.5,10] [--json]

Takes of PROJECT (default: projects/sign-of-the-four, espeak) are made once. For each length:

1. assembly, mastering, measuring of masters and of encoded files, and packaging (M4B, MP3 for
   each chapter, read-along EPUB), as ``castbook make`` does them with two workers;
2. the floor: the same encoder commands (M4B in one piece, MP3s, the EPUB's audio) started
   concurrently on the same PCM, lying ready as raw files;
3. the ratio of both wall times, and of both CPU times, which other work on the machine moves
   less; the highest memory of the whole family of processes.

Between two lengths: how the time grows. Beside it, at a size that it can bear, the sum of
pydub segments against the same pieces stitched by castbook.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import soundfile
import yaml

from audio import ffmpeg
from audio.joins.stitch import Piece, stitch
from audio.profiles import Profile, load_profile
from benchmarks.longbooks import Quiet, lengthen, speak_all
from tasks.production import Production
from tasks.runners import LocalRunner

ROOT = Path(__file__).resolve().parent.parent
OUTPUTS = ["m4b", "mp3", "epub"]
_SAMPLE_S = 0.25  # between two looks at the memory
_PYDUB_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Cost:
    """One length's figures."""

    hours: float  # of the finished book
    chapters: int
    segments: int
    castbook_s: float  # wall
    floor_s: float  # wall
    castbook_cpu_s: float  # user and system, of this process and its children
    floor_cpu_s: float
    memory_mb: float  # of castbook and its ffmpeg processes together, at most

    @property
    def ratio(self) -> float:
        """The figure of merit."""
        return self.castbook_s / self.floor_s

    @property
    def cpu_ratio(self) -> float:
        """The same in CPU seconds."""
        return self.castbook_cpu_s / self.floor_cpu_s


def measure(project: Path, takes: Path, hours: float, place: Path) -> Cost:
    """Makes one book of that length beside the floor."""
    build = place / f"book-{hours:g}"
    shutil.copytree(takes, build, copy_function=os.link)
    with Production(project, build=build) as production:
        production.plan = lengthen(production.plan, hours)
        segments = sum(len(chapter.lines) for chapter in production.plan.chapters)
        with LocalRunner(2, chapters=3) as runner, watched_memory() as memory:
            began, cpu = time.monotonic(), _cpu_s()
            report = production.run(runner, Quiet())
            castbook_s = time.monotonic() - began
            castbook_cpu_s = _cpu_s() - cpu - memory.cpu_s
        profile = production.profile
    if report.failed or report.problems or len(report.files) < len(report.chapters):
        raise SystemExit(f"the benchmark's own book failed: {report.message} {report.problems}")
    masters = [c.files.audio for c in report.chapters if c.files is not None]
    seconds = sum(c.files.frames / c.files.rate for c in report.chapters if c.files is not None)
    floor_s, floor_cpu_s = floor(masters, profile, place / "floor")
    shutil.rmtree(build)
    return Cost(
        hours=seconds / 3600,
        chapters=len(masters),
        segments=segments,
        castbook_s=castbook_s,
        floor_s=floor_s,
        castbook_cpu_s=castbook_cpu_s,
        floor_cpu_s=floor_cpu_s,
        memory_mb=memory.highest_mb,
    )


# -- the floor -----------------------------------------------------------------------------------


def floor(masters: list[Path], profile: Profile, place: Path) -> tuple[float, float]:
    """(wall, CPU) seconds of the bare encoders on raw PCM: one process for the M4B, beside it the
    MP3s one after another, beside it the EPUB's chapters one after another."""
    place.mkdir()
    raw = [_raw(master, place / f"{number}.raw") for number, master in enumerate(masters)]
    rate = soundfile.info(masters[0]).samplerate
    aac = ["-c:a", "aac", "-aac_coder", profile.aac_coder, "-b:a", f"{profile.m4b_kbps}k"]
    mp3 = ["-c:a", "libmp3lame", "-b:a", f"{profile.mp3_kbps}k"]
    mp3 += ["-compression_level", str(profile.mp3_quality)]
    whole = "concat:" + "|".join(str(path) for path in raw)

    def encode(source: str, arguments: list[str], target: Path) -> None:
        command = [ffmpeg.program(), "-nostdin", "-loglevel", "error", "-f", "s16le"]
        command += ["-ar", str(rate), "-ac", "1", "-i", source, *arguments]
        subprocess.run([*command, "-y", str(target)], check=True)

    def m4b() -> None:
        encode(whole, [*aac, "-movflags", "+faststart", "-f", "ipod"], place / "book.m4b")

    def mp3s() -> None:
        for path in raw:
            encode(str(path), [*mp3, "-f", "mp3"], path.with_suffix(".mp3"))

    def epub() -> None:
        for path in raw:
            encode(str(path), [*aac, "-f", "ipod"], path.with_suffix(".m4a"))

    began, cpu = time.monotonic(), _cpu_s()
    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(job) for job in (m4b, mp3s, epub)]:
            future.result()
    spent = time.monotonic() - began, _cpu_s() - cpu
    shutil.rmtree(place)
    return spent


def _raw(master: Path, target: Path) -> Path:
    with soundfile.SoundFile(master) as source, target.open("wb") as out:
        for block in source.blocks(1 << 18, dtype="int16"):
            out.write(block.astype("<i2", copy=False).data)
    return target


def _cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


# -- memory --------------------------------------------------------------------------------------


@dataclass
class Watch:
    """What a look at the family of processes found, and what looking cost."""

    highest_mb: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def watched_memory() -> Iterator[Watch]:
    """The highest resident memory of this process and all below it, while inside."""
    found, stop = Watch(), threading.Event()

    def watch() -> None:
        while not stop.wait(_SAMPLE_S):
            found.highest_mb = max(found.highest_mb, _family_mb())
            found.cpu_s = time.thread_time()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield found
    stop.set()
    watcher.join()


def _family_mb() -> float:
    parents: dict[int, int] = {}
    sizes: dict[int, tuple[int, int]] = {}  # bytes of address space, resident pages
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                after_name = (folder / "stat").read_bytes().rpartition(b") ")[2].split()
            except OSError:
                continue  # it ended meanwhile
            parents[int(folder.name)] = int(after_name[1])
            sizes[int(folder.name)] = int(after_name[20]), int(after_name[21])
    family = {os.getpid()}
    # a child that does not run its own program yet has no memory of its own: it is its parent's
    born = {child for child, parent in parents.items() if sizes[child] == sizes.get(parent)}
    while more := {c for c, parent in parents.items() if parent in family} - family - born:
        family |= more
    return sum(sizes[pid][1] for pid in family) * os.sysconf("SC_PAGE_SIZE") / 1e6


# -- pydub's own sum -----------------------------------------------------------------------------


def naive(project: Path, takes: Path, minutes: float) -> tuple[int, float, float]:
    """(pieces, seconds of pydub's ``a + b``, seconds of castbook's stitch) on the same takes."""
    from pydub import AudioSegment

    with Production(project, build=takes) as production:
        plan = lengthen(production.plan, minutes / 60)
    lines = [line for chapter in plan.chapters for line in chapter.lines]
    files = [line.take for line in lines if line.take is not None]
    began = time.monotonic()
    whole = AudioSegment.empty()
    for take, line in zip(files, lines, strict=True):
        pcm, rate = soundfile.read(take.audio, dtype="int16")
        piece = AudioSegment(data=pcm.tobytes(), sample_width=2, frame_rate=rate, channels=1)
        whole += piece + AudioSegment.silent(line.segment.pause_ms, frame_rate=rate)
    naive_s = time.monotonic() - began
    pieces = [
        Piece(take.audio, take.pcm_sha256, 0.0, line.segment.pause_ms, "", "", "x", "narration")
        for take, line in zip(files, lines, strict=True)
    ]
    with tempfile.TemporaryDirectory() as place:
        began = time.monotonic()
        stitch(pieces, Path(place) / "chapter.wav", rate=files[0].rate)
        return len(pieces), naive_s, time.monotonic() - began


# -- the table -----------------------------------------------------------------------------------


def main() -> int:
    """Measures every length and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("project", nargs="?", type=Path, default=ROOT / "projects/sign-of-the-four")
    parser.add_argument("--hours", default="2.5,10")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="castbook-mastering-") as folder:
        place = Path(folder)
        project = _with_outputs(options.project, place / "project")
        takes = place / "takes"
        speak_all(project, takes)
        costs = [measure(project, takes, float(h), place) for h in options.hours.split(",")]
        pieces, naive_s, stitch_s = naive(project, takes, _PYDUB_MINUTES)
    rows = [{**asdict(cost), "ratio": cost.ratio, "cpu_ratio": cost.cpu_ratio} for cost in costs]
    if options.json:
        pydub = {"pieces": pieces, "pydub_s": naive_s, "castbook_s": stitch_s}
        print(json.dumps({"profile": asdict(load_profile("acx")), "costs": rows, "sum": pydub}))
        return 0
    for cost in costs:
        print(
            f"{cost.hours:.2f} h in {cost.chapters} chapters, {cost.segments} segments: castbook"
            f" {cost.castbook_s:.1f} s, bare encoders {cost.floor_s:.1f} s, ratio"
            f" {cost.ratio:.2f}; in CPU seconds {cost.castbook_cpu_s:.1f} and"
            f" {cost.floor_cpu_s:.1f}, ratio {cost.cpu_ratio:.2f}; memory at most"
            f" {cost.memory_mb:.0f} MB"
        )
    for small, large in itertools.pairwise(costs):
        print(
            f"{large.castbook_s / small.castbook_s:.2f} times the time for"
            f" {large.hours / small.hours:.2f} times the length"
        )
    print(
        f"{pieces} pieces ({_PYDUB_MINUTES} min): pydub's sum {naive_s:.1f} s, castbook's stitch"
        f" {stitch_s:.1f} s (with trimming, levels, fades and proof of every take)"
    )
    return 0


def _with_outputs(original: Path, target: Path) -> Path:
    """A copy of the project that asks for exactly the files the floor encodes."""
    shutil.copytree(original, target, ignore=shutil.ignore_patterns("build"))
    file = target / "project.yaml"
    content = yaml.safe_load(file.read_text("utf-8"))
    content["outputs"] = OUTPUTS
    file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), "utf-8")
    return target


if __name__ == "__main__":
    sys.exit(main())
