"""The script page: one HTML file in which an author corrects who speaks.

No server and no network: data, style and program are inside, and the page's own policy
forbids everything else. What the author decides leaves it as ``casting.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from book.casting import CASTING_FILE, casting_text
from book.projectfile import load_project
from castbook.files import write_text
from castbook.resources import read_config
from tasks.location import find_build, find_project
from tasks.pages import Markup, fill, json_inside, policy
from tasks.reviewdata import review_data
from tasks.selection import Chapters
from tasks.sources import read_script
from tasks.voices import Voices

PAGE_FILE = "script.html"
_SCRIPTS = ("book.js", "state.js", "lines.js", "cards.js", "choices.js", "keys.js")


@dataclass(frozen=True, slots=True)
class Review:
    """The finished page."""

    page: Path
    segments: int
    doubtful: int  # quotations whose speaker nobody knows
    second: int  # … that are worth a second look

    def plain(self) -> dict[str, Any]:
        """For ``--json``."""
        return {**asdict(self), "page": str(self.page)}


def write_review(
    project: str | Path,
    *,
    output: Path | None = None,
    chapters: str | None = None,
    build: str | Path | None = None,
) -> Review:
    """Writes the page of a book, by default ``script.html`` in its build.

    Args:
        chapters: ``"1,3-5"``, or None for all.

    Raises:
        InputError: the project or the manuscript is wrong.
    """
    folder = find_project(project)
    loaded = load_project(folder)
    script = read_script(loaded, Voices(loaded))
    chosen = Chapters.parse(chapters, [c.number for c in script.chapters]).numbers
    values = review_data(loaded, script, casting_text(folder / CASTING_FILE), chosen)
    if output is None:
        place = find_build(folder, loaded.slug, build)
        place.create()
        output = place.folder / PAGE_FILE
    write_text(output, page(values))
    doubts = [row[5] for row in values["units"]]
    return Review(output, len(values["segments"]), doubts.count(1), doubts.count(2))


def page(values: Mapping[str, Any]) -> str:
    """The page as HTML. Pure.

    The manuscript goes in as JSON that holds no ``<``, so that no text can end its element;
    style and program are named by their digests in the page's policy, so that no other runs.
    """
    style = read_config("review", "review.css")
    program = "".join(read_config("review", name) for name in _SCRIPTS)
    program = f'(() => {{\n"use strict";\n{program}}})();\n'
    pieces = {
        "policy": policy(style, program, "img-src data:"),
        "title": values["title"],
        "author": values["author"],
        "style": Markup(style),
        "data": json_inside(values),
        "program": Markup(program),
    }
    return fill(read_config("review", "review.html"), pieces)
