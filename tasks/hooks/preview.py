"""What a request would start: for ``castbook hook test``. Starts nothing, leaves nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from castbook.errors import InputError
from tasks.hooks.mapping import Hooked, Ignored, map_payload, read_payload
from tasks.hooks.projects import PROJECTS, drafted
from tasks.hooks.proofs import check
from tasks.hooks.sources import Source

_LINES = 12  # of a file that are shown
_WIDTH = 200  # characters of such a line


def preview(
    source: Source,
    headers: Mapping[str, str],
    body: bytes,
    now: float,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A JSON object: whether the signature is good, and the order with its files.

    Args:
        headers: by lower-case name.
        now: Unix seconds.

    Raises:
        InputError: the payload, the template or the manuscript is wrong.
    """
    proof = _proof(source, headers, body, now, environ)
    shown: dict[str, Any] = {"source": source.name, "signature": proof}
    mapped = map_payload(source, read_payload(body), headers)
    if isinstance(mapped, Ignored):
        return {**shown, "ignored": mapped.reason, "order": None}
    order: dict[str, Any] = {
        "kind": mapped.kind,
        "name": mapped.name,
        "id": mapped.id,
        "revision": mapped.digest[:32],
        "parameters": _parameters(mapped),
        "files": _files(source, mapped) if mapped.kind == "book" else [],
    }
    return {**shown, "ignored": None, "order": order}


def _proof(
    source: Source,
    headers: Mapping[str, str],
    body: bytes,
    now: float,
    environ: Mapping[str, str] | None,
) -> dict[str, Any]:
    scheme = source.file.signature.scheme
    try:
        check(source.file, headers, body, now, environ)
    except InputError as error:
        return {"scheme": scheme, "good": False, "says": str(error)}
    return {"scheme": scheme, "good": True, "says": "by a known secret"}


def _parameters(hooked: Hooked) -> dict[str, str]:
    if hooked.kind == "speech":
        said = {
            "text": hooked.content,
            "voice": hooked.voice,
            "language": hooked.language,
            "id": hooked.id,
            "callback": hooked.callback,
        }
    else:
        said = {"project": hooked.name, "callback": hooked.callback}
    return {key: value for key, value in said.items() if value}


def _files(source: Source, hooked: Hooked) -> list[dict[str, Any]]:
    with (
        tempfile.TemporaryDirectory(prefix="castbook-hook-") as place,
        drafted(Path(place), hooked, source.folder) as draft,
    ):
        found = sorted(path for path in draft.rglob("*") if path.is_file())
        return [
            {
                "path": f"{PROJECTS}/{hooked.name}/{path.relative_to(draft).as_posix()}",
                "bytes": path.stat().st_size,
                "first_lines": _first_lines(path),
            }
            for path in found
        ]


def _first_lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        head = file.read(_LINES * _WIDTH * 4)
    if b"\0" in head:
        return []  # a recording
    return [line[:_WIDTH] for line in head.decode("utf-8", "replace").splitlines()[:_LINES]]
