"""A voice that comes with a request: ``ref_audio`` and ``ref_text``, as vLLM-Omni takes them.

It is heard in this request and kept nowhere. Files of this machine are never read.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from service.desk import Desk
from service.problems import Problem
from service.settings import MOST_UPLOAD
from service.speech.bodies import SpeechBody
from service.speech.sounding import Stage
from tasks.speech.wishes import SpeechWish

_DATA = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)


async def with_visitor(desk: Desk, stage: Stage, body: SpeechBody, wish: SpeechWish) -> SpeechWish:
    """The wish with the voice of ``ref_audio``, if the body has one.

    Raises:
        Problem: the address is not one that may be read.
        CastbookError: the clip cannot be used, or no engine here clones.
    """
    if not body.ref_audio:
        return wish
    if body.voice:
        raise Problem(422, "voice and ref_audio: give one of them", param="ref_audio")
    clip = await _read(desk, body.ref_audio)
    consent = {"basis": body.consent}
    voice = await stage.run(
        lambda: desk.shelf.visiting(
            clip, body.ref_text, consent, engine=wish.engine, language=wish.language
        )
    )
    return replace(wish, voice=voice.id)


async def _read(desk: Desk, address: str) -> bytes:
    if _DATA.match(address):
        clip = clip_of(address)
        if len(clip) > MOST_UPLOAD:
            raise Problem(413, "ref_audio: more than 10 MiB", param="ref_audio")
        return clip
    raise Problem(
        422,
        "ref_audio: this address is not read here; expected a data: address with the audio in it",
        code="address_refused",
        param="ref_audio",
    )


def clip_of(address: str) -> bytes:
    """The bytes of a ``data:`` address.

    Raises:
        Problem: its base64 is none.
    """
    head, _, written = address.partition(",")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(written)
    try:
        return base64.b64decode(unquote_to_bytes(written), validate=True)
    except binascii.Error as error:
        raise Problem(
            422, f"ref_audio: its base64 is broken ({error})", param="ref_audio"
        ) from error
