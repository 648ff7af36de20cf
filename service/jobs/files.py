"""What a run made, by its manifest: nothing else below the data folder can be asked for.

A speech has one file, a batch those of its rows and a zip, a book its book files. All are
served with their digest as ``ETag`` and in ranges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from starlette.responses import Response

from book.projectfile import load_project
from castbook.errors import CastbookError
from flows.orders.port import Order
from service.desk import Desk, desk_of
from service.jobs.finding import found
from service.jobs.projects import check_project
from service.jobs.views import FINAL
from service.jobs.wishes import OUTPUTS
from service.problems import Problem
from service.security.guard import CallerOf
from tasks.location import find_build
from tasks.speech.outputs import read_manifest, stem_of
from tasks.speech.receipts import read_receipt

router = APIRouter(tags=["jobs"])
KINDS = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".opus": "audio/ogg",
    ".m4b": "audio/mp4",
    ".epub": "application/epub+zip",
    ".zip": "application/zip",
    ".json": "application/json",
}
FACTS = ("sha256", "frames", "rate", "voice", "seed", "trace")  # of a manifest


@dataclass(frozen=True, slots=True)
class Made:
    """A file that a run made."""

    name: str  # by which it is asked for
    path: Path
    facts: Mapping[str, Any]  # for the list

    @property
    def digest(self) -> str:
        """SHA-256 where it is known."""
        return str(self.facts.get("sha256", ""))


@router.get(
    "/v1/runs/{run_id}/audio",
    summary="The sound of a finished text",
    response_class=FileResponse,
    responses={206: {}, 304: {}, 404: {}, 409: {"description": "It is not finished"}},
)
async def get_audio(request: Request, caller: CallerOf, run_id: str) -> Response:
    """In ranges, with the file's digest as ``ETag``."""
    desk = desk_of(request)
    order = await found(desk, run_id)
    if order.kind != "speech":
        raise Problem(404, "only a speech has one sound: see its files", code="no_audio")
    made = await _made(desk, order)
    return _answer(request, made[0])


@router.get("/v1/runs/{run_id}/files", summary="What a job made", responses={404: {}, 409: {}})
async def list_files(request: Request, caller: CallerOf, run_id: str) -> dict[str, Any]:
    """Names, sizes and addresses."""
    desk = desk_of(request)
    made = await _made(desk, await found(desk, run_id))
    here = f"/v1/runs/{run_id}/files"
    return {
        "object": "list",
        "data": [
            {"name": file.name, "url": f"{here}/{quote(file.name)}", **file.facts} for file in made
        ],
    }


@router.get(
    "/v1/runs/{run_id}/files/{name:path}",
    summary="A file that a job made",
    response_class=FileResponse,
    responses={206: {}, 304: {}, 404: {}, 409: {}},
)
async def get_file(request: Request, caller: CallerOf, run_id: str, name: str) -> Response:
    """One of the list's."""
    desk = desk_of(request)
    for made in await _made(desk, await found(desk, run_id)):
        if made.name == name:
            return _answer(request, made)
    raise Problem(404, f"this run made no file {name[:100]!r}", code="unknown_file")


async def _made(desk: Desk, order: Order) -> list[Made]:
    """The files of an order that has ended.

    Raises:
        Problem: 409 before its end, 404 where nothing is left of it.
    """
    if order.state not in FINAL:
        raise Problem(409, f"this run is {order.state}: ask again later", code="not_finished",
                      headers={"Retry-After": "2"})  # fmt: skip
    made = await anyio.to_thread.run_sync(files_of, desk, order)
    if not made:
        word = "made nothing" if order.state != "completed" else "has no files any more"
        raise Problem(404, f"this run {word}", code="no_files")
    return made


def files_of(desk: Desk, order: Order) -> list[Made]:
    """What an order made and what is still there; reads the disk."""
    try:
        if order.kind in ("speech", "batch"):
            return _receipt(desk.settings.data, order.id)
        if order.kind == "book":
            folder = check_project(desk, Path(str(order.parameters["project"])).name)
            build = find_build(folder, load_project(folder).slug, order.parameters.get("build"))
            return _book(build.out)
    except CastbookError:
        pass  # nothing that could be there: a project that was removed, an id that is none
    return []


def _receipt(data: Path, run: str) -> list[Made]:
    """Of a speech or a batch: what its receipt names, the zip last."""
    said = read_receipt(data, run) or {}
    made = []
    for written in [*said.get("files", ()), said.get("zip")]:
        path = (data / str(written)).resolve()
        if written and path.is_file() and path.is_relative_to((data / OUTPUTS).resolve()):
            manifest = read_manifest(path.with_name(f"{stem_of(path.name)}.json")) or {}
            facts = {key: manifest[key] for key in FACTS if key in manifest}
            made.append(Made(path.name, path, {"bytes": path.stat().st_size, **facts}))
    return made


def _book(out: Path) -> list[Made]:
    """Of a book: its finished book files, by their paths below the folder of all of them."""
    return [
        Made(path.relative_to(out).as_posix(), path, {"bytes": path.stat().st_size})
        for path in sorted(out.rglob("*") if out.is_dir() else ())
        if path.suffix.lower() in KINDS and path.is_file() and not path.name.startswith(".")
    ]


def _answer(request: Request, made: Made) -> Response:
    tag = f'"{made.digest}"' if made.digest else ""
    headers = {"ETag": tag} if tag else {}
    headers["Cache-Control"] = "private, no-cache"
    asked = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
    if tag and (tag in asked or "*" in asked):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        made.path,
        media_type=KINDS.get(made.path.suffix.lower(), "application/octet-stream"),
        filename=made.path.name,  # starlette writes it safely, other scripts as filename*
        headers=headers,
    )
