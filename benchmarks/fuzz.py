"""Thousands of broken books: each gives a manuscript or one clear line.

    python -m benchmarks.fuzz DATA [--count 10000] [--seed 1] [--json]
                                   [--kinds epub,docx,text] [--findings DIR]

EPUB, DOCX and text files below DATA, and a few generated ones, are made wrong
(``mutations.py``) and read in worker processes that may use 1 GiB more memory than they begin
with, and 10 s of processor time for each file (a loaded machine is no hang; Linux only).
Anything but a manuscript that accounts for every character, or an ``InputError`` of one line,
is a finding: saved, printed, exit code 1. The n-th file of a seed is always the same, whatever
the number of workers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from random import Random

from benchmarks.fuzzseeds import Seed, generated, load_seeds
from benchmarks.mutations import mutate

MEMORY = 1 << 30  # bytes of address space above what a worker begins with
DEADLINE_S = 10.0  # of processor time
PATIENCE_S = 90.0  # in all: something that waits for ever uses no processor
LOADED = ("book.readers", "book.readers.word.docx", "book.readers.paged.pdf")
KINDS = ("epub", "docx", "text")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    index: int
    kind: str
    result: str  # "book", "refused", or what was found: "crash", "hang", "memory", "death", …
    detail: str = ""  # the refusal, or the traceback
    seconds: float = 0.0

    @property
    def finding(self) -> bool:
        """Whether a promise was broken."""
        return self.result not in ("book", "refused")


@dataclass(slots=True)
class Tally:
    """What a run found."""

    count: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[Outcome] = field(default_factory=list)
    slowest_s: float = 0.0
    peak_mib: float = 0.0


def make_case(seeds: Mapping[str, Sequence[Seed]], seed: int, index: int) -> tuple[Seed, bytes]:
    """The file number ``index``: the seed it was made from, and its bytes."""
    random = Random(f"{seed}:{index}")
    kinds = sorted(seeds)
    pool = seeds[kinds[index % len(kinds)]]
    chosen = random.choice(pool)
    content = chosen.content
    if chosen.kind == "text" and random.random() < 0.97:  # a window: novels take a second to read
        start = random.randrange(max(1, len(content) - 20_000))
        content = content[start : start + random.choice((500, 4000, 20_000))]
    others = [other.content for other in random.sample(pool, min(3, len(pool)))]
    return chosen, mutate(content, random, others, chosen.kind in ("epub", "docx"))


def read_case(content: bytes, suffix: str, folder: Path, language: str) -> tuple[str, str]:
    """(result, detail) of reading ``content``; never raises."""
    from book.readers import read_manuscript
    from castbook.errors import InputError

    path = folder / f"book{suffix}"
    path.write_bytes(content)
    try:
        manuscript = read_manuscript((path,), language=language)
    except InputError as error:
        message = str(error)
        return ("refused", message) if "\n" not in message else ("message", message)
    except MemoryError:
        return "memory", traceback.format_exc(limit=-6)
    except Exception:  # the boundary of the experiment: whatever comes out is the result
        return "crash", traceback.format_exc(limit=-8)
    return ("lost text", lost) if (lost := unaccounted(manuscript)) else ("book", "")


def unaccounted(manuscript: object) -> str:
    """Where characters are in no paragraph and no skip, or in two; empty if nowhere."""
    from book.manuscript import Manuscript

    assert isinstance(manuscript, Manuscript)
    taken: dict[int, list[tuple[int, int]]] = {}
    slices = [p.slice for chapter in manuscript.chapters for p in chapter.paragraphs]
    for item in (*slices, *(skip.slice for skip in manuscript.skips)):
        taken.setdefault(item.document, []).append((item.start, item.end))
    for document, source in enumerate(manuscript.sources):
        at = 0
        for start, end in (*sorted(taken.get(document, ())), (len(source.text),) * 2):
            if start < at and start < end:
                return f"{source.name}: characters {start}-{at} stand in two places"
            if source.text[at:start].strip():
                return f"{source.name}: characters {at}-{start} stand nowhere"
            at = max(at, end)
    return ""


def _work(pipe: Connection) -> None:
    """A worker: reads cases until told to stop, under a limit of memory."""
    for module in LOADED:  # before the limit is set
        import_module(module)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with tempfile.TemporaryDirectory() as folder:
        while True:
            case = pipe.recv()
            if case is None:
                return
            content, suffix, language = case
            start = time.process_time()
            result, detail = read_case(content, suffix, Path(folder), language)
            seconds = time.process_time() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            pipe.send((result, detail, seconds, peak))


class _Worker:
    """One process, and the case it has."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.case: tuple[int, str] | None = None
        self.since = self.used = 0.0

    def give(self, index: int, seed: Seed, content: bytes) -> None:
        self.case = (index, seed.kind)
        self.since, self.used = time.monotonic(), self.processor()
        self.pipe.send((content, seed.suffix, seed.language))

    def processor(self) -> float:
        """Seconds of processor time so far; 0 for a process that has just died."""
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text(
                encoding="ascii", errors="replace"
            )
        except OSError:
            return 0.0
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def run(
    seeds: Mapping[str, Sequence[Seed]], *, seed: int, count: int, workers: int, findings: Path
) -> Tally:
    """Reads ``count`` broken files in ``workers`` processes."""
    tally = Tally()
    pool = [_Worker() for _ in range(workers)]
    todo = iter(range(count))
    try:
        for worker in pool:
            _next(worker, todo, seeds, seed)
        while any(worker.case for worker in pool):
            ready = wait([w.pipe for w in pool if w.case], timeout=0.5)
            for i, worker in enumerate(pool):
                if worker.case is None:
                    continue
                outcome = _outcome(worker, worker.pipe in ready, tally)
                if outcome is None:
                    continue
                _count(outcome, tally, seeds, seed, findings)
                worker.case = None
                if outcome.result in ("hang", "death", "memory"):
                    worker.end()
                    pool[i] = worker = _Worker()
                _next(worker, todo, seeds, seed)
    finally:
        for worker in pool:
            worker.end()
    return tally


