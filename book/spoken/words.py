"""The normaliser's words, ``configs/spoken/LANGUAGE.yaml``, and patterns made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

import yaml

from castbook.resources import list_configs, read_config

Profile = Literal["fiction", "general", "off"]


@cache
def load_words(tag: str) -> Mapping[str, Any]:
    """The lists of one language; empty where there is no file: numbers are left to engines."""
    if tag not in list_configs("spoken"):
        return MappingProxyType({})
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # all words are text: no, on, yes
    return MappingProxyType(yaml.load(read_config("spoken", f"{tag}.yaml"), Loader=loader))


def choice(words: Iterable[str]) -> str:
    """An alternation of ``words``, the longest first."""
    return "|".join(map(re.escape, sorted(set(words), key=lambda w: (-len(w), w))))
