"""A model hub: where a file is, what it must be, and bringing it here.

The hub is ``HF_ENDPOINT``, else the default of the package huggingface_hub. Its answer to
HEAD, which may be a redirect to where the bytes are, names size and sha256 of files in
large-file storage, and git's own digest of small ones.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin

import httpx

import castbook
from castbook.errors import MissingDependency
from tts.download import download
from tts.weights import Expected, Manifest, Progress, Source, digest_of, is_right

_HOPS = 5  # redirects inside the hub, for renamed repositories
_TIMEOUT = httpx.Timeout(60.0, connect=20.0)  # s between two pieces of an answer


class Hub:
    """A connection to the hub that has the files of a manifest. Use as a context manager.

    Args:
        endpoint: its address; None for the usual one.

    Raises (constructor): MissingDependency: nobody says where the hub is.
    """

    def __init__(self, manifest: Manifest, endpoint: str | None) -> None:
        self._manifest = manifest
        base = (endpoint or _default_endpoint(manifest.extra or manifest.engine)).rstrip("/")
        self._base = base
        headers = {
            "User-Agent": f"castbook/{castbook.__version__}",
            "Accept-Encoding": "identity",  # sizes are those of the files
        }
        self._client = httpx.Client(timeout=_TIMEOUT, headers=headers)

    def bring(
        self, name: str, folder: Path, *, progress: Progress | None, pause_s: float
    ) -> Expected | None:
        """Downloads one file of the manifest into ``folder``, unless it is there already.

        Returns:
            What it is; None for an optional file that the hub does not have.

        Raises:
            MissingDependency, StorageError: see ``tts/download.py``.
        """
        try:
            location, expected = self._find(name)
        except _NotThere:
            if name in self._manifest.optional:
                return None
            raise
        final = folder / name
        if final.is_file() and final.stat().st_size == expected.size:
            there = digest_of(final)
            if is_right(final, expected, there):
                return Expected(expected.size, there)

        def report(_: str, done: int, total: int) -> None:
            if progress is not None:
                progress(name, done, total)  # with its folder: there are several config.json

        digest = download(self._client, location, final, expected, progress=report, pause_s=pause_s)
        return Expected(expected.size, digest)

    def _find(self, name: str) -> tuple[str, Expected]:
        """Where a file is and what it must be: the first source that has it."""
        pinned = self._manifest.files[name]
        *others, last = self._manifest.sources(name)
        for source in others:
            with contextlib.suppress(_NotThere):
                return _ask(self._client, self._address(source), name, pinned)
        return _ask(self._client, self._address(last), name, pinned)

    def _address(self, source: Source) -> str:
        place = f"{source.repository}/resolve/{quote(source.revision)}/{quote(source.name)}"
        return f"{self._base}/{place}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()


class _NotThere(MissingDependency):
    """The hub has no such file."""


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
        raise _NotThere(
            f"{name} is not at {asked} (404); HF_ENDPOINT may point to a hub without it"
        )
    if status >= 400:
        raise MissingDependency(f"{name}: {asked} answered {status} {response.reason_phrase}")
    announced = _announced(response.headers)
    expected = pinned if pinned is not None and pinned.whole else announced
    if expected is None:
        raise MissingDependency(f"{name}: {asked} announces no sha256, so it cannot be checked")
    if pinned is not None and announced is not None and not _agree(pinned, announced):
        raise MissingDependency(
            f"{name}: the hub announces sha256 {announced.sha256[:12]}… ({announced.size} bytes), "
            f"this castbook expects {pinned.sha256[:12]}…; a newer castbook may know it"
        )
    return url, expected


def _agree(pinned: Expected, announced: Expected) -> bool:
    """A whole pin says all; an abbreviated one needs the size, too."""
    if pinned.whole:
        return announced.sha256 in ("", pinned.sha256)
    return pinned.admits(announced)


def _announced(headers: httpx.Headers) -> Expected | None:
    tag = headers.get("x-linked-etag", headers.get("etag", "")).removeprefix("W/").strip('"')
    size = headers.get("x-linked-size", headers.get("content-length", ""))
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", tag) or not size.isdigit():
        return None
    return Expected(int(size), tag) if len(tag) == 64 else Expected(int(size), "", tag)


def _default_endpoint(extra: str) -> str:
    if os.environ.get("HF_ENDPOINT"):
        return os.environ["HF_ENDPOINT"]
    try:
        from huggingface_hub.constants import ENDPOINT
    except ImportError as error:
        raise MissingDependency(
            f"the hub's address comes from the package huggingface_hub: pip install "
            f"'castbook[{extra}]', or set HF_ENDPOINT"
        ) from error
    return str(ENDPOINT)
