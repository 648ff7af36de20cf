"""``castbook voice``: a clip becomes a voice of a project, or of its library, or a style of one.

The clip and the words in it are ready (``tasks/recordings.py``); here the project's file is
edited where it stands, and checked as a whole with the new voice before anything of it is
replaced. Whatever goes wrong, project and library are as they were.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from audio.pcm import Pcm, read_flac, write_flac
from book.project import Project
from book.projectfile import load_project
from book.yamlfile import YamlFile, read_yaml
from book.yamlmaps import with_entry
from castbook.errors import InputError, StorageError
from castbook.files import publish, temporary_beside, write_text
from tasks.voices import Voices
from tasks.voicewishes import CONSENT_FIELDS, Wish, engine_of, options_of, target
from tts.registry import make_engine

CLIPS: Final = "voices"  # folder of clips in a project or library


@dataclass(frozen=True, slots=True)
class Added:
    """A voice that can be used now."""

    file: Path  # that was edited
    clip: Path
    voice: str
    style: str
    engine: str
    notes: tuple[str, ...]  # what is weak about the clip, what the engine lacks


def add_voice(project: Project, wish: Wish, pcm: Pcm, rate: int, transcript: str) -> Added:
    """Writes the clip, checks the project with the new voice in it, and edits its file.

    Args:
        project: as it is on disk.
        wish: checked by ``check_wish``; its consent by ``check_consent``, where one is needed.
        pcm: the clip, mono.
        rate: Hz.
        transcript: every word of the clip.

    Raises:
        InputError: the clip, its words or the consent cannot be used; the file was changed
            meanwhile so that they no longer can. Nothing is changed.
        StorageError: a file cannot be written.
    """
    file, home = target(project, wish)
    engine = engine_of(project, wish)
    clip, made = _store(home, wish, pcm, rate)
    try:
        said = {"reference": clip.relative_to(home).as_posix(), "transcript": transcript}
        path, key, entry = _place(project, file, wish, engine, said)
        notes = _check(project, wish, path, key, entry)
        write_text(file.path, with_entry(file.text, path, key, entry))
    except BaseException:
        if made and _untouched(file):
            _forget(clip)
        raise
    missing = make_engine(engine, options_of(project, engine)).missing()
    if missing:
        notes = (*notes, f"engine {engine} cannot speak here yet: {missing}")
    return Added(file.path, clip, wish.name, wish.style, engine, notes)


def _store(home: Path, wish: Wish, pcm: Pcm, rate: int) -> tuple[Path, bool]:
    """The clip under a name that no other sound bears, and whether it was not there before."""
    stem = f"{wish.name}-{wish.style}" if wish.style else wish.name
    for number in itertools.count(1):
        final = home / CLIPS / (f"{stem}.flac" if number == 1 else f"{stem}-{number}.flac")
        with temporary_beside(final) as temporary:
            write_flac(temporary, pcm, rate)
            if publish(temporary, final):
                return final, True
        if _holds(final, pcm, rate):
            return final, False
    raise AssertionError  # the numbers do not end


def _holds(path: Path, pcm: Pcm, rate: int) -> bool:
    try:
        found, found_rate = read_flac(path)
    except StorageError:
        return False
    return found_rate == rate and np.array_equal(found, pcm)


def _untouched(file: YamlFile) -> bool:
    """Whether the file still says what it said: else the clip may be named in it."""
    try:
        return read_yaml(file.path).text == file.text
    except InputError:
        return False


def _forget(clip: Path) -> None:
    with contextlib.suppress(OSError):
        clip.unlink()
        clip.parent.rmdir()  # if the clip was its only file


def _place(
    project: Project, file: YamlFile, wish: Wish, engine: str, said: dict[str, Any]
) -> tuple[tuple[str, ...], str, dict[str, Any]]:
    """Path of a map in the file, a key in it, and what will stand there."""
    here = (file.data.get("voices") or {}).get(wish.name)
    if wish.style and isinstance(here, dict) and here.get("styles"):
        return ("voices", wish.name, "styles"), wish.style, said
    entry: dict[str, Any] = {} if engine == project.book.engine else {"engine": engine}
    entry |= {"styles": {wish.style: said}} if wish.style else said
    consent = {field: wish.consent[field] for field in CONSENT_FIELDS if wish.consent.get(field)}
    return ("voices",), wish.name, entry | ({"consent": consent} if consent else {})


def _check(
    project: Project, wish: Wish, path: tuple[str, ...], key: str, entry: dict[str, Any]
) -> tuple[str, ...]:
    """Reads the project as it will be, the new voice with its engine; what is weak about it.

    A library is checked by what it will mean here: as if the project itself said it.
    """
    if wish.in_library and path != ("voices",):
        path, key, entry = ("voices",), wish.name, {"styles": {key: entry}}
    text = with_entry(read_yaml(project.file).text, path, key, entry)
    with temporary_beside(project.file) as temporary:
        temporary.write_text(text, encoding="utf-8")
        try:
            voices = Voices(load_project(temporary))
            voices.speaker(wish.name, wish.style)
        except InputError as error:
            raise _of(project.file, error) from error
    return voices.warnings_of(wish.name, wish.style)


def _of(file: Path, error: InputError) -> InputError:
    """An error about the file that is to be, as one about the file that is."""
    return type(error)(
        error.message,
        path=file,
        place=error.place,
        expected=error.expected,
        hint=error.hint,
    )
