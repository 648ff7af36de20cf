"""Requests in, speech out: both stages at work, and what is made of their results.

Each request is answered once: with speech, or with the failure that ended it. A fault of one
request ends that one; out of memory halves a batch; only a device that is gone ends them all.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import torch
from torch import Tensor

from tts.engine import EngineError, Failure, Pcm, Speech
from tts.glm.flow.batching import Flow
from tts.glm.flow.streaming import FlowStream
from tts.glm.stages.rendering import Render, Rendering
from tts.glm.stages.sampling import MakeDecoder, Sampling
from tts.glm.stages.sound import to_pcm
from tts.glm.stages.threads import Threads, use_threads
from tts.glm.stages.work import Work, flow_job, joined_tokens, piece_seed
from tts.glm.vocoder.hift import Hift, VocoderJob
from tts.glm.vocoder.streaming import HiftStream
from tts.glm.vocoder.vocos import Vocos2d

Listen = Callable[[Work, Sequence[Tensor]], dict[str, float]]
_FINISHERS: Final = 2  # threads that round, listen and hand over; onnxruntime works unlocked


class Pipeline:
    """Both stages on one device.

    Args:
        make_decoder, slots, chained: see ``Sampling``.
        flow, vocoder, how: see ``Rendering``.
        listen: the signals of a finished request, from its pieces' samples.
        began: told when a request is first in the decoder, and as it advances.
        threads: of each stage; what is right for the device if None.
    """

    def __init__(
        self,
        make_decoder: MakeDecoder,
        flow: Flow,
        vocoder: Hift | Vocos2d,
        how: Render,
        *,
        slots: int,
        chained: bool,
        listen: Listen,
        began: Callable[[str], None],
        threads: Threads | None = None,
    ) -> None:
        self._flow, self._vocoder, self._how = flow, vocoder, how
        self._listen = listen
        self._open: dict[str, Work] = {}
        self._lock = threading.Lock()  # guards _open
        threads = threads or Threads.for_device(flow.dit.device)
        # Flow and vocoder on a GPU: rendering, or a stream. On a CPU everybody uses them at once.
        self._models: AbstractContextManager[object] = (
            threading.Lock() if flow.dit.device.type == "cuda" else nullcontext()
        )
        self._finishers = ThreadPoolExecutor(
            _FINISHERS,
            thread_name_prefix="glm finishing",
            initializer=use_threads,
            initargs=(threads.rendering,),
        )
        self._renderings = tuple(
            Rendering(
                flow, self._vocode, how, more=self._more, models=self._models,
                passed=self._finish, fail=self._fail, threads=threads.rendering,
            )
            for _ in range(threads.renderings)
        )  # fmt: skip
        self._sampling = Sampling(
            make_decoder, slots, chained=chained,
            passed=self._sampled, began=lambda work: began(work.id), fail=self._fail,
            threads=threads.sampling,
        )  # fmt: skip
        self._sampling.start()
        for rendering in self._renderings:  # last: see ``use_threads``
            rendering.start()

    @property
    def slots(self) -> int:
        """As many pieces as are sampled at once now."""
        return self._sampling.slots

    def submit(self, work: Work) -> None:
        """Begins a request; ``work.deliver`` is called once, from another thread."""
        with self._lock:
            self._open[work.id] = work
        self._sampling.put(work)

    def cancel(self, request_id: str) -> None:
        """Ends a request wherever it stands; unless it is done, its answer is a failure."""
        with self._lock:
            work = self._open.get(request_id)
        if work is not None:
            work.cancelled = True
            self._fail(work, Failure("transient", "cancelled"))

    def stream(self, work: Work) -> Iterator[Pcm]:
        """The samples of one request while its tokens still come.

        Tokens are those of ``submit``; the sound differs by what ``FlowStream`` says. At 32 kHz,
        whose vocoder hears whole mels only, a piece comes when it is complete.

        Raises:
            EngineError: the request failed.
        """
        heard: queue.SimpleQueue[tuple[int, tuple[int, ...], bool] | Failure] = queue.SimpleQueue()
        work.heard = lambda piece, tokens, whole: heard.put((piece, tokens, whole))
        work.deliver = lambda _, result: heard.put(result) if isinstance(result, Failure) else None
        self.submit(work)
        news: dict[int, list[tuple[tuple[int, ...], bool]]] = defaultdict(list)
        try:
            for piece in range(len(work.pieces)):
                voice = _Voice(self._flow, self._vocoder, self._how, work, piece)
                whole = False
                while not whole:
                    while not news[piece]:
                        got = heard.get()
                        if isinstance(got, Failure):
                            raise EngineError(got.reason, got.kind)
                        news[got[0]].append(got[1:])
                    tokens, whole = news[piece].pop()  # the latest has all before it
                    with self._models, torch.inference_mode():
                        sound = voice.feed(tokens, whole)
                    if len(sound):
                        yield to_pcm([sound])[0]
        finally:
            self.cancel(work.id)

    def close(self) -> None:
        """Ends both stages; requests without an answer fail."""
        self._sampling.close()
        for rendering in self._renderings:
            rendering.close()
        self._finishers.shutdown(wait=True)
        with self._lock:
            left = list(self._open.values())
        for work in left:
            self._fail(work, Failure("transient", "the engine was unloaded"))

    # -- between the stages -------------------------------------------------------------------

    def _more(self) -> bool:
        return self._sampling.busy

    def _sampled(self, work: Work) -> None:
        if work.heard is None:
            min(self._renderings, key=lambda one: one.owed).put(work)

    def _vocode(self, jobs: Sequence[VocoderJob]) -> list[Tensor]:
        return self._vocoder.vocode(jobs)

    def _finish(self, work: Work, sounds: list[Tensor]) -> None:
        self._finishers.submit(self._answer, work, sounds)

    def _answer(self, work: Work, sounds: list[Tensor]) -> None:
        try:
            pcm, clipped = to_pcm(sounds)
            speech = Speech(
                pcm=pcm,
                rate=self._vocoder.rate,
                signals=self._listen(work, sounds),
                tokens=joined_tokens([work.spoken[n].tokens for n in sorted(work.spoken)]),
                clipped=clipped,
                seconds=time.monotonic() - work.began if work.began else 0.0,
            )
        except Exception as error:  # boundary: the caller waits for an answer
            self._fail(work, Failure("transient", f"{type(error).__name__}: {error}"))
            return
        self._close(work, speech)

    def _fail(self, work: Work, failure: Failure) -> None:
        self._close(work, failure)

    def _close(self, work: Work, result: Speech | Failure) -> None:
        with self._lock:
            known = self._open.pop(work.id, None)
        if known is work:
            work.deliver(work.id, result)


class _Voice:
    """One piece of a stream: tokens so far to the samples that are new."""

    def __init__(
        self, flow: Flow, vocoder: Hift | Vocos2d, how: Render, work: Work, piece: int
    ) -> None:
        self._work, self._piece = work, piece
        self._fed = 0
        self._flow = FlowStream(
            flow, flow_job(work, piece, ()), steps=how.steps, guidance=how.guidance
        )
        seed = piece_seed(work.seed, piece)
        self._hift = HiftStream(vocoder, seed) if isinstance(vocoder, Hift) else None
        self._vocoder, self._seed = vocoder, seed
        self._mels: list[Tensor] = []

    def feed(self, tokens: Sequence[int], whole: bool) -> Tensor:
        """Samples, float32 [n]; n is 0 while a chunk fills."""
        fresh = torch.tensor(tokens[self._fed :], dtype=torch.int64)
        self._fed = len(tokens)
        mel = self._flow.feed(fresh, final=whole)
        if self._hift is not None:
            return self._hift.feed(mel, final=whole)
        self._mels.append(mel)
        if not whole:
            return mel.new_empty(0)
        job = VocoderJob(self._work.id, torch.cat(self._mels), self._seed)
        return self._vocoder.vocode([job])[0]
