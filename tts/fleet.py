"""One engine on several devices: a host for each, requests dealt by the work that remains.

Promises what a host promises, and: a device whose host is dead hands its requests to the
others; only when all are dead does the engine answer so. Which device speaks a request
changes no byte (an engine's replicas differ in where they work, nothing else).
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from castbook.errors import BrokenPromise
from tts.chunks import OpenStream
from tts.engine import EngineError, Failure, Pcm, Request, Speech, Voice
from tts.host import Host
from tts.ledger import Answer


@dataclass(slots=True)
class _Device:
    """A host and what is still to come from it."""

    host: Host
    remaining: int = 0  # units of all requests it has not answered
    dead: bool = False


@dataclass(slots=True)
class _Dealt:
    """A request of one call, on its way."""

    request: Request
    size: int  # units
    device: _Device
    numbers: Sequence[int] = ()  # by which its host knows it and those handed in with it


class Fleet:
    """A handle on one engine that has several processes; used as a ``Host`` is.

    Args:
        hosts: at least one.
        measure: (text, language) to units of work, ``Engine.measure``.
    """

    def __init__(self, hosts: Sequence[Host], measure: Callable[[str, str], int]) -> None:
        if not hosts:
            raise BrokenPromise("a fleet without a host")
        self._devices = [_Device(host) for host in hosts]
        self._measure = measure
        self._lock = threading.Lock()  # guards remaining and dead of all devices
        self._closed = False

    @property
    def hosts(self) -> tuple[Host, ...]:
        """One for each device."""
        return tuple(device.host for device in self._devices)

    def synthesize(
        self, voices: Mapping[str, Voice], requests: Sequence[Request]
    ) -> Iterator[Answer]:
        """As ``Host.synthesize``; the longest requests are dealt first."""
        if self._closed:
            raise BrokenPromise("the fleet is closed")
        answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        sized = [(max(1, self._measure(r.text, r.language)), r) for r in requests]
        sized.sort(key=lambda pair: -pair[0])
        dealt = {r.id: _Dealt(r, size, self._deal(size)) for size, r in sized}
        try:
            for device in self._devices:
                share = [one for one in dealt.values() if one.device is device]
                self._hand_in(share, answers, voices)
            while dealt:
                request_id, result = answers.get()
                one = dealt[request_id]
                self._settle(one, result)
                if self._is_dead(result) and not all(d.dead for d in self._devices):
                    one.device = self._deal(one.size)
                    self._hand_in([one], answers, voices)
                    continue
                del dealt[request_id]
                yield request_id, result
        finally:
            for one in dealt.values():
                self._settle(one, None)
                one.device.host.withdraw(one.numbers)

    def stream(self, voices: Mapping[str, Voice], request: Request) -> OpenStream:
        """As ``Host.stream``, on the device that would be done first."""
        if self._closed:
            raise BrokenPromise("the fleet is closed")
        size = max(1, self._measure(request.text, request.language))
        one = _Dealt(request, size, self._deal(size))
        relay = _Relay(self, voices, one, one.device.host.stream(voices, request))
        return OpenStream(relay.chunks(), relay.end)

    def cancel(self, request_id: str) -> None:
        """As ``Host.cancel``."""
        for device in self._devices:
            device.host.cancel(request_id)

    def close(self) -> None:
        """Ends all processes."""
        self._closed = True
        for device in self._devices:
            device.host.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _deal(self, size: int) -> _Device:
        """The device that would be done first; its account is charged. A dead one only when
        all are: its host answers for itself."""
        with self._lock:
            living = [device for device in self._devices if not device.dead]
            chosen = min(living or self._devices, key=lambda device: device.remaining)
            chosen.remaining += size
            return chosen

    def _settle(self, one: _Dealt, result: Speech | Failure | None) -> None:
        with self._lock:
            one.device.remaining -= one.size
            one.device.dead |= self._is_dead(result)

    def _again(self, one: _Dealt, failure: Failure, voices: Mapping[str, Voice]) -> OpenStream:
        """What a dead device had not begun, on another one.

        Raises:
            EngineError: all are dead, or it failed for another reason.
        """
        self._settle(one, failure)
        if not self._is_dead(failure) or all(device.dead for device in self._devices):
            raise EngineError(failure.reason, failure.kind)
        one.device = self._deal(one.size)
        return one.device.host.stream(voices, one.request)

    @staticmethod
    def _is_dead(result: Speech | Failure | None) -> bool:
        return isinstance(result, Failure) and result.kind == "dead"

    @staticmethod
    def _hand_in(
        share: Sequence[_Dealt], answers: queue.SimpleQueue[Answer], voices: Mapping[str, Voice]
    ) -> None:
        if not share:
            return
        numbers = share[0].device.host.submit(answers, voices, [one.request for one in share])
        for one in share:
            one.numbers = numbers


class _Relay:
    """A stream that goes to another device when its own turns out to be dead."""

    def __init__(
        self, fleet: Fleet, voices: Mapping[str, Voice], one: _Dealt, live: OpenStream
    ) -> None:
        self._fleet, self._voices, self._one = fleet, voices, one
        self._live: OpenStream | None = live

    def chunks(self) -> Iterator[Pcm]:
        heard = False
        while True:
            live = self._live
            if live is None:
                return
            try:
                for pcm in live:
                    heard = True
                    yield pcm
                return
            except EngineError as error:
                if heard:
                    raise
                self._live = None  # settled
                failure = Failure(error.kind, error.reason)
                self._live = self._fleet._again(self._one, failure, self._voices)

    def end(self) -> None:
        """It is over, or closed."""
        live, self._live = self._live, None
        if live is not None:
            live.close()
            self._fleet._settle(self._one, None)
