"""The plots of the page with all that reads them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from audio.mastering.gauge import COURSE_S
from tasks.pages import Markup, element, joined
from tasks.reporting.drawing import slug
from tasks.reporting.durationplot import duration_plot
from tasks.reporting.durations import Outlier
from tasks.reporting.loudnessplot import loudness_plot
from tasks.reporting.numbers import counted, signed
from tasks.reporting.parts import chips, player
from tasks.reporting.tables import Column, Row, table
from tasks.reporting.values import Values


def loudness(values: Values) -> Markup:
    """The course of the whole book, with a slider that reads it."""
    course = values.course
    if not course.mean:
        return element("p", "No finished chapter has a recorded course yet.")
    rms = {c.number: c.master["rms_db"] for c in values.chapters if "rms_db" in c.master}
    seconds = round(course.size * COURSE_S)
    target = "" if values.target_db is None else f", dashes: target {signed(values.target_db)} dB"
    legend = (
        f"RMS of every {COURSE_S:g} s, {counted(course.size, 'window')} ({seconds} s) per point."
        " Band: quietest to loudest; line: mean energy; steps: the whole chapter"
        f"{target}. Shades are chapters."
    )
    slider = element(
        "input",
        type="range",
        id="moment",
        min=0,
        max=len(course.mean) - 1,
        value=0,
        aria_label="Moment of the book",
    )
    return element(
        "figure",
        loudness_plot(course, rms, values.target_db),
        Markup(slider.removesuffix("</input>")),
        element("p", "Move the slider, or point at the plot.", id="readout"),
        element("figcaption", legend),
    )


def durations(values: Values) -> Markup:
    """Seconds against characters, and the segments that stand out."""
    if not values.spoken:
        return element("p", "Nothing is spoken yet.")
    colours = {row.character: row.colour for row in values.cast}
    speaking = {row.character for row in values.spoken}
    names = {row.character: row for row in values.cast if row.character in speaking}
    legend = [
        element(
            "li",
            element(
                "button",
                row.name,
                type="button",
                class_=f"chip c{row.colour}",
                data_colour=f"c{row.colour}",
                aria_pressed="false",
                lang=values.language,
            ),
        )
        for row in names.values()
    ]
    about = (
        "Across: characters of spoken text. Up: seconds of the take. One dot per segment; a ring"
        " marks a segment far from the pace of its own voice."
    )
    return joined(
        element(
            "figure",
            duration_plot(values.spoken, values.outliers, colours),
            element(
                "ul", *legend, id="dots-legend", class_="legend", aria_label="Show one character"
            ),
            element("figcaption", about),
        ),
        _outliers(values.outliers, values),
    )


def _outliers(found: Sequence[Outlier], values: Values) -> Markup:
    if not found:
        return element("p", "No segment stands out.")
    columns = (
        Column("Segment"),
        Column("Character"),
        Column("Seconds", number=True),
        Column("Expected", number=True, unit="s"),
        Column("Text", wide=True),
        Column("Listen", wide=True),
    )
    names = chips(values)
    troubled = {trouble.id for trouble in values.troubles}
    rows = [
        Row(
            (
                element("a", o.spoken.id, href=f"#seg-{slug(o.spoken.id)}")
                if o.spoken.id in troubled
                else o.spoken.id,
                names.get(o.spoken.character, o.spoken.character),
                f"{o.spoken.seconds:.1f} ({o.ratio:.1f}×)",
                f"{o.expected_s:.1f}",
                element("span", o.spoken.text, lang=values.language),
                player(values.sounds.get(o.spoken.key), f"take of {o.spoken.id}"),
            ),
            id=f"out-{slug(o.spoken.id)}",
        )
        for o in found
    ]
    heading = element("h3", f"{counted(len(found), 'segment')} far from the voice's pace")
    return joined(
        heading, table("Segments that are longer or shorter than expected", columns, rows)
    )
