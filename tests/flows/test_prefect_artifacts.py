from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import artifacts

SLUGS = st.text(min_size=1, max_size=60)


@given(SLUGS)
def test_prefect_accepts_every_key(slug: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]+", artifacts.artifact_key(slug, "ch03"))


@given(SLUGS, SLUGS)
def test_books_in_other_scripts_do_not_share_a_key(one: str, other: str) -> None:
    keys = {artifacts.artifact_key(f"孔{slug}", "ch03") for slug in (one, other)}
    assert len(keys) == len({one, other})


def test_a_plain_slug_stays_readable() -> None:
    assert artifacts.artifact_key("sign-of-the-four", "ch03") == "sign-of-the-four-ch03"
    assert artifacts.artifact_key("孔乙己", "ch01").startswith("book-")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is sent instead of going to a server."""
    sent: list[dict[str, Any]] = []

    def recorder(name: str) -> Callable[..., UUID]:
        def record(**arguments: Any) -> UUID:
            sent.append({"call": name, **arguments})
            return uuid4()

        return record

    for name in ("create_progress_artifact", "update_progress_artifact", "create_table_artifact",
                 "create_markdown_artifact"):  # fmt: skip
        monkeypatch.setattr(artifacts, name, recorder(name))
    return sent


def test_a_long_table_says_what_it_leaves_out(calls: list[dict[str, Any]]) -> None:
    artifacts.write_table("k", "Segments", [{"id": n} for n in range(250)])
    (call,) = calls
    assert len(call["table"]) == artifacts.MOST_ROWS
    assert call["description"] == "Segments (the first 100 of 250)"


def test_a_dead_dashboard_breaks_nothing_and_is_named_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(**_: Any) -> UUID:
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(artifacts, "create_progress_artifact", gone)
    monkeypatch.setattr(artifacts, "_warned", set())
    with caplog.at_level(logging.WARNING, logger="castbook.dashboard"):
        assert artifacts.start_progress("a", "b", 1.0) is None
        assert artifacts.start_progress("a", "b", 2.0) is None
    assert [r.getMessage() for r in caplog.records] == [
        "the dashboard does not take gone: nobody answers"
    ]
