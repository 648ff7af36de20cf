"""A single text to pieces: what is spoken for it, as a book would speak the same sentences.

Knows no manuscript: no chapters, no cast, one voice. The printed pieces joined are the text,
exactly; each is at most the wanted length, and each spoken one fits the engine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from book.drafts import Draft, Voicing, draft_credits
from book.languages import load_language
from book.project import Pauses
from book.script import PauseReason
from book.scripting import pause_after, spoken_of
from book.segments import Limit
from castbook.errors import InputError

# A line that reaches this far was broken by an editor, not by its author: the next one goes on.
_WRAPPED = 40  # characters; a Han character is as wide as two
_ITEM = re.compile(r"\s*(?:[-*•·–]|\d{1,3}[.)、]|[（(]\d{1,3}[)）])\s*\S")
_BULLET = re.compile(r"(?<![^\n])[ \t]*[-*•·–](?=[ \t])")
_WIDE = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]")
_JOINER = "\u2060"  # stands for a line's end inside Chinese, where a space would be heard
_HALF = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A part of a text that is spoken in one go, or not at all."""

    printed: str  # as it stands in the text, the white space behind it included
    spoken: str  # what the engine hears; "" where there is nothing to say
    pause_ms: int = 0  # after it
    pause_reason: PauseReason = "end"


def cut_text(
    text: str, voicing: Voicing, longest: int, pauses: Pauses | None = None
) -> tuple[TextPiece, ...]:
    """The pieces of ``text``, in order.

    Args:
        voicing: language, lexicon and the engine's limit; ``speakers`` is (None,).
        longest: characters of a piece, as printed and as spoken.

    Raises:
        InputError: there is nothing to say; half a character (a lone surrogate).
    """
    if _HALF.search(text):
        raise InputError("holds half of a character", place="input", expected="Unicode text")
    length = Limit(lambda part, language: len(part), longest)
    voicing = replace(voicing, limits=(*voicing.limits, length))
    clean = _unwrapped(text)
    drafts, starts = [], []
    for start, end in _paragraphs(clean):
        for draft in draft_credits([clean[start:end]], voicing):
            drafts.append(draft)
            starts.append(start + draft.piece.start)
    if not drafts:
        raise InputError("there is nothing to say", place="input", expected="a letter or a digit")
    spoken = list(_spoken(drafts, voicing, pauses or Pauses()))
    return tuple(_covering(text, starts, spoken, longest))


def _spoken(drafts: Sequence[Draft], voicing: Voicing, pauses: Pauses) -> Iterator[TextPiece]:
    words = load_language(voicing.language)
    for draft, following in zip(drafts, (*drafts[1:], None), strict=True):
        _, said = spoken_of(draft, None, voicing)
        reason, pause = pause_after(draft, following, True, pauses, words)
        yield TextPiece(draft.printed, said.replace(_JOINER, "").strip(), pause, reason)


def _covering(
    text: str, starts: Sequence[int], pieces: Sequence[TextPiece], longest: int
) -> Iterator[TextPiece]:
    """The pieces with all of the text: what lies between two goes with the first, or alone
    where that would be too long."""
    yield from _silent(text, 0, starts[0], longest)
    for piece, start, following in zip(pieces, starts, (*starts[1:], len(text)), strict=True):
        end = start + len(piece.printed)
        reach = min(following, max(end, start + longest))
        yield replace(piece, printed=text[start:reach])
        yield from _silent(text, reach, following, longest)


def _silent(text: str, start: int, end: int, longest: int) -> Iterator[TextPiece]:
    for at in range(start, end, longest):
        yield TextPiece(text[at : min(end, at + longest)], "")


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) of the lines of a text that was unwrapped."""
    at = 0
    for line in text.split("\n"):
        if line.strip():
            yield at, at + len(line)
        at += len(line) + 1


def _unwrapped(text: str) -> str:
    """The text, every character in its place, with ``\\n`` only where a paragraph ends."""
    lines = "".join(map(_plain, text)).split("\n")
    parts = [lines[0]]
    for line, following in pairwise(lines):
        parts += [_end(line, following), following]
    return _BULLET.sub(lambda match: " " * len(match.group()), "".join(parts))


def _end(line: str, following: str) -> str:
    """What stands for the end of ``line``."""
    wide = len(line) + len(_WIDE.findall(line))
    if wide < _WRAPPED or not following.strip() or _ITEM.match(following):
        return "\n"
    before, after = line.rstrip()[-1:], following.lstrip()[:1]
    return _JOINER if _WIDE.match(before) and _WIDE.match(after) else " "


def _plain(character: str) -> str:
    """Control characters are white space."""
    if character in "\n\u2028\u2029\x85":
        return "\n"
    return " " if unicodedata.category(character) == "Cc" else character
