"""The options of the openai engine: what a project may say, and where a key may go.

Every refusal is a ``ProjectError`` with ``place="engines.openai.KEY"``. Nothing that could be
a key is ever repeated in a message.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from castbook.canonical import canonical_json, plain
from castbook.errors import BrokenPromise, ProjectError
from tts.decoding import FORMATS
from tts.engine import Preset
from tts.options import Number, check_known, check_numbers
from tts.presets import shipped_presets

URL_VARIABLE, _KEY_VARIABLE = "OPENAI_BASE_URL", "OPENAI_API_KEY"
_TEXTS = ("base_url", "api_key_env", "model", "instructions")
_NUMBERS = {
    "rate": Number(8000, 48000, whole=True),
    "limit": Number(20, 4096, whole=True),  # OpenAI takes 4096 characters
    "concurrency": Number(1, 256, whole=True),
    "connect_timeout_s": Number(0.1, 600),
    "read_timeout_s": Number(0.1, 600),
    "timeout_s": Number(0.1, 3600),
    "tries": Number(1, 20, whole=True),
    "pause_s": Number(0, 60),
}
_FLAGS = ("seeds", "references")
_KNOWN = (*_TEXTS, *_NUMBERS, *_FLAGS, "response_format", "voices", "languages", "extra")
_KEYS = ("api_key", "key", "token", "authorization")  # people try to write the key itself
_OURS = ("model", "input", "voice", "response_format", "seed", "ref_audio", "ref_text", "speed")


def endpoint(base: str) -> str:
    """The speech endpoint of a base URL, which may or may not end with ``/v1``."""
    base = base.rstrip("/")
    return f"{base}/audio/speech" if base.endswith("/v1") else f"{base}/v1/audio/speech"


def check_options(options: Mapping[str, Any]) -> None:
    """Refuses unknown options, wrong types and values, and keys written into the project."""
    for key in options:
        if key in _KEYS:
            raise ProjectError(
                "a key does not belong into a project file",
                place=f"engines.openai.{key}",
                hint="put it into an environment variable and name that in api_key_env",
            )
    check_known("openai", options, _KNOWN)
    check_numbers("openai", options, _NUMBERS)
    for key in _TEXTS:
        if key in options and not (isinstance(options[key], str) and options[key].strip()):
            raise _wrong(key, options[key], "text")
    for key in _FLAGS:
        if key in options and not isinstance(options[key], bool):
            raise _wrong(key, options[key], "true or false")
    if options.get("response_format", "wav") not in FORMATS:
        raise _wrong("response_format", options["response_format"], "one of " + ", ".join(FORMATS))
    languages = options.get("languages", [])
    if not isinstance(languages, list) or not all(isinstance(tag, str) for tag in languages):
        raise _wrong("languages", languages, "a list of language tags")
    _check_extra(options.get("extra", {}))
    variable = options.get("api_key_env", "KEY")
    if not (variable.isascii() and variable.isidentifier()):
        raise ProjectError(  # whatever it is, it may be a key: it is not repeated
            "this is no name of an environment variable",
            place="engines.openai.api_key_env",
            expected="a name such as OPENAI_API_KEY, never the key itself",
        )


def _check_extra(extra: Any) -> None:
    if not isinstance(extra, Mapping):
        raise _wrong("extra", extra, "a map of body fields")
    for key in extra:
        if key in _OURS:
            raise ProjectError(
                "castbook sets this field itself",
                place=f"engines.openai.extra.{key}",
                hint="there is an option or a voice parameter for it",
            )
    try:
        canonical_json(plain(extra))
    except BrokenPromise as error:
        raise _wrong("extra", extra, "values that JSON has") from error


def read_address(options: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(base URL, variable of the key). The user's own OPENAI_API_KEY goes only where the user's
    own OPENAI_BASE_URL points, or where a project says so by name."""
    base = options.get("base_url")
    variable = options.get("api_key_env")
    place = "engines.openai.base_url"
    if base is None:
        base, place = os.environ.get(URL_VARIABLE), URL_VARIABLE
        variable = variable or _KEY_VARIABLE
    if base is None:
        return None, variable
    try:
        parts = urlsplit(base)
        host = parts.hostname
        _ = parts.port  # raises for a wrong one
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise ProjectError(
            "this is no address of a server", place=place, expected="https://host[:port][/path]"
        )
    if parts.username or parts.password:
        raise ProjectError(
            "a password does not belong into an address",
            place=place,
            hint="put it into an environment variable and name that in api_key_env",
        )
    has_key = bool(options.get("api_key_env") or (variable and os.environ.get(variable)))
    if has_key and parts.scheme == "http" and not is_near(base):
        raise ProjectError(
            "a key would travel unencrypted", place=place, expected="https:// for this host"
        )
    return base, variable


def is_near(base: str) -> bool:
    """Whether a URL points to this machine or a private network."""
    host = urlsplit(base).hostname or ""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        return address.is_private or address.is_loopback
    return "." not in host or host.endswith((".local", ".localhost", ".internal"))


def read_voices(options: Mapping[str, Any]) -> Sequence[Preset]:
    """The presets a project lists for its server, else the shipped ones."""
    if "voices" not in options:
        return shipped_presets("openai")
    voices = options["voices"]
    if not isinstance(voices, list) or not voices:
        raise _wrong("voices", voices, "a list of names")
    presets = []
    for number, entry in enumerate(voices):
        place = f"engines.openai.voices[{number}]"
        entry = {"name": entry} if isinstance(entry, str) else entry
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            raise ProjectError(f"cannot be {entry!r}", place=place, expected="a name, or a map")
        for key in entry:
            if key not in ("name", "languages", "gender", "description"):
                raise ProjectError(
                    "unknown key",
                    place=f"{place}.{key}",
                    expected="name, languages, gender, description",
                )
        if entry.get("gender", "x") not in ("m", "f", "x"):
            raise ProjectError(
                f"cannot be {entry['gender']!r}", place=f"{place}.gender", expected="m, f or x"
            )
        languages = entry.get("languages", ["*"])
        if not isinstance(languages, list) or not all(isinstance(t, str) for t in languages):
            raise ProjectError(
                f"cannot be {languages!r}", place=f"{place}.languages", expected="a list of tags"
            )
        presets.append(
            Preset(
                name=entry["name"],
                languages=tuple(languages),
                gender=entry.get("gender", "x"),
                description=str(entry.get("description", "")),
            )
        )
    names = [preset.name for preset in presets]
    for name in names:
        if names.count(name) > 1:
            raise ProjectError(f"{name!r} is listed twice", place="engines.openai.voices")
    return tuple(presets)


def _wrong(key: str, value: object, expected: str) -> ProjectError:
    return ProjectError(f"cannot be {value!r}", place=f"engines.openai.{key}", expected=expected)
