"""The Prefect side of the runner port: chapters as subflows, steps as named task runs.

The decision to retry is the policy's (``tasks/runners.py``); Prefect carries it out and
shows it. Nothing is cached or persisted by Prefect: a retry plans again from disk.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.runtime import task_run

from castbook.errors import CastbookError
from tasks.runners import Policy, current_try

Argument = TypeVar("Argument")
Result = TypeVar("Result")
OpenChapter = Callable[[Callable[[], Any], Policy], Any]


class PrefectRunner:
    """Steps as task runs of the flow run they are submitted in; chapters as subflows.

    Args:
        workers: futures waited for at once; the flows' own task runners decide how many
            steps run.
        chapters: chapters open at once.
        open_chapter: runs a chapter's work inside its subflow.
    """

    def __init__(self, workers: int, chapters: int, open_chapter: OpenChapter) -> None:
        self._open_chapter = open_chapter
        self._chapters = ThreadPoolExecutor(chapters, thread_name_prefix="chapter")

    def submit(
        self, step: Callable[[Argument], Result], argument: Argument, policy: Policy
    ) -> Future[Result]:
        """See ``tasks.runners.Runner.submit``."""
        try:
            if policy.kind == "chapter":
                # the parent's context, or Prefect would see no parent flow run
                context = copy_context()
                work = partial(step, argument)
                return self._chapters.submit(context.run, self._open_chapter, work, policy)
            return _submit_task(step, argument, policy)
        except Exception as error:  # the port promises never to raise: the future does
            failed: Future[Result] = Future()
            failed.set_exception(error)
            return failed

    def close(self) -> None:
        """Waits for the chapters that run; drops what has not begun."""
        self._chapters.shutdown(cancel_futures=True)

    def __enter__(self) -> PrefectRunner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _submit_task(
    step: Callable[[Argument], Result], argument: Argument, policy: Policy
) -> Future[Result]:
    """One named task run; the returned future holds what the step returned or raised last.

    The argument travels in the closure, so that Prefect neither walks nor serialises it.
    """
    answer: Future[Result] = Future()
    last: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        current_try.value = max(0, int(task_run.run_count or 1) - 1)
        try:
            last.append(step(argument))
        except BaseException as error:
            errors.append(error)
            raise

    def again(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
        return bool(errors) and policy.retry_on(errors[-1])

    retries: dict[str, Any] = {}
    if policy.retries:
        retries = {
            "retries": policy.retries,
            "retry_delay_seconds": [policy.delay(number) for number in range(policy.retries)],
            "retry_condition_fn": again,
        }
    task = Task(
        fn=run,
        name=policy.kind,
        task_run_name=policy.name,
        tags=["castbook"],
        cache_policy=NO_CACHE,
        persist_result=False,
        **retries,
    )

    def settle(future: PrefectFuture[None]) -> None:
        if last:
            answer.set_result(last[-1])
        elif errors:
            answer.set_exception(errors[-1])
        else:
            answer.set_exception(
                CastbookError(f"{policy.name} did not run: {future.state.message}")
            )

    task.submit().add_done_callback(settle)
    return answer
