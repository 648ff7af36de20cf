"""``castbook new``: a manuscript becomes a project that can be made at once."""

from __future__ import annotations

from pathlib import Path

READABLE = (".txt", ".md", ".markdown", ".script", ".text")


def looks_like_manuscript(path: Path) -> bool:
    """Whether ``castbook make PATH`` means a manuscript and not a project."""
    return path.is_file() and path.name != "project.yaml"


def project_beside(manuscript: Path):
    return manuscript.with_suffix(""), None
