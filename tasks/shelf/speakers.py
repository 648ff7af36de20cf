"""From a voice of the shelf to a speaker: a project of one voice, made in memory.

So a single text is spoken by the very rules of a book: same checks, same digests, same takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from book.mistakes import Mistake
from book.project import Book, Project, Voice
from book.projectpaths import Roots
from castbook.errors import VoiceError
from tasks.shelf.catalogue import ShelfVoice
from tasks.shelf.library import Library
from tasks.voices import Speaker, Voices


def make_speaker(
    library: Library,
    written: Voice | None,
    voice: ShelfVoice,
    engine: str,
    options: Mapping[str, Any],
    *,
    style: str,
    language: str,
) -> Speaker:
    """The speaker of a voice.

    Args:
        written: as the library has it; None for a preset that an engine brings.
        options: of the engine, its ``host`` too.
        style: "" is the first.

    Raises:
        VoiceError: its clip is gone or cannot be used, it lacks the style, the engine cannot
            speak with it or not in that language.
        ProjectError: an option that the engine does not take.
    """
    written = written or Voice(preset=voice.preset)
    if style and style not in written.styles:
        raise VoiceError(
            f"voice {voice.name!r} has no style {style!r}",
            place="style",
            expected="one of " + ", ".join(written.styles) if written.styles else "no style",
        )
    key = voice.id if written.preset is None else "voice"  # a preset's name may be no key
    book = Book.model_validate(
        {
            "version": 1,
            "title": "speech",
            "author": "speech",
            "language": language,
            "manuscript": "speech.txt",
            "engine": engine,
            "engines": {engine: dict(options)},
            "narrator": key,
            "voices": {key: written.model_dump(exclude_unset=True) | {"engine": engine}},
        }
    )
    project = Project(
        folder=library.folder,
        slug="speech",
        book=book,
        manuscripts=(),
        references=MappingProxyType(_references(library.folder, key, written)),
        lexicons=library.read().lexicons,
    )
    try:
        return Voices(project).speaker(key, style or None)
    except VoiceError as error:  # of ``library.yaml``, whose place is nobody's business
        raise type(error)(
            error.message, place="voice", expected=error.expected, hint=error.hint
        ) from error


def _references(folder: Path, key: str, written: Voice) -> dict[tuple[str, str], Path]:
    """Where the clips of a voice are: in the library, and nowhere else."""
    clips = {style: clip.reference for style, clip in written.styles.items()}
    if written.reference is not None:
        clips[""] = written.reference
    roots = Roots(folder.resolve())
    found = {}
    for style, reference in clips.items():
        path = roots.find(reference, ("voice",))
        if isinstance(path, Mistake):
            raise VoiceError(path.message, place="voice", expected=path.expected)
        found[key, style] = path
    return found
