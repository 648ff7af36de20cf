"""JSON Pointer (RFC 6901): where a value stands in a JSON document. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

from castbook.errors import InputError

POINTER: Final = r"(/([^~/]|~[01])*)+"  # all but "", the whole document: no field is all of it
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_POINTER = re.compile(POINTER)


class Missing:
    """What a pointer leads to when it leads nowhere; JSON's null is a value."""


MISSING: Final = Missing()


def steps_of(pointer: str) -> tuple[str, ...]:
    """The keys and indices of a pointer.

    Raises:
        InputError: it is none.
    """
    if pointer and not _POINTER.fullmatch(pointer):
        raise InputError(
            f"{pointer[:100]!r} is no JSON Pointer", expected="such as /post/current/title"
        )
    # in this order: ~01 is ~1, and no slash
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def resolve(document: Any, pointer: str) -> Any:
    """The value that a pointer leads to; ``MISSING`` where there is none.

    Raises:
        InputError: it is no pointer.
    """
    value = document
    for step in steps_of(pointer):
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
        if value is MISSING:
            return MISSING
    return value
