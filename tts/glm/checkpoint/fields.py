"""One value of a config, or one shape, checked: the small rules behind ``configs.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]  # of tensors, by their stored names


class Unusable(ValueError):
    """A value of a config, or a shape, that the engine cannot run.

    Args:
        place: the key or tensor.
        found: what is there.
        expected: what would be right.
    """

    def __init__(self, place: str, found: str, expected: str) -> None:
        super().__init__(f"{place}: {found}; expected {expected}")
        self.place, self.found, self.expected = place, found, expected


def whole(data: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """A whole number from 1; ``default`` where the key is absent or null."""
    value = data.get(key)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 10_000_000:
        raise Unusable(key, "missing" if value is None else repr(value), "a whole number from 1")
    return value


def positive(data: Mapping[str, Any], key: str) -> float:
    """A number above 0."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise Unusable(key, "missing" if value is None else repr(value), "a number above 0")
    return float(value)


def flag(data: Mapping[str, Any], key: str, *, default: bool) -> bool:
    """True or false."""
    value = data.get(key, default)
    if not isinstance(value, bool):
        raise Unusable(key, repr(value), "true or false")
    return value


def same(data: Mapping[str, Any], key: str, wanted: object, *, absent: bool = True) -> None:
    """One value and no other; a key that is absent is right unless ``absent`` is False."""
    value = data.get(key)
    right = absent if key not in data else value == wanted and type(value) is type(wanted)
    if not right:
        raise Unusable(key, repr(value) if key in data else "missing", repr(wanted))


def shape(shapes: Shapes, name: str, dimensions: int) -> tuple[int, ...]:
    """The shape of a tensor that must be there, with so many dimensions."""
    found = shapes.get(name)
    if found is None:
        raise Unusable(name, "missing", f"a tensor of {dimensions} dimensions")
    if len(found) != dimensions:
        raise Unusable(name, f"shape {list(found)}", f"{dimensions} dimensions")
    return tuple(found)


def count(shapes: Shapes, prefix: str) -> int:
    """How many numbered parts stand under ``prefix``: one more than the largest number."""
    numbers = {
        int(name.removeprefix(prefix).partition(".")[0])
        for name in shapes
        if name.startswith(prefix) and name.removeprefix(prefix).partition(".")[0].isdigit()
    }
    return max(numbers, default=-1) + 1
