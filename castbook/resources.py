"""The data folder ``configs/``, found in a checkout and in an installed wheel alike.

In a wheel it lies inside this package (``castbook/configs``); in a checkout it stands at
the top of the repository.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def configs() -> Traversable:
    """The root of the shipped configuration data."""
    packaged = files("castbook") / "configs"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parent.parent / "configs"


def read_config(*parts: str) -> str:
    """The text of one shipped file: ``read_config("languages", "en.yaml")``.

    Raises:
        FileNotFoundError: no such file ships with castbook.
    """
    node = configs()
    for part in parts:
        node = node / part
    if not node.is_file():
        raise FileNotFoundError("/".join(("configs", *parts)))
    return node.read_text(encoding="utf-8")


def list_configs(folder: str, suffix: str = ".yaml") -> tuple[str, ...]:
    """Names (without suffix) of the shipped files of one folder, sorted."""
    node = configs() / folder
    if not node.is_dir():
        return ()
    return tuple(
        sorted(e.name.removesuffix(suffix) for e in node.iterdir() if e.name.endswith(suffix))
    )
