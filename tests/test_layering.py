"""The floors of the house: imports point down only, and the quick commands stay quick."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "castbook": {"castbook"},
    "book": {"castbook", "book"},
    "tts": {"castbook", "tts"},
    "audio": {"castbook", "audio"},
    "tasks": {"castbook", "book", "tts", "audio", "tasks"},
    "flows": {"castbook", "book", "tts", "audio", "tasks", "flows"},
    "service": {"castbook", "book", "tts", "audio", "tasks", "flows", "service"},
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = sorted(path for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py"))


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement of one file."""

    name: str  # dotted
    line: int
    at_start: bool  # runs when the module is imported, not later inside a function

    @property
    def root(self) -> str:
        return self.name.partition(".")[0]


def imports_of(node: ast.AST, at_start: bool = True) -> Iterator[Import]:
    """Every import below ``node``; what only a type checker sees does not run at the start."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, at_start) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: a relative import hides its floor"
            for alias in child.names:
                yield Import(f"{child.module}.{alias.name}", child.lineno, at_start)
        elif not isinstance(child, ast.expr):  # which hold no statement, and are most of a file
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from imports_of(child, at_start and not later and not typing)


@cache
def imports(path: Path) -> tuple[Import, ...]:
    return tuple(imports_of(ast.parse(path.read_text(encoding="utf-8"))))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def files_of(room: str) -> list[Path]:
    """Its modules: a test for each would be 1,400 tests, and 5 s of pytest's own work."""
    found = [path for path in FILES if path.relative_to(ROOT).parts[0] == room]
    assert found
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_down(room: str) -> None:
    wrong = [
        f"{named(path)}:{found.line}: {room}/ may not import {found.name}"
        for path in files_of(room)
        for found in imports(path)
        if found.root in {*MAY_IMPORT, "tests", "benchmarks", "scripts"} - MAY_IMPORT[room]
        or (found.root == "prefect" and room != "flows")
    ]
    assert wrong == []


def is_model(path: Path) -> bool:
    """Of the GLM-TTS networks, which planning never imports (tests/tts/test_registry.py)."""
    return named(path).startswith("tts/glm/") and any(
        found.root in ("torch", "safetensors", "tiktoken") for found in imports(path)
    )


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_torch_is_imported_late(room: str) -> None:
    heavy = {"torch", "torchaudio", "kokoro_onnx", "onnxruntime"}
    wrong = [
        f"{named(path)}:{found.line}: {found.name}"
        for path in files_of(room)
        if not is_model(path)  # those are loaded by the engine's own process
        for found in imports(path)
        if found.at_start and found.root in heavy
    ]
    assert wrong == []


def distribution(requirement: str) -> str:
    """``pyyaml`` of ``PyYAML>=6.0; python_version < '4'``."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_everything_imported_is_declared() -> None:
    """What is imported directly is named in pyproject.toml: base for what runs at the start,
    an extra at least for what is imported on demand."""
    project = PROJECT["project"]
    base = {distribution(r) for r in project["dependencies"]}
    base.add("pydantic-core")  # pins itself to pydantic, and holds its error types
    extras = {
        distribution(r)
        for name, wanted in project["optional-dependencies"].items()
        for r in wanted
        if name != "dev"
    }
    installed = packages_distributions()
    wrong = []
    for path in FILES:
        for found in imports(path):
            if found.root in sys.stdlib_module_names or found.root in MAY_IMPORT:
                continue
            given = {distribution(name) for name in installed.get(found.root, [found.root])}
            late = not found.at_start or is_model(path) or named(path).startswith("service/")
            allowed = base | extras if late else base
            if not given & allowed:
                wrong.append(f"{named(path)}:{found.line}: {found.name} is not declared")
    assert wrong == []


def test_the_wheel_and_the_type_checker_know_every_room() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert set(wheel) == {*MAY_IMPORT, "configs"}
    assert set(PROJECT["tool"]["mypy"]["files"]) >= set(MAY_IMPORT)


def test_no_module_bears_a_rooms_name() -> None:
    """Prefect puts a flow's folder first on the import path: flows/book.py would hide book/."""
    assert [named(p) for p in FILES if p.stem in MAY_IMPORT and p.parent != ROOT] == []


LOOK = """
import os, sys
from flows.cli import main
try:
    code = main(sys.argv[1:])
finally:
    print("MODULES", *sorted(sys.modules))
    print("SECONDS", sum(os.times()[:2]))
sys.exit(code)
"""


def run_and_look(*words: str) -> tuple[set[str], float]:
    """The modules a command has imported, and the CPU seconds of its process."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    modules = done.stdout.partition("MODULES ")[2].splitlines()[0].split()
    return {m.partition(".")[0] for m in modules}, float(done.stdout.rpartition("SECONDS ")[2])


def test_help_starts_at_once() -> None:
    modules, seconds = run_and_look("--help")
    assert not modules & {"prefect", "torch", "nltk", "numpy", "rich", "pydantic", "yaml"}
    assert seconds < 0.5  # CPU, so that a busy machine does not fail it; 0.12 measured
