"""What may be spoken: terms of a list, a service that is asked, and what is logged."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castbook.errors import StorageError
from tasks.moderation import (
    Decision,
    DenyList,
    HttpModerator,
    Panel,
    Verdict,
    parse_terms,
)


def verdict_of(terms: str, text: str) -> str:
    found = [term.verdict for term in parse_terms(terms) if term.stands_in(text.casefold())]
    return found[0] if found else "allow"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("He said: Bad Word!", "deny"),
        ("bad   word", "deny"),
        ("ｂａｄ word", "deny"),
        ("b\u200bad word", "deny"),
        ("a badword", "allow"),
        ("my bad words", "allow"),
        ("这是禁词吗", "deny"),
        ("Delicate.", "review"),
        ("delicate and a bad word", "deny"),
        ("", "allow"),
    ],
)
def test_terms_match_words_whatever_their_form(tmp_path: Path, text: str, verdict: str) -> None:
    file = tmp_path / "deny.txt"
    file.write_text("# ours\nreview: delicate\nbad word  # and why\n禁词\n\n", encoding="utf-8")
    assert DenyList(file).check(text, "v", "p").verdict == verdict


def test_the_list_is_read_again_and_no_list_allows_all(tmp_path: Path) -> None:
    file = tmp_path / "deny.txt"
    listed = DenyList(file)
    assert listed.check("anything", "v", "p").verdict == "allow"
    file.write_text("anything\n")
    assert listed.check("anything", "v", "p").verdict == "deny"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StorageError, match=r"deny\.txt cannot be read: .* UTF-8 text"):
        listed.check("anything", "v", "p")


@given(st.text(), st.text(min_size=1))
def test_any_text_and_any_list_give_an_answer(text: str, term: str) -> None:
    assert verdict_of(term, text) in ("allow", "deny", "review")


def test_ten_thousand_terms_are_cheap(tmp_path: Path) -> None:
    file = tmp_path / "deny.txt"
    file.write_text("\n".join(f"term{n} of the list" for n in range(10_000)))
    listed = DenyList(file)
    listed.check("x", "v", "p")
    began = time.process_time()
    assert listed.check("He came home late. " * 200, "v", "p").verdict == "allow"
    assert time.process_time() - began < 0.5


class Scripted:
    def __init__(self, verdict: Verdict) -> None:
        self.verdict: Verdict = verdict
        self.asked = 0

    def check(self, text: str, voice: str, principal: str) -> Decision:
        self.asked += 1
        return Decision(self.verdict, "because", "script")


@pytest.mark.parametrize(
    ("verdicts", "strictest"),
    [
        ((), "allow"),
        (("allow", "review"), "review"),
        (("review", "allow"), "review"),
        (("review", "deny"), "deny"),
    ],
)
def test_the_strictest_counts_and_is_logged_without_the_text(
    caplog: pytest.LogCaptureFixture, verdicts: tuple[Verdict, ...], strictest: str
) -> None:
    with caplog.at_level(logging.INFO, "castbook.moderation"):
        decision = Panel([Scripted(v) for v in verdicts]).check("a secret", "voice_1", "ann")
    assert decision.verdict == strictest
    (line,) = caplog.messages
    assert f"verdict={strictest}" in line and "voice=voice_1 principal=ann" in line
    assert "secret" not in line and "characters=8" in line


def test_a_denial_ends_the_asking() -> None:
    last = Scripted("allow")
    Panel([Scripted("deny"), last]).check("x", "v", "p")
    assert last.asked == 0


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[tuple[str, list[dict[str, str]]]]:
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/check", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("verdict", ["allow", "review", "deny"])
def test_a_service_is_asked(verdict: str) -> None:
    body = json.dumps({"decision": verdict, "reason": "so", "more": 1}).encode()
    with answering(body) as (url, asked):
        moderator = HttpModerator(url)
        assert moderator.check("t", "v", "p") == Decision(verdict, "so", "service")  # type: ignore[arg-type]
        moderator.close()
    assert asked == [{"text": "t", "voice": "v", "principal": "p", "trace": ""}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"nonsense", 200),
        (b"[]", 200),
        (b'{"decision": "maybe"}', 200),
        (b'{"decision": "allow"}', 500),
        (b'{"decision": "allow"}', 302),
        (b'{"decision": "allow", "reason": "' + b"x" * 70_000 + b'"}', 200),
    ],
)
def test_a_service_that_fails_counts_as_the_setting_says(body: bytes, status: int) -> None:
    with answering(body, status) as (url, _):
        for verdict in ("deny", "review", "allow"):
            moderator = HttpModerator(url, on_failure=verdict)
            assert moderator.check("t", "v", "p").verdict == verdict
            moderator.close()


def test_a_service_that_is_away_denies() -> None:
    moderator = HttpModerator("http://127.0.0.1:9/", timeout_s=0.5)
    assert moderator.check("t", "v", "p") == Decision(
        "deny", "the moderator does not answer", "failure"
    )
    moderator.close()
