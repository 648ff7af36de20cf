"""The published phoneme mode, for comparison: every ambiguous hanzi as phoneme tokens.

castbook never speaks with it: its authors found that it makes prosody choppy, so that only the
words of the lexicon are given by their sounds (``frontend.py``). It is kept runnable because it
is how the phoneme tokens were trained.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from tts.glm.text.marks import HANZI

_RUNS = re.compile(f"[{HANZI}]+|[^{HANZI}]+")
_WORD = re.compile(r"[^\W_]+")
_LOOKED_UP: Final = str.maketrans("嗯呣", "恩母")


def fragments(text: str, replacements: Mapping[str, str]) -> list[tuple[str, bool]]:
    """``text`` cut at the keys of ``replacements``, longest first: (text, whether replaced)."""
    if not text:
        return []
    keys = sorted(filter(None, replacements), key=len, reverse=True)
    if not keys:
        return [(text, False)]
    pattern = re.compile(f"({'|'.join(map(re.escape, keys))})")
    parts = enumerate(pattern.split(text))
    return [(replacements[part] if odd % 2 else part, odd % 2 == 1) for odd, part in parts if part]


def phonemes(text: str) -> list[str]:
    """Initials and finals of the hanzi of ``text``, ``-`` between them; a word of anything else
    twice; a comma for every other run."""
    found: list[str] = []
    for run in _RUNS.findall(text):
        if not re.match(f"[{HANZI}]", run):
            for piece in re.findall(r"[^\W_]+|[\W_]+", run):
                found += [piece, piece] if _WORD.fullmatch(piece) else ["，"]
            continue
        for at, (_, initial, final) in enumerate(sounds(run)):
            found += (["-"] if at else []) + ([initial] if initial else []) + [final]
    return found


def replaced(text: str, replacements: Mapping[str, str], unambiguous: Collection[str]) -> str:
    """``text`` with tokens for what ``replacements`` names and for every other hanzi that is not
    ``unambiguous``."""
    said = []
    for fragment, done in fragments(text, replacements):
        for run in [fragment] if done else _RUNS.findall(fragment):
            if done or not re.match(f"[{HANZI}]", run):
                said.append(run)
                continue
            for hanzi, initial, final in sounds(run):
                tokens = (f"<|{initial.upper()}|>" if initial else "") + f"<|{final.upper()}|>"
                said.append(hanzi if hanzi in unambiguous else tokens)
    return "".join(said)


def sounds(run: str) -> Iterator[tuple[str, str, str]]:
    """(hanzi, initial or "", strict final with its tone) of a run of hanzi, word by word."""
    from pypinyin import Style, lazy_pinyin

    for word in _words(run):
        asked = word.translate(_LOOKED_UP)
        initials = lazy_pinyin(asked, style=Style.INITIALS, strict=True)
        finals = lazy_pinyin(
            asked, style=Style.FINALS_TONE3, strict=True, neutral_tone_with_five=True
        )
        for hanzi, initial, final in zip(word, initials, finals, strict=True):
            yield hanzi, initial, _final(initial, final.replace("ü", "v"))


def _words(run: str) -> list[str]:
    import jieba.posseg

    jieba.setLogLevel("WARNING")  # it reports its dictionary on standard error
    return [pair.word for pair in jieba.posseg.lcut(run)]


def _final(initial: str, final: str) -> str:
    if re.fullmatch(r"i\d", final):
        if initial in ("zh", "ch", "sh", "r"):
            return "ii" + final
        if initial in ("z", "c", "s"):
            return "i" + final
    return final
