"""Source text as it grows: white space folded, line ends and paragraphs set where they begin."""

from __future__ import annotations

import re
from collections.abc import Sequence

from book.manuscript import Edit

_SPACE = re.compile(r"[ \t\n\r\f]+")
_FOLDED = " \t\n\r\f"
_INDENT = re.compile(r"[ \t\n\r\f]*(?:\u3000|\u00a0{2}|\u2003)")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u200e\u200f]")
_WORDS = re.compile(r"\w+")
PARAGRAPH = "\n\n"


class Text:
    """Characters of one document, and the paragraph that is being written."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._space = False  # white space seen, not yet written
        self._breaks = 0  # line ends seen, not yet written
        self.length = 0  # characters written
        self.visible = False  # the open paragraph holds more than white space
        self.start: int | None = None  # where the open paragraph begins; None: there is none

    def add(self, characters: str, *, keep: bool = False) -> None:
        """Appends ``characters``; white space is folded unless ``keep``."""
        if keep:
            self._add_kept(characters)
            return
        words = _SPACE.sub(" ", characters)
        body = words.strip(" ")
        if not body:
            self._space = self._space or bool(words)
            return
        if self.start is None:
            self._open()
        elif self._breaks:
            self._write("\n" * self._breaks)
        elif self._space or words[0] == " ":
            self._write(" ")
        self._breaks, self._space = 0, words[-1] == " "
        self._write(body)

    def _add_kept(self, characters: str) -> None:
        for i, line in enumerate(characters.split("\n")):
            if i:
                self._breaks += 1
                self._space = False
            if not line.strip(_FOLDED):
                continue
            if self.start is None:
                self._open()
            elif self._breaks:
                self._write("\n" * min(self._breaks, 2))
            elif self._space:
                self._write(" ")
            self._breaks, self._space = 0, False
            self._write(line)

    def add_break(self) -> None:
        """A line end, written when a character follows."""
        if self.start is not None:
            self._breaks = min(self._breaks + 1, 2)

    def end_line(self) -> None:
        """At least one line end."""
        if self.start is not None:
            self._breaks = max(self._breaks, 1)

    def begins_anew(self, characters: str) -> bool:
        """Whether ``characters`` after a line end begin a paragraph: two line ends, an indent."""
        if not self._breaks or not characters.strip(_FOLDED):
            return False
        return self._breaks > 1 or _INDENT.match(characters) is not None

    def close(self) -> tuple[int, int] | None:
        """Ends the paragraph and gives its range; None when there was none."""
        start, self.start = self.start, None
        self._space, self._breaks = False, 0
        return None if start is None else (start, self.length)

    def finish(self) -> str:
        """The whole text."""
        return "".join(self._parts)

    def _open(self) -> None:
        if self.length:
            self._write(PARAGRAPH)
        self.visible = False
        self.start = self.length

    def _write(self, characters: str) -> None:
        self._parts.append(characters)
        self.length += len(characters)
        self.visible = self.visible or not characters.isspace()


def squeezed(text: str, start: int, end: int, edits: Sequence[Edit]) -> str:
    """``text[start:end]`` without its edits, white space folded, no invisible characters."""
    parts = []
    at = start
    for edit in edits:
        parts.append(text[at : edit.start])
        at = max(at, edit.end)
    parts.append(text[at:end])
    return clean_line("".join(parts))


def clean_line(line: str) -> str:
    """A title as one line: white space folded, joiners and soft hyphens gone."""
    return " ".join(_INVISIBLE.sub("", line).split())


def title_key(title: str) -> str:
    """The words of a title, for comparing it with another: lower case, between spaces."""
    return f" {' '.join(_WORDS.findall(title.casefold()))} "