def _next(
    worker: _Worker, todo: Iterable[int], seeds: Mapping[str, Sequence[Seed]], seed: int
) -> None:
    index = next(iter(todo), None)
    if index is not None:
        worker.give(index, *make_case(seeds, seed, index))


def _outcome(worker: _Worker, ready: bool, tally: Tally) -> Outcome | None:
    assert worker.case is not None
    index, kind = worker.case
    taken = time.monotonic() - worker.since
    if ready:
        try:
            result, detail, seconds, peak = worker.pipe.recv()
        except EOFError:
            worker.process.join(5)
            return Outcome(index, kind, "death", f"exit code {worker.process.exitcode}", taken)
        tally.peak_mib = max(tally.peak_mib, peak)
        return Outcome(index, kind, result, detail, seconds)
    used = worker.processor() - worker.used
    if used > DEADLINE_S + 2 or taken > PATIENCE_S:  # two seconds for the start of a worker
        detail = f"no answer after {used:.0f} s of processor time, {taken:.0f} s in all"
        return Outcome(index, kind, "hang", detail, used)
    return None


def _count(
    outcome: Outcome,
    tally: Tally,
    seeds: Mapping[str, Sequence[Seed]],
    seed: int,
    findings: Path,
) -> None:
    tally.count += 1
    if tally.count % 1000 == 0:
        print(f"{tally.count} files, {len(tally.findings)} findings", file=sys.stderr)
    tally.outcomes[f"{outcome.kind} {outcome.result}"] += 1
    tally.slowest_s = max(tally.slowest_s, outcome.seconds)
    if outcome.seconds > DEADLINE_S and not outcome.finding:
        outcome = Outcome(outcome.index, outcome.kind, "slow", outcome.detail, outcome.seconds)
    if not outcome.finding:
        return
    tally.findings.append(outcome)
    findings.mkdir(parents=True, exist_ok=True)
    chosen, content = make_case(seeds, seed, outcome.index)
    name = f"{outcome.result.replace(' ', '-')}-{seed}-{outcome.index}"
    (findings / f"{name}{chosen.suffix}").write_bytes(content)
    note = f"{chosen.name}, {chosen.language}\n{outcome.detail}\n"
    (findings / f"{name}.note").write_text(note, encoding="utf-8")
    last = outcome.detail.strip().rpartition("\n")[2]
    print(f"{outcome.result}: {findings / name}{chosen.suffix}: {last}", file=sys.stderr)


def main() -> int:
    """Prints what became of the files; 1 when there was a finding."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="a folder with books")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=min(8, os.cpu_count() or 1))
    parser.add_argument("--kinds", default=",".join(KINDS), help="of epub, docx, text, pdf, html")
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    wanted = options.kinds.split(",")
    seeds: dict[str, list[Seed]] = {}
    for item in (*load_seeds(options.data), *generated()):
        if item.kind in wanted:
            seeds.setdefault(item.kind, []).append(item)
    start = time.perf_counter()
    tally = run(
        seeds,
        seed=options.seed,
        count=options.count,
        workers=options.workers,
        findings=options.findings,
    )
    seconds = time.perf_counter() - start
    report = {
        "count": tally.count,
        "seconds": round(seconds, 1),
        "files_per_second": round(tally.count / seconds, 1),
        "seeds": {kind: len(pool) for kind, pool in sorted(seeds.items())},
        "outcomes": dict(sorted(tally.outcomes.items())),
        "slowest_s": round(tally.slowest_s, 2),
        "peak_mib": round(tally.peak_mib),
        "findings": [asdict(finding) for finding in tally.findings],
    }
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print("\n".join(f"{key}: {value}" for key, value in report.items() if key != "findings"))
        print(f"findings: {len(tally.findings)}")
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
