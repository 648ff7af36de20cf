"""Revisions of a hooked book: staged when they come, put in place by the run that makes them.

``revisions/MILLISECONDS-DIGEST`` holds a manuscript that a request brought; ``standing`` names
the one that is in place. A run puts its own there before it plans, so that a book is never
made of two revisions; an older one than what stands is not made any more. The name of a
revision stays when its text is let go, so that the same payload, sent again much later, is not
taken for news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from castbook.errors import InputError
from castbook.files import finished, temporary_beside, write_bytes, write_text
from castbook.files import publish as publish_file

FOLDER = "revisions"
_STANDING = "standing"
_NAME = re.compile(r"[0-9]{15}-[0-9a-f]{32}")


def stage(project: Path, digest: str, content: bytes, now_s: float) -> str:
    """Keeps a revision; its name. One that came before has the name of then.

    Args:
        digest: of the payload, in hex.
        now_s: Unix seconds.
    """
    folder = project / FOLDER
    part = digest[:32]
    names = [path.name for path in _all(folder)]
    known = next((name for name in names if name.endswith(part)), None)
    if known is not None:
        return known
    newest = max((int(name[:15]) for name in names), default=0)
    number = max(int(now_s * 1000), newest + 1)  # a clock may be set back
    name = f"{number:015d}-{part}"
    with temporary_beside(folder / name) as temporary:
        temporary.write_bytes(content)
        publish_file(temporary, folder / name)
    return name


def known_revision(project: Path, digest: str) -> str:
    """The name of a revision that came before; "" for a new one."""
    part = digest[:32]
    return next((p.name for p in _all(project / FOLDER) if p.name.endswith(part)), "")


def standing(project: Path) -> str:
    """The revision that is in place; "" for none."""
    file = project / FOLDER / _STANDING
    return file.read_text("utf-8").strip() if file.is_file() else ""


def put_in_place(project: Path, revision: str, manuscript: str) -> bool:
    """Makes a revision the manuscript. Called again after a crash, it does the same.

    Args:
        manuscript: the name of the file in the project.

    Returns:
        False: a newer one stands; nothing was changed.

    Raises:
        InputError: there is no such revision.
    """
    if not _NAME.fullmatch(revision):
        raise InputError(f"{revision[:100]!r} is no revision", place="revision")
    now = standing(project)
    if revision < now:
        return False
    if revision == now:
        return True
    file = project / FOLDER / revision
    if not file.is_file():
        raise InputError("is not here any more", path=file, place="revision")
    write_bytes(project / manuscript, file.read_bytes())
    write_text(project / FOLDER / _STANDING, f"{revision}\n")
    for path in _all(project / FOLDER):
        if path.name < revision and path.stat().st_size:
            write_bytes(path, b"")
    return True


def _all(folder: Path) -> Iterator[Path]:
    return (path for path in finished(folder, "*-*") if _NAME.fullmatch(path.name))
