"""The Prefect side of the runner port: chapters as subflows, steps as named task runs.

The decision to retry is the policy's (``tasks/runners.py``); Prefect carries it out and
shows it. Nothing is cached or persisted by Prefect: a retry plans again from disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from prefect import State, Task, tags
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.futures import PrefectFuture

from castbook.errors import CastbookError
from tasks.runners import Policy, current_try

Argument = TypeVar("Argument")
Result = TypeVar("Result")
OpenChapter = Callable[[Callable[[], Any], Policy], Any]

SPEAKING = ("batch", "segment")  # kinds of steps that an engine works in
STOPPED = "the run was stopped before this could begin"
TAG = "castbook"  # by which the automations know our runs (configs/prefect/automations.yaml)


class PrefectRunner:
    """Steps as task runs of the flow run they are submitted in; chapters as subflows.

    Args:
        workers: steps other than chapters that may run at once, over all open chapters: each
            of their flows has a task runner of its own, and none knows of the others.
        chapters: chapters open at once.
        open_chapter: runs a chapter's work inside its subflow; returns what the work
            returned, raises what it raised.
        slot: held around each step that speaks, such as a slot of a device that other
            processes use too.
    """

    def __init__(
        self,
        workers: int,
        chapters: int,
        open_chapter: OpenChapter,
        slot: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._open_chapter = open_chapter
        self._slot = slot
        self._chapters = ThreadPoolExecutor(chapters, thread_name_prefix="chapter")
        self._places = threading.BoundedSemaphore(workers)
        self._stopped = False

    def submit(
        self, step: Callable[[Argument], Result], argument: Argument, policy: Policy
    ) -> Future[Result]:
        """See ``tasks.runners.Runner.submit``."""
        try:
            # the argument travels in the closure: Prefect neither walks nor serialises it
            work = partial(step, argument)
            if policy.kind == "chapter":
                # the parent's context, or Prefect would see no parent flow run
                context = copy_context()
                return self._chapters.submit(context.run, self._chapter, work, policy)
            return self._task(work, policy)
        except Exception as error:  # the port promises never to raise: the future does
            failed: Future[Result] = Future()
            failed.set_exception(error)
            return failed

    def _chapter(self, work: Callable[[], Result], policy: Policy) -> Result:
        self._check()
        with tags(TAG):
            result: Result = self._open_chapter(work, policy)
            return result

    def _task(self, work: Callable[[], Result], policy: Policy) -> Future[Result]:
        """One named task run; the future holds what the work returned or raised last."""
        answer: Future[Result] = Future()
        answer.set_running_or_notify_cancel()  # Prefect has it now: too late to cancel
        results: list[Result] = []
        errors: list[BaseException] = []

        def run() -> None:
            with self._places:
                current_try.value = len(errors)
                try:
                    self._check()
                    with self._slot() if policy.kind in SPEAKING else nullcontext():
                        results.append(work())
                except BaseException as error:
                    errors.append(error)
                    raise

        def again(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
            return bool(errors) and not self._stopped and policy.retry_on(errors[-1])

        def settle(future: PrefectFuture[None]) -> None:
            if results:
                answer.set_result(results[-1])
            elif errors:
                answer.set_exception(errors[-1])
            elif self._stopped:  # dropped by Prefect; asking a server why could fail or last
                answer.set_exception(CastbookError(STOPPED))
            else:
                reason = f"{policy.name} did not run: {future.state.message}"
                answer.set_exception(CastbookError(reason))

        delays = [policy.delay(number) for number in range(policy.retries)]
        task = Task(
            fn=run,
            name=policy.kind,
            task_run_name=lambda: policy.name,  # a text would be a template: titles have braces
            tags=[TAG],
            retries=policy.retries,
            retry_delay_seconds=delays or None,
            retry_condition_fn=again,
            cache_policy=NO_CACHE,
            persist_result=False,
        )
        task.submit().add_done_callback(settle)
        return answer

    def _check(self) -> None:
        if self._stopped:
            raise CastbookError(STOPPED)

    def close(self) -> None:
        """Waits for what runs; drops chapters that have not begun."""
        self._chapters.shutdown(cancel_futures=True)

    def __enter__(self) -> PrefectRunner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # interrupted: open chapters end after the steps that run now, not after all of theirs
        self._stopped = error is not None
        self.close()
