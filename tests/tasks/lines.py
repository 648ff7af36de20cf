"""Plans without a disk: lines, chapters and books for tests of pure policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from book.anchors import anchor_chapter
from book.script import Segment
from tasks.attempts import Decision
from tasks.keys import Ingredients, take_key
from tasks.plan import BookPlan, ChapterPlan, Line
from tasks.takes import Take, TakeVerdict
from tasks.voices import EngineSetup, Speaker
from tts.engine import Voice

SETUP = EngineSetup("tone", MappingProxyType({}), "tone")
SPEAKER = Speaker("warm", "", SETUP, Voice("aa" * 32, preset="one"), 0.0)
GOOD = TakeVerdict(True, True, (), 0, 1)


def take(key: str, verdict: TakeVerdict = GOOD) -> Take:
    return Take(key, Path(f"{key}.flac"), "00", 100, 24000, verdict)


def chapter_plan(number: int, texts: Sequence[str], done: Sequence[str] = ()) -> ChapterPlan:
    """A chapter whose lines are open unless their text is in ``done``."""
    lines = []
    for position, (text, anchor) in enumerate(zip(texts, anchor_chapter(texts), strict=True), 1):
        segment = Segment(
            number,
            position,
            anchor,
            (),
            text,
            text,
            (),
            "en",
            "narration",
            None,
            "narration",
            1.0,
            None,
            350,
            "sentence",
        )
        ingredients = Ingredients(text, "en", "aa" * 32, "", "tone", "tone 1", 42)
        keys = tuple(take_key(ingredients, attempt) for attempt in range(2))
        decision = (
            Decision("done", take(keys[0])) if text in done else Decision("missing", attempt=0)
        )
        lines.append(Line(segment, SPEAKER, ingredients, ("", "seed"), keys, decision))
    return ChapterPlan(number, f"Chapter {number}", tuple(lines))


def book_plan(*chapters: ChapterPlan) -> BookPlan:
    return BookPlan(
        project=cast(Any, None),
        build=cast(Any, None),
        chapters=chapters,
        calibration=(),
        skips=(),
        coverage=cast(Any, None),
        selected=frozenset(c.number for c in chapters),
    )
