"""One row of a batch: a JSON object by whoever wrote it becomes a wish, an id and a file name.

Each thing has one name here and several outside: those of upstream's JSONL (``uttid``,
``prompt_text``, ``prompt_speech``, ``syn_text``) and those of the web and webhook clients
(``input_text``, ``prompt_audio``, ``output_name``). Two names for one thing in one row, a name
nobody knows and a wrong type are mistakes: one line each, with the field.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from castbook.errors import InputError
from tasks.batches.fields import CHECKS, either, is_recording
from tasks.speech.outputs import check_name
from tasks.speech.wishes import SpeechWish, open_options

LONG_TEXT = 150  # characters; longer rows are cut at sentences and joined
ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "input_text", "syn_text", "input"),
    "voice": ("voice", "prompt_audio", "prompt_speech", "ref_audio", "audio_url"),
    "transcript": ("prompt_text", "ref_text", "transcript"),
    "consent": ("consent",),
    "id": ("id", "uttid"),
    "output_name": ("output_name", "name"),
    "format": ("format", "response_format"),
    "language": ("language", "lang"),
    "engine": ("engine",),
    "style": ("style",),
    "seed": ("seed",),
    "rate": ("sample_rate", "rate"),
    "speed": ("speed",),
    "preset": ("preset",),
    "instructions": ("instructions",),
    "options": ("options",),
    "sampler": ("sampler",),
    "kv_cache": ("kv_cache", "use_cache"),
    "max_length": ("max_length",),
}
OF_THE_ENGINE = ("sampler", "kv_cache", "max_length")  # options with a name of their own
_THING = {alias: thing for thing, aliases in ALIASES.items() for alias in aliases}


@dataclass(frozen=True, slots=True)
class Row:
    """One text to speak into one file."""

    number: int  # 1… in the batch, blank lines not counted: people read "task 3"
    wish: SpeechWish
    id: str = ""  # the caller's own
    name: str = ""  # of the file, without its ending; "" is numbered or timed by the caller
    form: str = "wav"
    clip: str = ""  # a recording for this row alone: a path, relative to the batch's folder
    transcript: str = ""  # of the clip
    consent: str = ""  # on what ground the clip's voice may be used
    line: int = 0  # in the file

    @property
    def numbered(self) -> str:
        """The file's name without its ending: ``output_001`` where the row says none."""
        return self.name or f"output_{self.number:03d}"

    def parameters(self) -> dict[str, Any]:
        """The row as parameters of the flow ``speech``; what has its usual value is left out."""
        usual = SpeechWish("")
        wish = {name: getattr(self.wish, name) for name in SpeechWish.__slots__}
        wish["options"] = dict(self.wish.options)
        said = {name: value for name, value in wish.items() if value != getattr(usual, name)}
        clip = {"clip": self.clip, "transcript": self.transcript, "consent": self.consent}
        own = {"id": self.id, "output_name": self.name, "format": self.form}
        return {**said, **{name: value for name, value in {**clip, **own}.items() if value}}


def read_row(
    written: object,
    *,
    number: int = 1,
    line: int = 0,
    path: str | None = None,
    defaults: Mapping[str, object] | None = None,
) -> Row:
    """A row, checked in itself: whether voice and clip exist is found when it is spoken.

    Args:
        written: what JSON made of the line.
        path: the file it stands in, for messages.
        defaults: by the first names of ``ALIASES``, for what the row does not say.

    Raises:
        InputError: the mistake, with the field.
    """
    try:
        said = _things(written)
        given = {**(defaults or {}), **said}
        if "format" not in said and check_name(str(said.get("output_name", "")))[1]:
            given.pop("format", None)  # the ending of the row's own name says it
        row = _row({thing: CHECKS[thing](thing, value) for thing, value in given.items()})
    except InputError as error:
        raise InputError(
            error.message,
            path=path,
            line=line or None,
            place=_as_written(error.place, written),
            expected=error.expected,
            hint=error.hint,
        ) from error
    return Row(number, line=line, **row)


def _row(things: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``Row`` that a row decides."""
    if not things.get("text", "").strip():
        raise InputError(
            "there is nothing to say", place="text", expected=f"one of {either(ALIASES['text'])}"
        )
    name, form = check_name(things.get("output_name") or _as_name(things.get("id", "")))
    if form and things.get("format", form) != form:
        raise InputError(f"says {things['format']}, and the name ends with .{form}", place="format")
    form = things.get("format") or form or "wav"
    voice = things.get("voice", "")
    clip = voice if is_recording(voice) else ""
    named = {key: things[key] for key in OF_THE_ENGINE if key in things}
    options = open_options(things.get("options", {}), named)
    wish = {
        key: things[key]
        for key in ("language", "engine", "style", "seed", "rate", "speed", "preset")
        if key in things
    }
    return {
        "wish": SpeechWish(
            text=things["text"],
            voice="" if clip else voice,
            options=options,
            instructions=things.get("instructions", ""),
            **wish,
        ),
        "id": things.get("id", ""),
        "name": name,
        "form": form,
        "clip": clip,
        "transcript": things.get("transcript", "") if clip else "",
        "consent": things.get("consent", "") if clip else "",
    }


def _things(written: object) -> dict[str, Any]:
    """What a row says, by the names used here. Null, an empty text and an absent key are
    the same, except of ``seed``: with null, every performance is another."""
    if not isinstance(written, Mapping):
        raise InputError("is no object", expected='such as {"text": "Good morning."}')
    found: dict[str, Any] = {}
    names: dict[str, str] = {}
    for key, value in written.items():
        thing = _THING.get(key)
        if thing is None:
            near = difflib.get_close_matches(str(key), _THING, n=1)
            raise InputError(
                "unknown key",
                place=str(key)[:80],
                expected="one of " + ", ".join(ALIASES),
                hint=f"did you mean {near[0]}?" if near else None,
            )
        if (value is None and thing != "seed") or (value == "" and thing != "text"):
            continue
        if thing in names:
            raise InputError(
                f"says again what {names[thing]} says", place=key, hint="leave one of them out"
            )
        found[thing], names[thing] = value, key
    return found


def _as_written(place: str | None, written: object) -> str | None:
    """The caller's own name for a thing: the line speaks of ``syn_text``, and so do we."""
    if place is None or place not in ALIASES or not isinstance(written, Mapping):
        return place
    return next((alias for alias in ALIASES[place] if alias in written), place)


def _as_name(identity: str) -> str:
    """A row with an id and no name is called by its id."""
    if not identity:
        return ""
    try:
        check_name(identity)
    except InputError as error:
        raise InputError(
            f"{identity[:80]!r} cannot be a file's name",
            place="id",
            expected=error.expected,
            hint="or write an output_name",
        ) from error
    return identity
