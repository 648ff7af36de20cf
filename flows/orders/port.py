"""The port to Prefect, as the service sees it: orders are flow runs, and nothing else.

No queue and no table of our own: an order's id is the flow run's, its key Prefect's
idempotency key, its state read from the run. ``flows/orders/client.py`` stands behind it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from castbook.errors import InputError

Kind = Literal["book", "chapter", "speech", "batch", "watch", "archive", "deliver"]
State = Literal["pending", "processing", "completed", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Order:
    """A flow run as clients know it."""

    id: str  # of the flow run
    kind: Kind
    state: State
    name: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    paused: bool = False  # waits for a person; ``state`` is then pending
    crashed: bool = False  # failed because its process died: Prefect starts it again by itself
    message: str = ""  # of the state: what happened, or what is wrong
    parameters: Mapping[str, Any] = field(default_factory=dict)
    principal: str = ""  # who ordered it
    trace: str = ""
    done: int = 0  # segments or rows
    total: int = 0  # 0: not known yet
    page: str = ""  # of the run on Prefect's dashboard


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer to an order."""

    order: Order
    new: bool  # False: the same order had been placed before


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """Something that happened to an order, in the order of ``id``."""

    id: str
    order_id: str
    kind: Literal["state", "progress", "line"]
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Census:
    """How many runs and workers there are, for metrics."""

    runs: Mapping[State, int]  # castbook's runs that the server knows
    due: int  # of those pending: not paused, their time has come, no worker has taken them
    workers: int  # whose heartbeat is not missing


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a run's log."""

    at: datetime
    level: int  # as ``logging`` counts
    text: str


class KeyReused(InputError):
    """An idempotency key came again with another body."""


class OrderRefused(InputError):
    """The parameters do not fit the deployment."""


class Orders(Protocol):
    """Prefect, for the service. Every method raises ``castbook.errors.Unavailable`` when the
    server is busy or away after a few tries."""

    async def place(
        self,
        kind: Kind,
        parameters: Mapping[str, Any],
        *,
        key: str | None = None,
        body_sha256: str = "",
        principal: str = "",
        trace: str = "",
        name: str = "",
        at: datetime | None = None,
        priority: Literal["high", "normal", "low"] = "normal",
        tags: tuple[str, ...] = (),
    ) -> Placed:
        """Creates a run, or finds the one that ``key`` had made.

        Args:
            key: the caller makes it unique: ``{principal}:{route}:{key}``.
            body_sha256: compared with that of the first order of the same key.
            at: not before this time.

        Raises:
            KeyReused: the same key with another body.
            OrderRefused: parameters do not fit.
        """

    async def get(self, order_id: str) -> Order | None:
        """An order by its id; None if there is none."""

    async def find(
        self,
        *,
        kinds: tuple[Kind, ...] = (),
        states: tuple[State, ...] = (),
        principal: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Order, ...]:
        """Orders, the newest first."""

    async def cancel(self, order_id: str) -> Order | None:
        """Asks for an end; what is finished is kept."""

    async def resume(self, order_id: str) -> Order | None:
        """Lets a paused order go on."""

    async def log(self, order_id: str, limit: int = 200, offset: int = 0) -> tuple[LogLine, ...]:
        """What a run logged, the oldest line first; at most 200 lines at once."""

    def events(self) -> AsyncIterator[OrderEvent]:
        """What happens to orders from now on, for the one broadcaster of a process."""

    async def healthy(self) -> bool:
        """Whether the server answers."""

    async def census(self) -> Census:
        """Counts runs and workers."""

    async def revive(self, steady: bool) -> tuple[str, ...]:
        """Looks for orders that nobody works on, though the server believes it; their names.
        They go on.

        Args:
            steady: the server has answered for some minutes: who was silent is gone.
        """

    async def close(self) -> None:
        """Ends the connections; another call opens them again."""
