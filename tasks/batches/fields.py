"""What the fields of a row may hold: each thing with its own check, one line for a mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from castbook.errors import InputError
from tasks.shelf.consents import BASES
from tasks.speech.outputs import FORMS, check_name
from tasks.speech.wishes import FASTEST, LEAST_RATE, MOST_LENGTH, MOST_RATE, MOST_TEXT, SLOWEST

MOST_ID = 200  # characters

_RECORDINGS = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".webm"})
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def is_recording(voice: str) -> bool:
    """Whether a recording is named where a voice's name could stand as well: by its ending.
    Voices may have a slash: ``tone/oak`` is an engine's preset."""
    return PurePosixPath(voice.replace("\\", "/")).suffix.lower() in _RECORDINGS


def _text(thing: str, value: object, most: int = MOST_TEXT) -> str:
    if not isinstance(value, str):
        raise InputError(f"{_shown(value)} is no text", place=thing, expected="a text")
    if len(value) > most:
        raise InputError(f"has {len(value)} characters", place=thing, expected=f"at most {most}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("holds half a character", place=thing, expected="Unicode") from error
    return value


def _word(thing: str, value: object) -> str:
    return _text(thing, value, MOST_ID)


def _voice(thing: str, value: object) -> str:
    voice = _text(thing, value, 1000).strip()
    if _ADDRESS.match(voice):
        raise InputError(
            f"{_shown(voice)} is an address, and rows fetch nothing",
            place=thing,
            expected="a voice's name, or a recording's path beside the batch",
            hint="upload the recording first",
        )
    return voice


def _form(thing: str, value: object) -> str:
    form = _word(thing, value).lower()
    if form not in FORMS:
        raise InputError(f"cannot be {_shown(value)}", place=thing, expected=either(FORMS))
    return form


def _basis(thing: str, value: object) -> str:
    if value not in BASES:
        raise InputError(f"cannot be {_shown(value)}", place=thing, expected=either(BASES))
    return str(value)


def _name(thing: str, value: object) -> str:
    check_name(name := _word(thing, value))
    return name


def _whole(low: int, high: int) -> Callable[[str, object], int | None]:
    def check(thing: str, value: object) -> int | None:
        if thing == "seed" and value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise InputError(
                f"cannot be {_shown(value)}", place=thing, expected=f"a whole number {low}-{high}"
            )
        return value

    return check


def _speed(thing: str, value: object) -> float:
    right = isinstance(value, int | float) and not isinstance(value, bool)
    if not right or not SLOWEST <= float(str(value)) <= FASTEST:
        raise InputError(
            f"cannot be {_shown(value)}", place=thing, expected=f"{SLOWEST:g} to {FASTEST:g}"
        )
    return float(str(value))


def _switch(thing: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"cannot be {_shown(value)}", place=thing, expected="true or false")
    return value


def _map(thing: str, value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise InputError(f"{_shown(value)} is no object", place=thing, expected="an object")
    return dict(value)


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "text": _text,
    "voice": _voice,
    "transcript": _text,
    "consent": _basis,
    "id": _word,
    "output_name": _name,
    "format": _form,
    "language": _word,
    "engine": _word,
    "style": _word,
    "seed": _whole(0, 2**63 - 1),
    "rate": _whole(LEAST_RATE, MOST_RATE),
    "speed": _speed,
    "preset": _word,
    "instructions": _text,
    "options": _map,
    "sampler": _word,
    "kv_cache": _switch,
    "max_length": _whole(1, MOST_LENGTH),
}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def either(words: tuple[str, ...]) -> str:
    return ", ".join(words[:-1]) + " or " + words[-1]
