"""The wheel: what is in it, and that a book is made with it far from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("castbook", "book", "tts", "audio", "tasks", "flows", "service")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without isolation: hatchling is in the dev extra, so no network is needed."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("castbook-*-py3-none-any.whl")
    return built


def test_the_wheel_holds_the_rooms_and_their_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    configs = {f for f in (ROOT / "configs").rglob("*") if f.is_file()}
    wanted |= {f"castbook/{path.relative_to(ROOT).as_posix()}" for path in configs}
    assert held == wanted
    assert {"castbook/py.typed", "castbook/configs/mastering/acx.yaml"} <= held


def test_the_wheel_carries_its_licence_and_its_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(n for n in names if n.endswith("METADATA"))).decode()
        points = archive.read(next(n for n in names if n.endswith("entry_points.txt"))).decode()
    assert {n.rpartition("/")[2] for n in names if "/licenses/" in n} == {"LICENSE", "NOTICE"}
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: <3.14,>=3.11" in metadata
    assert "castbook = flows.cli:main" in points


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and this one's packages behind it (not its checkout:
    the .pth files of a folder that a .pth file names are not read)."""
    home = tmp_path_factory.mktemp("elsewhere")
    venv.create(home / "v", with_pip=False, symlinks=True)
    python = home / "v" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    quiet = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *quiet, str(wheel)], check=True, timeout=100)
    lib = Path(sysconfig.get_path("purelib", vars={"base": str(home / "v")}))
    (lib / "behind.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home


def run(elsewhere: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A program of that environment, in that folder, with nothing of ours in the environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "CASTBOOK_"))}
    return subprocess.run(
        [str(elsewhere / "v" / "bin" / program), *words],
        cwd=elsewhere,
        env={**kept, "PREFECT_API_URL": ""},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=100,
    )


def test_the_installed_rooms_are_those_of_the_wheel(elsewhere: Path) -> None:
    script = "import castbook.resources as r; print(r.__file__); print(r.configs())"
    done = run(elsewhere, "python", "-c", script)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        assert Path(line).is_relative_to(elsewhere / "v"), line
    assert run(elsewhere, "castbook", "--version").stdout.startswith("castbook, version 0.")


def test_a_book_is_made_from_another_directory(elsewhere: Path) -> None:
    shutil.copytree(
        ROOT / "projects" / "tone-demo",
        elsewhere / "demo",
        ignore=shutil.ignore_patterns("build"),
    )
    done = run(elsewhere, "castbook", "make", "demo")
    assert done.returncode == 0, done.stderr
    (book,) = (elsewhere / "demo" / "build" / "out").rglob("*.m4b")
    assert book.stat().st_size > 50_000
