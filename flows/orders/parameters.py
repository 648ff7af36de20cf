"""What may be said to a flow: checked here, where the server would take longer, or take more.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.orders.port import OrderRefused


def check_names(parameters: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Refuses names that a deployment does not know, and misses those that it needs.

    Args:
        schema: of its parameters, as the server keeps it; without one nothing is checked.

    Raises:
        OrderRefused: with the name.
    """
    known = schema.get("properties", {})
    for name in parameters if known else ():
        if name not in known:
            raise OrderRefused(f"{name[:60]!r} is no parameter of this", place="parameters")
    for name in schema.get("required", ()):
        if name not in parameters:
            raise OrderRefused(f"{name!r} is missing", place="parameters")


def refuse_templates(value: object) -> None:
    """Refuses what the server would not take as data: it renders objects with
    ``__prefect_kind`` as templates and as variables of the workspace.

    Raises:
        OrderRefused: with the name.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if str(name).startswith("__prefect"):
                raise OrderRefused(f"{str(name)[:60]} is reserved", place="parameters")
            refuse_templates(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            refuse_templates(inner)
