"""What a person asks of ``castbook voice``, and whether it can be: told before anything is done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from book.project import Consent, Project
from book.projectfile import LIBRARY_FILE
from book.yamlfile import YamlFile, read_yaml
from castbook.errors import VoiceError
from tts.registry import engine_names, make_engine

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
    file, _ = target(project, wish)
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
    if make_engine(own, options_of(project, own)).capabilities.cloning:
        return own
    if wish.engine is None:
        for name in CLONING:
            if name in engine_names():
                return name
    raise VoiceError(
        f"engine {own} does not clone voices", expected="one that does: --engine NAME",
        hint="castbook doctor lists the engines of this machine",
    )  # fmt: skip


def target(project: Project, wish: Wish) -> tuple[YamlFile, Path]:
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


def options_of(project: Project, engine: str) -> dict[str, Any]:
    """The project's options of an engine, as the engine takes them."""
    options = dict(project.book.engines.get(engine, {}))
    options.pop("host", None)
    return options
