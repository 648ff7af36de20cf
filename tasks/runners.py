"""The port through which all work is ordered, and its plain-thread side.

``tasks/orchestration.py`` decides what to do; a runner carries it out. Two runners stand
behind this port: ``LocalRunner`` here (threads), and ``flows/runner.py`` (Prefect subflows
and named task runs). They differ in nothing but where the work is shown: one contract test
runs both against the same injected faults.
"""

from __future__ import annotations

import contextvars
import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from castbook.errors import CastbookError

Argument = TypeVar("Argument")
Result = TypeVar("Result")
StepKind = Literal["chapter", "calibrate", "batch", "segment", "assemble", "publish"]


def never(_: BaseException) -> bool:
    """The retry condition of steps that are not retried."""
    return False


@dataclass(frozen=True, slots=True)
class Policy:
    """How one step is to be run. The decision lives here; a runner only carries it out."""

    kind: StepKind
    name: str  # what a person reads: "ch03 batch 2 of 13", "ch03/0142"
    chapter: int = 0  # which chapter the step belongs to; 0 for the book
    retries: int = 0  # tries after the first
    delay_s: float = 1.0  # before the first retry; doubled each time
    jitter: float = 0.5  # each delay is lengthened by up to this share
    retry_on: Callable[[BaseException], bool] = never  # the condition on the failure's type

    def delay(self, retry: int) -> float:
        """Seconds to wait before retry number ``retry`` (0-based), jitter included.

        Exponential backoff; the jitter is a pure function of the step's name and the retry,
        so that many segments that failed together do not come back together.
        """
        spread = hashlib.sha256(f"{self.name}:{retry}".encode()).digest()[0] / 255
        return self.delay_s * 2.0**retry * (1 + self.jitter * spread)


class Runner(Protocol):
    """Where steps run."""

    def submit(
        self, step: Callable[[Argument], Result], argument: Argument, policy: Policy
    ) -> Future[Result]:
        """Starts ``step(argument)`` under ``policy``; never blocks, never raises.

        ``chapter`` steps may submit further steps and wait for them; the others may not.
        """


class CountedRunner:
    """A runner that counts the steps (chapters aside) that go through it to another."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._lock = threading.Lock()
        self.steps = 0

    def submit(
        self, step: Callable[[Argument], Result], argument: Argument, policy: Policy
    ) -> Future[Result]:
        """See ``Runner.submit``."""
        if policy.kind != "chapter":
            with self._lock:
                self.steps += 1
        return self._runner.submit(step, argument, policy)


class TryNumber(threading.local):
    """The number of the present try of the step running in this thread (0 for the first)."""

    value: int = 0


current_try = TryNumber()


class LocalRunner:
    """Steps in threads of this process.

    Args:
        workers: steps other than chapters that may run at once.
        chapters: chapters that may be open at once.
        sleep: waits between retries; tests pass their own.
    """

    def __init__(
        self, workers: int, chapters: int = 3, sleep: Callable[[float], Any] = time.sleep
    ) -> None:
        self._steps = ThreadPoolExecutor(workers, thread_name_prefix="step")
        self._chapters = ThreadPoolExecutor(chapters, thread_name_prefix="chapter")
        self._sleep = sleep
        self._stopped = False

    def submit(
        self, step: Callable[[Argument], Result], argument: Argument, policy: Policy
    ) -> Future[Result]:
        """See ``Runner.submit``."""
        pool = self._chapters if policy.kind == "chapter" else self._steps
        context = contextvars.copy_context()  # the trace of whoever asked
        return pool.submit(context.run, self._run, step, argument, policy)

    def _run(
        self, step: Callable[[Argument], Result], argument: Argument, policy: Policy
    ) -> Result:
        for retry in range(policy.retries + 1):
            if self._stopped:
                raise CastbookError("the run was stopped before this could begin")
            current_try.value = retry
            try:
                return step(argument)
            except Exception as error:
                if self._stopped or retry == policy.retries or not policy.retry_on(error):
                    raise
                self._sleep(policy.delay(retry))
        raise AssertionError("unreachable: the loop returns or raises")

    def stop(self) -> None:
        """Lets no further step begin: open chapters end after the steps that run now."""
        self._stopped = True

    def close(self) -> None:
        """Waits for what runs; drops what has not begun."""
        self._chapters.shutdown(cancel_futures=True)
        self._steps.shutdown(cancel_futures=True)

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
