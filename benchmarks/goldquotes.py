"""Books whose quotations have a known speaker, as paragraphs and spans that the rules can read.

One JSON file is one book: ``{id, lang, title, narrator, characters: [{name, aliases, gender}],
quotes: [{id, spans: [[start, end], …], speaker, type}], text}``. Spans are code points of
``text``, without the quote marks; ``speaker`` is a character's name or null.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from book.languages import Language, load_language
from book.manuscript import Paragraph, Slice
from book.spans import Span
from book.speakers import Attribution, ChapterText
from book.speakers.names import Names, find_names

_OPEN, _CLOSE = "“”‘’「」『』«»„\"'＂_—", "“”‘’「」『』«»\"'＂_"
_MARK = re.compile("[“”‘「」『』«»„\"＂]|(?<![^\\W_])'|'(?![^\\W_])")
_GENDERS = {"M": "m", "F": "f"}


@dataclass(frozen=True, slots=True)
class GoldQuote:
    """A quotation and who says it."""

    spans: tuple[tuple[int, int], ...]  # code points of the text, without marks
    speaker: str | None  # a character's name
    type: str  # "explicit", "anaphoric", "implicit" or "unknown"

    @property
    def length(self) -> int:
        """Characters."""
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class GoldBook:
    """A text with its quotations and its cast."""

    name: str
    language: str
    text: str
    cast: dict[str, tuple[str, ...]]
    genders: dict[str, str | None]
    narrator: str | None
    quotes: tuple[GoldQuote, ...]

    @property
    def words(self) -> Language:
        """What is known about the book's language."""
        return load_language(self.language)

    @property
    def names(self) -> Names:
        """The cast, as a project would give it."""
        return find_names(self.cast, self.words, self.narrator, self.genders)


@dataclass(frozen=True, slots=True)
class Laid:
    """A book laid out for ``attribute``: chapters, and where each quotation stands in them."""

    chapters: tuple[ChapterText, ...]
    places: tuple[tuple[tuple[int, int, int], ...], ...]
    # of each quotation, its parts: chapter, number of the quotation in it, characters

    def answers(self, found: Sequence[dict[int, Attribution]]) -> Iterator[Attribution | None]:
        """What was found for each quotation: the answer of its longest part."""
        for parts in self.places:
            longest = max(parts, key=lambda part: part[2], default=None)
            yield found[longest[0]].get(longest[1]) if longest else None


def load_books(folder: Path) -> list[GoldBook]:
    """The books of one set, by file name."""
    return [_book(path) for path in sorted(folder.glob("*.json"))]


def _book(path: Path) -> GoldBook:
    raw: dict[str, Any] = json.loads(path.read_text("utf-8"))
    characters = raw["characters"]
    known = {c["name"] for c in characters}
    return GoldBook(
        name=path.stem,
        language=raw.get("lang", "en"),
        text=raw["text"],
        cast={c["name"]: tuple(c["aliases"]) for c in characters},
        genders={c["name"]: _GENDERS.get(c["gender"]) for c in characters},
        narrator=raw.get("narrator") if raw.get("narrator") in known else None,
        quotes=tuple(
            GoldQuote(tuple((s, e) for s, e in q["spans"]), q["speaker"], q["type"])
            for q in raw["quotes"]
        ),
    )


def lay_out(book: GoldBook) -> Laid:
    """Paragraphs from the text, spans from the known quotations and their marks."""
    text = book.text
    bounds = _paragraphs(book)
    parts = sorted((s, e, q) for q, quote in enumerate(book.quotes) for s, e in quote.spans)
    places: list[list[tuple[int, int, int]]] = [[] for _ in book.quotes]
    chapters: list[tuple[list[Paragraph], list[tuple[Span, ...]]]] = [([], [])]
    number, at, left_open = 0, 0, False
    for start, end in bounds:
        printed = text[start:end].replace("\n", " ")
        heading = _is_heading(printed, book.words)
        if heading and chapters[-1][0]:
            chapters.append(([], []))
            number, left_open = 0, False
        spans: list[Span] = []
        done = start
        while at < len(parts) and parts[at][0] < end:
            first, last, quote = parts[at]
            low, high = _with_marks(text, max(first, done), min(last, end), done, end)
            if high > low:
                _narrate(spans, done, low, start)
                goes_on = left_open and _goes_on(text, done, low, new=done == start)
                number += not goes_on
                spans.append(Span(low - start, high - start, number))
                place = (len(chapters) - 1, number, high - low)
                places[quote].append(place)
                done = high
                left_open = not (high - low > 1 and text[high - 1] in _CLOSE)
            if last > end:
                left_open = True
                break
            at += 1
        left_open = left_open and not _MARK.search(text, done, end)
        _narrate(spans, done, end, start)
        kind: Literal["body", "heading"] = "body" if not heading or len(spans) > 1 else "heading"
        paragraph = Paragraph(Slice(0, start, end), (), printed, kind=kind)
        chapters[-1][0].append(paragraph)
        chapters[-1][1].append(tuple(spans))
    return Laid(
        tuple(ChapterText(paragraphs, spans) for paragraphs, spans in chapters),
        tuple(map(tuple, places)),
    )


def _narrate(spans: list[Span], low: int, high: int, start: int) -> None:
    if high > low:
        spans.append(Span(low - start, high - start))


def _goes_on(text: str, done: int, low: int, *, new: bool) -> bool:
    """Whether what was left open is still open at ``low``: no mark between, as in print.

    A ``new`` paragraph opens with the mark again; a dash opens a new quotation.
    """
    if new and not _MARK.match(text, done):
        return False
    return _MARK.search(text, done + new, low) is None


def _with_marks(text: str, start: int, end: int, low: int, high: int) -> tuple[int, int]:
    """The span with the marks around it."""
    while start > low and text[start - 1] in _OPEN[:-1]:
        start -= 1
    while end < high and text[end] in _CLOSE:
        end += 1
    return start, end


def _paragraphs(book: GoldBook) -> list[tuple[int, int]]:
    """Paragraphs end at a blank line; at every line where lines are not wrapped."""
    lines = [line for line in book.text.split("\n") if line.strip()]
    wrapped = (
        bool(lines)
        and not book.words.han
        and statistics.quantiles([len(line) for line in lines] * 2, n=20)[-1] < 120
    )
    edge = r"\n[^\S\n]*\n\s*" if wrapped else r"\s*\n\s*"
    found, at = [], 0
    for match in re.finditer(edge, book.text):
        found.append((at, match.start()))
        at = match.end()
    found.append((at, len(book.text)))
    stripped = []
    for start, end in found:
        part = book.text[start:end]
        left = start + len(part) - len(part.lstrip())
        right = start + len(part.rstrip())
        if right > left:
            stripped.append((left, right))
    return stripped


def _is_heading(printed: str, language: Language) -> bool:
    words = "|".join(map(re.escape, language.headings.chapter))
    if language.han or not words or len(printed) > 80:
        return False
    return (
        re.match(rf"(?:{words})\s+(?:[IVXLC]+|\d+|[A-Z]+|[A-Z][a-z-]+)\b", printed, re.I)
        is not None
    )
