"""The report of a run: ``report.json`` for programs, ``report.html`` for people.

The only files of a build that differ between two equal builds: they hold times.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from castbook.files import write_text
from tasks.outcome import BookReport
from tasks.publish import Publication
from tasks.summary import cast_rows, chapter_row, summarise_run

Row = Iterable[object]


def write_reports(report: BookReport, publication: Publication) -> tuple[Path, Path]:
    """Writes both beside the book files; returns their paths."""
    plan = report.plan
    values: dict[str, Any] = {
        **summarise_run(report),
        "chapters": [chapter_row(chapter) for chapter in report.whole],
        "coverage": {
            "share": plan.coverage.share,
            "spoken_share": plan.coverage.spoken_share,
            "characters": plan.coverage.characters,
        },
        "cast": cast_rows(plan),
        "skipped": [{"reason": s.reason, "title": s.title} for s in plan.skips],
        "measured": [
            {"chapter": c.number, **{k: round(v, 2) for k, v in c.files.measured.items()}}
            for c in report.whole
            if c.files is not None
        ],
        "warnings": [*plan.warnings, *plan.orphans],
    }
    as_json = publication.folder / "report.json"
    as_html = publication.folder / "report.html"
    write_text(as_json, json.dumps(values, ensure_ascii=False, indent=1))
    write_text(as_html, page(values))
    return as_json, as_html


def page(values: Mapping[str, Any]) -> str:
    """One self-contained page: chapters, cast, coverage, what failed. Pure."""
    measured = {row["chapter"]: row for row in values["measured"]}
    parts = [
        f"<h1>{_e(values['title'])}</h1><p>{_e(values['message'])}</p>",
        _table(
            (
                "chapter",
                "segments",
                "made now",
                "failed",
                "doubtful",
                "minutes",
                "RMS dB",
                "peak dB",
            ),
            (
                (
                    f"{c['number']} {c['title']}",
                    c["segments"],
                    c["made"],
                    c["failed"],
                    c["doubtful"],
                    round(c["seconds"] / 60, 1) if c["seconds"] else "-",
                    measured.get(c["number"], {}).get("rms_db", "-"),
                    measured.get(c["number"], {}).get("peak_db", "-"),
                )
                for c in values["chapters"]
            ),
        ),
        "<h2>Cast</h2>",
        _table(
            ("character", "voice", "segments", "share of text"),
            (
                (c["character"], c["voice"], c["segments"], f"{c['share']:.1%}")
                for c in values["cast"]
            ),
        ),
        f"<h2>Coverage</h2><p>{values['coverage']['share']:.2%} of"
        f" {values['coverage']['characters']} characters explained,"
        f" {values['coverage']['spoken_share']:.1%} spoken.</p>",
        _table(("skipped", "part"), ((s["reason"], s["title"]) for s in values["skipped"])),
        "<h2>Failed and doubtful</h2>",
        _table(
            ("segment", "text", "why", "command"),
            [
                *((f["id"], f["text"], f["reason"], f["command"]) for f in values["failed"]),
                *((d["id"], d["text"], "; ".join(d["complaints"]), "") for d in values["doubtful"]),
            ],
        ),
        *(f"<p class='warning'>{_e(text)}</p>" for text in values["warnings"]),
    ]
    return (
        "<!doctype html><html><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{_e(values['title'])}: report</title><style>"
        "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3rem"
        " .5rem;text-align:left;vertical-align:top}.warning{color:#8a4b00}</style></head><body>"
        + "".join(parts)
        + "</body></html>\n"
    )


def _table(head: Iterable[str], rows: Iterable[Row]) -> str:
    body = "".join(
        "<tr>" + "".join(f"<td>{_e(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    if not body:
        return "<p>none</p>"
    return "<table><tr>" + "".join(f"<th>{_e(name)}</th>" for name in head) + f"</tr>{body}</table>"


def _e(value: object) -> str:
    return html.escape(str(value))
