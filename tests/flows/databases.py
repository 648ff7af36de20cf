"""A PostgreSQL server of a test's own; the test is skipped where none is installed."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from benchmarks import postgres


def running_postgres(port: int) -> AbstractContextManager[str]:
    """Its address for Prefect, ``postgresql+asyncpg://…``."""
    if postgres.postgres_programs() is None:
        pytest.skip("no PostgreSQL is installed: apt-get install postgresql")
    return postgres.running_postgres(port)
