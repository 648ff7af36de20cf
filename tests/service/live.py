"""The app as clients meet it: a desk over a folder, and a real server in a thread."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from flows.orders.port import Orders
from service.desk import Desk
from service.settings import ServiceSettings
from tasks.shelf.shelf import Shelf
from tasks.speech.studio import Studio

READY_S = 20.0


def make_desk(folder: Path, orders: Orders | None = None, **settings: Any) -> Desk:
    """A desk whose voices are those of the tone engine, unless ``engine`` says another."""
    told = ServiceSettings(**{"data": folder, "engine": "tone", "host": "127.0.0.1", **settings})
    shelf = Shelf(told.data / "library", told.engine)
    return Desk(told, shelf, Studio(shelf, slots=told.slots), orders)


@contextlib.contextmanager
def live(app: ASGIApp, **options: Any) -> Iterator[str]:
    """Serves ``app`` on a port of the kernel's choice; the value is ``http://127.0.0.1:PORT``."""
    config = uvicorn.Config(
        app, port=0, log_config=None, access_log=False, timeout_graceful_shutdown=2, **options
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="live", daemon=True)
    thread.start()
    deadline = time.monotonic() + READY_S
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(READY_S)
        assert not thread.is_alive(), "the server did not stop"
