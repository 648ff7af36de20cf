"""The wetext extra: WeTextProcessing's grammars, where they are installed.

Used by the ``general`` profile after our own guards. The grammars answer with a whole
sentence; what they replaced is found again by comparing words, so that every replacement has
its place. A grammar that breaks on a text leaves it to our rules.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache

from book.script import Replacement

RULE = "grammar"
LONGEST = 400  # characters given to a grammar at once: its cost grows faster than the text
_LANGUAGES = frozenset({"en", "zh"})
_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+|\d|\s+|[\s\S]")
_GLUE = re.compile(r"[\s./:\-–~+*]|[A-Za-z]{1,2}")  # between two changes that are one: 2:30 p.m.
_WORTH = re.compile(r"\d|[&=+*@%#$£€]|(?<![^\W_])[A-Z][a-z]{0,4}\.|\b[A-Z]\.[A-Z]|\bI{2,3}\b")
_PART = re.compile(rf"[\s\S]{{1,{LONGEST}}}(?=\s|[。！？；，]|$)|[\s\S]{{1,{LONGEST}}}")


@cache
def installed() -> bool:
    """Whether the extra is there; nothing is loaded."""
    return importlib.util.find_spec("wetext") is not None


def version() -> str | None:
    """The version of the extra, or None."""
    return importlib.metadata.version("wetext") if installed() else None


def replacements(printed: str, language: str) -> Iterator[Replacement]:
    """What the grammars of ``language`` say otherwise than it is printed, in order."""
    if language not in _LANGUAGES or not installed():
        return
    for part in _PART.finditer(printed):
        text = part.group()
        if _WORTH.search(text):
            yield from _aligned(text, part.start(), _say(language, text))


def _say(language: str, text: str) -> str:
    try:
        said = _normalizer(language)(text)
    except (AssertionError, IndexError, KeyError, RuntimeError, ValueError):
        return text  # wetext 0.1.8 asserts on ₹500, +5, #5: our rules say those
    return said.replace('\\"', '"')  # its English grammar escapes quotes and leaves them so


@cache
def _normalizer(language: str) -> Callable[[str], str]:
    from wetext import Normalizer

    normalize: Callable[[str], str] = Normalizer(lang=language, operator="tn").normalize
    return normalize


def _aligned(text: str, offset: int, said: str) -> Iterator[Replacement]:
    if text == said:
        return
    before, after = _TOKEN.findall(text), _TOKEN.findall(said)
    starts = [0]
    for token in before:
        starts.append(starts[-1] + len(token))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for i, j, k, m in _joined(matcher.get_opcodes(), before):
        yield Replacement(offset + starts[i], offset + starts[j], "".join(after[k:m]), RULE)


def _joined(
    codes: Iterable[tuple[str, int, int, int, int]], before: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Changes with nothing but a space, a sign or a letter between them are one change."""
    held: tuple[int, int, int, int] | None = None
    for kind, i, j, k, m in codes:
        if kind != "equal":
            held = (held[0], j, held[2], m) if held else (i, j, k, m)
        elif held and not (j - i == 1 and j < len(before) and _GLUE.fullmatch(before[i])):
            yield held
            held = None
    if held:
        yield held
