"""Sources and payloads for the tests of hooks."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from tasks.hooks.mapping import Hooked

RECORDED = Path(__file__).parents[2] / "service" / "webhooks" / "recorded"
SECRET = "a-secret-of-sixteen-or-more"
TEMPLATE = """\
version: 1   # the template of these tests
title: To be replaced
language: en
manuscript: to-be-replaced.md
engine: tone
engines: {tone: {rate: 16000}}
narrator: calm
voices: {calm: {preset: oak}}
cast: {}
credits: {opening: false, closing: false}
rate: 16000
profile: draft
outputs: [m4b]
"""


def recorded(name: str) -> bytes:
    """A payload as it was recorded."""
    return (RECORDED / f"{name}.json").read_bytes()


def ghost_headers(body: bytes, now: float, secret: str = SECRET) -> dict[str, str]:
    """As Ghost signs: the body, then the milliseconds."""
    at = str(int(now * 1000))
    made = hmac.new(secret.encode(), body + at.encode(), hashlib.sha256).hexdigest()
    return {"x-ghost-signature": f"sha256={made}, t={at}"}


def github_headers(body: bytes, secret: str = SECRET, event: str = "release") -> dict[str, str]:
    """As GitHub signs."""
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={made}", "x-github-event": event}


def hooks_with_template(folder: Path, source: str = "", name: str = "own") -> Path:
    """A folder of hooks with the template ``tone`` and, if its text is given, a source."""
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "templates" / "tone.yaml").write_text(TEMPLATE, "utf-8")
    if source:
        (folder / f"{name}.yaml").write_text(source, "utf-8")
    return folder


def post(html: str, **changes: Any) -> Hooked:
    """A book that a source asks for; its digest is that of its content."""
    said: dict[str, Any] = {
        "source": "ghost",
        "id": "a1",
        "digest": hashlib.sha256(json.dumps([html, str(changes)]).encode()).hexdigest(),
        "form": "html",
        "content": html,
        "title": "The Door",
        "author": "A. Nobody",
        "template": "tone",
        **changes,
    }
    return Hooked(**said)
