"""Engines that do what engines should not, as if a package had brought them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tts.host import Host


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Host]:
    """Hosts of tests/tts/odd_engines.py, which a package seems to have brought."""
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[castbook.engines]\nodd = odd_engines:OddEngine\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{Path(__file__).parent}")

    def make(**more: object) -> Host:
        limits = {k: more.pop(k) for k in ("ready_s", "stall_s", "max_restarts") if k in more}
        return Host("odd", more, **limits)

    return make
