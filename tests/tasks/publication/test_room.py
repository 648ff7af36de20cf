"""The room a book needs on the disk, asked for before any work; limits that are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from castbook.errors import StorageError
from tasks.publication.limits import remarks
from tasks.publication.space import Need, make_sure, needed_bytes


def test_nothing_needs_nothing() -> None:
    assert needed_bytes([]) == 0
    make_sure(Path("nowhere/at/all"), 0, free=0)


def test_a_book_of_ten_hours() -> None:
    hours = [Need(36_000, 192), Need(36_000, 64), Need(36_000, 64, extra=10_000_000)]
    needed = needed_bytes(hours)
    assert 36_000 * 320 * 125 < needed < 1.1 * 36_000 * 320 * 125


def test_one_line_says_how_much_is_missing(tmp_path: Path) -> None:
    make_sure(tmp_path / "out", 5_000_000_000, free=5_000_000_000)
    with pytest.raises(StorageError) as caught:
        make_sure(tmp_path / "out", 5_000_000_000, free=1_250_000_000)
    line = str(caught.value)
    assert "\n" not in line
    for part in ("need 5.0 GB", "1.2 GB are free", "at least 3.8 GB", "same command"):
        assert part in line


def test_the_disk_itself_is_asked(tmp_path: Path) -> None:
    make_sure(tmp_path / "not" / "there" / "yet", 1)
    with pytest.raises(StorageError):
        make_sure(tmp_path, 1 << 62)


def test_limits_are_said() -> None:
    everything = ("m4b", "epub", "mp3-book", "opus")
    assert remarks(everything, 255, {"B.m4b": 2**32 - 1}) == ()
    nero, large = remarks(everything, 300, {"B.m4b": 100.0, "B.epub": 2.0**32})
    assert "300 chapters" in nero
    assert "B.epub has 4.3 GB" in large
    assert len(remarks(everything, 1200, {})) == 2
    assert remarks(("mp3",), 1200, {}) == ()
