"""What the ``batch`` flow takes as a batch: rows, or a file from where files may come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from castbook.errors import InputError
from flows.batches import MOST_INLINE, ordered_rows


@pytest.mark.parametrize(
    ("path", "rows", "words"),
    [
        ("../../etc/passwd", None, "lies outside"),
        ("library/library.yaml", None, "lies outside"),
        ("uploads/../library/library.yaml", None, "lies outside"),
        ("uploads/link.jsonl", None, "lies outside"),
        ("/etc/passwd", None, "lies outside"),
        ("uploads/a\0.jsonl", None, "is no path"),
        ("uploads", None, "^uploads: is a folder"),
        ("uploads/gone.jsonl", None, "^uploads/gone.jsonl: there is no such file"),
        ("", None, "either a path or rows"),
        ("uploads/a.jsonl", [{"text": "a"}], "either a path or rows"),
        ("", [{"text": "a" * MOST_INLINE}], "upload them as a file"),
    ],
)
def test_what_is_no_batch(path: str, rows: Any, words: str, tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "link.jsonl").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match=words):
        ordered_rows(tmp_path, path, rows, {})


def test_the_same_order_has_the_same_digest(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "a.jsonl").write_text('{"text": "a"}\n')
    digests = [
        ordered_rows(tmp_path, "uploads/a.jsonl", None, defaults)[2]
        for defaults in ({}, {}, {"voice": "oak"}, {"speed": 1.5})
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
