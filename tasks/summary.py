"""What a plan and a run look like from outside: plain values for tables and ``--json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tasks.causes import causes_of
from tasks.guard import SHARE, Redoing, weigh
from tasks.memory import recall
from tasks.orchestration import ChapterReport
from tasks.orphans import orphan_lines
from tasks.outcome import BookReport
from tasks.plan import BookPlan, ChapterPlan, Line, kept_lines
from tasks.quotations import doubt
from tasks.review import PAGE_FILE
from tasks.speeds import read_speeds
from tasks.stamps import take_stamp
from tasks.takes import TakeStore

# Spoken characters per second, for estimates: espeak at 175 words a minute speaks 16-20
# Latin and 4.3-5.0 Han characters a second (founding measurements, 2026-11-21).
LATIN_PER_S = 16.0
HAN_PER_S = 4.5


def summarise_plan(plan: BookPlan) -> dict[str, Any]:
    """Everything ``castbook plan --json`` prints."""
    memory = recall(plan.build)
    now = take_stamp(plan.project)
    open_lines = [line for chapter in plan.working for line in chapter.open]
    missing = list({line.identity: line for line in open_lines}.values())
    seconds = sum(estimated_seconds(line) for line in missing)
    speeds = read_speeds(plan.build)
    return {
        "title": plan.project.book.title,
        "author": plan.project.book.author,
        "project": str(plan.project.folder),
        "build": str(plan.build.folder),
        "review": str(plan.build.folder / PAGE_FILE),
        "chapters": [_chapter_row(chapter, plan) for chapter in plan.chapters],
        "cast": cast_rows(plan),
        **quotation_rows(plan),
        "skipped": [
            {
                "reason": skip.reason,
                "title": skip.title,
                "characters": skip.slice.end - skip.slice.start,
            }
            for skip in plan.skips
        ],
        "coverage": {
            "share": plan.coverage.share,
            "spoken_share": plan.coverage.spoken_share,
            "characters": plan.coverage.characters,
            "unexplained": len(plan.coverage.unexplained),
        },
        "missing": {
            "segments": len(missing),
            "calibration": sum(line.open for line in plan.calibration),
            "causes": dict(
                Counter(" and ".join(causes_of(x, memory, now)) for x in missing).most_common()
            ),
            "audio_seconds": round(seconds),
            "synthesis_seconds": _synthesis_seconds(missing, speeds),
        },
        "redone": redoing_row(weigh(plan, memory, now, TakeStore(plan.build.takes))),
        "kept": kept_row(plan),
        "doubtful": [_line_row(line) for c in plan.chapters for line in c.doubtful],
        "warnings": list(plan.warnings),
        "orphans": orphan_lines(plan),
    }


def summarise_run(report: BookReport) -> dict[str, Any]:
    """Everything ``castbook make --json`` prints."""
    return {
        "title": report.plan.project.book.title,
        "message": report.message,
        "clean": report.clean,
        "made": report.made,
        "kept": kept_row(report.plan),
        "chapters": [chapter_row(c) for c in report.chapters],
        "failed": [failure_row(report, i) for i in range(len(report.failed))],
        "doubtful": [_line_row(line) for line in report.doubtful],
        "problems": list(report.problems),
        "flags": [asdict(flag) for flag in report.flags],
        "warnings": list(report.warnings),
        "files": [{"path": str(f.path), "bytes": f.bytes, "made": f.made} for f in report.files],
        "report": None if report.page is None else str(report.page),
        "seconds": round(report.seconds, 1),
        "steps": report.steps,
    }


def quotation_rows(plan: BookPlan) -> dict[str, Any]:
    """Who says the quotations, how sure that is, and the lines nobody is sure of.

    ``expected_wrong`` is the sum of what each quotation in a character's voice lacks to
    certainty: so many are heard in a wrong voice, if the confidences are right.
    """
    threshold = plan.project.book.casting.confidence
    units = [unit for unit in plan.units if unit.spoken]
    doubtful = [unit for unit in units if doubt(unit, threshold) == "doubtful"]
    voiced = [unit for unit in units if unit.first.speaker is not None]
    count = len(units) or 1
    return {
        "quotations": {
            "count": len(units),
            "voiced_share": len(voiced) / count,
            "unsure_share": sum(unit.first.speaker is None for unit in doubtful) / count,
            "expected_wrong_share": sum(1 - unit.first.confidence for unit in voiced) / count,
        },
        "unsure": [
            {
                "id": unit.first.id,
                "anchor": str(unit.first.anchor),
                "text": unit.text[:80],
                "speaker": unit.first.speaker or "narrator",
                "rule": unit.first.rule,
                "guesses": [
                    {"speaker": g.speaker or "narrator", "probability": round(g.probability, 3)}
                    for g in unit.first.guesses
                ],
            }
            for unit in doubtful
        ],
    }


def kept_row(plan: BookPlan) -> dict[str, Any]:
    """Finished takes that are used although they should be made anew."""
    lines = (line for chapter in plan.working for line in chapter.lines)
    kept = kept_lines(lines)
    causes = Counter(" and ".join(item.causes) for item in kept)
    return {"segments": len(kept), "causes": dict(causes.most_common())}


def redoing_row(redoing: Redoing) -> dict[str, Any]:
    """Finished segments that a run would make anew for no edit of the project."""
    return {
        "finished": redoing.finished,
        "segments": redoing.count,
        "causes": dict(redoing.causes),
        "keepable": len(redoing.keepable),
        "stops": redoing.share > SHARE,
    }


def chapter_row(report: ChapterReport) -> dict[str, Any]:
    """One chapter of a run."""
    files = report.files
    return {
        "number": report.number,
        "title": report.title,
        "segments": report.segments,
        "made": report.made,
        "failed": len(report.failed),
        "doubtful": len(report.doubtful),
        "complete": report.complete,
        "mastered_now": files.made if files else False,
        "seconds": round(files.frames / files.rate, 1) if files else None,
        "message": report.message,
    }


def failure_row(report: BookReport, index: int) -> dict[str, str]:
    """One failed segment with its reason and the command that redoes it."""
    failure = report.failed[index]
    where = failure.line.name
    folder = report.plan.project.folder
    return {
        "id": where,
        "anchor": str(failure.line.segment.anchor),
        "text": failure.line.segment.printed[:80],
        "reason": failure.reason,
        "command": f"castbook make {folder} --only {where}"
        if failure.line.segment.chapter >= 0
        else f"castbook make {folder}",
    }


def cast_rows(plan: BookPlan) -> list[dict[str, Any]]:
    """Who speaks how much: lines and characters of text, the narrator first."""
    lines: Counter[str | None] = Counter()
    letters: Counter[str | None] = Counter()
    for line in plan.lines:
        if line.segment.kind in ("narration", "speech", "heading"):
            lines[line.segment.speaker] += 1
            letters[line.segment.speaker] += len(line.segment.printed)
    total = sum(letters.values()) or 1
    everyone: list[str | None] = [None, *plan.project.book.cast]
    return [
        {
            "character": who or "narrator",
            "voice": plan.project.voice_of(who),
            "segments": lines[who],
            "share": letters[who] / total,
        }
        for who in sorted(everyone, key=lambda who: (who is not None, -letters[who]))
    ]


def estimated_seconds(line: Line) -> float:
    """About how long a line will sound."""
    text = line.segment.spoken
    han = sum("\u3400" <= character <= "\u9fff" for character in text)
    return (len(text) - han) / LATIN_PER_S + han / HAN_PER_S


def _synthesis_seconds(missing: list[Line], speeds: Mapping[str, float]) -> int | None:
    """None when some engine was never run here: an invented number helps nobody."""
    if any(line.speaker.setup.name not in speeds for line in missing):
        return None
    return round(sum(estimated_seconds(x) / speeds[x.speaker.setup.name] for x in missing))


def _chapter_row(chapter: ChapterPlan, plan: BookPlan) -> dict[str, Any]:
    return {
        "number": chapter.number,
        "title": chapter.title,
        "segments": len(chapter.lines),
        "missing": len(chapter.open),
        "doubtful": len(chapter.doubtful),
        "selected": chapter.number in plan.selected,
        "estimated_seconds": round(sum(estimated_seconds(line) for line in chapter.lines)),
    }


def _line_row(line: Line) -> dict[str, Any]:
    return {
        "id": line.segment.id,
        "anchor": str(line.segment.anchor),
        "text": line.segment.printed[:80],
        "complaints": list(line.take.verdict.complaints) if line.take else [],
    }


def chapter_state(report: ChapterReport) -> str:
    """One word for a table."""
    if report.complete:
        return "doubtful" if report.doubtful else "done"
    return "failed" if report.failed else "open"
