"""Canonical JSON and digests: the ground under every key.

Equal values give equal bytes on every machine: sorted keys, no spaces, UTF-8, no NaN.
Floats are refused, because their shortest form is a matter of taste between languages:
pass integers (milliseconds, frames, hundredths) or strings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from castbook.errors import BrokenPromise


def canonical_json(value: object) -> bytes:
    """``value`` as UTF-8 JSON with sorted keys and no spaces.

    Raises:
        BrokenPromise: for floats, bytes and anything else JSON has no single form for.
    """
    _refuse_ambiguous(value)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def digest(value: object) -> str:
    """sha256 of ``canonical_json(value)``, 64 hex digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def text_digest(text: str) -> str:
    """sha256 of the UTF-8 form of ``text``, 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain(value: Any) -> Any:
    """Floats of a user's options as strings (``repr``), so that they may enter a key."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(v) for v in value]
    return value


def _refuse_ambiguous(value: object) -> None:
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise BrokenPromise(f"canonical JSON needs string keys, found {key!r}")
            _refuse_ambiguous(item)
        return
    if isinstance(value, list | tuple):
        for item in value:
            _refuse_ambiguous(item)
        return
    raise BrokenPromise(f"canonical JSON has no single form for {type(value).__name__}: {value!r}")
