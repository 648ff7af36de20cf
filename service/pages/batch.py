"""The page of batches: lines of JSON in, live lines and a zip out."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from castbook.canonical import canonical_json
from castbook.errors import InputError
from flows.orders.port import Order
from service.desk import Desk, desk_of
from service.jobs.finding import found, orders_of
from service.jobs.ordering import Wanted, place
from service.jobs.uploads import kept_rows
from service.jobs.wishes import OUTPUTS
from service.pages.batchdata import BatchView, Former, former, look_at
from service.pages.benchdata import FIRST, choices, defaults
from service.pages.rendering import answer, render, wants_fragment, words_for
from service.pages.words import Words
from service.problems import Problem
from service.security.guard import CallerOf
from service.settings import MOST_UPLOAD
from tasks.batches.packing import MANIFEST
from tasks.batches.rows import LONG_TEXT
from tasks.speech.outputs import FORMS
from tasks.speech.presets import preset_of, presets
from tasks.speech.receipts import read_receipt

router = APIRouter()
PRESET = "batch"
_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def batch_html(words: Words, run: BatchView | None, known: Former) -> str:
    """The page. Pure."""
    return render(
        "batch.html",
        words,
        tab="batch",
        run=run,
        known=known,
        defaults=defaults(),
        presets=[name for name in presets() if name != FIRST],
        chosen=PRESET,
        forms=FORMS,
        long_text=LONG_TEXT,
        **choices(),
    )


@router.get("/batch", name="batch")
async def batch(request: Request, caller: CallerOf, run: str = "") -> HTMLResponse:
    """The form, the run that is asked for (``?run=``) or the one at work, the former ones."""
    desk = desk_of(request)
    known = await former(desk.orders)
    words = words_for(request)
    if wants_fragment(request) and not run:
        return answer(request, render("_batches.html", words, known=known))
    shown = await _shown(desk, known, run)
    if wants_fragment(request):
        return answer(request, render("_batchrun.html", words, run=shown))
    return answer(request, batch_html(words, shown, known))


async def _shown(desk: Desk, known: Former, run: str) -> BatchView | None:
    if known.jobs != "ready":
        return None
    orders = orders_of(desk)
    at_work = next((order for order in known.orders if order.state == "processing"), None)
    order = await _batch(desk, run) if run else at_work and await orders.get(at_work.id)
    return await look_at(desk, orders, order) if order else None


async def _batch(desk: Desk, run: str) -> Order:
    order = await found(desk, run)
    if order.kind != "batch":
        raise Problem(404, f"{run[:100]!r} is no batch", code="unknown_run")
    return order


@router.post("/batch", name="start_batch")
async def start(request: Request, caller: CallerOf) -> Response:
    """Orders a batch: a file of JSON lines, or the lines themselves."""
    desk = desk_of(request)
    async with request.form(max_files=1, max_fields=16, max_part_size=MOST_UPLOAD) as form:
        content, name = await _lines(form)
        told = batch_defaults(form)
    kept = await kept_rows(desk, content, caller)
    lang = words_for(request).language
    digest = hashlib.sha256(content + canonical_json(told)).hexdigest()
    # the same lines with the same settings are the same folder, where what is finished stays
    folder = f"{name or 'lines'}-{digest[:8]}"
    parameters = {**kept.parameters, "defaults": told, "lang": lang, "name": folder}
    wanted = Wanted("batch", parameters, digest, f"batch-{folder}")
    placed = await place(desk, caller, "/batch", "", wanted)
    if not wants_fragment(request):
        return RedirectResponse(f"/batch?run={placed.order.id}", 303)
    view = await look_at(desk, orders_of(desk), placed.order)
    shown = render("_batchrun.html", words_for(request), run=view)
    return answer(request, shown, 202)


def batch_defaults(form: FormData) -> dict[str, Any]:
    """What rows get that say nothing themselves, from the form's fields. Pure.

    Raises:
        InputError: a field cannot be what it is.
    """
    preset = _word(form, "preset")
    preset_of(preset)
    told: dict[str, Any] = {"preset": preset} if preset else {}
    if rate := _number(form, "rate", 192_000):
        told["rate"] = rate
    if "seed" in form:
        told["seed"] = _number(form, "seed", 2**63 - 1)  # None: another performance each time
    written = _word(form, "format")
    if written and written not in FORMS:
        raise InputError(
            f"cannot be {written!r}", place="format", expected="of " + ", ".join(FORMS)
        )
    return {**told, **({"format": written} if written else {})}


def _word(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip()[:100] if isinstance(value, str) else ""


def _number(form: FormData, name: str, most: int) -> int | None:
    written = _word(form, name)
    if not written:
        return None
    if not (written.isascii() and written.isdigit()) or int(written) > most:
        raise InputError(f"cannot be {written!r}", place=name, expected="a whole number")
    return int(written)


async def _lines(form: FormData) -> tuple[bytes, str]:
    """What was uploaded, else what was pasted; and the file's name without its ending."""
    file = form.get("file")
    if isinstance(file, UploadFile) and file.size:
        content = await file.read(MOST_UPLOAD + 1)
        if len(content) > MOST_UPLOAD:
            raise Problem(413, f"more than {MOST_UPLOAD} bytes", code="body_too_large")
        return content, _PLAIN.sub("-", Path(file.filename or "").stem[:60]).strip("-")
    pasted = form.get("lines", "")
    if not isinstance(pasted, str) or not pasted.strip():
        raise InputError(
            "there is no batch", place="file", expected="a file of JSON lines, or the lines pasted"
        )
    return pasted.encode("utf-8", "replace"), ""


@router.post("/batch/{run}/cancel", name="cancel_batch")
async def cancel(request: Request, caller: CallerOf, run: str) -> Response:
    """Asks a batch to stop; what is finished is kept."""
    desk = desk_of(request)
    order = await _batch(desk, run)
    ended = await orders_of(desk).cancel(order.id) or order
    if not wants_fragment(request):
        return RedirectResponse(f"/batch?run={order.id}", 303)
    view = await look_at(desk, orders_of(desk), ended)
    return answer(request, render("_batchrun.html", words_for(request), run=view))


@router.get("/batch/{run}/manifest.json", name="batch_manifest")
async def manifest(request: Request, caller: CallerOf, run: str) -> FileResponse:
    """Every row of a batch: its file, or why it failed."""
    desk = desk_of(request)
    order = await _batch(desk, run)
    path = await run_sync(_manifest, desk, order)
    return FileResponse(path, media_type="application/json", filename=f"{order.name}.json"[-100:])


def _manifest(desk: Desk, order: Order) -> Path:
    said = read_receipt(desk.settings.data, order.id) or {}
    data = desk.settings.data
    path = (data / str(said.get("folder") or "") / MANIFEST).resolve()
    inside = path.is_relative_to((data / OUTPUTS).resolve())
    if not (said.get("folder") and inside and path.is_file()):
        raise Problem(404, "this batch has no manifest", code="no_files")
    return path
