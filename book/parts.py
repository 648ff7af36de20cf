"""Which voice speaks which part of a new book: a pure function of the book and the offer.

The narrator, every character with at least five lines and each of the ten largest parts gets
a voice of its gender that nobody else has while the offer lasts; when presets run out, they
are varied (a higher pitch), and only then shared. All other parts share a pool of two voices
a gender.
Knows presets only as names that somebody offers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from castbook.errors import VoiceError

Gender = Literal["m", "f", "x"]
Parameters = Mapping[str, int | float | str | bool]

OWN_VOICE = 5  # lines from which a character has a voice of its own (issue 2)
MAIN = 10  # largest parts, narrator included, that have one in any case (issue 2)
POOL = 2  # voices a gender for all smaller parts: two of them can talk to each other
_WORDS = {"m": "a man's voice", "f": "a woman's voice", "x": "a neutral voice"}
_POOLS = {"m": "men", "f": "women", "x": "others", None: "others"}


@dataclass(frozen=True, slots=True)
class Part:
    """A speaker and how much it says."""

    name: str  # the key of cast; of the narrator: the key its voice will have
    gender: Gender | None  # None: not known, any voice will do
    lines: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A preset that an engine offers. The order of the offer is the order of preference."""

    engine: str
    name: str
    languages: tuple[str, ...]  # BCP 47; ("*",) for any
    gender: Gender


@dataclass(frozen=True, slots=True)
class CastVoice:
    """One of the new project's voices."""

    key: str  # of voices
    engine: str
    preset: str
    why: str  # for the comment beside it
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VoiceCast:
    """Who speaks with which voice."""

    narrator: str  # a key of voices
    voices: tuple[CastVoice, ...]  # the narrator's first, then by size of part
    of: Mapping[str, str]  # name of a part -> key of voices; every part has one


def cast_voices(
    language: str,
    narrator: Part,
    parts: Sequence[Part],
    presets: Sequence[Offered],
    variants: Mapping[str, Sequence[Parameters]] | None = None,
) -> VoiceCast:
    """Gives every part a voice. The order of ``parts`` does not matter.

    Args:
        language: BCP 47, of the book.
        narrator: a part of the same name is the first-person narrator, and shares its voice.
        parts: the characters; names are unique.
        presets: what may be used, best first.
        variants: parameters by which an engine's presets can be told apart, by engine.

    Raises:
        VoiceError: nothing is offered for the language.
    """
    desk = _Desk(_slots(language, presets, variants or {}), narrator.name)
    others = sorted(
        (part for part in parts if part.name != narrator.name), key=lambda p: (-p.lines, p.name)
    )
    own = sum(part.lines >= OWN_VOICE for part in others)
    large, small = others[: max(own, MAIN - 1)], others[max(own, MAIN - 1) :]
    desk.give(narrator, large)
    for i, part in enumerate(large):
        desk.give(part, large[i + 1 :])
    of = {part.name: part.name for part in large}
    of |= {part.name: narrator.name for part in parts if part.name == narrator.name}
    of |= desk.give_pool(small, taken={narrator.name, *(part.name for part in parts)})
    return VoiceCast(narrator.name, tuple(desk.voices), of)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A way to sound: a preset, varied or not."""

    offered: Offered
    parameters: Parameters
    level: int  # 0: as it is; 1…: the n-th variant


def _slots(
    language: str, presets: Sequence[Offered], variants: Mapping[str, Sequence[Parameters]]
) -> tuple[_Slot, ...]:
    fitting = [(rank, p) for p in presets if (rank := _rank(language, p.languages)) is not None]
    if not fitting:
        raise VoiceError(
            f"no voice is offered for the language {language!r}",
            expected="an engine with a preset for it",
            hint="see: castbook voices",
        )
    ranked = [preset for _, preset in sorted(fitting, key=lambda item: item[0])]
    slots = [_Slot(preset, {}, 0) for preset in ranked]
    for level in range(1, 1 + max((len(v) for v in variants.values()), default=0)):
        for preset in ranked:
            own = variants.get(preset.engine, ())
            if level <= len(own):
                slots.append(_Slot(preset, own[level - 1], level))
    return tuple(slots)


def _rank(language: str, spoken: Iterable[str]) -> int | None:
    """0: just this language; 1: another region's; 2: an engine for any; None: not at all."""
    wanted = language.casefold()
    primary, _, region = wanted.partition("-")
    known = [tag.casefold() for tag in spoken]
    same = any(tag.partition("-")[0] == primary for tag in known)
    if wanted in known or (same and not region):
        return 0
    return 1 if same else 2 if "*" in known else None


