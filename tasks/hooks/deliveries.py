"""When a callback is tried again, and when it is given up. Pure.

The times are those that Standard Webhooks recommend: ten tries in about three and a half days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

DELAYS_S: Final = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER: Final = 0.2  # of a delay, on top of it: receivers that come back are not flooded
LONGEST_S: Final = 86_400  # a Retry-After beyond it is not obeyed

Outcome = Literal["delivered", "retry", "disabled", "dead"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a try."""

    outcome: Outcome
    wait_s: float = 0.0  # before the next, of ``retry``


def decide(
    status: int | None,
    headers: Mapping[str, str],
    attempt: int,
    now_s: float,
    jitter: float,
    *,
    hopeless: bool = False,
) -> Decision:
    """What follows from a try.

    Args:
        status: of the answer; None: there was none.
        headers: of the answer, by lower-case name.
        attempt: from 1.
        now_s: Unix seconds.
        jitter: 0 to 1, by chance.
        hopeless: the address may not be asked at all.
    """
    if status is not None and 200 <= status < 300:
        return Decision("delivered")
    if status == 410:
        return Decision("disabled")
    if hopeless or attempt > len(DELAYS_S):
        return Decision("dead")
    delay = DELAYS_S[attempt - 1] * (1.0 + JITTER * jitter)
    asked = retry_after(headers.get("retry-after", ""), now_s)
    return Decision("retry", max(delay, min(asked, LONGEST_S)))


def retry_after(written: str, now_s: float) -> float:
    """Seconds that a ``Retry-After`` asks for, a number or a date; 0 for none."""
    written = written.strip()
    if written.isascii() and written.isdigit():
        return float(written[:9])
    try:
        at = parsedate_to_datetime(written)
    except (ValueError, TypeError):
        return 0.0
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.fromtimestamp(now_s, UTC)).total_seconds())
