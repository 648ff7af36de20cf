"""Callbacks: when they are tried again, what they hold, and a real receiver for each answer."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from castbook.errors import InputError
from castbook.fetching import Fetcher
from tasks.hooks.callbacks import delivery_body, delivery_key, delivery_parameters, message_id
from tasks.hooks.deliveries import DELAYS_S, Decision, decide, retry_after
from tasks.hooks.deliverylog import Try, disable, is_disabled, note_try, read_tries
from tasks.hooks.sending import Sent, send
from tasks.hooks.settings import DeliverySettings

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
NOW = 1_795_000_000.0
AT = datetime.fromtimestamp(NOW, UTC)


def test_the_delays_are_those_of_standard_webhooks() -> None:
    hours = 3600
    assert (
        5, 300, 1800, 2 * hours, 5 * hours, 10 * hours, 14 * hours, 20 * hours, 24 * hours
    ) == DELAYS_S  # fmt: skip


@pytest.mark.parametrize(
    ("status", "attempt", "outcome"),
    [
        (200, 1, "delivered"), (204, 10, "delivered"), (299, 1, "delivered"),
        (301, 1, "retry"), (307, 9, "retry"), (400, 1, "retry"), (404, 1, "retry"),
        (410, 1, "disabled"), (429, 1, "retry"), (500, 9, "retry"), (None, 9, "retry"),
        (500, 10, "dead"), (None, 10, "dead"), (302, 11, "dead"),
    ],
)  # fmt: skip
def test_what_follows_from_an_answer(status: int | None, attempt: int, outcome: str) -> None:
    assert decide(status, {}, attempt, NOW, 0.5).outcome == outcome


def test_a_hopeless_address_is_given_up_at_once() -> None:
    assert decide(None, {}, 1, NOW, 0.0, hopeless=True) == Decision("dead")


@given(st.integers(1, 9), st.floats(0, 1), st.text(max_size=30))
def test_a_wait_is_never_shorter_nor_much_longer_than_its_delay(
    attempt: int, jitter: float, asked: str
) -> None:
    wait = decide(503, {"retry-after": asked}, attempt, NOW, jitter).wait_s
    delay = DELAYS_S[attempt - 1]
    assert delay <= wait <= max(1.2 * delay, 86_400)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120), (" 7 ", 7), ("", 0), ("soon", 0), ("-5", 0), ("9" * 500, 999_999_999),
        ("Wed, 18 Nov 2026 22:27:40 GMT", 1060), ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("١٢", 0),
    ],
)  # fmt: skip
def test_retry_after(written: str, seconds: float) -> None:
    now = datetime(2026, 11, 18, 22, 10, 0, tzinfo=UTC).timestamp()
    assert retry_after(written, now) == pytest.approx(seconds)


def test_what_is_told() -> None:
    told = {"file": "a.wav", "error": "x" * 300 + "end"}
    said = delivery_parameters(
        "https://h.test/x", "speech.failed", "o-1", told, trace="t", at=AT,
        environ={"CASTBOOK_PUBLIC_URL": "https://books.test/"},
    )  # fmt: skip
    assert said["at"] == "2026-11-18T11:06:40Z"
    here = "https://books.test/v1/runs/o-1"
    assert said["data"] == {
        "task_id": "o-1",
        "status": "failed",
        "urls": {"self": here, "audio": f"{here}/audio", "files": f"{here}/files"},
        "error": "x" * 197 + "end",
        "trace": "t",
        "file": "a.wav",
    }
    assert json.loads(json.dumps(said)) == said  # goes through Prefect
    assert delivery_key("o-1", "speech.failed") == "deliver:o-1:speech.failed"
    book = delivery_parameters("https://h.test/x", "book.completed", "o", {}, environ={})
    assert book["data"]["urls"] == {"self": "/v1/runs/o", "files": "/v1/runs/o/files"}


def test_a_body_is_small_and_the_same_each_time() -> None:
    data = {"task_id": "o", "failed": list(range(100)), "file": "x" * 30_000}
    body = delivery_body("batch.failed", data, "2026-11-18T11:06:40Z")
    assert len(body) <= 20_000
    assert body == delivery_body(
        "batch.failed", dict(reversed(data.items())), "2026-11-18T11:06:40Z"
    )
    assert json.loads(body)["data"] == {"task_id": "o"}
    with pytest.raises(InputError, match="bytes"):
        delivery_body("batch.failed", {"task_id": "x" * 30_000}, "")


def test_the_log(tmp_path: Path) -> None:
    done = Try("2026-11-18T11:06:40Z", "speech.completed", 1, "retry", 503, 12, "h.test", "x", 5)
    assert read_tries(tmp_path, "o-1") == []
    note_try(tmp_path, "o-1", done)
    note_try(tmp_path, "../o", done)
    with (tmp_path / "deliveries" / "o-1.jsonl").open("a") as file:
        file.write('{"half": ')
    (row,) = read_tries(tmp_path, "o-1")
    assert (row["attempt"], row["outcome"], row["next_s"]) == (1, "retry", 5)
    assert len(read_tries(tmp_path, "../o")) == 1
    assert {path.parent.name for path in tmp_path.rglob("*.jsonl")} == {"deliveries"}


def test_an_address_that_is_gone(tmp_path: Path) -> None:
    disable(tmp_path, "https://h.test/x?token=abc", "now")
    assert is_disabled(tmp_path, "https://h.test/x?token=abc")
    assert not is_disabled(tmp_path, "https://h.test/y")
    (file,) = (tmp_path / "deliveries" / "gone").iterdir()
    assert "abc" not in file.name + file.read_text("utf-8")


def test_settings() -> None:
    env = {"CASTBOOK_CALLBACK_SECRET": f"{SECRET}, {OLD}", "CASTBOOK_FETCH_HOSTS": "a.test,b.test"}
    settings = DeliverySettings.read(env)
    assert (settings.signing(), settings.hosts) == ((SECRET, OLD), ("a.test", "b.test"))
    assert SECRET not in repr(settings)
    with pytest.raises(InputError, match="CASTBOOK_CALLBACK_SECRET"):
        DeliverySettings.read({}).signing()
    with pytest.raises(InputError, match="CASTBOOK_CALLBACK_SECRET: a secret is not one of"):
        DeliverySettings.read({"CASTBOOK_CALLBACK_SECRET": "x"})


@dataclass
class Receiver:
    """A server on this machine that answers what it is told to."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    origin: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.seen.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status, headers = told.answers.pop(0) if told.answers else (204, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "1000000")  # nobody reads it
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.origin = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def tried(receiver: Receiver, attempt: int = 1, path: str = "/x") -> Sent:
    fetcher = Fetcher([receiver.origin], seconds=5)
    body = delivery_body("speech.completed", {"task_id": "o-1"}, "2026-11-18T11:06:40Z")
    number = message_id("o-1", "speech.completed")
    return send(fetcher, receiver.origin + path, number, body, (SECRET, OLD), attempt)


