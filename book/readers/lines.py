"""Lines as lists and headings are compared: by their words, without marks and page numbers."""

from __future__ import annotations

import re

from book.languages import Language

LONGEST_ENTRY = 200  # characters; a longer paragraph is no entry of a list
WIDE_GAP = 3  # blank lines that end a list: its own lines have at most 2 between them
_PAGE = re.compile(r"(?:^|[\s.·…_])(?:p(?:age|\.)?\s*)?(?:\d{1,4}|[ivxlc]{1,7})$")
_LAST = 16  # characters of a line that a page number with its word may take
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


def has_page(line: str) -> bool:
    """Whether a line ends like an entry of a list with its page: "… 12", "... xii"."""
    return _PAGE.search(line, max(0, len(line) - _LAST)) is not None


def without_page(line: str) -> str:
    """A line without the page number and the dots that lead to it."""
    match = _PAGE.search(line, max(0, len(line) - _LAST))
    return line[: match.start()].rstrip(" .·…_\t\u3000") if match else line
