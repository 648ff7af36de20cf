"""Engines that stay loaded: who uses one keeps it, and only the dead one is ended."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import pytest

from castbook.errors import BrokenPromise, ProjectError
from tasks.speech.residents import Residents
from tasks.voices import EngineSetup
from tts.fleet import Fleet
from tts.host import Host


def setup(number: int) -> EngineSetup:
    return EngineSetup("tone", MappingProxyType({"chunk_ms": number}), f"tone {number}")


def is_closed(host: Host | Fleet) -> bool:
    try:
        list(host.synthesize({}, []))
    except BrokenPromise:
        return True
    return False


@pytest.fixture
def residents() -> Iterator[Residents]:
    made = Residents(most=1)
    yield made
    made.unload()


def test_who_comes_late_with_a_death_ends_no_successor(residents: Residents) -> None:
    with residents.borrow(setup(1)) as first, residents.borrow(setup(1)) as second:
        assert first is second
        residents.forget(setup(1), first)
        with residents.borrow(setup(1)) as successor:
            assert successor is not first
            residents.forget(setup(1), second)  # the same death, told again
            assert is_closed(first)
            assert not is_closed(successor)


def test_what_is_borrowed_stays_and_what_is_not_goes(residents: Residents) -> None:
    with residents.borrow(setup(1)) as kept:
        with residents.borrow(setup(2)) as idle:
            pass
        with residents.borrow(setup(3)):
            assert not is_closed(kept)
            assert is_closed(idle)
    with residents.borrow(setup(2)) as anew:
        assert anew is not idle
        assert is_closed(kept)  # nobody has it any more, and there may be one


def test_an_engine_that_cannot_be_made_is_not_counted(residents: Residents) -> None:
    odd = EngineSetup("tone", MappingProxyType({"host": 5}), "odd")
    for _ in range(3):
        with pytest.raises(ProjectError), residents.borrow(odd):
            pass
    with residents.borrow(setup(1)) as kept:
        pass
    with residents.borrow(setup(1)) as again:
        assert again is kept  # the odd one takes nobody's place
