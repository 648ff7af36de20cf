"""A real book made twice, again, and changed: what is done, and are the bytes the same?

    python -m benchmarks.rebuild [PROJECT] [--json]

On a copy of the project (default: projects/kong-yiji):

1. two clean builds in different folders, with 1 and with 2 workers: every take, master,
   timeline, caption and book file compared byte for byte (``report.*`` excepted);
2. the second run of a finished book: what it does, and how much faster it is;
3. one sentence changed; 4. a paragraph of narration inserted at the top of a chapter, with
   retakes and castings made before: how many takes, masters and files are made again, and
   whether the retakes and castings still sit on their sentences;
5. ``make`` from another current directory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.books import contents
from book.casting import CastingLine, write_castings
from book.projectfile import load_project
from book.retakes import read_retakes
from tasks.location import find_build
from tasks.mending import retake
from tasks.plan import BookPlan, Line, make_plan
from tasks.selection import Where

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Makes the builds, prints what was found; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("project", nargs="?", type=Path, default=ROOT / "projects/kong-yiji")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="castbook-rebuild-") as place:
        facts = examine(options.project, Path(place))
    if options.json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        for name, value in facts.items():
            print(f"{name}: {value}")
    return 0 if facts["promises kept"] else 1


def examine(original: Path, place: Path) -> dict[str, Any]:
    """Everything the benchmark prints."""
    project = place / "book"
    shutil.copytree(original, project, ignore=shutil.ignore_patterns("build"))
    one, two = place / "one-worker", place / "two-workers"
    first_s, first = make(project, one, "--workers", "1")
    made_s, _ = make(project, two, "--workers", "2")
    differing = compare(contents(one), contents(two))
    again_s, again = make(project, two)
    _, elsewhere = make(project, two, cwd=place)

    plan = plan_of(project, two)
    chosen = ordinary_lines(plan)
    edited = change_sentence(project, chosen[len(chosen) // 2])
    _, edit = make(project, two)

    plan = plan_of(project, two)
    chosen = ordinary_lines(plan)
    marked = [chosen[len(chosen) * n // 6] for n in (1, 2, 3)]
    cast = [chosen[len(chosen) * n // 6] for n in (4, 5)]
    retake(plan, Where(tuple(str(line.segment.anchor) for line in marked)), "benchmark")
    who = next(iter(plan.project.book.cast))
    write_castings(
        project / "casting.yaml",
        [CastingLine(line.segment.anchor, who, None, line.segment.printed) for line in cast],
    )
    make(project, two)
    insert_paragraph(project, plan)
    _, insertion = make(project, two)
    plan = plan_of(project, two)
    by_text = {line.segment.printed: line for line in plan.lines}
    sitting = [by_text[m.segment.printed].ingredients.retake == 1 for m in marked]
    sitting += [by_text[c.segment.printed].segment.speaker == who for c in cast]
    facts = {
        "book": plan.project.book.title,
        "segments": first["chapters"] and sum(c["segments"] for c in first["chapters"]),
        "takes of a clean build": first["made"],
        "clean build, 1 worker, s": round(first_s, 1),
        "clean build, 2 workers, s": round(made_s, 1),
        "files compared": len(contents(one)),
        "files that differ": differing,
        "second run, s": round(again_s, 2),
        "second run faster by": round(made_s / again_s, 1),
        "second run: takes, masters, files made": counts(again),
        "from another directory: takes, masters, files made": counts(elsewhere),
        "a sentence changed": edited,
        "after the change: takes, masters, files made": counts(edit),
        "after the insertion: takes, masters, files made": counts(insertion),
        "retakes and castings still in place": f"{sum(sitting)} of {len(sitting)}",
        "retakes stored": len(read_retakes(project / "retakes.yaml").retakes),
    }
    facts["promises kept"] = (
        not differing
        and counts(again) == counts(elsewhere) == (0, 0, 0)
        and counts(edit)[1] == counts(insertion)[1] == 1
        and counts(insertion)[0] == 1
        and all(sitting)
    )
    return facts


def make(
    project: Path, build: Path, *words: str, cwd: Path | None = None
) -> tuple[float, dict[str, Any]]:
    """``castbook make``: (seconds, what it printed)."""
    began = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "flows.cli", "make", str(project)),
            *("--build", str(build), "--json", *words),
        ],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    if not done.stdout:
        raise SystemExit(done.stderr)
    return time.monotonic() - began, json.loads(done.stdout)


def counts(run: dict[str, Any]) -> tuple[int, int, int]:
    """(takes, masters, book files) that a run made."""
    return (
        run["made"],
        sum(c["mastered_now"] for c in run["chapters"]),
        sum(f["made"] for f in run["files"]),
    )


def compare(one: dict[str, str], two: dict[str, str]) -> list[str]:
    """Names of the files that are not equal in both builds."""
    return [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]


def plan_of(project: Path, build: Path) -> BookPlan:
    """The plan as it stands."""
    loaded = load_project(project)
    return make_plan(loaded, find_build(project, loaded.slug, build))


def ordinary_lines(plan: BookPlan) -> list[Line]:
    """Lines of narration and speech whose text stands once in the book."""
    texts = [line.segment.printed for line in plan.lines]
    return [
        line
        for line in plan.lines
        if line.segment.kind in ("narration", "speech")
        and texts.count(line.segment.printed) == 1
        and len(line.segment.slices) == 1
        and len(line.segment.printed) > 8
    ]


def change_sentence(project: Path, line: Line) -> str:
    """One letter in the middle of a segment becomes another."""
    path = load_project(project).manuscripts[0]
    raw = path.read_text("utf-8-sig")
    (where,) = line.segment.slices
    at = next(i for i in range((where.start + where.end) // 2, where.end) if raw[i].isalpha())
    other = "水" if raw[at] > "\u3000" else "o" if raw[at] != "o" else "a"
    path.write_text(raw[:at] + other + raw[at + 1 :], encoding="utf-8")
    return line.segment.id


def insert_paragraph(project: Path, plan: BookPlan) -> None:
    """A paragraph of narration above the first paragraph of the first chapter."""
    path = load_project(project).manuscripts[0]
    raw = path.read_text("utf-8-sig")
    chapter = next(c for c in plan.chapters if c.number == 1)
    first = next(line for line in chapter.lines if line.segment.kind != "heading")
    start = first.segment.slices[0].start
    start = raw.rfind("\n", 0, start) + 1
    chinese = plan.project.book.language.startswith("zh")
    text = "　　那天夜里月亮很好。\n\n" if chinese else "It was a quiet evening in the town.\n\n"
    path.write_text(raw[:start] + text + raw[start:], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
