"""Receipts: what a run has made, for whoever knows only its id: ``outputs/runs/RUN-ID.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from castbook.files import write_text
from castbook.names import safe_name
from tasks.speech.outputs import read_manifest


def receipt_path(data: Path, run: str) -> Path:
    """Where ``write_receipt`` tells what a run has made.

    Raises:
        InputError: ``run`` is no id.
    """
    return data / "outputs" / "runs" / f"{safe_name(run, 'run')}.json"


def write_receipt(
    data: Path, run: str, files: Sequence[Path], *, folder: Path | None = None, pack: Path | None
) -> None:
    """Tells what a run has made, for whoever knows only its id.

    Args:
        files: the finished ones, inside ``data``.
        folder: of a batch: where its ``manifest.json`` is.
        pack: of a batch: its zip.
    """
    path = receipt_path(data, run)
    root = data.resolve()

    def relative(file: Path | None) -> str | None:
        return None if file is None else file.resolve().relative_to(root).as_posix()

    said = {
        "files": [relative(file) for file in files],
        "folder": relative(folder),
        "zip": relative(pack),
    }
    write_text(path, json.dumps(said, ensure_ascii=False, indent=1) + "\n")


def read_receipt(data: Path, run: str) -> dict[str, Any] | None:
    """``{"files": […], "folder": …, "zip": …}``, paths relative to ``data``; None before the
    run has made anything."""
    return read_manifest(receipt_path(data, run))
