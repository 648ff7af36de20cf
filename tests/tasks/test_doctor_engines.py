"""``castbook doctor``: what an engine says of itself beyond one line."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from castbook.errors import ProjectError
from flows.printing import show_facts
from tasks import diagnosis
from tts.tone import ToneEngine


def test_an_engines_own_lines_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = {"cuda:0 (NVIDIA H200)": "139.0 of 141.0 GiB free, 15.2 needed: enough"}

    def describe(self: ToneEngine) -> Mapping[str, str]:
        return lines

    monkeypatch.setattr(ToneEngine, "describe", describe)
    facts = diagnosis.examine()
    assert facts["engine tone"] == lines
    show_facts(facts)
    assert "engine tone:\n  cuda:0 (NVIDIA H200): 139.0 of" in capsys.readouterr().out


def test_an_engine_that_cannot_be_made_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def make_engine(name: str, options: Mapping[str, object]) -> ToneEngine:
        raise ProjectError("no such thing")

    monkeypatch.setattr(diagnosis, "make_engine", make_engine)
    assert [key for key in diagnosis.examine() if key.startswith("engine ")] == []
