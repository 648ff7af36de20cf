"""The files that pages load: style, programs and the vendored htmx and wavesurfer.

A fixed list made at start: no path is ever built from a request. Addresses carry the digest
of the file, so browsers may keep it for ever and a new version is another address.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Static:
    """One file, read once."""

    content: bytes
    kind: str  # of the content
    version: str  # of its content, 12 hex digits


@cache
def statics() -> dict[str, Static]:
    """All files by their path below ``static/``, with forward slashes."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            content = path.read_bytes()
            kind = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0]
            found[path.relative_to(FOLDER).as_posix()] = Static(
                content,
                kind or "text/plain; charset=utf-8",
                hashlib.sha256(content).hexdigest()[:12],
            )
    return found


def address(name: str) -> str:
    """Where a page finds the file.

    Raises:
        KeyError: there is no such file.
    """
    return f"/static/{name}?v={statics()[name].version}"
