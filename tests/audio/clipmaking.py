"""Projects with cloned voices, for tests: an engine that clones and is never asked to speak."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml
from audio_takes import babble, silence

RATE = 16000
WORDS = "Come at once if convenient; if inconvenient, come all the same."


def spoken(seconds: float = 4.0, seed: int = 0, *, level: float = 0.2) -> np.ndarray:
    """A sentence between two short silences."""
    sound = babble(seconds - 0.4, RATE, seed=seed, level=level)
    return np.concatenate((silence(0.2, RATE), sound, silence(0.2, RATE)))


def reading(sentences: int = 8) -> np.ndarray:
    """A longer recording with a rest after each sentence."""
    return np.concatenate(
        [np.append(babble(2.6, RATE, seed=n), silence(0.5, RATE)) for n in range(sentences)]
    )


def cloned_book(folder: Path, voices: Mapping[str, Any] | None = None, **changes: Any) -> Path:
    """A project whose engine clones."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "story.md").write_text("# One\n\nHe came home late.\n", encoding="utf-8")
    book = {
        "version": 1,
        "title": "The Clip",
        "author": "A. Nobody",
        "language": "en",
        "manuscript": "story.md",
        "engine": "openai",
        "engines": {"openai": {"base_url": "http://127.0.0.1:9/v1", "references": True}},
        "narrator": "warm",
        "voices": {"warm": {"engine": "tone", "preset": "oak"}, **(voices or {})},
        "hearing": "off",
        **changes,
    }
    (folder / "project.yaml").write_text(
        "# my book\n" + yaml.safe_dump(book, sort_keys=False), encoding="utf-8"
    )
    return folder


def clip(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)
    return path
