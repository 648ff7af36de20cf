"""The weights of an engine: what they are, whether they are here, and ``castbook get``.

``configs/engines/ENGINE.yaml`` names a repository of a model hub and its files; where their
digests are known they are pinned there, else what the hub announces is taken (the sha256 of
files in large-file storage). Files lie in ``CACHE/ENGINE/``, with ``weights.json`` beside
them: the size and sha256 each file had when it was checked. Planning reads that record and
never hashes hundreds of megabytes.

The hub is ``HF_ENDPOINT``, else the default of the package huggingface_hub. Files that
somebody copied into the folder are checked and recorded without asking anybody.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import httpx

import castbook
from castbook.errors import InputError, MissingDependency
from castbook.files import write_text
from castbook.resources import list_configs
from castbook.settings import Settings
from tts.download import Expected, Progress, digest_of, download
from tts.presets import engine_data

RECORD = "weights.json"
_SCHEMA = 1
_HOPS = 5  # redirects inside the hub, for renamed repositories
_TIMEOUT = httpx.Timeout(60.0, connect=20.0)  # s between two pieces of an answer


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where the weights of an engine are published."""

    engine: str
    repository: str  # "owner/name" on the hub
    revision: str
    files: Mapping[str, Expected | None]  # None: not pinned, the hub's own digest counts


@dataclass(frozen=True, slots=True)
class Weights:
    """Checked weights on this machine."""

    folder: Path
    digests: Mapping[str, str]  # sha256 by file name


def read_manifest(engine: str) -> Manifest:
    """What ``castbook get`` gets for an engine.

    Raises:
        InputError: the engine has no weights of its own.
    """
    with_weights = [e for e in list_configs("engines") if "weights" in engine_data(e)]
    if engine not in with_weights:
        raise InputError(
            f"engine {engine!r} has no weights to get", expected="one of " + ", ".join(with_weights)
        )
    data = engine_data(engine)["weights"]
    files = {
        name: Expected(int(entry["size"]), str(entry["sha256"])) if entry else None
        for name, entry in data["files"].items()
    }
    return Manifest(engine, data["repository"], data["revision"], files)


def weights_folder(engine: str) -> Path:
    """Where the weights of an engine belong on this machine."""
    return Settings.read().cache / engine


def find_weights(engine: str) -> Weights | None:
    """The weights of an engine if all are here, by their record; nothing is hashed."""
    manifest, folder = read_manifest(engine), weights_folder(engine)
    record = _read_record(folder)
    digests = {}
    for name in manifest.files:
        entry = record.get(name)
        if entry is None or _size(folder / name) != entry.size:
            return None
        digests[name] = entry.sha256
    return Weights(folder, digests)


def get_weights(
    engine: str,
    *,
    endpoint: str | None = None,
    progress: Progress | None = None,
    pause_s: float = 1.0,
) -> Path:
    """Downloads what is missing or is not what the manifest pins; returns the folder.

    Args:
        endpoint: the hub's address.
        progress: called with (file name, bytes there, bytes in all).
        pause_s: between tries after a broken connection; doubles.

    Raises:
        InputError: the engine has no weights.
        MissingDependency: they cannot be had; the message says why and what to do.
        StorageError: the disk is full or cannot be written.
    """
    manifest, folder = read_manifest(engine), weights_folder(engine)
    hub: str | None = None
    headers = {"User-Agent": f"castbook/{castbook.__version__}"}
    with httpx.Client(timeout=_TIMEOUT, headers=headers) as client:
        for name, pinned in manifest.files.items():
            if _is_here(folder, name, pinned):
                continue
            hub = hub or (endpoint or _default_endpoint(engine)).rstrip("/")
            url = f"{hub}/{manifest.repository}/resolve/{quote(manifest.revision)}/{quote(name)}"
            location, expected = _ask(client, url, name, pinned)
            client.follow_redirects = True
            download(client, location, folder / name, expected, progress=progress, pause_s=pause_s)
            client.follow_redirects = False
            _write_record(folder, name, expected)
    return folder


def _is_here(folder: Path, name: str, pinned: Expected | None) -> bool:
    """Whether a file is the right one; a file without a record is hashed once."""
    known = _read_record(folder).get(name)
    size = _size(folder / name)
    if known is not None and size == known.size:
        return pinned is None or known == pinned
    if pinned is None or size != pinned.size or digest_of(folder / name) != pinned.sha256:
        return False
    _write_record(folder, name, pinned)
    return True


def _ask(
    client: httpx.Client, url: str, name: str, pinned: Expected | None
) -> tuple[str, Expected]:
    """(address, what it must be) of a file, from the hub's answer to HEAD.

    The hub's own answer, which may be a redirect to where the bytes are, names size and sha256
    in ``X-Linked-Size`` and ``X-Linked-ETag``.
    """
    asked = url
    try:
        for _ in range(_HOPS):
            response = client.head(url)
            target = response.headers.get("location", "")
            if response.is_redirect and "x-linked-etag" not in response.headers and target:
                url = urljoin(url, target)
                continue
            break
    except httpx.TransportError as error:
        raise MissingDependency(
            f"{name} cannot be downloaded: no connection to {httpx.URL(url).host} "
            f"({str(error) or type(error).__name__}); is this machine online? "
            "HF_ENDPOINT may name a mirror"
        ) from error
    status = response.status_code
    if status == 404:
        raise MissingDependency(
            f"{name} is not at {asked} (404); HF_ENDPOINT may point to a hub without it"
        )
    if status >= 400:
        raise MissingDependency(f"{name}: {asked} answered {status} {response.reason_phrase}")
    announced = _announced(response.headers)
    expected = pinned or announced
    if expected is None:
        raise MissingDependency(f"{name}: {asked} announces no sha256, so it cannot be checked")
    if announced is not None and announced.sha256 != expected.sha256:
        raise MissingDependency(
            f"{name}: the hub announces sha256 {announced.sha256[:12]}…, this castbook expects "
            f"{expected.sha256[:12]}…; a newer castbook may know it"
        )
    return url, expected


def _announced(headers: httpx.Headers) -> Expected | None:
    tag = headers.get("x-linked-etag", headers.get("etag", "")).removeprefix("W/").strip('"')
    size = headers.get("x-linked-size", headers.get("content-length", ""))
    if not re.fullmatch(r"[0-9a-f]{64}", tag) or not size.isdigit():
        return None
    return Expected(int(size), tag)


def _default_endpoint(engine: str) -> str:
    if os.environ.get("HF_ENDPOINT"):
        return os.environ["HF_ENDPOINT"]
    try:
        from huggingface_hub.constants import ENDPOINT
    except ImportError as error:
        raise MissingDependency(
            f"the hub's address comes from the package huggingface_hub: pip install "
            f"'castbook[{engine}]', or set HF_ENDPOINT"
        ) from error
    return str(ENDPOINT)


def _size(path: Path) -> int:
    """In bytes; -1 for a file that is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _read_record(folder: Path) -> dict[str, Expected]:
    """What is recorded; nothing when there is no record or it makes no sense."""
    try:
        record: Any = json.loads((folder / RECORD).read_text("utf-8"))
        if record["schema"] != _SCHEMA:
            return {}
        return {
            str(name): Expected(int(entry["size"]), str(entry["sha256"]))
            for name, entry in record["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_record(folder: Path, name: str, expected: Expected) -> None:
    files = {**_read_record(folder), name: expected}
    content = {
        "schema": _SCHEMA,
        "files": {n: {"size": e.size, "sha256": e.sha256} for n, e in sorted(files.items())},
    }
    write_text(folder / RECORD, json.dumps(content, indent=2) + "\n")
