"""The parts of the page that count: cast, manuscript, time, versions. Pure."""

from __future__ import annotations

from collections import Counter

from tasks.pages import Markup, element, joined
from tasks.reporting.drawing import bar
from tasks.reporting.numbers import UNKNOWN, clock, counted, percent, signed
from tasks.reporting.parts import chips, percent_bar
from tasks.reporting.tables import Cell, Column, Row, table
from tasks.reporting.values import Values


def cast(values: Values) -> Markup:
    """Who speaks how long, with which voice, raised or lowered by how much."""
    columns = (
        Column("Character"),
        Column("Voice", wide=True),
        Column("Segments", number=True),
        Column("Audio", number=True),
        Column("Share of the text", wide=True),
        Column("Level", number=True, unit="LUFS"),
        Column("Gain", number=True, unit="dB"),
    )
    names = chips(values)
    rows = []
    for row in values.cast:
        voice = f"{row.voice} {row.style}".strip() + f" ({row.engine})"
        gain = UNKNOWN if row.gain_db is None else signed(row.gain_db)
        rows.append(
            Row(
                (
                    names[row.character],
                    joined(
                        voice, element("span", row.warning, class_="warn") if row.warning else ""
                    ),
                    f"{row.segments:,}",
                    clock(row.seconds),
                    joined(bar([(f"c{row.colour}", row.share)]), f" {percent(row.share)}"),
                    UNKNOWN if row.lufs is None else signed(row.lufs),
                    Cell(gain, "warn" if row.warning else "", row.warning),
                )
            )
        )
    return table("Characters, their voices and how much they say", columns, rows)


def coverage(values: Values) -> Markup:
    """What became of every character of the manuscript."""
    row = values.coverage
    total = row.characters or 1
    parts = [
        ("spoken", "spoken", row.spoken / total),
        ("skipped", "left out, with a reason", row.skipped / total),
        ("markup", "white space and marks", row.markup / total),
    ]
    if row.unexplained:
        parts.append(("lost", "unexplained", row.unexplained / total))
    groups: Counter[tuple[str, str]] = Counter()
    letters: Counter[tuple[str, str]] = Counter()
    for skip in values.skipped:
        groups[skip.reason, skip.title] += 1
        letters[skip.reason, skip.title] += skip.characters
    columns = (
        Column("Reason"),
        Column("Part", wide=True),
        Column("Places", number=True),
        Column("Characters", number=True),
    )
    rows = [
        Row((reason, title, f"{groups[reason, title]:,}", f"{count:,}"))
        for (reason, title), count in letters.most_common()
    ]
    return joined(
        element(
            "p",
            f"{percent(row.share, 2)} of {counted(row.characters, 'character')} are accounted for.",
        ),
        percent_bar(parts),
        element("h3", "Left out"),
        table("Parts of the manuscript that are not read", columns, rows)
        if rows
        else element("p", "Nothing is left out."),
    )


def costs(values: Values) -> Markup:
    """Where the time went, and how fast each engine is."""
    spent = values.costs
    words = [
        ("this run", f"{clock(spent.wall_s)}, {counted(spent.steps, 'step')}"),
        *((name, clock(seconds)) for name, seconds in spent.stages),
        ("takes made now", f"{spent.made:,}"),
        ("takes that stood before", f"{spent.reused:,}"),
    ]
    if spent.missing:
        words.append(("segments without audio", f"{spent.missing:,}"))
    if spent.first_take:
        words.append(("takes made", f"{_moment(spent.first_take)} to {_moment(spent.last_take)}"))
    if spent.hosts:
        words.append(("on", ", ".join(spent.hosts)))
    columns = (
        Column("Engine"),
        Column("Takes", number=True),
        Column("Audio", number=True),
        Column("Synthesis", number=True),
        Column("Speed", number=True, unit="× real time"),
        Column("Fingerprint", wide=True),
    )
    rows = [
        Row(
            (
                row.engine,
                f"{row.takes:,}",
                clock(row.audio_s),
                clock(row.synthesis_s),
                UNKNOWN if row.speed is None else f"{row.speed:.1f}",
                element("code", row.fingerprint, class_="key"),
            )
        )
        for row in spent.engines
    ]
    return joined(
        _pairs(words),
        element("h3", "Engines"),
        table("Engines: what they made for this book", columns, rows),
    )


def versions(values: Values) -> Markup:
    """What made the book."""
    return _pairs(list(values.versions.items()))


def _pairs(words: list[tuple[str, str]]) -> Markup:
    return element(
        "dl", *(joined(element("dt", k), element("dd", v)) for k, v in words), class_="facts"
    )


def _moment(stamp: str) -> str:
    return stamp.replace("T", " ").removesuffix("Z") + " UTC"