def test_the_library_verifies_what_we_send_with_either_secret(receiver: Receiver) -> None:
    receiver.answers = [(500, {}), (503, {"Retry-After": "9"}), (200, {})]
    outcomes = [tried(receiver, attempt).decision for attempt in (1, 2, 3)]
    assert [one.outcome for one in outcomes] == ["retry", "retry", "delivered"]
    assert 5 <= outcomes[0].wait_s <= 6
    assert 300 <= outcomes[1].wait_s <= 360  # longer than the 9 s that were asked for
    assert len({headers["webhook-id"] for headers, _ in receiver.seen}) == 1
    assert len({body for _, body in receiver.seen}) == 1
    for headers, body in receiver.seen:
        for secret in (SECRET, OLD):
            assert Webhook(secret).verify(body, headers)["type"] == "speech.completed"


def test_a_redirect_is_no_delivery_and_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [(307, {"Location": "/elsewhere"})]
    sent = tried(receiver)
    assert (sent.decision.outcome, sent.status, sent.error) == ("retry", 307, "answered 307")
    assert len(receiver.seen) == 1


def test_gone_is_gone(receiver: Receiver) -> None:
    receiver.answers = [(410, {})]
    assert tried(receiver).decision == Decision("disabled")


def test_addresses_that_are_not_asked(receiver: Receiver) -> None:
    sent = send(Fetcher([]), receiver.origin + "/x", "m", b"{}", (SECRET,), 1)
    assert sent.decision == Decision("dead")
    assert "not fetched here" in sent.error
    away = send(Fetcher(["http://127.0.0.1:9"]), "http://127.0.0.1:9/", "m", b"{}", (SECRET,), 1)
    assert (away.decision.outcome, away.status) == ("retry", None)
    assert receiver.seen == []
