"""Lines as lists and headings are compared: by their words, without marks and page numbers."""

from __future__ import annotations

import re

from book.languages import Language

LONGEST_ENTRY = 200  # characters; a longer paragraph is no entry of a list
WIDE_GAP = 3  # blank lines that end a list: its own lines have at most 2 between them
PAGE = re.compile(r"(?:[\s.·…_]{2,}|\s)(?:p(?:age|\.)?\s*)?(?:\d{1,4}|[ivxlc]{1,7})$")
HEADER = re.compile(
    r"(?:chap(?:ter)?s?\.?|page|pages|pp?\.)(?:\s+(?:page|pages|pp?\.))?", re.I
)  # over the columns of a list


def squeeze(text: str) -> str:
    """Letters and digits only, for comparing an entry with a heading."""
    return " ".join(
        re.sub(r"[\W_]+", " ", text.replace("’", "").replace("'", "")).split()
    ).casefold()


def bare(line: str) -> str:
    """A line without the marks and spaces around it, for comparing with a word list."""
    return " ".join(line.split()).strip(" □■◇◆【】[]()（）*_.·=—–-\u3000").casefold()


def is_contents_head(line: str, language: Language) -> bool:
    """Whether a line heads a list of chapters."""
    name = bare(line)
    words = language.headings.contents
    return name in words or any(name.startswith(f"{w} of ") and len(name) < 60 for w in words)
