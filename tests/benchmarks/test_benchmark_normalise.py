"""python -m benchmarks.normalise counts rightly and names its misses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.normalise import Row, fold, main, reason


def write(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    path = folder / "normalisation" / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def test_rows_are_counted_and_misses_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = {"lang": "en", "kind": "count", "written": "5 dogs", "spoken": "Five dogs"}
    wrong = {"lang": "en", "kind": "odd", "written": "6 dogs", "spoken": "half a dozen dogs"}
    write(tmp_path, "fiction_en", [right, wrong])
    assert main([str(tmp_path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    result = report["files"]["fiction_en"]["fiction"]
    assert (result["rows"], result["right"], result["share"]) == (2, 1, 0.5)
    assert result["kinds"]["odd"] == {"rows": 1, "right": 0}
    assert result["misses"] == [{**{k: wrong[k] for k in ("kind", "written")},
        "expected": wrong["spoken"], "got": "six dogs", "reason": "wording choice"}]  # fmt: skip
    assert not report["passed"]


def test_a_folder_without_rows_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no normalisation/*.jsonl" in capsys.readouterr().err


def test_folded_are_case_spaces_and_hyphens_only() -> None:
    assert fold("Twenty-one Dogs") == fold("twenty one dogs")
    assert fold("one, two") != fold("one two")


def test_reasons() -> None:
    row = Row("en", "k", "No. 5", "number five")
    assert reason(row, "number. five") == "punctuation only"
    assert reason(row, "No. 5") == "number left as printed"
    assert reason(row, "num five") == "wording choice"
