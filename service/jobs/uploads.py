"""Batches that come as a file: JSON lines as a body or in a form, kept below the uploads."""

from __future__ import annotations

import hashlib

import anyio.to_thread
from fastapi import Request
from starlette.datastructures import UploadFile

from castbook.errors import InputError
from castbook.files import write_bytes
from service.desk import Desk
from service.jobs.wishes import UPLOADS
from service.problems import Problem
from service.settings import MOST_UPLOAD
from tasks.batches.jsonlines import read_lines
from tasks.batches.rows import Row

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


async def kept_rows(desk: Desk, content: bytes) -> str:
    """Keeps the lines of a batch; their path, relative to the data folder.

    Raises:
        InputError: no line is a row, or there are too many.
    """
    return await anyio.to_thread.run_sync(_keep, desk, content)


def _keep(desk: Desk, content: bytes) -> str:
    rows = read_lines(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
    if not any(isinstance(row, Row) for row in rows):
        first = f": {rows[0].reason}" if rows and not isinstance(rows[0], Row) else ""
        raise InputError(
            f"no line can be spoken{first}", place="rows", expected='such as {"text": "Hello."}'
        )
    name = f"{UPLOADS}/{hashlib.sha256(content).hexdigest()[:32]}.jsonl"
    if not (desk.settings.data / name).exists():
        write_bytes(desk.settings.data / name, content)
    return name


def _check_size(count: int) -> None:
    if count > MOST_UPLOAD:
        raise Problem(413, f"more than {MOST_UPLOAD} bytes", code="body_too_large")
