"""Speakers written in the manuscript: ``[holmes] …``, ``[holmes|angry] …``, ``HOLMES: …``.

A name that the cast does not know is an error with the nearest match, never the narrator:
a misspelled name must not fall silent into another voice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from book.manuscript import NARRATOR, line_number
from book.readers.blocks import Reading
from castbook.errors import ManuscriptError

NARRATORS = (NARRATOR, "旁白", "叙述者", "叙述", "解说")
_BRACKET = re.compile(
    r"\[(?P<name>[^\]\[|\n]{1,60})(?:\|(?P<style>[^\]\[|\n]{1,40}))?\][ \t\u3000]*(?=\S)"
)
_COLON = re.compile(
    r"(?P<name>[^\W\d_][^\n:：\[\]“”\"!?。！？,，;；]{0,39}?)"
    r"(?:[ \t]*[(（](?P<style>[^)）\n]{1,40})[)）])?"
    r"[ \t]*(?:：|:(?=[ \t\u3000\"“]))[ \t\u3000]*(?=\S)"
)
# Brackets that editors write; they name nobody.
_EDITORIAL = re.compile(r"illustration|footnote|sidenote|transcriber|note\b|\d+$|sic$|pause$", re.I)


@dataclass(frozen=True, slots=True)
class Tag:
    """Who speaks a line, and where its words begin."""

    name: str  # as written
    speaker: str  # key of cast, or the written name when there is no cast yet
    style: str | None
    end: int


def bracket_tag(reading: Reading, start: int, end: int) -> Tag | None:
    """The ``[name]`` at the head of a paragraph of ordinary text.

    Raises:
        ManuscriptError: a style is given, or the name is nearly one of the cast, and the cast
            does not know it. Other brackets are the author's and stay text.
    """
    match = _BRACKET.match(reading.text, start, end)
    if not match or _EDITORIAL.match(match["name"]):
        return None
    key = speaker_key(match["name"], reading)
    if key is None:
        near = get_close_matches(_fold(match["name"]), reading.speakers or (), 1, 0.8)
        if match["style"] or near:
            raise unknown_speaker(match["name"], reading, start)
        return None
    if reading.speakers is None and not match["style"]:
        return None  # without a cast, a lone bracket in a novel is the author's
    style = match["style"]
    return Tag(match["name"], key, style.strip() if style else None, match.end())


def script_tag(text: str, start: int, end: int) -> re.Match[str] | None:
    """The ``NAME:`` or ``[name]`` at the head of a line in script format."""
    match = _BRACKET.match(text, start, end) or _COLON.match(text, start, end)
    return None if match is None or _EDITORIAL.match(match["name"]) else match


def tag_of(match: re.Match[str], reading: Reading) -> Tag:
    """The tag of a line in script format.

    Raises:
        ManuscriptError: the cast does not know the name.
    """
    key = speaker_key(match["name"], reading)
    if key is None:
        raise unknown_speaker(match["name"], reading, match.start())
    style = match["style"]
    return Tag(match["name"].strip(), key, style.strip() if style else None, match.end())


def speaker_key(name: str, reading: Reading) -> str | None:
    """The key of cast that ``name`` means, ``narrator``, or None when unknown."""
    folded = _fold(name)
    if reading.speakers is not None and folded in reading.speakers:
        return reading.speakers[folded]
    if folded in NARRATORS:
        return NARRATOR
    return " ".join(name.split()) if reading.speakers is None else None


def unknown_speaker(name: str, reading: Reading, offset: int) -> ManuscriptError:
    """The one line that says which name is meant, and where it stands."""
    known: Iterable[str] = reading.speakers or ()
    near = get_close_matches(_fold(name), sorted(known), 1, 0.6)
    return ManuscriptError(
        f"{name.strip()!r} is nobody in cast:",
        path=reading.name,
        line=line_number(reading.text, offset),
        expected="a key or alias of cast, or narrator",
        hint=f"did you mean {near[0]!r}?" if near else "add it to cast:, or correct the name",
    )


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
