"""The shell around the parity stages: what it reports, and when it fails."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import glm_parity
from benchmarks.parityrows import Row


def stage(monkeypatch: pytest.MonkeyPatch, name: str, *rows: Row, fails: str = "") -> None:
    module = ModuleType(f"benchmarks.glm_parity_{name}")

    def compare(folder: Path) -> list[Row]:
        if fails:
            raise KeyError(fails)
        return list(rows)

    module.compare = compare  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    for name in ("mel", "hift"):
        (tmp_path / name).mkdir()
    return tmp_path


GOOD = Row("mel", "mel0", "mel", 2e-6, 1e-4)
EXACT = Row("mel", "mel1", "frames", 0.0, 0.0)


def test_within_limits(
    golden: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(monkeypatch, "mel", EXACT, GOOD)
    assert glm_parity.main([str(golden), "--stage", "mel"]) == 0
    assert "2.00e-06 of 1e-04  mel0 mel" in capsys.readouterr().out
    assert glm_parity.main([str(golden), "--stage", "mel", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is True
    assert told["stages"]["mel"]["worst"]["error"] == 2e-6
    assert [row["passed"] for row in told["stages"]["mel"]["rows"]] == [True, True]


@pytest.mark.parametrize(
    "bad",
    [
        Row("mel", "mel2", "mel", 2e-4, 1e-4),
        Row("mel", "mel2", "ids", 1.0, 0.0, "first at 7"),
        Row("mel", "mel2", "mel", math.nan, 1e-4),
        Row("mel", "mel2", "mel", math.inf, 1e-4),
    ],
)
def test_over_a_limit(
    golden: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bad: Row
) -> None:
    stage(monkeypatch, "mel", GOOD, bad)
    (result,) = glm_parity.run(golden, ["mel"])
    assert result.worst == bad
    assert glm_parity.main([str(golden), "--stage", "mel"]) == 1
    told = capsys.readouterr().out
    assert "OVER" in told
    assert "mel2" in told
    assert glm_parity.main([str(golden), "--stage", "mel", "--json"]) == 1
    json.loads(capsys.readouterr().out, parse_constant=pytest.fail)  # no NaN in JSON


def test_what_cannot_be_compared_is_a_failure_and_the_others_are_compared(
    golden: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage(monkeypatch, "hift", fails="case0.wav")
    stage(monkeypatch, "flow", GOOD)  # without a folder
    stage(monkeypatch, "mel", GOOD)
    monkeypatch.setattr(glm_parity, "STAGES", ("hift", "flow", "mel"))
    results = glm_parity.run(golden, ("hift", "flow", "mel"))
    assert [result.passed for result in results] == [False, False, True]
    assert glm_parity.main([str(golden)]) == 1
    told = capsys.readouterr().out
    assert "KeyError: 'case0.wav'" in told
    assert "no folder" in told
    assert "1 of 3 stages within their limits" in told


def test_no_rows_prove_nothing(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(monkeypatch, "mel")
    assert glm_parity.main([str(golden), "--stage", "mel"]) == 1
