"""Where the recogniser's model is on this machine. Nothing is imported, nothing downloaded.

Three places, in this order: a folder that the project names; what ``castbook get whisper``
brought; the hub's own cache (``HF_HUB_CACHE``, ``HF_HOME/hub``, ``~/.cache/huggingface/hub``),
where other programs that use faster-whisper may have left it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

import yaml

from castbook.resources import read_config
from tts.weights import find_weights

PACKAGE = "faster_whisper"
_DISTRIBUTION = "faster-whisper"
_WEIGHTS = "model.bin"
INSTALL = "pip install 'castbook[asr]'"
GET = "castbook get whisper"


@dataclass(frozen=True, slots=True)
class Model:
    """A converted Whisper model."""

    name: str  # as the project calls it
    folder: Path
    revision: str  # what identifies its weights; "" when nothing does


def installed() -> str | None:
    """The version of faster-whisper, or None."""
    if util.find_spec(PACKAGE) is None:
        return None
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def find_model(name: str, environ: Mapping[str, str] | None = None) -> Model | None:
    """The model that a project names, if it is here.

    Args:
        name: ``small`` and the like, ``owner/name`` of a hub, or a folder.
        environ: other than this process's.
    """
    folder = Path(name).expanduser()
    if (folder / _WEIGHTS).is_file():
        return Model(folder.resolve().name, folder.absolute(), "")
    if name == default_model():
        found = find_weights("whisper")
        if found is not None:
            return Model(name, found.folder, found.digests[_WEIGHTS][:8])
    return _cached(name, os.environ if environ is None else environ)


def default_model() -> str:
    """The model that ``castbook get whisper`` brings."""
    return str(yaml.safe_load(read_config("recognisers", "whisper.yaml"))["model"])


def missing(name: str) -> str | None:
    """What is missing for listening with this model, and how to get it; None: nothing."""
    if installed() is None:
        return f"faster-whisper is not installed: {INSTALL}"
    if find_model(name) is None:
        if name == default_model():
            return f"the model {name} is not here: {GET}"
        return f"the model {name} is not here: give a folder, or use {default_model()} ({GET})"
    return None


def _cached(name: str, environ: Mapping[str, str]) -> Model | None:
    """A model in the hub's cache, by the layout that its documentation gives."""
    repository = name if "/" in name else f"Systran/faster-whisper-{name}"
    home = environ.get("HF_HOME") or Path(
        environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface"
    )
    root = Path(environ.get("HF_HUB_CACHE") or Path(home, "hub")).expanduser()
    stored = root / f"models--{repository.replace('/', '--')}"
    try:
        revision = (stored / "refs" / "main").read_text("utf-8").strip()
    except (OSError, ValueError):
        return None
    folder = stored / "snapshots" / revision
    return Model(name, folder, revision[:8]) if (folder / _WEIGHTS).is_file() else None
