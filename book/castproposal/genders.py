"""Whether a character is a man or a woman: names first, then the pronouns that follow a name.

A pronoun is taken to mean the name before it if no other known name stands between them; of
these pronouns a clear majority must agree. Unknown is better than wrong: a voice can be chosen
by hand, a wrong pronoun misleads the rules that find speakers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from book.languages import Language

Gender = Literal["m", "f"]
NEAR = 80  # characters after a name in which a pronoun is taken to mean it
LEAD = 3  # so many more of one gender than of the other; 2 where the text is short
MANY = 12  # pronouns that outweigh a first name
MAJORITY = 0.7  # of them: below this share nobody is called he or she by them alone
_BOTH: tuple[Gender, Gender] = ("f", "m")


def count_pronouns(
    cast: Mapping[str, Sequence[str]], narration: Iterable[str], language: Language
) -> dict[str, Counter[str]]:
    """For each character, the pronouns by gender that follow its names in the narration."""
    owner = {" ".join(name.split()): key for key in sorted(cast) for name in cast[key]}
    counts: dict[str, Counter[str]] = {key: Counter() for key in cast}
    pronouns = {p: g for g in _BOTH for p in language.pronouns[g]}
    if not owner or not pronouns:
        return counts
    edge, start = ("", "") if language.han else (r"(?![^\W_])", r"(?<![^\W_])")
    names = "|".join(re.escape(n) for n in sorted(owner, key=lambda n: (-len(n), n)))
    said = "|".join(map(re.escape, sorted(pronouns, key=lambda p: (-len(p), p))))
    token = re.compile(rf"{start}(?:(?P<name>{names})|(?P<pronoun>(?i:{said}))){edge}")
    for part in narration:
        key, end = None, 0
        for match in token.finditer(part):
            if match["name"]:
                key, end = owner[match["name"]], match.end()
            elif key and match.start() - end <= NEAR:
                counts[key][pronouns[match["pronoun"].casefold()]] += 1
                key = None  # the first one only: the next may mean another
    return counts


def guess_gender(
    named: str, counts: Mapping[str, int], *, title: bool, lead: int = LEAD
) -> Gender | None:
    """What names and pronouns say together.

    Args:
        named: what title, noun or first name says: "m", "f" or "".
        counts: of ``count_pronouns``.
        title: whether ``named`` is beyond doubt.
        lead: how many more pronouns of one gender are enough.
    """
    said: Gender | None = "m" if named == "m" else "f" if named == "f" else None
    if title and said:
        return said
    more: Gender = "m" if counts.get("m", 0) >= counts.get("f", 0) else "f"
    total = counts.get("m", 0) + counts.get("f", 0)
    share = counts.get(more, 0) / total if total else 0.0
    if said and said != more and total >= MANY and share >= MAJORITY:
        return more  # a Marion who is "he" all through the book
    if said:
        return said
    clear = 2 * counts.get(more, 0) - total >= lead
    return more if clear and share >= MAJORITY else None
