"""A voice that comes with a request: ``ref_audio`` and ``ref_text``, as vLLM-Omni takes them.

It is heard in this request and kept nowhere. Files of this machine are never read.
"""

from __future__ import annotations

from dataclasses import replace

from anyio.to_thread import run_sync

from service.desk import Desk
from service.problems import Problem
from service.security.fetching import clip_at, fetcher_of
from service.speech.bodies import SpeechBody
from tasks.speech.wishes import SpeechWish


async def with_visitor(desk: Desk, body: SpeechBody, wish: SpeechWish) -> SpeechWish:
    """The wish with the voice of ``ref_audio``, if the body has one.

    Raises:
        Problem: the address is not one that may be read, or it holds too much.
        CastbookError: the clip cannot be used, nobody consented, or no engine here clones.
    """
    if not body.ref_audio:
        return wish
    if body.voice:
        raise Problem(422, "voice and ref_audio: give one of them", param="ref_audio")
    clip = await clip_at(body.ref_audio, fetcher_of(desk.settings))
    consent = {"basis": body.consent} if body.consent else {}
    voice = await run_sync(
        lambda: desk.shelf.visiting(
            clip, body.ref_text, consent, engine=wish.engine, language=wish.language
        )
    )
    return replace(wish, voice=voice.id)
