from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# In a process of its own: others' freed memory would hide what is asked for here. After the first
# array of 8 MB glibc takes the next ones from a heap, and a small one behind them keeps it whole.
SCRIPT = """
import numpy as np
from tasks.heap import keep_small

def resident_mb():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

keep_small()
np.ones(1 << 20)
before = resident_mb()
several = [np.ones(1 << 20) for _ in range(8)]
kept = np.ones(1000)
full = resident_mb()
del several
print(full - before > 60, resident_mb() - before < 20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps memory so")
def test_what_is_freed_goes_back() -> None:
    command = [sys.executable, "-c", SCRIPT]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.stdout.split() == ["True", "True"], answer.stderr
