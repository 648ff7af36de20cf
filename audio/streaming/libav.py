"""PyAV, imported when it is first needed, with an error that says how to get it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from castbook.errors import MissingDependency


def load_av() -> Any:
    """The module ``av``; its first import takes 140 ms.

    Raises:
        MissingDependency: it is not installed.
    """
    try:
        return import_module("av")
    except ImportError as error:
        raise MissingDependency(
            f"streaming needs PyAV ({error}): pip install 'castbook[service]'"
        ) from error
