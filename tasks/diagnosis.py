"""``castbook doctor`` and ``voices``: what this machine has, in plain values."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from audio import ffmpeg
from castbook import __version__
from castbook.errors import CastbookError
from castbook.settings import Settings
from tasks.ears import models
from tts.registry import engine_names, make_engine

PACKAGES = ("prefect", "fastapi", "pydub", "soundfile", "soxr", "numpy", "nltk", "pydantic")


def examine() -> Mapping[str, Any]:
    """Versions, programs, engines and disk, for a person or a bug report."""
    settings = Settings.read()
    try:
        program, version = ffmpeg.program(), ffmpeg.version()
    except CastbookError as error:
        program, version = "", str(error)
    return {
        "castbook": __version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "free_gib": round(shutil.disk_usage(".").free / 2**30, 1),
        "ffmpeg": version,
        "ffmpeg_program": program,
        "cache": str(settings.cache),
        "packages": {name: _version(name) for name in PACKAGES},
        "engines": {name: _engine(name) for name in engine_names()},
        "hearing": _hearing(),
        **_details(),
    }


def list_presets(engine: str | None = None, language: str | None = None) -> list[dict[str, Any]]:
    """The presets of one engine, or of all that can say what they have.

    Raises:
        ProjectError: no such engine.
    """
    rows = []
    for name in (engine,) if engine else engine_names():
        made = make_engine(name, {})
        wanted = language.split("-")[0].lower() if language else None
        for preset in made.presets():
            spoken = preset.languages
            if wanted and "*" not in spoken and not any(x.split("-")[0] == wanted for x in spoken):
                continue
            rows.append(
                {
                    "engine": name,
                    "preset": preset.name,
                    "languages": list(spoken),
                    "gender": preset.gender,
                    "description": preset.description,
                    "ready": made.missing() is None,
                }
            )
    return rows


def engines_that_clone(
    engine: str | None = None, language: str | None = None
) -> list[dict[str, Any]]:
    """Those that speak with recordings and bring no voices: name, languages, whether ready."""
    found = []
    wanted = language.split("-")[0].lower() if language else "*"
    for name in (engine,) if engine else engine_names():
        made = make_engine(name, {})
        able = made.capabilities
        spoken = wanted == "*" or {"*", wanted} & set(able.languages)
        if able.cloning and spoken and not made.presets():
            ready = made.missing() is None
            found.append({"engine": name, "languages": list(able.languages), "ready": ready})
    return found


def _engine(name: str) -> str:
    try:
        return make_engine(name, {}).missing() or "ready"
    except CastbookError as error:
        return str(error)


def _details() -> dict[str, Mapping[str, str]]:
    """What engines say of themselves beyond one line, under "engine NAME"."""
    details = {}
    for name in engine_names():
        try:
            told = make_engine(name, {}).describe()
        except CastbookError:
            continue  # ``_engine`` has said why
        if told:
            details[f"engine {name}"] = told
    return details


def _hearing() -> str:
    """Whether a recogniser can listen to takes."""
    name = models.default_model()
    model = models.find_model(name)
    lacking = models.missing(name)
    if lacking or model is None:
        return f"off: {lacking}"
    return f"faster-whisper {models.installed()}, {name} in {model.folder}"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
