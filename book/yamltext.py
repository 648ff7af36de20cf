"""Values and comments as YAML text, for the files that castbook writes and people edit.

What ``scalar`` writes, ``book/yamlfile.py`` reads back as the same text, whatever it holds:
one value per line, so that the files differ line by line in git.
"""

from __future__ import annotations

import re

# Text that YAML reads as itself without quotes, inside [ ] and { } too.
_PLAIN = re.compile(r"[^\W\d_](?:[\w ./'’()&!?-]|(?<=\w)[+@~](?=\w))*")
_WORDS = re.compile(r"(?:true|false|null|yes|no|on|off|y|n|~)", re.IGNORECASE)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def scalar(value: str | int | float | bool) -> str:
    """``value`` as it stands after ``key: ``: plain where that is safe, else in quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value) and not value.endswith(" "):
        return value
    return '"' + "".join(map(_character, value)) + '"'


def flow_list(values: tuple[str, ...]) -> str:
    """``[one, two]``"""
    return "[" + ", ".join(map(scalar, values)) + "]"


def one_line(text: str, limit: int = 80) -> str:
    """``text`` for a comment or a note: white space and controls folded, cut at ``limit``."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def note_rows(**notes: str) -> list[str]:
    """Rows of an entry that are for people: shortened, and left out when blank."""
    short = {key: one_line(note) for key, note in notes.items()}
    return [f"    {key}: {scalar(note)}" for key, note in short.items() if note]


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
