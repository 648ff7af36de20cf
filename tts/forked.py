"""Base of the engines whose requests are spoken by forks of a loaded process (``tts/crew.py``)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tts.crew import Answer, Crew
from tts.engine import Engine, EngineError, Failure, Request, Speech, Voice


class ForkedEngine(Engine):
    """Keeps the crew, and which job is which request. A subclass says what a job is."""

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        self._crew: Crew | None = None
        self._voices: dict[str, Voice] = {}
        self._speaking: dict[int, Request] = {}  # by job number

    @abstractmethod
    def _make_crew(self) -> Crew:
        """The process, loaded. Raises EngineError when it cannot be."""

    @abstractmethod
    def _job(self, request: Request, voice: Voice) -> dict[str, object] | Failure:
        """What a fork is told, or why there is nothing to tell."""

    @abstractmethod
    def _speech(self, answer: Answer, request: Request) -> Speech | Failure:
        """The result of a job that is done."""

    def load(self) -> None:
        missing = self.missing()
        if missing is not None:
            raise EngineError(missing, "dead")
        self._crew = self._make_crew()

    def prepare(self, voice: Voice) -> None:
        self.check_voice(voice, "")
        self._voices[voice.digest] = voice

    def synthesize(self, requests: Sequence[Request]) -> Iterator[tuple[str, Speech | Failure]]:
        """Hands the requests in at once; the iterator then waits for their answers."""
        if self._crew is None:
            raise EngineError(f"engine {self.name} is not loaded")
        early: list[tuple[str, Failure]] = []
        numbers: list[int] = []
        for request in requests:
            voice = self._voices.get(request.voice)
            if voice is None:
                early.append((request.id, Failure("permanent", "its voice was not prepared")))
                continue
            job = self._job(request, voice)
            if isinstance(job, Failure):
                early.append((request.id, job))
                continue
            number = self._crew.submit(job)
            self._speaking[number] = request
            numbers.append(number)
        return self._answers(self._crew, early, numbers)

    def cancel(self, request_id: str) -> None:
        for number, request in self._speaking.items():
            if request.id == request_id and self._crew is not None:
                self._crew.cancel(number)

    def unload(self) -> None:
        if self._crew is not None:
            self._crew.close()
            self._crew = None
        self._speaking.clear()

    def _answers(
        self, crew: Crew, early: Sequence[tuple[str, Failure]], numbers: Sequence[int]
    ) -> Iterator[tuple[str, Speech | Failure]]:
        yield from early
        try:
            for number, answer in crew.answers(numbers):
                request = self._speaking.pop(number)
                yield request.id, self._result(answer, request)
        finally:
            for number in numbers:
                self._speaking.pop(number, None)

    def _result(self, answer: Answer, request: Request) -> Speech | Failure:
        match answer.kind:
            case "dead":
                return Failure("dead", answer.reason)
            case "failed":
                return Failure("transient", f"engine {self.name}: {answer.reason}")
            case "refused":
                return Failure("permanent", answer.reason)
        return self._speech(answer, request)

    def _begun(self, number: int) -> None:
        """For the crew: a job begins."""
        request = self._speaking.get(number)
        if request is not None:
            self.progress(request.id)
