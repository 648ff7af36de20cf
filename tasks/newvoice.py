"""``castbook voice``: a clip becomes a voice of a project, or of its library, or a style of one.

The clip and the words in it are ready (``tasks/recordings.py``); here the project's file is
edited where it stands, and checked as a whole with the new voice before anything of it is
replaced. Whatever goes wrong, project and library are as they were.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np

from audio.pcm import Pcm, read_flac, write_flac
from book.project import Consent, Project
from book.projectfile import LIBRARY_FILE, load_project
from book.yamlfile import YamlFile, read_yaml
from book.yamlmaps import with_entry
from castbook.errors import InputError, StorageError, VoiceError
from castbook.files import publish, temporary_beside, write_text
from tasks.voices import Voices
from tts.registry import engine_names, make_engine

CLIPS: Final = "voices"  # folder of clips in a project or library
CLONING: Final = ("glm",)  # engines of ours that clone, for projects whose own does not
CONSENT_FIELDS: Final = tuple(Consent.model_fields)  # basis, holder, record
BASES: Final[tuple[str, ...]] = get_args(Consent.model_fields["basis"].annotation)
_NAME: Final = re.compile(r"[^\W_][\w-]{0,63}")  # book.project.Slug


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for."""

    name: str  # a key of voices
    style: str = ""  # of several; "" for a voice with one clip
    engine: str | None = None  # None: the project's, if it clones
    consent: Mapping[str, str] = field(default_factory=dict)  # basis, holder, record
    in_library: bool = False
    replace: bool = False  # what bears that name already


@dataclass(frozen=True, slots=True)
class Added:
    """A voice that can be used now."""

    file: Path  # that was edited
    clip: Path
    voice: str
    style: str
    engine: str
    notes: tuple[str, ...]  # what is weak about the clip


def needs_consent(project: Project, wish: Wish) -> bool:
    """Whether the consent fields must be told: a voice that gets one more style has them."""
    voice = project.book.voices.get(wish.name)
    return not (wish.style and voice is not None and voice.styles and voice.consent)


def check_wish(project: Project, wish: Wish) -> None:
    """Refuses what cannot become a voice, before a recording is listened to.

    Raises:
        InputError: the name is taken or no key, the voice has no styles, the project has no
            library, the engine does not clone.
    """
    file, _ = _target(project, wish)
    for what, word in (("name", wish.name), ("style", wish.style or "x")):
        if not _NAME.fullmatch(word):
            raise VoiceError(
                f"{word!r} is no {what} for a voice",
                expected="letters, digits, '-' and '_', at most 64, the first a letter or digit",
            )
    engine_of(project, wish)
    voice = project.book.voices.get(wish.name)
    if voice is None or wish.replace:
        return
    if not wish.style:
        raise file.error(
            ("voices", wish.name),
            "there is a voice of that name",
            hint="choose another name, add a mood with --style, or replace it with --replace",
        )
    if wish.style in voice.styles:
        raise file.error(
            ("voices", wish.name, "styles", wish.style),
            "there is a style of that name",
            hint="choose another name, or replace it with --replace",
        )
    if not voice.styles:
        raise file.error(
            ("voices", wish.name),
            "this voice has no styles",
            expected="a voice with styles:, or a new name",
            hint="put its reference and transcript under styles: with a name for that mood",
        )


def check_consent(consent: Mapping[str, str]) -> None:
    """Refuses consent that says too little; nothing is ever filled in.

    Raises:
        VoiceError: an unknown field, no basis, an unknown one, or a licence without a holder.
    """
    unknown = [key for key in consent if key not in CONSENT_FIELDS]
    if unknown:
        raise VoiceError(
            f"consent has no field {unknown[0]!r}", expected="one of " + ", ".join(CONSENT_FIELDS)
        )
    basis = consent.get("basis", "")
    if basis not in BASES:
        raise VoiceError(
            f"consent has no basis {basis!r}" if basis else "consent is missing",
            expected="--consent basis=" + ", ".join(BASES[:-1]) + f" or {BASES[-1]}",
            hint="a voice is cloned with its owner's permission only",
        )
    if basis == "licensed" and not consent.get("holder", "").strip():
        raise VoiceError(
            "consent does not say who gave the permission", expected="--consent holder=NAME"
        )


def engine_of(project: Project, wish: Wish) -> str:
    """Which engine will speak with the voice.

    Raises:
        InputError, MissingDependency: the engine does not exist, or does not clone.
    """
    book = project.book
    present = book.voices.get(wish.name)
    if wish.style and present is not None and present.styles and not wish.replace:
        return present.engine or book.engine
    own = wish.engine or book.engine
    if make_engine(own, _options(project, own)).capabilities.cloning:
        return own
    if wish.engine is None:
        for name in CLONING:
            if name in engine_names():
                return name
    raise VoiceError(
        f"engine {own} does not clone voices", expected="one that does: --engine NAME",
        hint="castbook doctor lists the engines of this machine",
    )  # fmt: skip


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
    file, home = _target(project, wish)
    engine = engine_of(project, wish)
    clip, made = _store(home, wish, pcm, rate)
    try:
        said = {"reference": clip.relative_to(home).as_posix(), "transcript": transcript}
        path, key, entry = _place(project, file, wish, engine, said)
        notes = _check(project, wish, path, key, entry)
        write_text(file.path, with_entry(file.text, path, key, entry))
    except BaseException:
        if made:
            _forget(clip)
        raise
    return Added(file.path, clip, wish.name, wish.style, engine, notes)


def _target(project: Project, wish: Wish) -> tuple[YamlFile, Path]:
    """The file that is edited, and the folder its paths are relative to."""
    own = read_yaml(project.file)
    if not wish.in_library:
        return own, project.folder
    written = project.book.library
    if written is None:
        raise own.error(
            ("library",), "is missing", expected="a folder of shared voices",
            hint="leave out --library to add the voice to the project",
        )  # fmt: skip
    home = (project.folder / written).resolve()
    return read_yaml(home / LIBRARY_FILE), home


def _options(project: Project, engine: str) -> dict[str, Any]:
    options = dict(project.book.engines.get(engine, {}))
    options.pop("host", None)
    return options


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
