"""Batches that come as a file: JSON lines as a body or in a form, kept below the uploads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from fastapi import Request
from starlette.datastructures import UploadFile

from castbook.errors import ConsentError, InputError, VoiceError
from castbook.files import write_bytes
from service.desk import Desk
from service.jobs.wishes import UPLOADS
from service.problems import Problem
from service.security.guard import Caller
from service.settings import MOST_UPLOAD
from service.voices.admission import moderate
from tasks.batches.jsonlines import read_lines
from tasks.batches.rows import ALIASES, Row
from tasks.batches.running import Unread

LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines", "text/plain")
FORM = "multipart/form-data"


async def uploaded_lines(request: Request) -> tuple[bytes, dict[str, str]]:
    """The file of a request, and the fields beside it.

    Raises:
        Problem: 413 beyond ``MOST_UPLOAD``, counted as it comes; 415 for another kind of body;
            422 for a form without a file.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in LINES:
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            _check_size(len(content))
        return bytes(content), {}
    if kind != FORM:
        raise Problem(415, f"expected {LINES[0]}, or {FORM} with a file", code="wrong_kind")
    async with request.form(max_files=1, max_fields=16) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Problem(422, "file: expected the batch, one JSON object a line", param="file")
        received = await file.read(MOST_UPLOAD + 1)
        _check_size(len(received))
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        return received, fields


@dataclass(frozen=True, slots=True)
class KeptBatch:
    """Lines that were checked and kept."""

    path: str  # relative to the data folder
    review: bool  # a person must look at them first

    @property
    def parameters(self) -> dict[str, Any]:
        """What the ``batch`` flow is told."""
        return {"path": self.path, **({"review": True} if self.review else {})}


async def kept_rows(desk: Desk, content: bytes, caller: Caller) -> KeptBatch:
    """Checks and keeps the lines of a batch.

    A line that is no row fails by itself, later and named. A text that is denied, and a voice
    that is not the caller's to use, refuse them all: the run would not know whose they are.

    Raises:
        InputError: no line is a row, or there are too many.
        Problem: a text is denied.
        ConsentError, VoiceError: a voice may not be used.
    """
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    rows = await anyio.to_thread.run_sync(read_lines, lines)
    if not any(isinstance(row, Row) for row in rows):
        first = f": {rows[0].reason}" if rows and isinstance(rows[0], Unread) else ""
        raise InputError(
            f"no line can be spoken{first}", place="rows", expected='such as {"text": "Hello."}'
        )
    review = False
    for row in rows:
        if not isinstance(row, Row):
            continue
        try:
            admitted = await moderate(desk, row.wish, caller)
        except VoiceError:
            if await anyio.to_thread.run_sync(_exists, desk, row):
                raise
            continue  # a slip of the pen: that line fails by itself
        review = review or admitted.review
        if admitted.wish.voice != row.wish.voice:
            lines[row.line - 1] = _with_voice(lines[row.line - 1], admitted.wish.voice)
    return KeptBatch(await anyio.to_thread.run_sync(_keep, desk, b"\n".join(lines)), review)


def _exists(desk: Desk, row: Row) -> bool:
    """Whether a voice is there for somebody."""
    try:
        desk.shelf.find(row.wish.voice, row.wish.language)
    except ConsentError:
        return True
    except VoiceError:
        return False
    return True


def _with_voice(line: bytes, voice: str) -> bytes:
    """A line whose voice is named by its id: names are the caller's own."""
    written = json.loads(line)
    said = next(name for name in ALIASES["voice"] if name in written)
    return json.dumps({**written, said: voice}, ensure_ascii=False).encode()


def _keep(desk: Desk, content: bytes) -> str:
    name = f"{UPLOADS}/{hashlib.sha256(content).hexdigest()[:32]}.jsonl"
    if not (desk.settings.data / name).exists():
        write_bytes(desk.settings.data / name, content)
    return name


def _check_size(count: int) -> None:
    if count > MOST_UPLOAD:
        raise Problem(413, f"more than {MOST_UPLOAD} bytes", code="body_too_large")
