"""How far a run is: told by its flow, read by the service.

A flow makes one ``ProgressTeller`` and calls it as often as it likes. Followers get events
(``castbook.progress``, ``castbook.line``); whoever comes later reads the run's artifact. A
server that is away never breaks a run.
"""

from __future__ import annotations

import re
import threading
import time
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.events import emit_event
from prefect.runtime import flow_run

from flows import artifacts

PROGRESS, LINE = "castbook.progress", "castbook.line"  # names of events
EVENT_EVERY_S = 0.5
ARTIFACT_EVERY_S = 2.0  # an update costs 5-14 ms (founding measurements)
MOST_LINE = 500  # characters

_WORDS = re.compile(r"(\d+) of (\d+)\b")


class ProgressTeller:
    """Tells of the flow run it is made in; outside any, it is silent. Threads may share it."""

    def __init__(self) -> None:
        self._run: str | None = flow_run.id
        self._lock = threading.Lock()
        self._event_at = self._artifact_at = 0.0
        self._artifact: UUID | None = None
        self._last = (0, 0)

    def progress(self, done: int, total: int) -> None:
        """``done`` of ``total`` segments or rows are finished. The last word is always told."""
        if self._run is None:
            return
        with self._lock:
            now, last = time.monotonic(), done >= total
            if (done, total) == self._last:
                return
            if last or now - self._event_at >= EVENT_EVERY_S:
                self._event_at = now
                self._last = (done, total)
                self._emit(PROGRESS, {"done": done, "total": total})
            if last or now - self._artifact_at >= ARTIFACT_EVERY_S:
                self._artifact_at = now
                self._keep(done, total)

    def line(self, text: str, *, row: int | None = None, ok: bool = True) -> None:
        """One line of a log that a person follows."""
        if self._run is not None:
            self._emit(LINE, {"text": text[:MOST_LINE], "row": row, "ok": ok})

    def _emit(self, event: str, payload: dict[str, object]) -> None:
        # queued in this process: neither waits for the server nor fails without it
        resource = {"prefect.resource.id": f"prefect.flow-run.{self._run}"}
        emit_event(event=event, resource=resource, payload=payload)

    def _keep(self, done: int, total: int) -> None:
        words, percent = f"{done} of {total}", round(100 * done / max(1, total), 1)
        if self._artifact is None:
            self._artifact = artifacts.start_progress(_key(str(self._run)), words, percent)
        else:
            artifacts.move_progress(self._artifact, percent, words)


async def read_progress(client: PrefectClient, run: UUID) -> tuple[int, int]:
    """(done, total) of a run; zeros where it never told."""
    found = await client.read_artifacts(
        artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[_key(str(run))]))
    )
    words = max(found, key=lambda artifact: str(artifact.updated), default=None)
    told = _WORDS.match((words.description or "") if words else "")
    return (int(told[1]), int(told[2])) if told else (0, 0)


def _key(run: str) -> str:
    return f"progress-{run}"
