"""How projects stand, at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from book.projectfile import load_project
from castbook.errors import CastbookError
from castbook.files import finished as whole_files
from tasks.assemble import read_mark
from tasks.location import find_build, find_project
from tasks.plan import make_plan


def project_status(name: str | Path) -> Mapping[str, Any]:
    """One row of ``castbook status``; a broken project is a row with its error."""
    try:
        folder = find_project(name)
        project = load_project(folder)
        build = find_build(folder, project.slug, None)
        plan = make_plan(project, build)
    except CastbookError as error:
        return {"project": str(name), "error": str(error)}
    finished = {
        mark["chapter"]: mark["master"]["frames"] / mark["master"]["rate"]
        for path in whole_files(build.chapters, "*.json")
        if (mark := read_mark(path)) is not None
    }
    done = [c for c in plan.chapters if c.number in finished and c.complete]
    lines = plan.lines
    return {
        "project": str(folder),
        "title": project.book.title,
        "chapters": len(plan.chapters),
        "chapters_done": len(done),
        "segments": len(lines),
        "segments_done": sum(not line.open for line in lines),
        "failed": sum(line.open and line.segment.id in plan.failures for line in lines),
        "doubtful": sum(line.decision.state == "doubtful" for line in lines),
        "seconds": round(sum(finished[c.number] for c in done), 1),
        "chapter_rows": [
            {
                "number": c.number,
                "title": c.title,
                "segments": len(c.lines),
                "missing": len(c.open),
                "doubtful": len(c.doubtful),
                "seconds": round(finished[c.number], 1) if c in done else None,
            }
            for c in plan.chapters
        ],
        "files": sorted(
            str(path)
            for pattern in ("*.m4b", "*.epub", "mp3", "mp3-book", "opus", "flac", "report.html")
            for path in (build.out.rglob(pattern) if build.out.is_dir() else ())
            if not path.name.startswith(".tmp-")
        ),
    }
