"""What a person reads as each row of a batch ends, in English or Chinese."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

import yaml

from castbook.errors import InputError
from castbook.resources import read_config
from tasks.batches.rows import LONG_TEXT, Row
from tasks.batches.running import RowResult, Unread

_CONFIG = ("service", "lines.yaml")


def live_line(result: RowResult, language: str = "en") -> str:
    """``[✓] task 1 done → output_001.wav`` (configs/service/lines.yaml).

    Raises:
        InputError: there are no words in that language.
    """
    words = _words(language)
    if result.output is not None:
        kind = "done" if result.output.made else "kept"
        return words[kind].format(number=result.number, file=result.output.path.name)
    reason = words["missing"].format(name=result.missing) if result.missing else result.reason
    return words["failed"].format(number=result.number, reason=reason)


def advice(rows: Iterable[Row | Unread], language: str = "en") -> str:
    """What to know before a batch begins; "" for nothing.

    Raises:
        InputError: there are no words in that language.
    """
    words = _words(language)
    count = sum(isinstance(row, Row) and len(row.wish.text) > LONG_TEXT for row in rows)
    return words["long"].format(count=count, limit=LONG_TEXT) if count else ""


@functools.cache
def languages() -> tuple[str, ...]:
    """In which there are words."""
    return tuple(_all())


def _words(language: str) -> Mapping[str, str]:
    if language not in _all():
        raise InputError(
            f"no words in {language!r}", place="lang", expected=" or ".join(languages())
        )
    return _all()[language]


@functools.cache
def _all() -> Mapping[str, Mapping[str, str]]:
    loaded: Mapping[str, Mapping[str, str]] = yaml.safe_load(read_config(*_CONFIG))
    return loaded
