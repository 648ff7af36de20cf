"""One Prefect server for every test that needs one; helpers of this folder are importable."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A ``flows.server.Server`` with a database of its own.

    Nobody's environment is changed: a PREFECT_API_URL left set would send the tests of the
    command line to this server. In-process flows use ``on_server``, programs the server's
    ``environment``.
    """
    from flows.server import running_server

    with running_server(free_port(), tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture
def on_server(prefect_server: object) -> Iterator[object]:
    """Flows called in this test run on ``prefect_server``, which is the value."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_HOME,
        PREFECT_LOGGING_LEVEL,
        temporary_settings,
    )

    from flows.server import Server

    assert isinstance(prefect_server, Server)
    settings = {
        PREFECT_API_URL: prefect_server.api_url,
        PREFECT_HOME: prefect_server.environment["PREFECT_HOME"],
        PREFECT_LOGGING_LEVEL: "CRITICAL",
    }
    with temporary_settings(settings):
        yield prefect_server


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
