"""From what a client writes to the parameters of a ``speech`` run: checked, not spoken."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio.to_thread

from castbook.files import write_bytes
from service.desk import Desk
from service.security.fetching import clip_at, fetcher_of
from tasks.batches.booth import wish_digest
from tasks.batches.rows import ALIASES, Row, read_row
from tasks.speech.outputs import Output, read_manifest, standing, timed_name
from tasks.speech.wishes import SpeechWish

UPLOADS, OUTPUTS = "uploads", "outputs"  # below the data folder
_ADDRESSES = ("http:", "https:", "data:")


@dataclass(frozen=True, slots=True)
class Checked:
    """A row that can be spoken, and its output where that is there already."""

    row: Row
    there: Output | None


async def checked(desk: Desk, written: Mapping[str, Any]) -> Checked:
    """A row by any of its names, its voice found.

    A voice that is an address is fetched, if the settings allow its host, and kept below the
    uploads: the run reads it there.

    Raises:
        InputError: the mistake, with the field; an output of that name holds another wish.
        Problem: an address that is not allowed or not answered.
    """
    written = dict(written)
    for name in ALIASES["voice"]:
        voice = written.get(name)
        if isinstance(voice, str) and voice[:6].lower().startswith(_ADDRESSES):
            clip = await clip_at(voice, fetcher_of(desk.settings), name)
            kept = await anyio.to_thread.run_sync(_keep, desk.settings.data, clip)
            written[name] = kept
    return await anyio.to_thread.run_sync(_check, desk, written)


def _check(desk: Desk, written: Mapping[str, Any]) -> Checked:
    row = read_row(written)
    there = None
    if not row.clip:  # a clip is decoded by the run: that is no work for a request
        reading = desk.studio.read(row.wish)
        folder = desk.settings.data / OUTPUTS
        if row.name and read_manifest(folder / f"{row.name}.json") is not None:
            there = standing(folder, row.name, row.form, wish_digest(row, reading))
    return Checked(row, there)


def speech_parameters(row: Row) -> dict[str, Any]:
    """What the ``speech`` flow is told; what has its usual value is left out."""
    usual = SpeechWish("")
    said = {
        field.name: getattr(row.wish, field.name)
        for field in fields(SpeechWish)
        if getattr(row.wish, field.name) != getattr(usual, field.name)
    }
    said.update(text=row.wish.text, output_name=row.name or _fresh_name(), format=row.form)
    if row.clip:
        said.update(clip=row.clip, transcript=row.transcript, consent=row.consent)
    return said


def _fresh_name() -> str:
    # two texts of one second must not meet
    return f"{timed_name(datetime.now())}_{secrets.token_hex(3)}"


def _keep(data: Path, clip: bytes) -> str:
    name = f"{UPLOADS}/{hashlib.sha256(clip).hexdigest()[:32]}.wav"  # what it is, its bytes say
    if not (data / name).exists():
        write_bytes(data / name, clip)
    return name
