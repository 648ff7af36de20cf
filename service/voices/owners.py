"""Whose voices and consents a caller sees: its own, and those that are everybody's.

Uploads belong to the principal of the key they came with. Where no keys are configured there
is one person, and what that person uploads is everybody's, also when keys come later.
"""

from __future__ import annotations

from service.security.guard import LOCAL, Caller


def owner_of(caller: Caller) -> str:
    """The owner of what a caller uploads; "" is everybody."""
    return "" if caller == LOCAL else caller.principal
