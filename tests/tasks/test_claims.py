from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from tasks.claims import Claims


def write_claim(folder: Path, name: str, keys: list[str]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(keys))
    return path


def test_own_keys_are_not_others(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "claims")
    with claims.hold(["a", "b"]):
        assert claims.others() == frozenset()
    claims.close()
    assert not list((tmp_path / "claims").glob("*.json"))


def test_a_living_foreign_claim_is_seen(tmp_path: Path) -> None:
    write_claim(tmp_path, "elsewhere-77", ["a"])
    assert Claims(tmp_path).others() == {"a"}


def test_a_stale_claim_is_ignored(tmp_path: Path) -> None:
    old = write_claim(tmp_path, "elsewhere-77", ["a"])
    os.utime(old, (time.time() - 100, time.time() - 100))
    assert Claims(tmp_path).others() == frozenset()


def test_a_claim_of_a_dead_process_here_is_ignored_at_once(tmp_path: Path) -> None:
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    ).stdout.strip()
    write_claim(tmp_path, f"{platform.node()}-{dead}", ["a"])
    assert Claims(tmp_path).others() == frozenset()


def test_a_damaged_claim_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "elsewhere-1.json").write_text("{")
    assert Claims(tmp_path).others() == frozenset()


def test_two_blocks_hold_together(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    mine = tmp_path / f"{platform.node()}-{os.getpid()}.json"
    with claims.hold(["a"]):
        with claims.hold(["b"]):
            assert json.loads(mine.read_text()) == ["a", "b"]
        assert json.loads(mine.read_text()) == ["a"]
    claims.close()
