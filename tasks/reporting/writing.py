"""Writes ``report.html`` and ``report.json`` beside the book files.

The only files of a build that differ between two equal builds: they hold times.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from castbook.files import write_text
from tasks.outcome import BookReport
from tasks.reporting.facts import gather
from tasks.reporting.page import page
from tasks.reporting.players import sounds
from tasks.reporting.troubles import MOST_PLAYERS, chosen_sounds
from tasks.reporting.values import values_of

PLAYERS = "players"  # folder of the build: sounds of the last report


def write_reports(report: BookReport, folder: Path) -> tuple[Path, Path]:
    """Writes both; returns (report.json, report.html).

    Args:
        folder: of the book files.

    Raises:
        StorageError: the folder cannot be written.
    """
    facts = gather(report)
    values = values_of(facts, folder)
    flagged = [note.key for note in values.notes if note.key]
    further = [*flagged, *(outlier.spoken.key for outlier in values.outliers)]
    keys = chosen_sounds(values.troubles, further, MOST_PLAYERS)
    takes = facts.takes
    players = sounds((takes[key] for key in keys), report.plan.build.folder / PLAYERS)
    as_json, as_html = folder / "report.json", folder / "report.html"
    write_text(as_json, json.dumps(values.plain(), ensure_ascii=False, indent=1))
    write_text(as_html, page(replace(values, sounds=players)))
    return as_json, as_html
