"""The synthesis step: lines in, takes in the store.

Every take is published the moment it exists; a verdict that complains sends the line
through its chain of attempts. What fails is reported line by line and never stops the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from audio.pcm import Pcm
from audio.verdicts.signals import joined_signals
from book.cutting import cut
from castbook.errors import MissingDependency, PermanentFailure, TransientFailure
from tasks.claims import Claims
from tasks.engines import EnginePool
from tasks.judging import Judging
from tasks.keys import sampling_key, seed_of
from tasks.plan import Line
from tasks.runners import current_try
from tasks.takes import Recording, TakeStore
from tasks.voices import EngineSetup
from tts.engine import Failure, FailureKind, Request, Speech

PIECE_GAP_MS = 120  # between the shorter pieces of a last attempt: a breath, not a pause


@dataclass(frozen=True, slots=True)
class LineFailure:
    """Why one line has no usable audio."""

    line: Line
    kind: FailureKind
    reason: str


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one synthesis step did."""

    made: int = 0  # takes synthesised by this step
    found: int = 0  # lines that others had finished meanwhile
    audio_ms: int = 0  # of the takes made
    failures: tuple[LineFailure, ...] = ()
    waiting: tuple[Line, ...] = ()  # claimed by another process: look again later


@dataclass
class _Tally:
    made: int = 0
    found: int = 0
    audio_ms: int = 0
    failures: list[LineFailure] = field(default_factory=list)

    def report(self, waiting: Iterable[Line] = ()) -> BatchReport:
        return BatchReport(
            self.made, self.found, self.audio_ms, tuple(self.failures), tuple(waiting)
        )


class Synthesis:
    """Speaks lines with the engines of this process and publishes the takes."""

    def __init__(
        self, store: TakeStore, pool: EnginePool, claims: Claims, judging: Judging
    ) -> None:
        self._store = store
        self._judging = judging
        self._pool = pool
        self._claims = claims

    def speak(self, lines: Sequence[Line], tried: int = 0) -> BatchReport:
        """Speaks every line that has no take yet; failures are returned, not raised.

        Args:
            tried: tries the lines have had before this step.

        Raises:
            StorageError: takes cannot be written; nothing further can succeed.
        """
        tally = _Tally()
        still_open = []
        for line in lines:
            fresh = line.refreshed(self._store)
            if fresh.open:
                still_open.append(fresh)
            else:
                tally.found += 1
        foreign = self._claims.others() if still_open else frozenset()
        ours = [line for line in still_open if foreign.isdisjoint(line.keys)]
        waiting = [line for line in still_open if not foreign.isdisjoint(line.keys)]
        with self._claims.hold(key for line in ours for key in line.keys):
            for setup, group in _by_setup(ours).items():
                self._speak_group(setup, group, tally, tried)
        return tally.report(waiting)

    def speak_alone(self, line: Line) -> BatchReport:
        """Speaks one line; a failure is raised, so that a runner can retry it.

        Raises:
            TransientFailure: the same attempt may succeed.
            PermanentFailure: it will not, or the whole chain gave nothing usable.
            MissingDependency: the engine itself is gone.
        """
        report = self.speak([line], tried=1)  # in its batch
        for failure in report.failures:
            if failure.kind == "transient":
                raise TransientFailure(failure.reason)
            if failure.kind == "dead":
                raise MissingDependency(failure.reason)
            raise PermanentFailure(failure.reason)
        if report.waiting:
            raise TransientFailure("another process is synthesising this segment right now")
        return report

    def _speak_group(
        self, setup: EngineSetup, lines: Sequence[Line], tally: _Tally, tried: int
    ) -> None:
        """One engine's lines, wave after wave until every chain is settled."""
        host = self._pool.host(setup)
        sampling = self._pool.sampling_fingerprint(setup)
        voices = {line.speaker.voice.digest: line.speaker.voice for line in lines}
        wave = list(lines)
        while wave:
            following: list[Line] = []
            jobs = {}
            for line in wave:
                job = _Job.start(line, self._store, tried + current_try.value, sampling)
                jobs.update({request.id: job for request in job.requests})
            requests = [request for job in dict.fromkeys(jobs.values()) for request in job.requests]
            for request_id, result in host.synthesize(voices, requests):
                job = jobs[request_id]
                if job.finished:
                    continue
                if isinstance(result, Failure):
                    job.finished = True
                    tally.failures.append(LineFailure(job.line, result.kind, result.reason))
                    continue
                recording = job.add(request_id, result, self._judging)
                if recording is None:
                    continue
                settled = self._settle(job.line, recording, tally)
                if settled is not None:
                    following.append(settled)
            wave = following

    def _settle(self, line: Line, recording: Recording, tally: _Tally) -> Line | None:
        """Publishes a recording; returns the line again when its chain goes on."""
        self._store.publish(recording)
        tally.made += 1
        tally.audio_ms += len(recording.pcm) * 1000 // recording.rate
        fresh = line.refreshed(self._store)
        if fresh.decision.state == "missing":
            return fresh
        if fresh.decision.state == "failed":
            reason = f"no usable audio after {len(fresh.keys)} attempts: " + "; ".join(
                recording.verdict.complaints
            )
            tally.failures.append(LineFailure(fresh, "permanent", reason))
        return None


