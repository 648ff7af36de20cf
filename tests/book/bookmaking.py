"""Books for the tests of this room: a manuscript, a project and a script in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from book.casting import CastingLine
from book.manuscript import Manuscript
from book.project import Book, Character, Project, Voice
from book.readers import read_manuscript
from book.script import Script, Segment
from book.scripting import write_script
from book.segments import Limit
from book.speakers.names import written_names
from book.spoken.entries import Entry
from book.spoken.lexicon import Lexicon

FIXTURES = Path(__file__).parent / "fixtures"


def read(
    folder: Path, text: str, *, name: str = "book.txt", language: str = "en", **options: Any
) -> Manuscript:
    """The manuscript of ``text``."""
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return read_manuscript((path,), language=language, **options)


def project(
    cast: Mapping[str, Sequence[str]] | None = None, *, language: str = "en", **book: Any
) -> Project:
    """A project that need not exist on disk."""
    values: dict[str, Any] = {
        "version": 1,
        "title": "The Lamp",
        "author": "A. Writer",
        "language": language,
        "manuscript": "book.txt",
        "narrator": "warm",
        "voices": {"warm": Voice(preset="oak")},
        "cast": {key: Character(voice="warm", aliases=list(a)) for key, a in (cast or {}).items()},
    }
    return Project(
        folder=Path("/nowhere"),
        slug="lamp",
        book=Book(**{**values, **book}),
        manuscripts=(),
        references={},
        lexicons=(),
    )


def script_of(
    manuscript: Manuscript,
    made: Project,
    *,
    limit: int = 400,
    castings: Sequence[CastingLine] = (),
    words: Mapping[str, str] | None = None,
    normalises: bool = False,
    disclosed: bool = False,
) -> Script:
    """The script for an engine that counts characters."""
    entries = tuple(Entry(word=word, say=say) for word, say in (words or {}).items())
    return write_script(
        manuscript,
        made,
        limits=[Limit(lambda text, language: len(text), limit)],
        normalises=lambda speaker: normalises,
        engine_of=lambda speaker: "tone",
        lexicon=Lexicon(entries),
        castings=castings,
        disclosed=disclosed,
    )


def segments(
    folder: Path,
    text: str,
    cast: Mapping[str, Sequence[str]] | None = None,
    *,
    language: str = "en",
    name: str = "book.txt",
    limit: int = 400,
    **book: Any,
) -> list[Segment]:
    """The segments of a text, credits left out."""
    made = project(cast, language=language, **book)
    manuscript = read(
        folder,
        text,
        name=name,
        language=language,
        known_speakers=written_names(cast) if cast else None,
    )
    script = script_of(manuscript, made, limit=limit)
    assert not script.coverage.unexplained
    return [s for chapter in script.chapters for s in chapter.segments if s.kind != "credit"]


def rebuilt(manuscript: Manuscript, script: Script) -> list[str]:
    """Each source, put together again from slices, skips and the gaps between them.

    Fails when two slices overlap: a character must not be spoken twice.
    """
    texts = []
    for document, source in enumerate(manuscript.sources):
        spoken = sorted(
            (s.start, s.end)
            for chapter in script.chapters
            for segment in chapter.segments
            for s in segment.slices
            if s.document == document
        )
        skipped = sorted(
            (s.slice.start, s.slice.end) for s in script.skips if s.slice.document == document
        )
        parts, at = [], 0
        for start, end in sorted([*spoken, *skipped]):
            assert start >= at, f"characters {start}-{at} twice: {source.text[start:at]!r}"
            parts.append(source.text[at:start])
            parts.append(source.text[start:end])
            at = end
        parts.append(source.text[at:])
        texts.append("".join(parts))
    return texts
