"""A PostgreSQL server of a test's own, thrown away with its folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def running_postgres(port: int) -> Iterator[str]:
    """Its address for Prefect, ``postgresql+asyncpg://…``.

    Skips the test where no PostgreSQL is installed.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL is installed: apt-get install postgresql")
    # not below pytest's folder, which is closed to the user that the server runs as
    folder = Path(tempfile.mkdtemp(prefix="castbook-postgres-"))
    user: list[str] = []
    if os.geteuid() == 0:  # which the server refuses to be
        shutil.chown(folder, "postgres")
        user = ["runuser", "-u", "postgres", "--"]
    data = str(folder / "data")
    # nothing is kept: durability would only wait for the disk
    options = f"-p {port} -k {folder} -h 127.0.0.1 -c fsync=off -c full_page_writes=off"
    try:
        _call(user, f"{programs}/initdb", "-A", "trust", "-U", "castbook", "-D", data, "--no-sync")
        _call(
            user,
            f"{programs}/pg_ctl",
            "-w",
            "-D",
            data,
            "-l",
            f"{folder}/log",
            "-o",
            options,
            "start",
        )
        try:
            yield f"postgresql+asyncpg://castbook@127.0.0.1:{port}/postgres"
        finally:
            _call(user, f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> str | None:
    """The folder of initdb: on PATH, or where Debian puts it."""
    found = shutil.which("initdb")
    places = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")))
    return str(Path(found or places[-1]).parent) if found or places else None


def _call(user: list[str], *words: str) -> None:
    done = subprocess.run([*user, *words], capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
