"""What the page of batches shows of a run: its lines, its bar, what can be had of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from anyio.to_thread import run_sync

from castbook.errors import Unavailable
from flows.orders.port import Order, Orders
from service.desk import Desk
from service.jobs.files import files_of
from service.jobs.views import FINAL
from service.pages.runs import ACTIVE
from tasks.batches.packing import MANIFEST
from tasks.speech.receipts import read_receipt

MARKS = ("[✓]", "[✗]")  # with which each live line begins: configs/service/lines.yaml
MOST_LINES = 1000  # shown of a run; all of them are in its log
MOST_FILES = 1000
FORMER = 20
_PAGE = 200  # lines of a log that can be had at once


@dataclass(frozen=True, slots=True)
class File:
    """Something to download."""

    name: str
    url: str
    bytes: int


@dataclass(frozen=True, slots=True)
class BatchView:
    """One batch."""

    id: str
    name: str
    state: str
    paused: bool
    message: str
    created_at: datetime
    done: int
    total: int
    lines: tuple[str, ...]
    zip: File | None
    manifest: str  # address; "" while there is none
    files: tuple[File, ...]
    page: str  # on Prefect's dashboard

    @property
    def active(self) -> bool:
        """Whether it may still change something."""
        return self.state in ACTIVE


@dataclass(frozen=True, slots=True)
class Former:
    """What can be said of batches, and whether jobs run at all."""

    orders: tuple[Order, ...]
    jobs: str  # ready, waiting (Prefect does not answer yet) or none


def live_lines(texts: Iterable[str]) -> tuple[str, ...]:
    """The live lines among those of a log, each once: a run that started again repeats them."""
    return tuple(dict.fromkeys(text for text in texts if text.startswith(MARKS)))


def batch_view(
    order: Order, lines: Sequence[str], files: Sequence[File], manifest: str
) -> BatchView:
    """An order as the page shows it. Pure."""
    packed = next((file for file in files if file.name.endswith(".zip")), None)
    lines = lines[-MOST_LINES:]
    return BatchView(
        order.id,
        order.name,
        order.state,
        order.paused,
        order.message,
        order.created_at,
        order.done,
        order.total,
        tuple(lines),
        packed,
        manifest,
        tuple(file for file in files if file is not packed)[:MOST_FILES],
        order.page if order.page.startswith(("http://", "https://")) else "",
    )


async def look_at(desk: Desk, orders: Orders, order: Order) -> BatchView:
    """Reads the log and what was made."""
    texts: list[str] = []
    while len(texts) < MOST_LINES * 2:
        found = await orders.log(order.id, _PAGE, len(texts))
        texts += [line.text for line in found]
        if len(found) < _PAGE:
            break
    files, manifest = await run_sync(_made, desk, order)
    return batch_view(order, live_lines(texts), files, manifest)


def _made(desk: Desk, order: Order) -> tuple[list[File], str]:
    if order.state not in FINAL:
        return [], ""
    here = f"/v1/runs/{order.id}/files"
    files = [
        File(made.name, f"{here}/{quote(made.name)}", int(made.facts.get("bytes", 0)))
        for made in files_of(desk, order)
    ]
    folder = (read_receipt(desk.settings.data, order.id) or {}).get("folder")
    return files, f"/batch/{order.id}/{MANIFEST}" if folder else ""


async def former(orders: Orders | None) -> Former:
    """The newest batches."""
    if orders is None:
        return Former((), "none")
    try:
        return Former(await orders.find(kinds=("batch",), limit=FORMER), "ready")
    except Unavailable:
        return Former((), "waiting")
