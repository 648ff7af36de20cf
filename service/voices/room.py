"""The routes of this room: voices of people and the consents they rest on; moderators, marks."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from anyio.to_thread import run_sync
from fastapi import APIRouter

from audio.watermarking import open_watermarker
from service.desk import Desk
from service.voices import consents, uploads
from service.voices.marks import Marks
from tasks.moderation import DENY_FILE, DenyList, HttpModerator, Moderator, Panel

router = APIRouter()
router.include_router(uploads.router)
router.include_router(consents.router)


@contextlib.asynccontextmanager
async def open_room(desk: Desk) -> AsyncIterator[None]:
    """The moderators and the watermark that the settings ask for.

    Raises:
        MissingDependency: a watermark is wanted and cannot be made: the service does not start,
            for it would promise what it does not do.
    """
    settings = desk.settings
    with contextlib.ExitStack() as stack:
        moderators: list[Moderator] = [DenyList(desk.shelf.folder / DENY_FILE)]
        if settings.moderator_url:
            asked = HttpModerator(settings.moderator_url, on_failure=settings.moderator_failure)
            stack.callback(asked.close)
            moderators.append(asked)
        desk.parts[Panel] = Panel(moderators)
        marker = await run_sync(open_watermarker) if settings.watermark else None
        desk.parts[Marks] = Marks(marker)
        yield
