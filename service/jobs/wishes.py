"""From what a client writes to the parameters of a ``speech`` run: checked, not spoken."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio.to_thread

from castbook.files import write_bytes
from service.desk import Desk
from service.security.fetching import clip_at, fetcher_of
from service.security.guard import Caller
from service.voices.admission import moderate
from tasks.batches.booth import find_clip, wish_digest
from tasks.batches.rows import ALIASES, Row, read_row
from tasks.speech.outputs import Output, read_manifest, standing, timed_name

UPLOADS, INBOX, OUTPUTS = "uploads", "inbox", "outputs"  # below the data folder
_ADDRESSES = ("http:", "https:", "data:")


@dataclass(frozen=True, slots=True)
class Checked:
    """A row that can be spoken, and its output where that is there already."""

    row: Row
    there: Output | None
    review: bool  # a person must look at it first


async def checked(desk: Desk, written: Mapping[str, Any], caller: Caller) -> Checked:
    """A row by any of its names, its voice found, its text allowed.

    A voice that is an address is fetched, if the settings allow its host, and kept below the
    uploads: the run reads it there.

    Raises:
        InputError: the mistake, with the field; an output of that name holds another wish.
        Problem: an address that is not allowed or not answered; a text that is denied.
    """
    written = dict(written)
    for name in ALIASES["voice"]:
        voice = written.get(name)
        if isinstance(voice, str) and voice[:6].lower().startswith(_ADDRESSES):
            clip = await clip_at(voice, fetcher_of(desk.settings), name)
            kept = await anyio.to_thread.run_sync(_keep, desk.settings.data, clip)
            written[name] = kept
    row = await anyio.to_thread.run_sync(read_row, written)
    admitted = await moderate(desk, row.wish, caller)
    row = replace(row, wish=admitted.wish)
    there = await anyio.to_thread.run_sync(_there, desk, row)
    return Checked(row, there, admitted.review)


def _there(desk: Desk, row: Row) -> Output | None:
    """Its finished output; also what only the engine can refuse is refused here."""
    if row.clip:  # decoding it is no work for a request: the run does
        offered = [desk.settings.data / name for name in (UPLOADS, INBOX)]
        find_clip(row.clip, [desk.settings.data, *offered], offered)
        return None
    reading = desk.studio.read(row.wish)
    folder = desk.settings.data / OUTPUTS
    if not row.name or read_manifest(folder / f"{row.name}.json") is None:
        return None
    return standing(folder, row.name, row.form, wish_digest(row, reading))


def speech_parameters(checked: Checked) -> dict[str, Any]:
    """What the ``speech`` flow is told; what has its usual value is left out."""
    row = checked.row
    said = {**row.parameters(), "output_name": row.name or _fresh_name()}
    return {**said, "review": True} if checked.review else said


def _fresh_name() -> str:
    # two texts of one second must not meet
    return timed_name(datetime.now(), secrets.token_hex(3))


def _keep(data: Path, clip: bytes) -> str:
    name = f"{UPLOADS}/{hashlib.sha256(clip).hexdigest()[:32]}.wav"  # what it is, its bytes say
    if not (data / name).exists():
        write_bytes(data / name, clip)
    return name
