"""Small books with the tone engine, for tests of the whole line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

STORY = """# The Door

The house stood on the hill. Nobody had lived in it for a long time, or so they said.

"Open the door," said Anna. "I am cold, and the night is coming on."

"I have no key," said Boris.

She looked at him for a while and laughed, because the key was in his hand.

"No," said Boris.

# The Stairs

They went in together and shut the door behind them without a word.

"What is that noise?" asked Anna.

"Only the wind in the chimney," said Boris. "It is an old house."

The wind blew and the candle went out.

"No," said Boris.

# The Cellar

Down below there was water, black and still as glass.

"I will not go down there," said Anna. "You may go if you like."

He went down alone, and nobody saw him again until the morning came.
"""


def write_book(folder: Path, text: str = STORY, **changes: Any) -> Path:
    """A project of three chapters, two speakers and a narrator.

    Args:
        changes: keys of project.yaml; ``options`` are the tone engine's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "story.md").write_text(text, encoding="utf-8")
    options: Mapping[str, Any] = changes.pop("options", {})
    project: dict[str, Any] = {
        "version": 1,
        "title": "The House on the Hill",
        "author": "A. Nobody",
        "language": "en",
        "manuscript": "story.md",
        "engine": "tone",
        "engines": {"tone": {"rate": 16000, **options}},
        "narrator": "calm",
        "voices": {
            "calm": {"preset": presets()[0]},
            "high": {"preset": presets()[1]},
            "low": {"preset": presets()[2]},
        },
        "cast": {
            "anna": {"voice": "high", "aliases": ["Anna"], "gender": "f"},
            "boris": {"voice": "low", "aliases": ["Boris"], "gender": "m"},
        },
        "credits": {"opening": False, "closing": False},
        "rate": 16000,
        "profile": "draft",
        "outputs": ["m4b"],
        **changes,
    }
    (folder / "project.yaml").write_text(
        yaml.safe_dump(project, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
    return folder


def presets() -> list[str]:
    """Names of the tone engine's presets."""
    from tts.registry import make_engine

    return [preset.name for preset in make_engine("tone", {}).presets()]
