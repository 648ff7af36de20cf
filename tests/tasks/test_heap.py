from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tasks.heap import keep_small


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps memory so")
def test_what_is_freed_goes_back() -> None:
    keep_small()
    np.ones(1 << 20)  # 8 MB: after it, glibc would take arrays of this size from a heap
    before = resident_mb()
    several = [np.ones(1 << 20) for _ in range(8)]
    kept = np.ones(1000)  # small, behind them
    assert resident_mb() > before + 60
    del several
    assert resident_mb() < before + 20
    assert kept.sum() == 1000
