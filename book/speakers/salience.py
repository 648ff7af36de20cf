"""Who is on a reader's mind at each paragraph: traces of mentions that fade with the distance.

A name leaves a trace, twice as deep as the subject of its sentence; a pronoun deepens the traces
of those it can mean, in proportion. Forward traces tell who was there; the same run from the end
tells who is going to be.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from book.speakers.phrases import Phrase

Floats = NDArray[np.float64]

FAST, SLOW = 0.6, 0.93  # of a trace is left one paragraph later
_SUBJECT, _OTHER, _PRONOUN, _FIRST_PERSON = 1.0, 0.5, 0.7, 0.5


class Genders:
    """Who can be ``he`` and ``she``, as masks over the characters."""

    def __init__(self, genders: Sequence[str | None], narrator: int | None) -> None:
        self.known = tuple(genders)
        # somebody of unknown gender may be either, but is likelier neither: 0.3
        self.masks = {
            g: np.array([1.0 if x == g else 0.3 if x is None else 0.0 for x in genders])
            for g in ("m", "f")
        }
        self.any = np.ones(len(genders))
        if narrator is not None:
            for mask in self.masks.values():
                mask[narrator] = 0.0
        self.narrator = narrator

    def mask(self, gender: str | None) -> Floats:
        """Weights of the characters whom a word of this gender can mean."""
        return self.masks.get(gender or "", self.any)


def traces(
    mentions: Sequence[Sequence[Phrase]],
    genders: Genders,
    keep: float,
    held: Set[int] = frozenset(),
) -> list[Floats]:
    """The traces before each paragraph, given the mentions in the narration of each.

    ``held``: paragraphs that go on with a speech. Nobody leaves while a story is told.
    """
    now = np.zeros(len(genders.known))
    found = []
    for p, paragraph in enumerate(mentions):
        found.append(now)
        now = now if p in held else now * keep
        for phrase in paragraph:
            if phrase.kind == "name" and phrase.who:
                depth = (_SUBJECT if phrase.subject else _OTHER) / len(phrase.who)
                now[list(phrase.who)] += depth
            elif phrase.kind == "I" and genders.narrator is not None:
                now[genders.narrator] = max(now[genders.narrator], _FIRST_PERSON)
            elif phrase.kind == "pronoun" and phrase.gender:
                meant = now * genders.mask(phrase.gender)
                total = meant.sum()
                if total > 0:
                    now = now + _PRONOUN * meant / total
    return found


def shares(trace: Floats, mask: Floats) -> Floats:
    """A trace as parts of one, among those of ``mask``."""
    meant: Floats = trace * mask
    total = float(meant.sum())
    return meant / total if total > 0 else meant
