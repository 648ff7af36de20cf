"""The files that pages load: style, programs and the vendored htmx and wavesurfer.

A fixed list made at start: no path is ever built from a request. Addresses carry a digest of
all files, so browsers may keep them for ever; programs find each other beside themselves, under
the same digest, and so none is loaded twice.
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


@cache
def statics() -> dict[str, Static]:
    """All files by their path below ``static/``, with forward slashes."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            content = path.read_bytes()
            kind = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0]
            name = path.relative_to(FOLDER).as_posix()
            found[name] = Static(content, kind or "text/plain; charset=utf-8")
    return found


@cache
def version() -> str:
    """Of all files together: 12 hex digits."""
    digest = hashlib.sha256()
    for name, one in statics().items():
        digest.update(f"{name} {len(one.content)}\n".encode() + one.content)
    return digest.hexdigest()[:12]


def address(name: str) -> str:
    """Where a page finds the file.

    Raises:
        KeyError: there is no such file.
    """
    if name not in statics():
        raise KeyError(name)
    return f"/static/{version()}/{name}"
