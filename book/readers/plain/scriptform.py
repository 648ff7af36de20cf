"""Script format: ``NAME: line``, ``NAME：line``, ``[name] line``, ``[name|style] line``.

Chosen when the project says ``format: script``, or when at least 60 % of a file's lines are
of that form. A line without a name belongs to the narrator; a name outside the cast is an
error.
"""

from __future__ import annotations

import re
from collections import Counter

from book.manuscript import Skip, Slice, speakable
from book.readers.blocks import Block, Extract, Heading, Reading
from book.readers.headings import match_heading
from book.readers.inline import paragraph
from book.readers.plain.layout import Line, lines_of
from book.readers.plain.tags import NARRATORS, script_tag, tag_of
from book.readers.plain.text import silence

SHARE = 0.6
FEWEST = 4  # lines; fewer say nothing about a format
_HEADING = re.compile(r"#{1,6}[ \t]+")


def looks_like_script(reading: Reading) -> bool:
    """Whether the file's lines, headings aside, mostly begin with a name.

    A name that begins one line only may be any word before a colon: at least half of the
    lines must begin with one of the cast, or with a name that comes again.
    """
    lines = [
        line
        for line in lines_of(reading.text, 0, len(reading.text))
        if speakable(line.text) and not _heading(line, reading)
    ]
    tags = [tag for line in lines if (tag := script_tag(reading.text, line.start, line.end))]
    if len(tags) < FEWEST or len(tags) < SHARE * len(lines):
        return False
    names = Counter(tag["name"].strip().casefold() for tag in tags)
    known = {*NARRATORS, *(reading.speakers or ())}
    return 2 * sum(n for name, n in names.items() if n > 1 or name in known) >= len(tags)


def read_script(reading: Reading) -> Extract:
    """The blocks of a script: one for each line.

    Raises:
        ManuscriptError: a name is not in the cast.
    """
    blocks = []
    skips: list[Skip] = []
    scene = False
    for line in lines_of(reading.text, 0, len(reading.text)):
        if not line.text:
            continue
        if not speakable(line.text):
            reason = silence(line.text)
            skips.append(Skip(Slice(reading.document, line.start, line.end), reason))
            scene = scene or reason == "ornament"
            continue
        heading = _heading(line, reading)
        blocks.append(
            _heading_block(reading, line, heading) if heading else _line(reading, line, scene)
        )
        scene = False
    return Extract(tuple(blocks), tuple(skips))


def _heading(line: Line, reading: Reading) -> Heading | None:
    marks = _HEADING.match(line.text)
    text = line.text[marks.end() :] if marks else line.text
    known = match_heading(text, reading.language)
    if known or not marks:
        return known
    return Heading(2, "", text.strip())


def _heading_block(reading: Reading, line: Line, heading: Heading) -> Block:
    marks = _HEADING.match(line.text)
    body = paragraph(
        reading.document,
        reading.text,
        line.start,
        line.end,
        han=reading.language.han,
        kind="heading",
        body=line.start + marks.end() if marks else None,
    )
    return Block(body, heading)


def _line(reading: Reading, line: Line, scene: bool) -> Block:
    match = script_tag(reading.text, line.start, line.end)
    tag = tag_of(match, reading) if match else None
    return Block(
        paragraph(
            reading.document,
            reading.text,
            line.start,
            line.end,
            han=reading.language.han,
            markdown=True,
            scene=scene,
            speaker=tag.speaker if tag else None,
            style=tag.style if tag else None,
            body=tag.end if tag else None,
        )
    )
