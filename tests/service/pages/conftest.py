"""A small book with everything a review looks for, made once for all tests of pages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

_TESTS = Path(__file__).resolve().parents[2]
# helpers that other rooms' tests have: a browser, a book of tones
sys.path += [str(_TESTS / "tasks"), str(_TESTS / "flows")]

FAULTS = [
    {"match": "noise", "kind": "truncate"},  # doubtful: there is sound, and it is too short
    {"match": "candle", "kind": "refuse"},  # failed: there is none
]


@pytest.fixture(scope="session")
def made_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three chapters: the second has a doubtful line and a failed one. Not to be changed."""
    from books_of_tone import write_book

    from flows.local import run_locally

    project = write_book(tmp_path_factory.mktemp("made") / "hill", options={"faults": FAULTS})
    report = run_locally(project)
    assert [line.segment.printed for line in report.doubtful] == ['"What is that noise?"']
    assert len(report.failed) == 1
    return project
