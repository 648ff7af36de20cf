"""What a reading passes when its turn has come: is it still wanted, is the device free?

The studio lets as many texts speak at once as it has slots; jobs speak in processes of their
own. A slot on the Prefect server (``flows/orders/slots.py``) holds for both together, once that
server is there. Texts of clients that hung up while they waited go no further.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Protocol

from castbook.errors import Unavailable

PATIENCE_S = 60.0  # as the studio's own


# Set by who asks for a reading: an event that is set when nobody waits for it any more.
unwanted: ContextVar[threading.Event | None] = ContextVar("castbook_unwanted", default=None)


class DeviceSlots(Protocol):
    """``flows.orders.slots.Slots``, which nothing here imports before Prefect is wanted."""

    def one(self) -> AbstractContextManager[None]:
        """Holds a slot; may be left on another thread than it was entered on."""


def device_slots(api_url: str) -> DeviceSlots:
    """The slots of this machine's device on a Prefect server; nobody waits longer than the
    studio lets them."""
    from flows.orders.slots import Slots, limit_name

    return Slots(api_url, limit_name(), patience_s=PATIENCE_S)


class Gate:
    """Of the studio: open to everybody until there are slots to share. Any thread may ask."""

    def __init__(self) -> None:
        self._slots: DeviceSlots | None = None

    def share(self, slots: DeviceSlots | None) -> None:
        """From now on each reading takes one of ``slots``; None: only the studio's count."""
        self._slots = slots

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Held around a reading.

        Raises:
            Unavailable: nobody waits for it any more, or no slot was free in time.
        """
        gone = unwanted.get()
        if gone is not None and gone.is_set():
            raise Unavailable("its client hung up before its turn came")
        slots = self._slots
        if slots is None:
            yield
            return
        with slots.one():
            yield
