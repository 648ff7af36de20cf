"""``report.html``: one file, no network, readable on a phone. Pure.

Skeleton, style and program are data in ``configs/report/``; the parts are made in
``attention.py``, ``measured.py``, ``plotted.py`` and ``ledger.py``. The program only adds
comfort: without it the page says the same.
"""

from __future__ import annotations

from collections.abc import Callable

from audio.mastering.gauge import COURSE_S
from castbook.resources import read_config
from tasks.pages import Markup, element, fill, joined, json_inside, policy
from tasks.reporting import attention, ledger, measured, plotted
from tasks.reporting.numbers import clock, counted, percent
from tasks.reporting.values import Values

_SECTIONS: tuple[tuple[str, str, Callable[[Values], Markup]], ...] = (
    ("attention", "What waits for you", attention.attention),
    ("chapters", "Chapters", measured.chapters),
    ("files", "Files", measured.files),
    ("loudness", "Loudness over time", plotted.loudness),
    ("segments", "Segments", plotted.durations),
    ("cast", "Cast", ledger.cast),
    ("manuscript", "Manuscript", ledger.coverage),
    ("costs", "Time", ledger.costs),
    ("versions", "Versions", ledger.versions),
)
_MARKS = {"good": "✓", "warn": "!", "bad": "✗"}


def page(values: Values) -> str:
    """The whole page."""
    style = read_config("report", "report.css") + colours(values)
    program = f'(() => {{\n"use strict";\n{read_config("report", "report.js")}}})();\n'
    tone, verdict = verdict_of(values)
    return fill(
        read_config("report", "report.html"),
        {
            "policy": policy(style, program, "media-src data:"),
            "title": values.title,
            "author": values.author,
            "language": values.language,
            "style": Markup(style),
            "tone": tone,
            "mark": _MARKS[tone],
            "verdict": verdict,
            "tiles": _tiles(values),
            "links": joined(
                *(element("a", title, href=f"#{name}") for name, title, _ in _SECTIONS), between=" "
            ),
            "sections": joined(
                *(
                    element(
                        "section",
                        element("h2", title, id=f"{name}-title"),
                        make(values),
                        id=name,
                        aria_labelledby=f"{name}-title",
                    )
                    for name, title, make in _SECTIONS
                ),
                between="\n",
            ),
            "footer": f"castbook {values.versions['castbook']}. The same values for programs:"
            " report.json beside this page.",
            "data": json_inside(_data(values)),
            "program": Markup(program),
        },
    )


def verdict_of(values: Values) -> tuple[str, str]:
    """(good, warn or bad; one sentence)."""
    failed = sum(trouble.state == "failed" for trouble in values.troubles)
    doubtful = len(values.troubles) - failed
    unfinished = sum(not chapter.complete for chapter in values.chapters)
    all_files = [*values.files, *(file for c in values.chapters for file in c.files)]
    broken = sum(file.passed is False for file in all_files)
    said = []
    if failed:
        said.append(f"{counted(failed, 'segment')} failed")
    if unfinished:
        said.append(f"{counted(unfinished, 'chapter')} not finished")
    if broken:
        said.append(f"{counted(broken, 'file')} outside the profile {values.profile}")
    problems = [note for note in values.notes if note.kind == "problem"]
    if problems:
        said.append(counted(len(problems), "problem"))
    bad = bool(said)
    if doubtful:
        said.append(f"{counted(doubtful, 'doubtful take')} to listen to")
    if said:
        return ("bad" if bad else "warn"), ", ".join(said) + "."
    passed = sum(file.passed is True for file in all_files)
    kept = (
        f", {counted(passed, 'file')} measured inside the profile {values.profile}"
        if passed
        else ""
    )
    return "good", f"The book is finished: {counted(len(values.chapters), 'chapter')}{kept}."


def colours(values: Values) -> str:
    """A rule per character: neighbours in the project's order differ most (golden angle).

    The narrator has no hue. The same hues as on the script page.
    """
    rules = [".c0{--hue:0;--who-c:0;--dot-c:0}"]
    places = sorted({row.colour for row in values.cast} - {0})
    rules += [f".c{place}{{--hue:{round((place * 137.508 + 200) % 360)}}}" for place in places]
    return "\n".join(rules) + "\n"


def _tiles(values: Values) -> Markup:
    done = sum(chapter.complete for chapter in values.chapters)
    spent = values.costs
    doubtful = sum(trouble.state == "doubtful" for trouble in values.troubles)
    tiles = (
        ("Length", clock(values.seconds)),
        ("Chapters", f"{done} of {len(values.chapters)}"),
        ("Segments", f"{sum(c.segments for c in values.chapters):,}"),
        ("Voices", f"{len({row.voice for row in values.cast if row.segments})}"),
        ("Doubtful", f"{doubtful}"),
        ("Failed", f"{len(values.troubles) - doubtful}"),
        ("Coverage", percent(values.coverage.share)),
        ("This run", clock(spent.wall_s)),
    )
    return joined(
        *(element("div", element("dt", name), element("dd", value)) for name, value in tiles)
    )


def _data(values: Values) -> dict[str, object]:
    """What the slider reads."""
    course = values.course
    return {
        "window_s": COURSE_S,
        "course": {
            "size": course.size,
            "low": course.low,
            "mean": course.mean,
            "high": course.high,
            "chapters": [[c.number, c.title, c.start, c.end] for c in course.chapters],
        },
    }