class _Job:
    """One attempt of one line: a request, or several pieces to be joined."""

    def __init__(
        self, line: Line, attempt: int, requests: tuple[Request, ...], sampling: str
    ) -> None:
        self.line = line
        self.sampling = sampling  # the key of its speech tokens
        self.attempt = attempt
        self.requests = requests
        self.finished = False
        self._parts: dict[str, Speech] = {}

    @classmethod
    def start(cls, line: Line, store: TakeStore, try_number: int, fingerprint: str) -> _Job:
        attempt = line.decision.attempt or 0
        key = line.keys[attempt]
        if line.decision.state == "failed":
            store.discard(key)  # unusable: the same attempt is made anew
        change = line.changes[attempt]
        texts: tuple[str, ...] = (line.ingredients.spoken,)
        if change == "shorter":
            texts = cut(line.ingredients.spoken)
        sampling = sampling_key(line.ingredients, attempt, fingerprint)
        drawn = store.sampled(sampling)
        rows = drawn if len(drawn) == len(texts) else ((),) * len(texts)
        requests = tuple(
            Request(
                id=f"{key}#{number}",
                text=text,
                language=line.ingredients.language,
                voice=line.speaker.voice.digest,
                seed=seed_of(key, number),
                attempt=attempt,
                attempt_change=change,
                try_number=try_number,
                sampling_seed=seed_of(sampling, number),
                tokens=rows[number],
            )
            for number, text in enumerate(texts)
        )
        return cls(line, attempt, requests, sampling)

    def add(self, request_id: str, speech: Speech, judging: Judging) -> Recording | None:
        """A part has come; the recording when it was the last."""
        self._parts[request_id] = speech
        if len(self._parts) < len(self.requests):
            return None
        self.finished = True
        parts = [self._parts[request.id] for request in self.requests]
        rate = parts[0].rate
        pcm = _join([part.pcm for part in parts], rate)
        signals = joined_signals(part.signals for part in parts)
        ingredients = self.line.ingredients.plain()
        return Recording(
            key=self.line.keys[self.attempt],
            pcm=pcm,
            rate=rate,
            verdict=judging.verdict(pcm, rate, ingredients, signals),
            words=tuple(_words(self.line.ingredients.spoken, self.requests, parts)),
            ingredients={**ingredients, "attempt": self.attempt},
            signals=signals,
            clipped=sum(part.clipped for part in parts),
            seconds=sum(part.seconds for part in parts),
            tokens=tuple(part.tokens for part in parts) if any(p.tokens for p in parts) else (),
            sampling=self.sampling,
            consent=self.line.speaker.consent,
        )


def _by_setup(lines: Iterable[Line]) -> dict[EngineSetup, list[Line]]:
    groups: dict[EngineSetup, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.speaker.setup, []).append(line)
    return groups


def _join(parts: Sequence[Pcm], rate: int) -> Pcm:
    if len(parts) == 1:
        return parts[0]
    gap = np.zeros(rate * PIECE_GAP_MS // 1000, np.int16)
    joined = [parts[0]]
    for part in parts[1:]:
        joined += [gap, part]
    return np.concatenate(joined)


def _words(
    spoken: str, requests: Sequence[Request], parts: Sequence[Speech]
) -> Iterator[tuple[int, int, int]]:
    """Word times of all pieces, in the whole text and the whole take."""
    text_at = frame_at = 0
    for request, part in zip(requests, parts, strict=True):
        begin = spoken.find(request.text, text_at)
        begin = text_at if begin < 0 else begin
        for word in part.words:
            yield begin + word.start, begin + word.end, frame_at + word.frame
        text_at = begin + len(request.text)
        frame_at += len(part.pcm) + part.rate * PIECE_GAP_MS // 1000
