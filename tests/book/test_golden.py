"""Two real texts, segment by segment, as a listener hears them.

The golden files were read by eye. After a wanted change of a rule write them anew with
``python tests/book/test_golden.py`` and read the difference before committing it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from bookmaking import FIXTURES, project, script_of

from book.readers import read_manuscript
from book.script import Script

CASTS = {
    "孔乙己.md": ("zh", None, {"孔乙己": [], "掌柜": [], "旁人": []}),
    "sign-of-the-four-1.txt": (
        "en",
        "watson",
        {"holmes": ["Sherlock Holmes", "Mr. Holmes"], "watson": ["Dr. Watson"]},
    ),
}


def scripted(name: str) -> Script:
    language, first_person, cast = CASTS[name]
    manuscript = read_manuscript((FIXTURES / name,), language=language)
    return script_of(manuscript, project(cast, language=language, narrator_character=first_person))


def told(script: Script) -> str:
    """A line for each segment: who, why, the pause after it, what is heard."""
    lines = []
    for chapter in script.chapters:
        lines.append(f"## {chapter.number} {chapter.title}")
        for s in chapter.segments:
            who = s.speaker or "-"
            lines.append(f"{who} | {s.rule} | {s.pause_reason} {s.pause_ms} | {s.spoken}")
    return "\n".join(lines) + "\n"


def golden(name: str) -> Path:
    return FIXTURES / f"{Path(name).stem}.script.txt"


@pytest.mark.parametrize("name", sorted(CASTS))
def test_a_real_text_sounds_as_it_did(name: str) -> None:
    assert told(scripted(name)).splitlines() == golden(name).read_text("utf-8").splitlines()


if __name__ == "__main__":
    for story in CASTS:
        golden(story).write_text(told(scripted(story)), encoding="utf-8")
