"""The end of a text is told by a run of its own; who cannot be told does not undo the text."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import pytest

from castbook.errors import Unavailable
from castbook.tracing import traced
from flows import texts
from flows.texts import announce


class Orders:
    """Remembers what was placed; ``away`` as Prefect's."""

    placed: ClassVar[list[tuple[str, dict[str, Any], str, str]]] = []
    away = False

    def __init__(self, api_url: str, *, patience_s: float) -> None:
        pass

    async def place(self, kind: str, parameters: dict[str, Any], *, key: str, trace: str) -> None:
        if self.away:
            raise Unavailable("away")
        self.placed.append((kind, parameters, key, trace))

    async def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def orders(monkeypatch: pytest.MonkeyPatch) -> type[Orders]:
    fresh = type("Fresh", (Orders,), {"placed": []})
    monkeypatch.setattr(texts, "PrefectOrders", fresh)
    return fresh


def test_a_callback_is_an_order(orders: type[Orders]) -> None:
    with traced("t" * 32):
        announce("https://h.test/x", "speech.completed", {"file": "a.wav"})
    announce("", "speech.completed", {})
    (kind, parameters, key, trace) = orders.placed[0]
    assert len(orders.placed) == 1
    assert (kind, key, trace) == ("deliver", "deliver:None:speech.completed", "t" * 32)
    here = "/v1/runs/None"
    assert parameters.pop("at").endswith("Z")
    assert parameters == {
        "address": "https://h.test/x",
        "type": "speech.completed",
        "data": {
            "task_id": "None",
            "status": "completed",
            "urls": {"self": here, "audio": f"{here}/audio", "files": f"{here}/files"},
            "error": None,
            "trace": "t" * 32,
            "file": "a.wav",
        },
        "trace": "t" * 32,
    }


def test_a_callback_that_cannot_be_ordered_is_logged(
    orders: type[Orders], caplog: pytest.LogCaptureFixture
) -> None:
    orders.away = True
    with caplog.at_level(logging.ERROR, "castbook.texts"):
        announce("https://h.test/x", "speech.failed", {})
    assert "the callback speech.failed was not ordered: away" in caplog.text
    assert "h.test" not in caplog.text
