"""The names by which a text calls the characters of the cast."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from book.languages import Language


@dataclass(frozen=True, slots=True)
class Names:
    """Every name of every character, ready to be found in text."""

    keys: Mapping[str, str]  # name as written -> key of cast; names of two characters left out
    pattern: re.Pattern[str] | None  # any of them, longest first; None without a cast
    first_person: str | None = None  # who says "I"
    genders: Mapping[str, str] = field(default_factory=dict)  # key of cast -> "m", "f" or "x"
    cast: tuple[str, ...] = ()  # every key of cast, also of those without a name in the text
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of each, also shared

    @property
    def choice(self) -> str:
        """The alternation inside ``pattern``, to build larger patterns with."""
        return _choice(self.keys)


def find_names(
    cast: Mapping[str, Sequence[str]],
    language: Language,
    first_person: str | None = None,
    genders: Mapping[str, str | None] | None = None,
) -> Names:
    """The names of a cast.

    Args:
        cast: key -> aliases. The key is a name too, with a capital: ``holmes`` is Holmes.
        language: of the book.
        first_person: the key of the one who says "I".
        genders: key -> "m", "f" or "x", for those of whom it is known.
    """
    known = {key: gender for key, gender in (genders or {}).items() if gender}
    owners: dict[str, set[str]] = {}
    aliases: dict[str, tuple[str, ...]] = {}
    for key in sorted(cast):
        spaced = re.sub(r"[-_]+", " ", key)
        # the bare key of a Latin name in lower case is no name in a text: "will", "grace";
        # an alias is one, as the user wrote it: "the landlord"
        bare = [spaced.title()] if spaced.islower() else [spaced]
        named = dict.fromkeys(" ".join(name.split()) for name in (*bare, *cast[key]))
        aliases[key] = tuple(name for name in named if name)
        for name in aliases[key]:
            owners.setdefault(name, set()).add(key)
    keys = {name: next(iter(who)) for name, who in sorted(owners.items()) if len(who) == 1}
    everyone = tuple(sorted(cast))
    if not keys:
        return Names({}, None, first_person, known, everyone, aliases)
    edge = "" if language.han else r"(?![^\W_])"
    start = "" if language.han else r"(?<![^\W_])"
    pattern = re.compile(f"{start}(?:{_choice(keys)}){edge}")
    return Names(keys, pattern, first_person, known, everyone, aliases)


def written_names(cast: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Keys and aliases -> keys, for the tags of a script (``read_manuscript``)."""
    found = {alias: key for key in sorted(cast) for alias in cast[key]}
    found.update({re.sub(r"[-_]+", " ", key): key for key in cast})
    found.update({key: key for key in cast})
    return found


def _choice(names: Mapping[str, str]) -> str:
    return "|".join(
        re.escape(name).replace(r"\ ", r"\s+") for name in sorted(names, key=lambda n: (-len(n), n))
    )
