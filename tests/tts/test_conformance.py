"""The contract check, and the engine of docs/engines.md as a package of someone else."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tts import conformance
from tts.conformance import check_engine
from tts.engine import Capabilities, Preset, Speech, WordTime
from tts.registry import engine_names, make_engine
from tts.tone import ToneEngine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def chirp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package that the page describes, installed."""
    page = (ROOT / "docs/engines.md").read_text("utf-8")
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    [points] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    info = tmp_path / "castbook_chirp-1.0.dist-info"
    info.mkdir()
    (tmp_path / "chirp.py").write_text(code)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: castbook-chirp\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        points.replace('[project.entry-points."castbook.engines"]', "[castbook.engines]")
        .replace('"', "")
    )  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "chirp", raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")


@pytest.mark.usefixtures("chirp")
def test_the_engine_of_the_page_is_found_and_good(capsys) -> None:
    assert "chirp" in engine_names()
    assert make_engine("chirp").measure("four", "en") == 4
    assert conformance.main(["chirp", "--options", '{"rate": 22050}', "--preset", "owl"]) == 0
    assert capsys.readouterr().out == "chirp: good\n"


@pytest.mark.parametrize(("language", "options"), [("en", {}), ("zh", {"slots": 3, "rate": 8000})])
def test_the_tone_engine_is_good(language: str, options: dict[str, object]) -> None:
    assert check_engine("tone", options, language=language) == []


def test_an_engine_that_fails_is_not_good(capsys) -> None:
    options = '{"faults": [{"match": "Yes", "kind": "refuse"}]}'
    assert conformance.main(["tone", "--options", options]) == 1
    assert "failed, permanent: as ordered" in capsys.readouterr().out
    assert conformance.main(["tonne"]) == 1
    assert "did you mean tone" in capsys.readouterr().out


class Careless(ToneEngine):
    """Breaks every rule of the light half."""

    name = "careful"
    made = 0

    def __init__(self, options=None):
        super().__init__()
        Careless.made += 1

    @property
    def capabilities(self):
        return Capabilities(rate=44, languages=(), limit=0, unit="", slots=0, batch_hint=0)

    def fingerprint(self):
        return f"{Path.cwd()} {Careless.made}"

    def presets(self):
        return [Preset("twin", ("en",), "m"), Preset("twin", ("en",), "m")]

    def measure(self, text, language):
        return -len(text)

    def check_voice(self, voice, language):
        pass

    def missing(self):
        return "something is not installed"


def test_every_rule_of_the_light_half_can_be_broken(monkeypatch) -> None:
    monkeypatch.setattr(conformance, "make_engine", lambda name, options: Careless(options))
    found = " | ".join(check_engine("careless"))
    for rule in (
        "its class is called 'careful'", "rate is 44", "limit is 0", "slots is 0", "batch is 0",
        "languages is empty", "fingerprint differs", "names a folder", "same name",
        "measure does not grow", "option that does not exist", "preset that does not exist",
        "reference clip", "cannot run here: something is not installed",
    ):  # fmt: skip
        assert rule in found


def test_every_rule_about_speech_can_be_broken() -> None:
    words = (WordTime(0, 9, 5), WordTime(2, 2, 4), WordTime(0, 1, 99))
    problems = " | ".join(
        conformance._check_speech(
            ToneEngine(), Speech(np.zeros(10, np.int16), 8000, words=words), "text"
        )
    )
    for rule in ("8000 Hz, not 24000", "without a sound", "not in order", "not inside the text"):
        assert rule in problems
    no_words = conformance._check_speech(ToneEngine(), Speech(np.ones(1, np.int16), 24000), "a")
    assert list(no_words) == ["came without word times"]
