"""A request's text as pieces of token ids, and a reference's transcript as the prompt.

Order, as upstream: the whole text is normalised, split at 30 to 60 units, each piece normalised
again and tokenised. What castbook adds: nothing is lost on the way (``normalise`` mended); a text
of up to 60 units, which the model takes whole, is not split, since the second normalisation makes
a full stop of the comma at a cut; sounds marked by the lexicon become phoneme tokens; the names of
tokens printed in a book stay text; and a piece never has more than ``MOST`` tokens, so that no
request can run away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from castbook.phonemes import Phonemes
from castbook.phonemes import split as marked
from tts.engine import EngineError
from tts.glm.text import phonemes
from tts.glm.text.grammar import Grammar, sparing
from tts.glm.text.normalise import normalise
from tts.glm.text.split import LONGEST, length, split, units
from tts.glm.text.tokenizer import Tokenizer

REVISION: Final = 1  # of the rules: part of the engine's fingerprint, since they change the ids
MOST: Final = 128  # tokens of a piece: 60 units of prose have about 80

# An ideograph stands for a marked syllable while the rules run: one unit to ``split``, and a
# letter to all others. In Chinese a rare one of the basic block, which makes the text Chinese;
# else one beyond it, which does not.
_CHINESE_HOLDERS: Final = range(0x9FA5, 0x4DFF, -1)
_OTHER_HOLDERS: Final = range(0x20000, 0x2A6E0)
_WORD = re.compile(r"[^\W_]")


class FrontEnd:
    """Text of one checkpoint. Pure: the same text always gives the same ids."""

    def __init__(self, tokenizer: Tokenizer, grammar: Grammar = sparing) -> None:
        self._tokenizer = tokenizer
        self._grammar = grammar

    def prompt_ids(self, transcript: str, language: str) -> tuple[int, ...]:
        """The ids that stand before the text: the normalised transcript and one space."""
        text = normalise(transcript, self._grammar, mended=True)
        return tuple(self._tokenizer.plain(f"{text} "))

    def pieces(self, text: str, language: str) -> tuple[tuple[int, ...], ...]:
        """The ids of each piece of ``text``, in order; at most ``MOST`` in each.

        Args:
            text: spoken text of a request, with the lexicon's marks.
            language: BCP 47; the text itself decides which rules it needs.

        Raises:
            EngineError: permanent: nothing to speak, or a mark with sounds that the model lacks.
        """
        held = _Held(text, language, self._tokenizer.knows)
        found: list[tuple[int, ...]] = []
        for piece in _split(normalise(held.text, self._grammar, mended=True)):
            said = normalise(piece, self._grammar, mended=True)
            if _WORD.search(said):
                found += self._bounded(said, held.sounds)
        if not found:
            raise _refused("nothing to speak: the text has no word")
        return tuple(found)

    def _bounded(self, text: str, sounds: dict[str, tuple[str, ...]]) -> Iterator[tuple[int, ...]]:
        """The ids of ``text``, halved at a unit, or inside a very long one, until they fit."""
        ids = self._ids(text, sounds)
        if len(ids) <= MOST:
            yield ids
            return
        parts: Sequence[str] = units(text)
        if len(parts) == 1:
            parts = text
        middle = len(parts) // 2
        for half in (parts[:middle], parts[middle:]):
            yield from self._bounded("".join(half), sounds)

    def _ids(self, text: str, sounds: dict[str, tuple[str, ...]]) -> tuple[int, ...]:
        ids: list[int] = []
        for part in re.split(f"([{''.join(sounds)}])", text) if sounds else [text]:
            names = sounds.get(part)
            ids += (
                self._tokenizer.plain(part)
                if names is None
                else map(self._tokenizer.special, names)
            )
        return tuple(ids)


def _split(text: str) -> list[str]:
    return [text] if length(text) <= LONGEST else split(text)


def _refused(reason: str) -> EngineError:
    return EngineError(reason, "permanent")


class _Held:
    """A text whose marked sounds are held by ideographs that stand nowhere in it."""

    def __init__(self, text: str, language: str, knows: Callable[[str], bool]) -> None:
        self.sounds: dict[str, tuple[str, ...]] = {}
        holders = _CHINESE_HOLDERS if language.startswith("zh") else _OTHER_HOLDERS
        self._free = (chr(number) for number in holders if chr(number) not in text)
        self._holders: dict[tuple[str, ...], str] = {}
        self._knows = knows
        parts = []
        for part in marked(text):
            if isinstance(part, Phonemes):
                parts.append(self._hold(self._tokens(part)))
            else:
                parts.append(phonemes.RUN.sub(self._run, part))
        self.text = "".join(parts)

    def _run(self, match: re.Match[str]) -> str:
        names = phonemes.TOKEN.findall(match.group())
        # a book may print <|user|> or <|SYSTEM|>: only sounds of the model are more than text
        return self._hold(names) if all(map(self._knows, names)) else match.group()

    def _tokens(self, part: Phonemes) -> Sequence[str]:
        if part.alphabet != "pinyin":
            raise _refused(
                f"{part.sounds!r}: GLM-TTS reads no sounds in {part.alphabet}; expected pinyin"
                " or its own tokens; give the word a respelling in the lexicon (say:)"
            )
        try:
            names = phonemes.tokens(part.sounds)
        except ValueError as error:
            raise _refused(
                f"{error}; expected syllables such as zhong4; correct the word in the lexicon"
            ) from error
        for name in names:
            if not self._knows(name):
                raise _refused(
                    f"{part.sounds!r}: this checkpoint has no token {name}; give the word another"
                    " tone or a respelling in the lexicon"
                )
        return names

    def _hold(self, names: Sequence[str]) -> str:
        """A holder for each syllable: what ends in a tone ends one."""
        text, syllable = "", []
        for name in names:
            syllable.append(name)
            if name[-3].isdigit():
                text += self._holder(tuple(syllable))
                syllable = []
        return text + (self._holder(tuple(syllable)) if syllable else "")

    def _holder(self, syllable: tuple[str, ...]) -> str:
        if syllable not in self._holders:
            holder = self._holders[syllable] = next(self._free)
            self.sounds[holder] = syllable
        return self._holders[syllable]
