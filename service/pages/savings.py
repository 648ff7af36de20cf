"""Texts of the bench as files of the data folder: spoken again into ``DATA/outputs``.

A file is made as a job would make it: through the take store, with a manifest beside it. So what
was heard with a seed is what is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import Field, StringConstraints

from castbook.errors import InputError
from service.desk import Desk, desk_of
from service.jobs.files import KINDS
from service.jobs.wishes import OUTPUTS
from service.problems import Problem
from service.security.guard import CallerOf
from service.speech.bodies import SpeechBody, wish_of
from service.speech.visitors import with_visitor
from service.voices.admission import moderate_now
from service.voices.marks import Marks
from tasks.batches.booth import facts_of, wish_digest
from tasks.batches.rows import Row
from tasks.speech.jobs import speak
from tasks.speech.outputs import (
    Output,
    Spoken,
    check_name,
    output_path,
    read_manifest,
    standing,
    write_output,
)
from tasks.speech.studio import Reading
from tasks.takes import TakeStore

router = APIRouter()
AT_ONCE = CapacityLimiter(4)  # further ones wait; they hold no thread that a listener needs


class SaveBody(SpeechBody):
    """A speech, and the file that it becomes."""

    output_name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="Ends with .wav, .flac, .mp3 or .opus; .wav if it says nothing."
    )


@router.post("/bench/save", name="save")
async def save(body: SaveBody, request: Request, caller: CallerOf) -> dict[str, Any]:
    """Speaks a text into a file, unless it is there already.

    Raises:
        Problem, InputError: as the speech API; a name that cannot be one, or holds another text.
    """
    desk = desk_of(request)
    name, form = check_name(body.output_name)
    if not name:
        raise InputError("is empty", place="output_name")
    wish = await moderate_now(desk, await with_visitor(desk, body, wish_of(body)), caller)
    row = Row(1, wish, name=name, form=form or "wav")
    reading = await run_sync(desk.studio.read, wish)
    made = await run_sync(_output, desk, row, reading, limiter=AT_ONCE)
    return {
        "file": made.path.name,
        "url": f"/bench/outputs/{made.path.name}",
        "seconds": round(made.seconds, 3),
    }


def _output(desk: Desk, row: Row, reading: Reading) -> Output:
    folder = desk.settings.data / OUTPUTS
    wish = wish_digest(row, reading)
    there = standing(folder, row.name, row.form, wish)
    if there is not None:
        return there
    spoken = speak(reading, desk.studio, TakeStore(desk.settings.data / "takes"))
    pcm, facts = spoken.pcm, facts_of(row, reading)
    facts["takes"] = [take.key for take in spoken.takes]
    marks = desk.parts.get(Marks)
    if isinstance(marks, Marks) and marks.marker is not None:
        pcm, facts["watermark"] = marks.marker.embed(pcm, spoken.rate), True
    return write_output(folder, row.name, row.form, Spoken(pcm, spoken.rate, facts), wish)


@router.get("/bench/outputs/{name}", name="output")
async def output(request: Request, caller: CallerOf, name: str) -> FileResponse:
    """A file that a manifest names; nothing else of the folder can be asked for."""
    path = await run_sync(_named, desk_of(request), name)
    return FileResponse(
        path,
        media_type=KINDS[path.suffix],
        filename=path.name,
        headers={"Cache-Control": "no-cache"},
    )


def _named(desk: Desk, name: str) -> Path:
    folder = desk.settings.data / OUTPUTS
    try:
        stem, form = check_name(name)
        path = output_path(folder, stem, form)
    except InputError:
        path = None
    if path is not None and path.is_file():
        said = read_manifest(folder / f"{stem}.json")
        if said is not None and said.get("file") == name:
            return path
    raise Problem(404, f"there is no output {name[:100]!r}", code="unknown_output")
