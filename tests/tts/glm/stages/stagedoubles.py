"""Stand-ins for the models: what they make shows what they were given."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace

import torch
from torch import Tensor

from tts.engine import EngineError, Failure, Speech
from tts.glm.flow.batching import FlowJob
from tts.glm.lm.prompts import Generated, Prompt
from tts.glm.reference.features import ReferenceFeatures
from tts.glm.stages.pipeline import Pipeline
from tts.glm.stages.rendering import Render
from tts.glm.stages.work import PreparedVoice, Work
from tts.glm.vocoder.hift import Unspeakable, VocoderJob

VOICE = PreparedVoice((1, 2), ReferenceFeatures((3, 4), torch.zeros(4, 80), torch.ones(192)))
POISON = 99  # a text id that the decoder refuses
MUTE = 88  # one that the vocoder makes nothing of


class Decoder:
    """Speaks each text as its own ids, twice each; one token of every slot in a step."""

    def __init__(self, slots: int, log: Log) -> None:
        self.slots, self.context, self.log = slots, 200, log
        self.model = SimpleNamespace(device=torch.device("cpu"))
        self._queue: list[Prompt] = []
        self._live: dict[str, tuple[Prompt, int]] = {}

    def submit(self, prompt: Prompt) -> None:
        self.log.prompts.append(prompt)
        if POISON in prompt.text:
            raise EngineError("poison", "permanent")
        self._queue.append(prompt)

    def cancel(self, name: str) -> bool:
        self.log.cancelled.append(name)
        self._queue = [prompt for prompt in self._queue if prompt.id != name]
        return self._live.pop(name, None) is not None

    def so_far(self, name: str) -> tuple[int, ...]:
        prompt, done = self._live.get(name, (None, 0))
        return self._said(prompt)[:done] if prompt else ()

    def step(self) -> list[Generated]:
        self.log.gate.wait(10)
        while self._queue and len(self._live) < self.slots:
            prompt = self._queue.pop(0)
            self._live[prompt.id] = prompt, 0
        self.log.widths.append(len(self._live))
        if len(self._live) > self.log.room:
            raise torch.OutOfMemoryError("no room")
        if self.log.faults:
            raise self.log.faults.pop()
        finished = []
        for name, (prompt, done) in list(self._live.items()):
            self._live[name] = prompt, done + 1
            if done + 1 == len(self._said(prompt)):
                del self._live[name]
                finished.append(Generated(name, self._said(prompt), True, -1.0, 0))
        return finished

    @staticmethod
    def _said(prompt: Prompt) -> tuple[int, ...]:
        return tuple(token for token in prompt.text for _ in range(2))


class Flow:
    """Two frames for each token; every bin is the token. Four rows in a bucket."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.dit = SimpleNamespace(device=torch.device("cpu"))

    def bucket_of(self, job: FlowJob) -> int:
        return -(-len(job.tokens) // 4) * 4

    def rows_of(self, bucket: int) -> int:
        return 4

    def check(self, job: FlowJob) -> None:
        if 77 in job.tokens:
            raise EngineError("an unknown token", "permanent")

    def sample(
        self, jobs: Sequence[FlowJob], *, steps: int, guidance: float | None
    ) -> list[Tensor]:
        self.log.batches.append([job.id for job in jobs])
        if len(jobs) > self.log.rows:
            raise torch.OutOfMemoryError("no room")
        return [job.tokens.repeat_interleave(2)[:, None].repeat(1, 80).float() for job in jobs]


class Vocoder:
    """One sample for each frame: a hundredth of its first bin, and of the seed."""

    rate = 1000

    def vocode(self, jobs: Sequence[VocoderJob]) -> list[Tensor]:
        for job in jobs:
            if bool((job.mel[:, 0] == MUTE).any()):
                raise Unspeakable(job, "no number")
        return [job.mel[:, 0] / 100 + job.seed % 7 / 1000 for job in jobs]


class Log:
    """What happened, and what is to happen."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []
        self.cancelled: list[str] = []
        self.widths: list[int] = []
        self.batches: list[list[str]] = []
        self.room = self.rows = 10**6
        self.faults: list[Exception] = []
        self.began: list[str] = []
        self.gate = threading.Event()
        self.gate.set()


class Answers:
    """The results of some requests, as they come."""

    def __init__(self) -> None:
        self._results: dict[str, list[Speech | Failure]] = {}
        self._news = threading.Condition()

    def put(self, name: str, result: Speech | Failure) -> None:
        with self._news:
            self._results.setdefault(name, []).append(result)
            self._news.notify_all()

    def of(self, name: str) -> Speech | Failure:
        with self._news:
            assert self._news.wait_for(lambda: name in self._results, 10), f"{name}: no answer"
            [result] = self._results[name]
            return result

    def known(self) -> set[str]:
        with self._news:
            return set(self._results)


def pipeline(log: Log, *, slots: int = 4, chained: bool = False) -> Pipeline:
    return Pipeline(
        lambda count: Decoder(count, log),  # type: ignore[arg-type, return-value]
        Flow(log),  # type: ignore[arg-type]
        Vocoder(),  # type: ignore[arg-type]
        Render(10, None),
        slots=slots,
        chained=chained,
        listen=lambda work, sounds: {"pieces": float(len(sounds))},
        began=log.began.append,
    )


def request(answers: Answers, name: str, *pieces: tuple[int, ...], seed: int = 0) -> Work:
    return Work(name, VOICE, pieces, seed, 5, answers.put)
