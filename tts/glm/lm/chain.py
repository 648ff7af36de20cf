"""The rolling prompt: each segment continues what was said before it.

Upstream's way to speak a long text. The prompt of a segment is the reference followed by the
segments before it, text and speech, as far as 750 speech tokens reach; the oldest after the
reference are forgotten first. A segment so depends on those before it: whoever chains must put
their tokens into its key. Pure: knows ids, no model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

LIMIT = 750  # speech tokens of prompt and segment together, 30 s


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text and the speech tokens that say it."""

    text: tuple[int, ...]
    speech: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """The reference, always, and what was said since and is not forgotten."""

    reference: Spoken
    said: tuple[Spoken, ...] = ()

    def pruned(self, text: int) -> Self:
        """What remains as prompt of a segment of ``text`` tokens.

        The speech tokens that it will need are estimated from all that stands here, once,
        before anything is forgotten. The reference alone may exceed the limit.
        """
        parts = (self.reference, *self.said)
        expected = 0
        if self.said:
            words = sum(len(part.text) for part in parts) or 1
            expected = int(sum(len(part.speech) for part in parts) / words * text)
        said = self.said
        while said and self._speech(said) + expected > LIMIT:
            said = said[1:]
        return replace(self, said=said)

    def followed(self, text: tuple[int, ...], speech: tuple[int, ...]) -> Self:
        """The chain after a segment, to be called on what ``pruned`` returned for it."""
        return replace(self, said=(*self.said, Spoken(text, speech)))

    @property
    def text(self) -> tuple[int, ...]:
        """All texts, one after the other: ``Prompt.prompt_text``."""
        return sum((part.text for part in self.said), self.reference.text)

    @property
    def speech(self) -> tuple[int, ...]:
        """All speech tokens, one after the other: ``Prompt.prompt_speech``."""
        return sum((part.speech for part in self.said), self.reference.speech)

    def _speech(self, said: tuple[Spoken, ...]) -> int:
        return sum(len(part.speech) for part in (self.reference, *said))
