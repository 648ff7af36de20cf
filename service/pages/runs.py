"""The Prefect runs of a book, as its pages show and order them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from castbook.errors import Unavailable
from castbook.tracing import current_trace
from flows.orders.port import Order, Orders
from service.problems import Problem

LOOKED_AT = 100  # newest runs among which a book's own are found
ACTIVE = ("pending", "processing")


@dataclass(frozen=True, slots=True)
class RunView:
    """The run that a page shows: the newest one that works, else the newest."""

    id: str
    state: str
    message: str
    paused: bool
    chapter: int | None  # None: the whole book
    done: int
    total: int
    left_s: float | None
    page: str  # on Prefect's dashboard; empty: none

    @property
    def active(self) -> bool:
        """Whether it may still change something."""
        return self.state in ACTIVE


def run_view(orders: Sequence[Order], folder: Path, now: datetime) -> RunView | None:
    """The run of the book in ``folder`` to show, from the newest orders. Pure."""
    own = [order for order in orders if str(order.parameters.get("project", "")) == str(folder)]
    shown = next((order for order in own if order.state in ACTIVE), own[0] if own else None)
    if shown is None:
        return None
    number = shown.parameters.get("number")
    return RunView(
        shown.id,
        shown.state,
        shown.message,
        shown.paused,
        number if isinstance(number, int) else None,
        shown.done,
        shown.total,
        seconds_left(shown, now),
        shown.page if shown.page.startswith(("http://", "https://")) else "",
    )


def seconds_left(order: Order, now: datetime) -> float | None:
    """What is left at the speed so far; None before anything is done. Pure."""
    if order.state != "processing" or order.started_at is None or not 0 < order.done <= order.total:
        return None
    passed = (now - order.started_at).total_seconds()
    return max(0.0, passed * (order.total - order.done) / order.done)


async def newest_orders(orders: Orders | None) -> tuple[Order, ...]:
    """Orders of books and chapters, the newest first; none while the server is away."""
    if orders is None:
        return ()
    try:
        return await orders.find(kinds=("book", "chapter"), limit=LOOKED_AT)
    except Unavailable:
        return ()


async def run_of(orders: Orders | None, folder: Path) -> RunView | None:
    """The run of a book to show."""
    return run_view(await newest_orders(orders), folder, datetime.now(UTC))


async def order_work(
    orders: Orders | None,
    folder: Path,
    slug: str,
    principal: str,
    *,
    chapter: int | None = None,
    only: Sequence[str] = (),
) -> Order:
    """Orders a run of the book, or of one chapter, for some lines or for all that is missing.

    Raises:
        Problem: no jobs are run here.
        Unavailable: the server does not answer.
    """
    if orders is None:
        raise Problem(503, f"no jobs are run here: castbook make {folder}", code="no_jobs")
    parameters: dict[str, object] = {"project": str(folder)}
    name = f"book-{slug}"
    if chapter is not None:
        parameters["number"] = chapter
        name = f"{slug}-ch{chapter:02d}"
    if only:
        parameters["only"] = list(only)
    placed = await orders.place(
        "book" if chapter is None else "chapter",
        parameters,
        principal=principal,
        trace=current_trace() or "",
        name=name,
    )
    return placed.order
