"""What a host owes its callers, and what a death of the process means for each of them.

Pure bookkeeping: no thread, process or clock; the host holds its lock around every call.
Requests that were begun when a process died get a transient failure; requests that only
waited stay for the next process; after too many deaths nothing is left and the host is dead.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from castbook.canonical import text_digest
from castbook.errors import BrokenPromise
from tts.engine import Failure, Pcm, Request, Speech, Voice
from tts.process import EngineProcess

Answer = tuple[str, Speech | Failure]
Hear = Callable[[Pcm], object]


class Answers(Protocol):
    """Where answers go: a queue, usually."""

    def put(self, answer: Answer, /) -> object: ...


@dataclass(slots=True)
class Pending:
    """A request without an answer."""

    request: Request
    voice: Voice
    answers: Answers
    hear: Hear | None = None  # takes the chunks of a request that is streamed
    process: EngineProcess | None = None  # that has it
    started: bool = False

    def answer(self, result: Speech | Failure) -> None:
        """Hands the caller its answer."""
        self.answers.put((self.request.id, result))


class Ledger:
    """All requests without an answer, by a number that no two of them share."""

    def __init__(self, max_deaths: int) -> None:
        self.pending: dict[int, Pending] = {}
        self.dead: str | None = None  # why, once there will never be an answer again
        self._numbers = itertools.count()
        self._max_deaths = max_deaths
        self._deaths = 0  # in a row, without a completed request between them
        self._suspects: set[str] = set()  # digests of texts being spoken at these deaths

    def enter(
        self,
        answers: Answers,
        voices: Mapping[str, Voice],
        requests: Sequence[Request],
        hear: Hear | None = None,
    ) -> dict[int, Pending]:
        """The new entries; none when everything is dead, and answered so.

        Raises:
            BrokenPromise: a voice is missing; nothing was entered.
        """
        for request in requests:
            if request.voice not in voices:
                raise BrokenPromise(f"request {request.id}: its voice was not given")
        if self.dead is not None:
            for request in requests:
                answers.put((request.id, Failure("dead", self.dead)))
            return {}
        batch = {next(self._numbers): Pending(r, voices[r.voice], answers, hear) for r in requests}
        self.pending |= batch
        return batch

    def start(self, number: int) -> None:
        """The engine began with a request (or with one that was withdrawn meanwhile)."""
        if number in self.pending:
            self.pending[number].started = True

    def settle(self, number: int, completed: bool) -> Pending | None:
        """Takes an entry out, to be answered; None when it was withdrawn meanwhile."""
        if completed:
            self._deaths = 0
            self._suspects.clear()
        return self.pending.pop(number, None)

    def withdraw(self, numbers: Iterable[int]) -> list[tuple[int, EngineProcess]]:
        """Answers entries as cancelled; returns which processes have to hear of it."""
        given = []
        for number in numbers:
            entry = self.pending.pop(number, None)
            if entry is not None:
                entry.answer(Failure("transient", "cancelled"))
                if entry.process is not None:
                    given.append((number, entry.process))
        return given

    def answer_all(self, failure: Failure) -> None:
        """The end of everything."""
        if failure.kind == "dead":
            self.dead = failure.reason
        for entry in self.pending.values():
            entry.answer(failure)
        self.pending.clear()

    def bury(self, ending: str) -> None:
        """A process died, in the words of ``ending``."""
        begun = {number: entry for number, entry in self.pending.items() if entry.started}
        self._count_death(entry.request.text for entry in begun.values())
        if self._deaths > self._max_deaths:
            reason = f"{self._deaths} engine processes died one after another; the last: {ending}"
            self.answer_all(Failure("dead", reason))
            return
        for number, entry in begun.items():
            del self.pending[number]
            entry.answer(Failure("transient", ending))
        for entry in self.pending.values():
            entry.process = None

    def _count_death(self, texts: Iterable[str]) -> None:
        """A text that kills its process each time it is tried again is one bad text, not a bad
        engine: only a death with a new suspect, or with none, counts."""
        digests = {text_digest(text) for text in texts}
        if not digests or not digests <= self._suspects:
            self._deaths += 1
            self._suspects |= digests
