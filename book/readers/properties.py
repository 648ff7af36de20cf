"""Titles and authors from a document's metadata, unless a program wrote them there."""

from __future__ import annotations

import re

from book.manuscript import speakable

_PROGRAM = re.compile(
    r"microsoft|\.(?:docx?|indd|tex|dvi|qxd|rtf|odt|pdf|txt|html?|pub|wpd)\b|^untitled|^unknown$"
    r"|^\(?anonymous\)?$|^user$|^admin|^owner$|python-docx|^document\d*$|^word document$"
    r"|libreoffice|openoffice|apache poi|^un-?named$|windows user|[\\/_]"
    r"|^about:|^https?:|^无标题|^用户|^作者$",
    re.I,
)


def plausible(value: str | None) -> str | None:
    """``value`` with single spaces, or None where no person wrote it as a title or a name."""
    text = " ".join((value or "").replace("\x00", " ").split())
    if not text or len(text) > 300 or "\ufffd" in text:
        return None
    return None if _PROGRAM.search(text) or not speakable(text) else text
