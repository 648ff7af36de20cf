"""The end of a batch: ``manifest.json`` with every row, and one zip of everything that was made.

Both say nothing of clocks and machines: equal rows give equal bytes, so that a batch which was
started again ends with the files it would have had at once.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

from castbook import zips
from castbook.errors import StorageError
from castbook.files import file_sha256, publish, temporary_beside, write_text
from tasks.batches.running import BatchReport, RowResult

MANIFEST = "manifest.json"
MOST_A_DAY = 10_000  # zips


def write_batch_manifest(folder: Path, report: BatchReport) -> Path:
    """Writes ``manifest.json`` beside the outputs."""
    path = folder / MANIFEST
    write_text(path, manifest_text(report))
    return path


def manifest_text(report: BatchReport) -> str:
    """The manifest: every row with its file, the failed ones with their reason."""
    said = {
        "schema": 1,
        "total": len(report.rows),
        "done": len(report.done),
        "rows": [_done(row) for row in report.done],
        "failed": [
            {"number": row.number, "id": row.id, "reason": row.reason} for row in report.failed
        ],
    }
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def _done(row: RowResult) -> dict[str, Any]:
    assert row.output is not None
    return {
        "number": row.number,
        "id": row.id,
        "file": row.output.path.name,
        "frames": row.output.frames,
        "rate": row.output.rate,
        "pcm_sha256": row.output.pcm_sha256,
        "characters": row.characters,
        "text_sha256": row.text_sha256,
    }


def pack(report: BatchReport, into: Path, day: date) -> Path:
    """``batch_output_YYYYMMDD.zip`` of the files that were made, and the manifest.

    A second batch of the day gets ``-2``; the same batch again finds its zip again.

    Raises:
        StorageError: a file is gone, or the zip cannot be written.
    """
    first = into / f"batch_output_{day:%Y%m%d}.zip"
    with temporary_beside(first) as temporary:
        _write(temporary, report)
        digest = file_sha256(temporary)
        for number in range(1, MOST_A_DAY):
            path = first if number == 1 else first.with_stem(f"{first.stem}-{number}")
            if publish(temporary, path) or file_sha256(path) == digest:
                return path
    raise StorageError(f"{into}: too many batches in one day; move some of their zips away")


def _write(path: Path, report: BatchReport) -> None:
    """Stored and not deflated: deflate takes a tenth off speech, and its bytes are a matter of
    the library's version."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as packed:
        for row in report.done:
            assert row.output is not None
            source = row.output.path
            try:
                file = source.open("rb")
            except OSError as error:
                raise StorageError(f"{source}: cannot be read: {error.strerror}") from error
            with file, packed.open(zips.entry(source.name), "w", force_zip64=True) as target:
                shutil.copyfileobj(file, target, 1 << 20)
        packed.writestr(zips.entry(MANIFEST), manifest_text(report))
