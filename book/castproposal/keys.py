"""Keys of ``cast:`` and the order in which the names of one person are shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from book.castproposal.candidate import Candidate


def slug(name: str) -> str:
    """A key for ``cast:`` from any name; fits ``book.project.Slug``."""
    made = re.sub(r"[^\w]+", "-", name.casefold()).strip("-_")[:64].strip("-_")
    return made or "someone"


def make_keys(people: Sequence[Candidate]) -> list[str]:
    """A key for each, made of the name that most tags use; numbered where two are alike."""
    keys: list[str] = []
    for person in people:
        first = re.sub(r"^the-(?=.)", "", slug(person.name))
        key, n = first, 2
        while key in keys:
            key, n = f"{first[:60]}-{n}", n + 1
        keys.append(key)
    return keys


def order_names(person: Candidate) -> tuple[str, ...]:
    """The forms of a name, the fullest first: it is shown to people."""
    ordinary = [f for f in person.forms if len(f) == 1 or not f.isascii() or not f.isupper()]
    forms = sorted(
        ordinary or person.forms,
        key=lambda f: (f.islower(), -len(f.split()), -person.forms[f], f),
    )
    if forms and not forms[0].isascii() and " " not in "".join(forms):
        forms.sort(key=lambda f: (-len(f), f))
    first = [f for f in forms if not f.split()[0].endswith(".")]
    return (*first, *(f for f in forms if f not in first))
