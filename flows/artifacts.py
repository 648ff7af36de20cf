"""What a run leaves on Prefect's pages: progress bars, tables, a link to the book.

Thin: each function writes one artifact. A dashboard that does not answer never breaks a
run: the first error is logged, the rest are silent.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

MOST_ROWS = 100  # of a table: the page stays quick, the files hold the rest

_log = logging.getLogger("castbook.dashboard")
_warned: set[str] = set()


def artifact_key(slug: str, part: str) -> str:
    """``alice-ch03``: lower-case letters, digits and dashes, as Prefect wants keys.

    A slug in another script becomes its digest: ``book-3f2a9c1b-ch03``.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")
    if not plain or not slug.isascii():
        plain = f"{plain or 'book'}-{hashlib.sha256(slug.encode()).hexdigest()[:8]}"
    return f"{plain}-{part}"


def start_progress(key: str, description: str, percent: float) -> UUID | None:
    """Creates a progress bar; None when the server did not answer."""
    made = _quietly(create_progress_artifact, progress=percent, key=key, description=description)
    return made if isinstance(made, UUID) else None


def move_progress(artifact: UUID, percent: float, description: str) -> None:
    """Moves a progress bar."""
    _quietly(
        update_progress_artifact,
        artifact_id=artifact,
        progress=percent,
        description=description,
    )


def write_table(key: str, description: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A table of at most ``MOST_ROWS`` rows; says how many were left out."""
    shown = [dict(row) for row in rows[:MOST_ROWS]]
    if len(rows) > MOST_ROWS:
        description += f" (the first {MOST_ROWS} of {len(rows)})"
    _quietly(create_table_artifact, table=shown, key=key, description=description)


def write_markdown(key: str, description: str, text: str) -> None:
    """A page of text."""
    _quietly(create_markdown_artifact, markdown=text, key=key, description=description)


def _quietly(call: Callable[..., Any], **arguments: Any) -> Any:
    """The boundary to a dashboard that may be gone: reported once per kind, then silent."""
    try:
        return call(**arguments)
    except Exception as error:
        name = getattr(call, "__name__", "artifact")
        if name not in _warned:
            _warned.add(name)
            _log.warning("the dashboard does not take %s: %s", name, error)
        return None
