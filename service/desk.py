"""The desk: all that lives as long as the app, made once and handed to every route.

Routes reach it as ``desk_of(request)``; tests make their own. It owns no truth: voices and
outputs are on disk, jobs are Prefect's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from starlette.requests import HTTPConnection

from flows.orders.port import Orders
from service.settings import ServiceSettings
from tasks.shelf.shelf import Shelf
from tasks.speech.studio import Studio

T = TypeVar("T")


@dataclass(slots=True)
class Desk:
    """What routes work with."""

    settings: ServiceSettings
    shelf: Shelf
    studio: Studio
    orders: Orders | None  # None: no Prefect server is configured
    parts: dict[type, object] = field(default_factory=dict)  # of the rooms, by their type

    def part(self, kind: type[T]) -> T:
        """A room's own object, such as its metrics or its broadcaster."""
        found = self.parts[kind]
        assert isinstance(found, kind)
        return found


def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of the app that serves this request or socket."""
    desk = connection.app.state.desk
    assert isinstance(desk, Desk)
    return desk
