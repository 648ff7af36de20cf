"""Text as the model was taught to read it: one function, with or without mending.

Upstream's front end, rule by rule (the golden vectors are its output), glues words where it
removes a mark ("the dogs' tails" becomes ``dogs'tails``, which the tokenizer reads as a
contraction), drops full-width marks of English text and cuts accented words at every space.
With ``mended`` no letter, hanzi or digit is lost and no two words are joined; castbook speaks
that. Without, the result is upstream's to the character.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from tts.glm.text import chinese, english
from tts.glm.text.grammar import Grammar
from tts.glm.text.marks import HANZI, PUNCTUATION, has_hanzi

_LINE_ENDS: Final = ".!?;:：。！？；，"
_HEADING = re.compile(r"^(\d+)\. ")
_HYPHEN = re.compile(r"(?<=[A-Za-z])-(?=[A-Za-z])")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u23ff\ufe0f\u200d\u20e3]+"
)
_RUN = re.compile(f"[{PUNCTUATION}]{{2,}}")
_SPACES = re.compile(" +")
_SPACED = {  # what may stand before a space and after it
    False: re.compile(r"(?<=[A-Za-z0-9.,!?;:]) (?=[A-Za-z0-9])"),
    True: re.compile(rf"(?<=[^\W_{HANZI}]) (?=[^\W_{HANZI}])|(?<=[.,!?;:]) (?=[^\W_{HANZI}])"),
}
_INNER_APOSTROPHE = re.compile(rf"(?<=[^\W\d_{HANZI}])['’ʼ](?=[^\W\d_{HANZI}])")
_QUOTE = re.compile("['‘’]")
_HELD = "ʼ"  # a letter to every rule below, so that an apostrophe in a word survives them


def normalise(text: str, grammar: Grammar, *, mended: bool = False) -> str:
    """``text`` as the model reads it; ends in ``.``, ``。`` or a question mark.

    Args:
        text: any string.
        grammar: says numbers, dates and units (``tts/glm/text/grammar.py``).
        mended: without upstream's losses.
    """
    if mended:
        text = unicodedata.normalize("NFC", text)
        text = re.sub(r"[^\S\n]+", " ", re.sub(r"[\r\u2028\u2029\x0b\x0c\x85]", "\n", text))
        text = _QUOTE.sub("", _INNER_APOSTROPHE.sub(_HELD, text))
    text = prepare(text)
    if has_hanzi(text):
        text = grammar(chinese.before(text, mended=mended), "zh")
        text = chinese.after(text, mended=mended).lower()
    else:
        said = grammar(re.sub(f"['{_HELD}]", "’", text), "en")
        text = english.after(said.replace("’", _HELD) if mended else said, mended=mended)
    return end(punctuate(text, mended=mended).replace(_HELD, "'"))


def prepare(text: str) -> str:
    """Lines to sentences; no emoji; ``well-known`` as two words."""
    lines = _HEADING.sub(r"\1。", text).replace("\\n", "\n").split("\n")
    closed = []
    for line in filter(None, (line.strip() for line in lines)):
        if line[-1] not in _LINE_ENDS:
            line += "。" if has_hanzi(line) else ". "
        closed.append(line)
    return _HYPHEN.sub(" ", _EMOJI.sub("", ("" if has_hanzi(text) else " ").join(closed)))


def punctuate(text: str, *, mended: bool = False) -> str:
    """One mark where several meet, no exclamations, spaces only inside and before words."""
    text = _RUN.sub(lambda run: run.group()[-1], spaces(text, mended=mended))
    return text.replace("#", "").replace("！", "。").replace("!", ".")


def spaces(text: str, *, mended: bool = False) -> str:
    """Spaces only between words, and between a half-width mark and a word."""
    text = _SPACES.sub(" ", text) if mended else text
    kept = {match.start() for match in _SPACED[mended].finditer(text)}
    return "".join(c for at, c in enumerate(text) if c != " " or at in kept)


def end(text: str) -> str:
    """``text`` with a full stop where it ends in anything but a question."""
    stop = "。" if has_hanzi(text) else "."
    if text.endswith(("？", "?")):
        return text
    return (text[:-1] if text and text[-1] in PUNCTUATION else text) + stop
