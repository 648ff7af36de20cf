"""``lexicon.yaml``: how words are said, for the spoken text only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from book.script import Replacement
from book.yamlfile import read_yaml, shown
from castbook.errors import ProjectError


@dataclass(frozen=True, slots=True)
class Entry:
    word: str
    say: str
    language: str | None = None
    character: str | None = None
    engine: str | None = None


class Lexicon:
    """Entries, later ones win, longest match first."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self._entries = tuple(entries)

    def apply(
        self, printed: str, *, language: str, speaker: str | None, engine: str
    ) -> tuple[Replacement, ...]:
        """Replacements in ``printed``, in order, never overlapping."""
        words = {
            e.word: e.say
            for e in self._entries
            if e.language in (None, language)
            and e.character in (None, speaker or "narrator")
            and e.engine in (None, engine)
        }
        if not words:
            return ()
        alternatives = sorted(words, key=len, reverse=True)
        pattern = "|".join(
            rf"\b{re.escape(w)}\b" if w.isascii() else re.escape(w) for w in alternatives
        )
        return tuple(
            Replacement(m.start(), m.end(), words[m[0]], "lexicon")
            for m in re.finditer(pattern, printed)
        )


def read_lexicon(paths: Sequence[Path]) -> Lexicon:
    """All entries of all files, in order."""
    entries: list[Entry] = []
    for path in paths:
        file = read_yaml(path)
        data = file.data or {}
        for word, say in (data.get("words") or {}).items():
            entries.append(Entry(word, str(say)))
        for i, row in enumerate(data.get("entries") or []):
            place = ("entries", i)
            if not isinstance(row, dict) or not {"word", "say"} <= set(row):
                raise ProjectError(
                    "not an entry",
                    path=path,
                    line=file.line(place),
                    place=shown(place),
                    expected="word and say",
                )
            entries.append(
                Entry(
                    str(row["word"]),
                    str(row["say"]),
                    row.get("language"),
                    row.get("character"),
                    row.get("engine"),
                )
            )
    return Lexicon(entries)
