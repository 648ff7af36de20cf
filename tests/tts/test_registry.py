"""Engines by name: built-in ones, those of other packages, and names that are neither."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from castbook.errors import MissingDependency, ProjectError
from tts import registry
from tts.tone import ToneEngine

ROOT = Path(__file__).resolve().parents[2]


def _install(folder: Path, points: str, code: str = "") -> None:
    """A package as pip would leave it."""
    info = folder / "castbook_chirp-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: castbook-chirp\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[castbook.engines]\n{points}\n")
    (folder / "chirp_package.py").write_text(code)


def test_a_built_in_engine_needs_no_search_of_packages(monkeypatch) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda **_: pytest.fail("searched"))
    assert registry.engine_class("tone") is ToneEngine
    assert registry.make_engine("tone", {"rate": 8000}).capabilities.rate == 8000


def test_names(tmp_path, monkeypatch) -> None:
    assert registry.engine_names()[:5] == ("tone", "espeak", "kokoro", "glm", "openai")
    _install(tmp_path, "zebra = chirp_package:E\nape = chirp_package:E")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registry.engine_names()[5:] == ("ape", "zebra")


def test_an_unknown_name_gets_the_nearest_match_and_the_list() -> None:
    with pytest.raises(ProjectError, match=r"'tonne'.*tone, espeak.*did you mean tone\?"):
        registry.engine_class("tonne")
    with pytest.raises(ProjectError, match="one of tone") as error:
        registry.engine_class("xyz123")
    assert "did you mean" not in str(error.value)


def test_a_package_cannot_take_a_built_in_name(tmp_path, monkeypatch) -> None:
    _install(tmp_path, "tone = chirp_package:Impostor", "class Impostor: pass")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert registry.engine_class("tone") is ToneEngine
    assert registry.engine_names().count("tone") == 1


@pytest.mark.parametrize(
    ("code", "match"),
    [
        ("import a_package_that_nobody_has", "a_package_that_nobody_has"),
        ("", "has no Chirp"),
        ("class Chirp: pass", "no subclass"),
    ],
)
def test_a_broken_package_is_named(tmp_path, monkeypatch, code, match) -> None:
    _install(tmp_path, "chirp = chirp_package:Chirp", code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "chirp_package", raising=False)
    with pytest.raises(MissingDependency, match=f"engine chirp.*{match}"):
        registry.engine_class("chirp")


@pytest.mark.parametrize("engine", ["tone", "glm"])
def test_planning_with_an_engine_imports_nothing_heavy(engine: str) -> None:
    code = (
        f"import sys; from tts.registry import make_engine; e = make_engine('{engine}');"
        "e.presets(); e.capabilities; e.fingerprint(); e.missing(); e.measure('Hm, 嗯.', 'zh');"
        "print({'prefect','torch','onnxruntime','soundfile','tts.host'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert run.stdout.strip() == "set()"
