"""A PostgreSQL server for a benchmark or a test, thrown away with its folder.

It refuses to be root, and is then run by the user ``postgres``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from castbook.errors import EnvironmentFault, MissingDependency

_CALL_S = 60.0


def postgres_programs() -> Path | None:
    """The folder of initdb: on PATH, or where Debian puts it; None where there is none."""
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found or places[-1]).parent if found or places else None


@contextlib.contextmanager
def running_postgres(port: int, *, durable: bool = False) -> Iterator[str]:
    """Its address for Prefect, ``postgresql+asyncpg://…``.

    Args:
        durable: commits wait for the disk, as a real server's do.

    Raises:
        MissingDependency: no PostgreSQL is installed.
        EnvironmentFault: it does not start; its own words.
    """
    programs = postgres_programs()
    if programs is None:
        raise MissingDependency("no PostgreSQL is installed: apt-get install postgresql")
    # not below the caller's folder, which may be closed to the user that the server runs as
    folder = Path(tempfile.mkdtemp(prefix="castbook-postgres-"))
    user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        user = ["runuser", "-u", "postgres", "--"]
    data = str(folder / "data")
    control = [f"{programs}/pg_ctl", "-w", "-D", data]
    options = f"-p {port} -k {folder} -h 127.0.0.1"
    if not durable:
        options += " -c fsync=off -c full_page_writes=off"
    try:
        _call(user, f"{programs}/initdb", "-A", "trust", "-U", "castbook", "-D", data, "--no-sync")
        _call(user, *control, "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql+asyncpg://castbook@127.0.0.1:{port}/postgres"
        finally:
            _call(user, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _call(user: list[str], *words: str) -> None:
    done = subprocess.run([*user, *words], capture_output=True, text=True, timeout=_CALL_S, cwd="/")
    if done.returncode:
        raise EnvironmentFault(f"{Path(words[0]).name} failed: {done.stdout}{done.stderr}")
