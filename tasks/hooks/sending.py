"""One try of a callback: signed, sent to an allowed address, its answer judged by status alone."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from castbook.errors import CastbookError
from castbook.fetching import Fetcher, FetchRefused
from castbook.signatures import signed_headers
from tasks.hooks.deliveries import Decision, decide

TIMEOUT_S = 15.0
# these will be refused again in a week; an address that resolves wrongly may resolve rightly
_HOPELESS = frozenset({"bad_url", "bad_scheme", "fetching_off", "host_not_allowed", "bad_port"})


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it."""

    decision: Decision
    status: int | None
    ms: int
    error: str


def send(
    fetcher: Fetcher,
    address: str,
    number: str,
    body: bytes,
    secrets: tuple[str, ...],
    attempt: int,
) -> Sent:
    """Sends a body once. A redirect is no delivery and is not followed.

    Args:
        number: ``webhook-id``.
        attempt: from 1.
    """
    headers = {
        **signed_headers(secrets, number, int(time.time()), body),
        "Content-Type": "application/json",
    }
    begun = time.monotonic()
    status: int | None = None
    told: Mapping[str, str] = {}
    error, hopeless = "", False
    try:
        with ThreadPoolExecutor(1) as apart:  # this thread may have a loop of Prefect's
            asked = fetcher.ask("POST", address, headers=headers, content=body, whole=False)
            answer = apart.submit(asyncio.run, asked).result()
        status, told = answer.status, answer.headers
        if not 200 <= status < 300:
            error = f"answered {status}"
    except FetchRefused as refused:
        error, hopeless = str(refused), refused.code in _HOPELESS
    except CastbookError as refused:
        error = str(refused)
    ms = round((time.monotonic() - begun) * 1000)
    chance = random.random()
    decision = decide(status, told, attempt, time.time(), chance, hopeless=hopeless)
    return Sent(decision, status, ms, error)
