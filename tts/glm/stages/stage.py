"""A stage of the pipeline: one thread that owns a model, an inbox, and what happens on faults."""

from __future__ import annotations

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import torch

from castbook.errors import CastbookError, TransientFailure
from tts.engine import EngineError, Failure
from tts.glm.stages.threads import use_threads
from tts.glm.stages.work import Work

# What a CUDA device says when it will never answer again; out of memory is not among it.
_GONE: Final = ("CUDA error", "cuDNN error", "CUBLAS_STATUS", "device-side assert")


class Stage(ABC):
    """Works off its inbox in a thread of its own until it is closed.

    Args:
        name: of the thread.
        device: where it works; on a GPU every stage has a stream of its own, so that one
            stage's kernels fill the gaps between the other's.
        fail: what to do with a request that cannot go on.
        threads: of torch's to calculate with, see ``stages/threads.py``.
    """

    def __init__(
        self,
        name: str,
        device: torch.device,
        fail: Callable[[Work, Failure], None],
        threads: int | None,
    ) -> None:
        self._device = device
        self._fail = fail
        self._threads = threads
        self._inbox: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._settled = threading.Event()

    def start(self) -> None:
        """Begins; models are there by now. Its number of threads is set on return."""
        self._thread.start()
        self._settled.wait()

    def put(self, work: Work) -> None:
        """Hands a request in."""
        self._inbox.put(work)

    def close(self) -> None:
        """Ends the thread; what it still holds is dropped."""
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join()

    @abstractmethod
    def _held(self) -> list[Work]:
        """All requests that this stage has and has not passed on."""

    @abstractmethod
    def _take(self, work: Work) -> None:
        """A request has come."""

    @abstractmethod
    def _idle(self) -> bool:
        """Whether there is nothing to do before another request comes."""

    @abstractmethod
    def _advance(self) -> None:
        """Does some of what is to do."""

    def _drop(self, work: Work) -> None:
        """Forgets a request, wherever it stands."""

    def _run(self) -> None:
        use_threads(self._threads)
        self._settled.set()
        with torch.inference_mode(), _own_stream(self._device):
            while self._receive():
                if self._idle():
                    continue
                try:
                    self._advance()
                except Exception as error:  # boundary: no caller may wait for a dead thread
                    self._fail_all(error)

    def _receive(self) -> bool:
        """Takes what has come; waits when there is nothing to do. False: the end."""
        while True:
            try:
                work = self._inbox.get(block=self._idle())
            except queue.Empty:
                return True
            if work is None:
                return False
            try:
                self._take(work)
            except Exception as error:  # boundary: this request alone is at fault
                self._drop(work)
                self._fail(work, failure_of(error))

    def _fail_all(self, error: Exception) -> None:
        failure = failure_of(error)
        for work in self._held():
            self._drop(work)
            self._fail(work, failure)


@contextmanager
def _own_stream(device: torch.device) -> Iterator[None]:
    if device.type != "cuda":
        yield
        return
    own = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    with torch.cuda.device(device), torch.cuda.stream(own):
        yield


def failure_of(error: Exception) -> Failure:
    """What an exception inside a stage means for its requests."""
    if isinstance(error, EngineError):
        return Failure(error.kind, error.reason)
    if isinstance(error, torch.OutOfMemoryError):
        return Failure("transient", "the device is out of memory even for one request at a time")
    if isinstance(error, CastbookError):
        return Failure(
            "transient" if isinstance(error, TransientFailure) else "permanent", str(error)
        )
    told = f"{type(error).__name__}: {error}".splitlines()[0]
    if isinstance(error, RuntimeError) and any(sign in str(error) for sign in _GONE):
        return Failure("dead", f"the device failed: {told}")
    return Failure("transient", told)
