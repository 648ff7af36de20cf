"""``castbook hook test``: shows what would start, and leaves nothing behind."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from flows.cli import main

SECRET = "a-secret-of-sixteen-or-more"
RECORDED = Path(__file__).parents[1] / "service" / "webhooks" / "recorded"
GHOST = RECORDED / "ghost_post_published.json"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASTBOOK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CASTBOOK_HOOK_GHOST_SECRET", SECRET)
    monkeypatch.delenv("CASTBOOK_HOOKS", raising=False)
    return tmp_path / "data"


def test_a_book(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hook", "test", "ghost", str(GHOST)]) == 0
    shown = capsys.readouterr().out
    assert "not good: X-Ghost-Signature is needed" in shown
    assert "a book would start: ghost-67447438e61fb200012f48e0" in shown
    assert "<h1>The Door &amp; the Key</h1>" in shown
    assert "title: The Door & the Key" in shown
    assert SECRET not in shown
    assert not data.exists()


def test_headers_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    import hashlib
    import hmac

    at = str(int(time.time() * 1000))
    made = hmac.new(SECRET.encode(), GHOST.read_bytes() + at.encode(), hashlib.sha256).hexdigest()
    words = ["hook", "test", "ghost", str(GHOST), "--json", "--header"]
    assert main([*words, f"X-Ghost-Signature=sha256={made}, t={at}"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["signature"]["good"] is True
    assert shown["order"]["kind"] == "book"
    assert [file["path"].rpartition("/")[2] for file in shown["order"]["files"]] == [
        "manuscript.html",
        "project.yaml",
    ]
    assert main([*words, f"X-Ghost-Signature=sha256={'0' * 64}, t={at}"]) == 1
    assert main([*words, "nonsense"]) == 2


def test_what_is_ignored_and_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.json"
    file.write_text("{}", "utf-8")
    assert main(["hook", "test", "ghost", str(file)]) == 0
    assert "ignored: /post/current/status is not published" in capsys.readouterr().out
    file.write_text("{", "utf-8")
    assert main(["hook", "test", "ghost", str(file)]) == 2
    assert "body: the body is no JSON" in capsys.readouterr().err
    assert main(["hook", "test", "none", str(file)]) == 2
    assert "expected one of ghost, github, standard" in capsys.readouterr().err


def test_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    text = RECORDED / "standard_text_ready.json"
    assert main(["hook", "test", "standard", str(text)]) == 0
    shown = capsys.readouterr().out
    assert "CASTBOOK_HOOK_STANDARD_SECRET is not set" in shown
    assert "text: Good morning." in shown
