"""The suite's own rule: a skip is always shown, and fails the run when CI is set."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TESTS = """
import pytest

def test_that_runs():
    pass

@pytest.mark.skipif(True, reason="no ear on this machine")
def test_that_does_not():
    pass
"""


@pytest.mark.parametrize(("ci", "workers", "code"), [("", 0, 0), ("true", 1, 1)])
def test_a_skip_fails_only_in_ci(tmp_path: Path, ci: str, workers: int, code: int) -> None:
    shutil.copy(HERE / "conftest.py", tmp_path)
    (tmp_path / "test_two.py").write_text(TESTS, encoding="utf-8")
    words = ["-q", "-c", os.devnull, "--rootdir", str(tmp_path), "-p", "no:cacheprovider"]
    xdist = ["-p", "xdist.plugin", "-n", str(workers)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *xdist, "test_two.py"],
        cwd=tmp_path,
        env={
            **os.environ,
            "CI": ci,
            "PYTEST_ADDOPTS": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # hypothesis and others take seconds to load
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "test_two.py::test_that_does_not  no ear on this machine" in done.stdout
