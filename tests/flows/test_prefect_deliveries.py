"""Callbacks and revisions as runs of a real Prefect server: they wait without a process.

A run that comes back is started again here as a worker would; with a real worker the same took
57 s for a wait of 50 s (notes of the issue).
"""

from __future__ import annotations

import base64
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import Flow, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from prefect.states import Completed, Running, Scheduled
from standardwebhooks.webhooks import Webhook

from castbook.errors import InputError
from flows import books, returning
from flows.books import book
from flows.deliveries import deliver
from flows.server import Server
from tasks.hooks import deliveries
from tasks.hooks.callbacks import delivery_parameters
from tasks.hooks.deliverylog import read_tries
from tasks.hooks.projects import stage_book

sys.path.insert(0, str(Path(__file__).parents[1] / "tasks" / "hooks"))
from hooked import hooks_with_template
from hooked import post as hooked_post

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(120), pytest.mark.xdist_group("prefect")]

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[int], list[tuple[dict[str, str], bytes]]]]:
    """Its origin, the statuses it will answer, and what came."""
    answers: list[int] = []
    seen: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers, seen
    server.shutdown()
    thread.join()
    server.server_close()


def awaiting(signal: Pause) -> FlowRun:
    """The run that gave its process back."""
    state: State[Any] = signal.state
    assert state.name == "AwaitingRetry"
    with get_client(sync_client=True) as client:
        run: FlowRun = client.read_flow_run(UUID(str(state.state_details.flow_run_id)))
    assert run.state is not None
    assert run.state.name == "AwaitingRetry"
    assert run.next_scheduled_start_time is not None
    return run


def started_again(flow: Flow[Any, Any], run: FlowRun) -> State[Any]:
    """Its next start, without waiting for its time."""
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run.id, Scheduled(), force=True)
        fresh = client.read_flow_run(run.id)
    ended = run_flow(flow, flow_run=fresh, parameters=run.parameters, return_type="state")
    assert isinstance(ended, State)
    return ended


def test_a_callback_waits_without_a_process_until_it_is_taken(
    on_server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    receiver: tuple[str, list[int], list[tuple[dict[str, str], bytes]]],
) -> None:
    origin, answers, seen = receiver
    monkeypatch.setenv("CASTBOOK_DATA", str(tmp_path))
    monkeypatch.setenv("CASTBOOK_FETCH_HOSTS", origin)
    monkeypatch.setenv("CASTBOOK_CALLBACK_SECRET", SECRET)
    monkeypatch.setattr(deliveries, "DELAYS_S", (0.01, 300))
    answers += [503, 307]
    told = delivery_parameters(f"{origin}/x?token=abc", "speech.completed", "o-1", {}, trace="t")
    with pytest.raises(Pause) as paused:
        deliver(**told)
    assert len(seen) == 2  # the short wait was slept through, the long one is the server's
    run = awaiting(paused.value)
    assert 290 < (run.next_scheduled_start_time - run.state.timestamp).total_seconds() < 370
    assert "abc" not in run.name

    state = started_again(deliver, run)
    assert state.is_completed(), state.message
    assert {headers["webhook-id"] for headers, _ in seen} == {"msg_o-1.speech.completed"}
    assert len({body for _, body in seen}) == 1
    for headers, body in seen:
        data = Webhook(SECRET).verify(body, headers)["data"]
        assert (data["task_id"], data["trace"]) == ("o-1", "t")
    tries = read_tries(tmp_path, "o-1")
    assert [(row["attempt"], row["outcome"], row["status"]) for row in tries] == [
        (1, "retry", 503),
        (2, "retry", 307),
        (3, "delivered", 204),
    ]

    answers.append(410)
    told = delivery_parameters(f"{origin}/gone", "speech.failed", "o-2", {"error": "x"})
    assert deliver(**told, return_state=True).is_failed()
    again = deliver(**{**told, "data": {"task_id": "o-3"}}, return_state=True)
    assert "wants no more callbacks" in str(again.message)
    assert len(seen) == 4  # the last one was not asked

    monkeypatch.delenv("CASTBOOK_CALLBACK_SECRET")
    unsigned = deliver(**{**told, "address": f"{origin}/x"}, return_state=True)
    assert "CASTBOOK_CALLBACK_SECRET" in str(unsigned.message)
    assert len(seen) == 4


def test_revisions_are_made_one_after_another_and_the_newest_stands(
    on_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASTBOOK_DATA", str(tmp_path))
    made: list[str] = []

    def produce(project: str, **_: Any) -> None:
        made.append(project)
        raise InputError("books are made in other tests")

    monkeypatch.setattr(books, "produce", produce)
    hooks = hooks_with_template(tmp_path / "hooks")
    old = stage_book(tmp_path, hooked_post("<p>One. Two.</p>"), hooks, 1.0)
    new = stage_book(tmp_path, hooked_post("<p>One. Three.</p>"), hooks, 2.0)
    name = old.project.name
    with get_client(sync_client=True) as client:
        other = client.create_flow_run(book, parameters={"project": name}, state=Running())
        with pytest.raises(Pause) as paused:
            book(project=name, revision=new.revision)
        assert "One. Two." in (new.project / "manuscript.html").read_text("utf-8")
        client.set_flow_run_state(other.id, Completed(), force=True)
    run = awaiting(paused.value)
    assert (run.next_scheduled_start_time - run.state.timestamp).total_seconds() > 40
    assert returning.SHORTEST_S > 40
    assert made == []
    assert "books are made in other tests" in str(started_again(book, run).message)
    assert made == [name]
    assert "One. Three." in (new.project / "manuscript.html").read_text("utf-8")

    late = book(project=name, revision=old.revision, return_state=True)
    assert (late.name, late.message) == (
        "Superseded",
        "a newer revision stands: nothing was made",
    )
    assert made == [name]
