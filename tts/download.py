"""One large file over HTTP, resumed where it broke off, checked before it gets its name.

The bytes grow in ``NAME.part`` beside the final file; a later call goes on from there, in
this process or another. The final name appears only when size and sha256 are right, so a
file that is there is whole.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import BinaryIO

import httpx

from castbook.errors import MissingDependency, StorageError
from castbook.files import replace, storage_error
from tts.weights import Expected, Progress, digest_of, is_right

_TRIES = 5  # in a row without a new byte
_LONGEST_PAUSE_S = 30.0
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_KEPT = "what has arrived is kept: run the same command again"


class _Broken(Exception):
    """This try is over; the next may go on."""


def download(
    client: httpx.Client,
    url: str,
    final: Path,
    expected: Expected,
    *,
    progress: Progress | None = None,
    pause_s: float = 1.0,
) -> str:
    """Brings ``url`` to ``final`` and returns its sha256.

    Args:
        pause_s: before the second try; doubles while no byte comes.

    Raises:
        MissingDependency: not reachable, not there, or not the expected content.
        StorageError: the disk is full or cannot be written.
    """
    part = final.with_name(final.name + ".part")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab+") as file:
            _lock(file, final)
            digest = _fill(client, url, file, expected, progress, pause_s)
        replace(part, final)
    except OSError as error:
        raise storage_error(error, final) from error
    return digest


def _lock(file: BinaryIO, final: Path) -> None:
    """Two downloads into one file would spoil it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            return  # a file system without locks
        raise MissingDependency(
            f"{final.name} is being downloaded by another castbook; wait for it"
        ) from error


def _fill(
    client: httpx.Client,
    url: str,
    file: BinaryIO,
    expected: Expected,
    progress: Progress | None,
    pause_s: float,
) -> str:
    """Until the file is complete and right; its sha256."""
    name = Path(file.name).name.removesuffix(".part")
    if file.tell() > expected.size:
        file.truncate(0)
    _check_space(Path(file.name), expected.size - _size(file))
    tries = 0
    while _size(file) < expected.size:
        before = _size(file)
        try:
            _continue(client, url, file, name, expected, progress)
        except (_Broken, httpx.TransportError) as error:
            tries = 0 if _size(file) > before else tries + 1
            if tries >= _TRIES:
                reason = str(error) or type(error).__name__
                raise MissingDependency(
                    f"{name} cannot be downloaded from {httpx.URL(url).host}: {reason}; "
                    f"is this machine online? {_KEPT}"
                ) from error
            time.sleep(min(_LONGEST_PAUSE_S, pause_s * 2.0**tries))
    file.flush()
    found = digest_of(Path(file.name))
    if not is_right(Path(file.name), expected, found):
        file.truncate(0)
        wanted = expected.sha256 or f"git's {expected.blob}"
        raise MissingDependency(
            f"{name} came with sha256 {found[:12]}…, expected {wanted[:18]}…; it was "
            "damaged on its way or changed at its source: run the same command again"
        )
    return found


def _continue(
    client: httpx.Client,
    url: str,
    file: BinaryIO,
    name: str,
    expected: Expected,
    progress: Progress | None,
) -> None:
    """One connection: appends what comes."""
    there = _size(file)
    headers = {"Range": f"bytes={there}-", "Accept-Encoding": "identity"} if there else {}
    with client.stream("GET", url, headers=headers, follow_redirects=True) as response:
        status = response.status_code
        if status in _AGAIN:
            raise _Broken(f"the server answered {status} {response.reason_phrase}")
        if status not in (200, 206):
            raise MissingDependency(
                f"{name}: {response.url.host} answered {status} {response.reason_phrase}"
            )
        if status == 200 or _start(response) != there:
            file.truncate(0)  # the server does not resume
            there = 0
            if status == 206:
                raise _Broken("the server sent another part than was asked for")
        for piece in response.iter_bytes():  # as they come: httpx drops what it collects to a size
            if there + len(piece) > expected.size:
                file.truncate(0)
                raise MissingDependency(
                    f"{name} is larger than the expected {expected.size} bytes: "
                    "it was changed at its source"
                )
            file.write(piece)
            there += len(piece)
            if progress is not None:
                progress(name, there, expected.size)
    file.flush()
    if there < expected.size:
        raise _Broken(f"the connection ended after {there} of {expected.size} bytes")


def _start(response: httpx.Response) -> int:
    """Where a partial answer begins, by its ``Content-Range: bytes 100-199/200``."""
    span = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
    return int(span) if span.isdigit() else -1


def _size(file: BinaryIO) -> int:
    file.flush()
    return os.fstat(file.fileno()).st_size


def _check_space(path: Path, needed: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise StorageError(
            f"{path.parent}: {needed / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB are free; "
            "free some space, or set CASTBOOK_CACHE to another folder"
        )
