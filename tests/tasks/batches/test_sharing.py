"""Rows of a process share one slot, and give it back for others to ask."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from castbook.errors import Unavailable
from tasks.batches.sharing import SharedSlot


class Device:
    """One slot, as a server would give it."""

    def __init__(self) -> None:
        self.free = threading.Lock()
        self.taken = 0

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        assert self.free.acquire(timeout=5)
        self.taken += 1
        try:
            yield
        finally:
            self.free.release()


def test_rows_at_once_share_a_slot() -> None:
    device, meet = Device(), threading.Barrier(8, timeout=5)
    slot = SharedSlot(device.one)

    def row() -> None:
        with slot.share():
            assert device.free.locked()
            meet.wait()  # all eight are inside

    threads = [threading.Thread(target=row) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert device.taken == 1
    assert not device.free.locked()


def test_a_long_batch_lets_others_in() -> None:
    device = Device()
    slot = SharedSlot(device.one, hold_s=0.05, breath_s=0.2)
    waited = []
    stop = threading.Event()

    def rows() -> None:
        while not stop.is_set():
            with slot.share():
                time.sleep(0.01)

    threads = [threading.Thread(target=rows) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        time.sleep(0.1)
        began = time.monotonic()
        with device.one():
            waited.append(time.monotonic() - began)
    stop.set()
    for thread in threads:
        thread.join()
    assert max(waited) < 2
    assert not device.free.locked()


def test_who_waits_in_vain_takes_nobody_along() -> None:
    tries = []

    @contextlib.contextmanager
    def busy_once() -> Iterator[None]:
        tries.append(1)
        if len(tries) == 1:
            raise Unavailable("busy")
        yield

    slot = SharedSlot(busy_once)
    with pytest.raises(Unavailable), slot.share():
        pass
    with slot.share():
        pass
    assert len(tries) == 2


def test_a_slot_that_cannot_be_given_back_leaves_nobody_waiting() -> None:
    inside, go = threading.Event(), threading.Event()

    @contextlib.contextmanager
    def odd() -> Iterator[None]:
        yield
        if inside.is_set() and not go.is_set():
            go.set()
            raise Unavailable("the server is away")

    slot = SharedSlot(odd, hold_s=0.0, breath_s=0.0)
    entered: list[str] = []

    def late() -> None:
        with slot.share():
            entered.append("late")

    waiting = threading.Thread(target=late, daemon=True)
    with pytest.raises(Unavailable), slot.share():
        waiting.start()
        time.sleep(0.05)  # it waits: the turn is over
        inside.set()
    waiting.join(5)
    assert entered == ["late"]
