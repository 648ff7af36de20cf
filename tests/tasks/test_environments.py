"""The recipe of docs/engines.md: an engine whose model lives in another environment."""

from __future__ import annotations

import json
import os
import re
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.longbooks import Quiet
from tasks.production import Production
from tasks.runners import LocalRunner
from tts import conformance

ROOT = Path(__file__).resolve().parents[2]
# What the model's environment has and ours has not.
STANDINS = {
    "torch.py": """
import numpy as np
class cuda:
    is_available = staticmethod(lambda: False)
def manual_seed(seed):
    global generator
    generator = np.random.default_rng(seed)
""",
    "chatterbox/__init__.py": "",
    "chatterbox/tts.py": """
import wave
import numpy as np
import torch
class Sound(np.ndarray):
    def cpu(self):
        return self
class ChatterboxTTS:
    @classmethod
    def from_pretrained(cls, device):
        return cls()
    def generate(self, text, audio_prompt_path):
        with wave.open(audio_prompt_path) as clip:
            assert clip.getnframes() and clip.getnchannels() == 1
        # a little like speech: noise of changing loudness, quiet at both ends
        n = 1500 * len(text)
        loud = np.abs(np.sin(np.arange(n) * 7e-4)) * np.minimum(1, np.arange(n)[::-1] / 4000)
        sound = 0.2 * loud * torch.generator.uniform(-1, 1, n)
        return sound[None, :].view(Sound)
""",
}


def _environment(folder: Path, code: str) -> Path:
    """An interpreter that sees numpy, the stand-ins and the engine, and nothing of ours."""
    venv.EnvBuilder(symlinks=True).create(folder)
    [packages] = (folder / "lib").glob("python*/site-packages")
    theirs = Path(np.__file__).parent
    for name in ("numpy", "numpy.libs"):
        if (theirs.parent / name).is_dir():
            (packages / name).symlink_to(theirs.parent / name)
    for name, text in STANDINS.items():
        (packages / name).parent.mkdir(exist_ok=True)
        (packages / name).write_text(text)
    _install(packages, code)
    return folder / "bin/python"


def _install(packages: Path, code: str) -> None:
    packages.mkdir(exist_ok=True)
    (packages / "castbook_chatterbox.py").write_text(code)
    info = packages / "castbook_chatterbox-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: castbook-chatterbox\n")
    (info / "entry_points.txt").write_text(
        "[castbook.engines]\nchatterbox = castbook_chatterbox:ChatterboxEngine\n"
    )


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The engine of the page, installed in both environments; the model's interpreter."""
    page = (ROOT / "docs/engines.md").read_text("utf-8")
    [code] = [c for c in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "Chatter" in c]
    ours = tmp_path / "ours"
    _install(ours, code)
    monkeypatch.syspath_prepend(str(ours))
    monkeypatch.delitem(sys.modules, "castbook_chatterbox", raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{ours}{os.pathsep}{ROOT}")
    return _environment(tmp_path / "model", code)


def test_a_book_is_spoken_by_an_engine_of_another_environment(
    python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rate = 16000
    at = np.arange(4 * rate) / rate  # syllables of a hum, four in a second, with quiet between
    loud = np.maximum(0, np.sin(2 * np.pi * 4 * at)) ** 2
    clip = (9000 * loud * np.sin(2 * np.pi * 180 * at)).astype(np.int16)
    soundfile.write(tmp_path / "clip.wav", clip, rate)
    spoken_in = ["--python", str(python), "--reference", str(tmp_path / "clip.wav")]
    assert conformance.main(["chatterbox", *spoken_in]) == 0, capsys.readouterr()

    folder = tmp_path / "book"
    folder.mkdir()
    soundfile.write(folder / "clip.wav", clip, rate)
    (folder / "book.md").write_text("# One\n\nCome at once.\n")
    project = {
        "version": 1,
        "title": "T",
        "author": "A",
        "language": "en",
        "manuscript": "book.md",
        "engine": "chatterbox",
        "engines": {"chatterbox": {"host": {"python": str(python)}}},
        "narrator": "n",
        "voices": {
            "n": {
                "reference": "clip.wav",
                "transcript": "Hm, hm, come at once.",
                "consent": {"basis": "self"},
            }
        },
        "outputs": ["captions"],
    }
    (folder / "project.yaml").write_text(json.dumps(project))
    with Production(folder) as production, LocalRunner(1) as runner:
        report = production.run(runner, Quiet())
    assert not report.failed
    assert all(chapter.files for chapter in report.chapters)
