"""What ``castbook plan`` prints for people. No decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from flows.tables import clock, table


def show_plan(summary: Mapping[str, Any]) -> None:
    """Chapters, cast, skips, coverage, what is missing and why."""
    missing, coverage = summary["missing"], summary["coverage"]
    click.echo(f"{summary['title']} by {summary['author']}")
    table(
        ("chapter", "title", "segments", "missing", "doubtful", "about"),
        [
            (
                f"ch{c['number']:02d}" + ("" if c["selected"] else " (not selected)"),
                c["title"],
                c["segments"],
                c["missing"],
                c["doubtful"],
                clock(c["estimated_seconds"]),
            )
            for c in summary["chapters"]
        ],
    )
    table(
        ("character", "voice", "segments", "share of text"),
        [(c["character"], c["voice"], c["segments"], f"{c['share']:.1%}") for c in summary["cast"]],
    )
    if summary["skipped"]:
        table(
            ("skipped", "part", "characters"),
            [(s["reason"], s["title"], s["characters"]) for s in summary["skipped"]],
        )
    click.echo(
        f"coverage {coverage['share']:.2%} of {coverage['characters']} characters explained,"
        f" {coverage['spoken_share']:.1%} spoken"
    )
    if not missing["segments"] and not missing["calibration"]:
        click.echo("nothing is missing")
    else:
        causes = ", ".join(f"{n} {why}" for why, n in missing["causes"].items())
        click.echo(
            f"to synthesise: {missing['segments']} segments ({causes or 'none'}),"
            f" {missing['calibration']} calibration sentences,"
            f" about {clock(missing['audio_seconds'])} of audio"
        )
        seconds = missing["synthesis_seconds"]
        click.echo(
            f"at the speed of the last run that takes about {clock(seconds)} here"
            if seconds is not None
            else "how long it takes here is known after the first run"
        )
    for line in summary["doubtful"]:
        click.echo(f"doubtful {line['id']}: {'; '.join(line['complaints'])}: {line['text']}")
    for warning in (*summary["warnings"], *summary["orphans"]):
        click.echo(f"warning: {warning}")
