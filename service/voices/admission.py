"""Before anything is ordered or spoken: is the voice theirs and consented, may the text be said?

Every route that speaks or orders speech asks here first, with the wish it is about to use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from anyio.to_thread import run_sync

from service.desk import Desk
from service.problems import Problem
from service.security.guard import Caller
from service.voices.owners import owner_of
from tasks.moderation import Decision, Panel
from tasks.speech.wishes import SpeechWish


@dataclass(frozen=True, slots=True)
class Admission:
    """A wish that may be fulfilled."""

    wish: SpeechWish  # its voice by id, so that no other of that name is meant
    review: bool  # by a person first: the order is placed paused
    reason: str = ""


async def moderate(desk: Desk, wish: SpeechWish, caller: Caller) -> Admission:
    """Lets a wish in, or refuses it.

    Raises:
        Problem: 403 ``denied`` by a moderator.
        ConsentError: 403: the voice's owner does not, or no longer, allow its use.
        VoiceError: 422: no such voice, or another principal's.
    """
    return await run_sync(lambda: _moderate(desk, wish, caller))


async def moderate_now(desk: Desk, wish: SpeechWish, caller: Caller) -> SpeechWish:
    """``moderate`` for speech at once, which cannot wait for a person.

    Raises:
        Problem: as ``moderate``; 403 ``review_needed`` where a person has to look first.
    """
    admission = await moderate(desk, wish, caller)
    if admission.review:
        raise Problem(
            403,
            "a person has to look at this text first: order it as a job, which waits for that",
            code="review_needed",
            param="input",
        )
    return admission.wish


async def admit_text(desk: Desk, text: str, caller: Caller) -> bool:
    """Lets in the text of a book, whose voices are its project's; whether a person must look at
    it first.

    Raises:
        Problem: 403 ``denied`` by a moderator.
    """
    decision = await run_sync(lambda: _asked(desk, text, "", caller))
    _refuse_denied(decision, "text")
    return decision.verdict == "review"


def _moderate(desk: Desk, wish: SpeechWish, caller: Caller) -> Admission:
    voice = desk.shelf.find(wish.voice, wish.language, owner_of(caller), wish.engine)
    desk.shelf.check_consent(voice)
    decision = _asked(desk, wish.text, voice.id, caller)
    _refuse_denied(decision, "input")
    named = replace(wish, voice=voice.id) if voice.uploaded else wish
    return Admission(named, decision.verdict == "review", decision.reason)


def _refuse_denied(decision: Decision, param: str) -> None:
    if decision.verdict == "deny":
        raise Problem(
            403,
            f"this text is not spoken here: {decision.reason or 'a moderator refused it'}",
            code="denied",
            param=param,
        )


def _asked(desk: Desk, text: str, voice: str, caller: Caller) -> Decision:
    panel = desk.parts.get(Panel)
    if not isinstance(panel, Panel):  # a desk of a test without this room
        return Decision("allow")
    return panel.check(text, voice, caller.principal)
