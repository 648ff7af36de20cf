"""Who says "I" in a book: nobody names themselves in a tag, but the others call them.

The one who tells is called in speeches beside those in which "I" speaks, never in those; is
hardly ever named in the narration; and may say so: "my name is …". Where two fit alike nobody
is proposed: the author is asked instead (``plan`` warns), for a wrong answer puts every line of
"I" into a wrong mouth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

FEWEST_CALLS = 3  # "…, Watson," this often beside "I said"
MARGIN = 1.5  # times as often as anyone else
MOSTLY_QUOTED = 0.5  # at most this share of the name's places is narration
FEW_TAGS = 0.1  # of the name's places in quotations: who tells is in no tag
_INTRODUCED = 3  # "my name is …" counts as many calls
_AGAINST = 2  # whom "I" calls is not "I"


@dataclass(frozen=True, slots=True)
class Talk:
    """A paragraph with speech."""

    narration: str
    quotations: tuple[str, ...]
    mine: bool  # "I said" stands in it
    place: int  # its number among all paragraphs


@dataclass(frozen=True, slots=True)
class Known:
    """Someone who may tell the book."""

    told: int  # places of the name in narration
    quoted: int  # in quotations
    tags: int  # in tags: "said Watson"
    last: str  # surname, where one is known
    gender: str


def find_teller(
    talk: Sequence[Talk],
    alone: Sequence[str],
    owner: Mapping[str, int],
    people: Sequence[Known],
    calls: Callable[[str], list[str]],
    name: str,
) -> tuple[int, ...]:
    """The numbers of the one who says "I", likeliest first; none where it cannot be told.

    More than one where all bear one surname: Miss Innes and Rachel Innes, both hardly told of.

    Args:
        talk: paragraphs with speech, in order.
        alone: narration of the others.
        owner: written form -> number in ``people``.
        people: everyone who is named in the book.
        calls: the forms by which a quotation calls somebody.
        name: a regular expression for names.
    """
    score: Counter[int] = Counter()
    for i, part in enumerate(talk):
        beside = (talk[j] for j in (i - 1, i + 1) if 0 <= j < len(talk))
        answered = any(b.mine and abs(b.place - part.place) <= 2 for b in beside)
        if not (part.mine or answered):
            continue
        for quotation in part.quotations:
            for form in calls(quotation):
                if form in owner:
                    score[owner[form]] += -_AGAINST if part.mine else 1
    introduced = _introductions(name)
    for text in (
        *alone,
        *(t.narration for t in talk),
        *(q for t in talk if t.mine for q in t.quotations),
    ):
        for match in introduced.finditer(text):
            form = " ".join(match["name"].split())
            if form in owner:
                score[owner[form]] += _INTRODUCED
    fitting = {who: n for who, n in score.items() if n > 0 and _may_tell(people[who])}
    ranked = sorted(fitting, key=lambda who: (-fitting[who], who))
    if not ranked or fitting[ranked[0]] < FEWEST_CALLS:
        return ()
    first = people[ranked[0]]
    same = [
        who
        for who in ranked[1:]
        if first.last and people[who].last == first.last and people[who].gender == first.gender
    ]
    others = [who for who in ranked[1:] if who not in same]
    if others and fitting[ranked[0]] < MARGIN * fitting[others[0]]:
        return ()
    return ranked[0], *same


def _may_tell(person: Known) -> bool:
    return (
        person.told <= MOSTLY_QUOTED * (person.told + person.quoted)
        and person.tags <= FEW_TAGS * person.quoted
    )


def _introductions(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?:\b[Mm]y (?:own )?name(?: is|['’]s|, )|\b(?:call(?:s|ed)?|nam(?:ed|es)|christened) me"
        rf"|\bknown as)(?: (?:was|is|,|plain|only|simply|just|old))* (?P<name>{name})"
    )
