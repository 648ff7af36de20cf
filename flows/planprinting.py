"""What ``castbook plan`` prints for people. No decisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from flows.tables import clock, table

UNSURE_LINES = 10  # of those whose speaker nobody knows; the page has them all
_PARTS = 4  # titles of skipped parts that are named
Row = Mapping[str, Any]


def show_plan(summary: Row) -> None:
    """Chapters, skips, cast, doubtful lines, coverage, what is missing and why."""
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
    if summary["skipped"]:
        table(("skipped", "parts", "characters", "which", "to read it"), list(_skips(summary)))
    table(
        ("character", "voice", "segments", "share of text"),
        [(c["character"], c["voice"], c["segments"], f"{c['share']:.1%}") for c in summary["cast"]],
    )
    _show_speakers(summary)
    coverage = summary["coverage"]
    click.echo(
        f"coverage {coverage['share']:.2%} of {coverage['characters']} characters explained,"
        f" {coverage['spoken_share']:.1%} spoken"
    )
    _show_missing(summary)
    for line in summary["doubtful"]:
        click.echo(f"doubtful {line['id']}: {'; '.join(line['complaints'])}: {line['text']}")
    for warning in (*summary["warnings"], *summary["orphans"]):
        click.echo(f"warning: {warning}")


def _skips(summary: Row) -> Iterator[tuple[object, ...]]:
    """One row for each reason and each way to turn it on."""
    groups: dict[tuple[str, bool], list[Row]] = {}
    for skip in summary["skipped"]:
        groups.setdefault((skip["reason"], bool(skip["title"])), []).append(skip)
    for (reason, named), skips in groups.items():
        titles = list(dict.fromkeys(skip["title"] for skip in skips if skip["title"]))
        more = f" and {len(titles) - _PARTS} more" if len(titles) > _PARTS else ""
        how = f"include: [{', '.join(titles[:_PARTS])}]" if named else ""
        if reason == "excluded":
            how = "take it out of exclude:"
        yield (
            reason,
            len(skips),
            sum(skip["characters"] for skip in skips),
            ", ".join(titles[:_PARTS]) + more,
            how,
        )


def _show_speakers(summary: Row) -> None:
    """How sure the speakers are, and the lines nobody is sure of."""
    quotations = summary["quotations"]
    if not quotations["count"]:
        return
    click.echo(
        f"{quotations['count']} quotations: {quotations['voiced_share']:.1%} in characters'"
        f" voices (expected wrong: {quotations['expected_wrong_share']:.1%} of all),"
        f" {quotations['unsure_share']:.1%} in the narrator's because nobody is sure"
    )
    unsure = summary["unsure"]
    if not unsure:
        return
    table(
        ("who says it?", "line", "perhaps"),
        [
            (line["id"], _short(line["text"]), _guesses(line["guesses"]))
            for line in unsure[:UNSURE_LINES]
        ],
    )
    if len(unsure) > UNSURE_LINES:
        click.echo(f"and {len(unsure) - UNSURE_LINES} more lines of which nobody is sure")
    click.echo(
        f"decide them with one key each: castbook review {summary['project']}"
        f" writes {summary['review']}"
    )


def _guesses(guesses: Sequence[Row]) -> str:
    return ", ".join(f"{g['speaker']} {g['probability']:.0%}" for g in guesses[:2])


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59].rstrip() + "…"


def _show_missing(summary: Row) -> None:
    missing, kept, redone = summary["missing"], summary["kept"], summary["redone"]
    if kept["segments"]:
        click.echo(
            f"kept as they are: {kept['segments']} finished takes ({_causes(kept)});"
            f" castbook make {summary['project']} --redo speaks them again"
        )
    if not missing["segments"] and not missing["calibration"]:
        click.echo("nothing is missing")
        return
    click.echo(
        f"to synthesise: {missing['segments']} segments ({_causes(missing) or 'none'}),"
        f" {missing['calibration']} calibration sentences,"
        f" about {clock(missing['audio_seconds'])} of audio"
    )
    seconds = missing["synthesis_seconds"]
    click.echo(
        f"at the speed of the last run that takes about {clock(seconds)} here"
        if seconds is not None
        else "how long it takes here is known after the first run"
    )
    if redone["stops"]:
        click.echo(
            f"make will stop and ask: {redone['segments']} of {redone['finished']} finished"
            f" segments would be spoken again for no edit of the project ({_causes(redone)});"
            " --keep uses their takes as they are, --redo speaks them again"
        )


def _causes(row: Row) -> str:
    return ", ".join(f"{count} {why}" for why, count in row["causes"].items())
