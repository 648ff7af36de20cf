"""A line that shows a character: a whole sentence, long enough to hear someone in it."""

from __future__ import annotations

from collections.abc import Sequence

from book.languages import Language
from book.sentences import sentence_ends

LENGTH = (30, 140)  # characters
_BEST = 75  # about what is printed of it
_MARKS = '"“”‘’「」『』«»„ \n\u3000'
_ENOUGH = 60  # lines that are looked at


def choose_sample(lines: Sequence[str], language: Language) -> str:
    """The first whole sentence of a good length; else the longest line, cut."""
    low, high = (n // 3 if language.han else n for n in LENGTH)
    best = _BEST // 3 if language.han else _BEST
    bare = [_bare(line, language) for line in lines]
    whole = [s for line in bare[:_ENOUGH] for s in _sentences(line, language)]
    good = [s for s in whole if low <= len(s) <= high]
    if good:
        return min(good, key=lambda s: abs(len(s) - best))
    return max(whole or bare, key=len, default="")[:high]


def _bare(line: str, language: Language) -> str:
    """A line without its marks; an apostrophe that begins a word stays."""
    line = (line if language.han else " ".join(line.split())).strip(_MARKS)
    head = line[1:].split(maxsplit=1)[:1]
    if line.startswith("'") and head and head[0].casefold().rstrip(",.!?") not in language.elisions:
        line = line[1:]
    return line.strip(_MARKS).removesuffix("'")


def _sentences(line: str, language: Language) -> list[str]:
    """The sentences of a line that begin and end as sentences do."""
    found, start = [], 0
    for end in (*sentence_ends(line, language), len(line)):
        part = line[start:end].strip(_MARKS)
        start = end
        if part and not part[0].islower() and part[-1] in language.end_marks + "’'\"":
            found.append(part)
    return found
