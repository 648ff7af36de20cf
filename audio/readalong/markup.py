"""XML and XHTML as text: escaped, well-formed whatever the book says, and nothing else."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable
from typing import Final

XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
OPS: Final = 'xmlns:epub="http://www.idpf.org/2007/ops"'
_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur", "yi"})


def escaped(text: str) -> str:
    """For text and for attributes in double quotes."""
    return html.escape(clean(text), quote=True)


def clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return "".join(
        c
        for c in text
        if c in "\t\n" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in "\ufffe\uffff")
    )


def lines(parts: Iterable[str]) -> str:
    """Each on a line of its own."""
    return "".join(f"{part}\n" for part in parts)


def attributes(**values: str) -> str:
    """`` name="value"`` for each that is not empty; ``class_`` and ``epub_type`` are read as
    ``class`` and ``epub:type``."""
    names = {"class_": "class", "epub_type": "epub:type", "epub_textref": "epub:textref"}
    return "".join(
        f' {names.get(name, name.replace("_", "-"))}="{escaped(value)}"'
        for name, value in values.items()
        if value
    )


def rightward(language: str) -> bool:
    """Whether the language (BCP 47) is written from right to left."""
    return language.split("-")[0].lower() in _RIGHT_TO_LEFT


def document(language: str, title: str, body: str, *, style: str, kind: str = "") -> str:
    """An XHTML page.

    Args:
        style: where its style sheet lies.
        kind: ``epub:type`` of the body: ``frontmatter``, ``bodymatter``, ``backmatter``.
    """
    where = attributes(lang=language) + ' dir="rtl"' * rightward(language)
    return (
        f'{XML}<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" {OPS} '
        f'xml:lang="{escaped(language)}"{where}>\n'
        f"<head><title>{escaped(title) or '-'}</title>"
        f'<link rel="stylesheet" type="text/css" href="{style}"/></head>\n'
        f"<body{attributes(epub_type=kind)}>\n{body}\n</body>\n</html>\n"
    )
