"""Names that strangers give to files: one rule, and a path that stays inside its folder.

A name is a file name on every system we know: no separators, no leading dot, nothing that
Windows keeps for itself. Everything else (NUL, control characters, unicode look-alikes of dots
and slashes) is outside the alphabet.
"""

from __future__ import annotations

import re
from pathlib import Path

from castbook.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
# Windows opens a device for these, whatever follows the first dot
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(10)]
)
EXPECTED = "1 to 100 of A-Z a-z 0-9 _ . -, starting with none of . -, not ending with a dot"


def is_safe(name: str) -> bool:
    """Whether ``name`` may be a file's name."""
    return (
        _NAME.fullmatch(name) is not None
        and not name.endswith(".")  # Windows drops it: two names, one file
        and name.partition(".")[0].lower() not in _DEVICES
    )


def safe_name(name: str, place: str = "name") -> str:
    """``name``, if it may be a file's name.

    Raises:
        InputError: it may not; the message shows it escaped and bounded.
    """
    if not is_safe(name):
        raise InputError(f"{name[:120]!a} cannot be a name", place=place, expected=EXPECTED)
    return name


def inside(root: Path, name: str, place: str = "name") -> Path:
    """``root/name``, which is in ``root`` and is no link. It need not exist.

    Raises:
        InputError: ``name`` is no name, or what stands there is a symbolic link or leads out.
    """
    path = root / safe_name(name, place)
    if path.is_symlink() or not path.resolve().is_relative_to(root.resolve()):
        raise InputError(f"{name!a} is a link", place=place, expected="a file of its own")
    return path
