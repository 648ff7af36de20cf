"""Our numbers of GLM-TTS against upstream's, stage by stage.

    python -m benchmarks.glm_parity GOLDEN_DIR [--stage NAME…] [--all] [--json]

``GOLDEN_DIR`` has a folder for each stage, with numbers that the upstream modules made with
small random weights. Stages are found by name (``benchmarks/glm_parity_STAGE.py``); all sizes are
read from the folder. One thread, float32. The table has for each stage the comparison nearest to
its limit, or furthest over it. Exit code 1: a row is over its limit, a stage could not be
compared, or there was none.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import torch

from benchmarks.parityrows import Row

STAGES = (
    "llm", "flow", "hift", "mel", "speech_tokenizer", "campplus_fbank", "text", "phoneme",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one stage."""

    stage: str
    rows: tuple[Row, ...]
    seconds: float
    fault: str = ""  # why it could not be compared

    @property
    def passed(self) -> bool:
        """Every row within its limit; a stage without rows proves nothing."""
        return not self.fault and bool(self.rows) and all(row.passed for row in self.rows)

    @property
    def worst(self) -> Row | None:
        """The row nearest to its limit, or furthest over it."""
        return max(self.rows, key=_strain, default=None)


def run(folder: Path, stages: Sequence[str] = STAGES) -> list[Result]:
    """Compares the stages that ``folder`` has golden numbers for.

    A stage without a folder is a fault, too: a proof that was not run is none.
    """
    return [_stage(folder / stage, stage) for stage in stages]


def table(results: Sequence[Result], *, everything: bool = False) -> str:
    """For people: one line a stage, then what failed, or every row."""
    lines = [f"{'stage':<17}{'rows':>5}{'ok':>5}{'s':>6}  largest error of its limit"]
    for result in results:
        good = sum(row.passed for row in result.rows)
        row = result.worst
        most = f"{_numbers(row)}  {row.case} {row.quantity}" if row else result.fault
        lines.append(
            f"{result.stage:<17}{len(result.rows):>5}{good:>5}{result.seconds:>6.1f}  {most}"
        )
        if result.fault and row:
            lines.append(f"  {result.fault}")
    for row in (row for result in results for row in result.rows):
        if everything or not row.passed:
            mark = "  ok  " if row.passed else "  OVER"
            detail = f"  ({row.detail})" if row.detail else ""
            name = f"{row.stage} {row.case} {row.quantity}"
            lines.append(f"{mark}  {name}: {_numbers(row)}{detail}")
    passed = sum(result.passed for result in results)
    lines.append(f"{passed} of {len(results)} stages within their limits")
    return "\n".join(lines)


def as_json(results: Sequence[Result]) -> str:
    """The same for a program; an error that is no number is a string."""
    stages = {
        result.stage: {
            "passed": result.passed,
            "fault": result.fault,
            "seconds": round(result.seconds, 2),
            "worst": _plain(result.worst) if result.worst else None,
            "rows": [_plain(row) for row in result.rows],
        }
        for result in results
    }
    passed = bool(results) and all(result.passed for result in results)
    return json.dumps(
        {"passed": passed, "torch": torch.__version__, "stages": stages}, ensure_ascii=False
    )


def _stage(folder: Path, stage: str) -> Result:
    began = time.perf_counter()
    rows: tuple[Row, ...] = ()
    fault = ""
    try:
        if not folder.is_dir():
            raise FileNotFoundError(f"no folder {folder}")
        rows = tuple(import_module(f"benchmarks.glm_parity_{stage}").compare(folder))
        fault = "" if rows else "no comparison was made"
    except Exception as error:  # whatever it is, the other stages are still worth comparing
        fault = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return Result(stage, rows, time.perf_counter() - began, fault)


def _strain(row: Row) -> float:
    if math.isnan(row.error):
        return math.inf
    return row.error / row.limit if row.limit else row.error * math.inf if row.error else 0.0


def _numbers(row: Row) -> str:
    if not row.limit:
        return f"{row.error:g} of exactly 0"
    return f"{row.error:.2e} of {row.limit:.0e}"


def _plain(row: Row) -> dict[str, object]:
    error: object = row.error if math.isfinite(row.error) else str(row.error)
    return asdict(row) | {"error": error, "passed": row.passed}


def main(arguments: Sequence[str] | None = None) -> int:
    """0: every stage is within its limits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("golden", type=Path, help="the folder with one folder for each stage")
    parser.add_argument("--stage", action="append", choices=STAGES, help="only this one")
    parser.add_argument("--all", action="store_true", help="every row, not only those over")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    results = run(options.golden, options.stage or STAGES)
    print(as_json(results) if options.json else table(results, everything=options.all))
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