class _Desk:
    """Hands out slots, and remembers which are taken."""

    def __init__(self, slots: tuple[_Slot, ...], narrator: str) -> None:
        self.voices: list[CastVoice] = []
        self._slots = slots
        self._narrator = narrator
        self._uses: Counter[int] = Counter()
        self._lines: Counter[int] = Counter()  # spoken with each slot so far
        self._first: dict[int, str] = {}  # slot -> the voice that had it first

    def give(self, part: Part, waiting: Sequence[Part]) -> None:
        """A voice for a part; ``waiting`` are the large parts that come after it."""
        count = f"{part.lines:,} line{'s' if part.lines != 1 else ''}"
        role = "the narration" if part.name == self._narrator else count
        index = self._choose(part.gender, Counter(other.gender for other in waiting))
        self._take(index, part.name, part.lines, role)

    def give_pool(self, small: Sequence[Part], taken: set[str]) -> dict[str, str]:
        """Voices shared by all small parts: name of the part -> key of the voice."""
        of: dict[str, str] = {}
        for gender in ("f", "m", "x", None):
            members = [part for part in small if part.gender == gender]
            for n in range(min(POOL, len(members))):
                key = f"{_POOLS[gender]}_{n + 1}"
                while key in taken:
                    key += "_"
                taken.add(key)
                mine = members[n::POOL]
                index = self._choose(gender, Counter())
                self._take(index, key, sum(p.lines for p in mine), "shared by small parts")
                of |= {part.name: key for part in mine}
        return of

    def _take(self, index: int, key: str, lines: int, role: str) -> None:
        slot = self._slots[index]
        why = f"{role}; {_WORDS[slot.offered.gender]}"
        if slot.level:
            why += ", varied: no other preset was left"
        if index in self._first:
            why += f", the same as {self._first[index]}: no other was left"
        self._first.setdefault(index, key)
        self._uses[index] += 1
        self._lines[index] += lines
        offered = slot.offered
        self.voices.append(CastVoice(key, offered.engine, offered.name, why, slot.parameters))

    def _choose(self, gender: Gender | None, waiting: Counter[Gender | None]) -> int:
        """The slot for a part: unused and fitting, else the least used that fits."""
        fitting = self._fitting(gender)
        unused = [i for i in fitting if not self._uses[i]]
        if not unused and gender is not None:
            unused = [i for i in self._of("x") if not self._uses[i]]
        if unused:
            spared = [i for i in unused if gender is not None or self._spare(i, waiting)]
            return (spared or unused)[0]
        narrators = next(iter(self._first), None)
        return min(fitting, key=lambda i: (i == narrators, self._uses[i], self._lines[i], i))

    def _fitting(self, gender: Gender | None) -> Sequence[int]:
        """Slots of the gender; where none exists at all, neutral ones, then any."""
        everything = range(len(self._slots))
        if gender is None:
            return everything
        return self._of(gender) or self._of("x") or everything

    def _of(self, gender: Gender) -> Sequence[int]:
        return [i for i, slot in enumerate(self._slots) if slot.offered.gender == gender]

    def _spare(self, index: int, waiting: Counter[Gender | None]) -> bool:
        """Whether enough slots like this one stay for the parts that need its gender."""
        slot = self._slots[index]
        alike = [
            i
            for i in self._of(slot.offered.gender)
            if not self._uses[i] and self._slots[i].level == slot.level
        ]
        return len(alike) > waiting[slot.offered.gender]
