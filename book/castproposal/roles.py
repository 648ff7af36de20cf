"""People who are called by what they are: the landlady, the professor, the old woman.

A role that belongs to somebody with a name is one of their names; only what is nobody's becomes
a character, and only one who speaks often: few books have one doctor only, and "the old man" of
one chapter is not the one of the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from book.castproposal.candidate import Candidate
from book.castproposal.evidence import Evidence
from book.castproposal.forms import Titles, fold
from book.languages import Language
from book.speakers.words import load_words

FEWEST_ROLE = 3  # "said the landlady" this often: someone of weight
FEWEST_ANYONE = 5  # "said the old woman": she may be a Mrs. Brown, if she does not say much
SHARE_ROLE = 0.01  # of all tags: in a long book many clerks speak thrice
SHARE_ANYONE = 0.1
SHARE_NOUN = 0.25  # of the tags with that noun: the tall soldier among many soldiers
TIE = 5  # "Mr. Brown, the surgeon" counts as often as "Surgeon Brown" so many times
DOMINANT = 0.75  # the share of a role's bearers that makes it one person's


def add_roles(
    people: list[Candidate], evidence: Evidence, titles: Titles, language: Language
) -> None:
    """``the professor`` is Professor Derrick, if he is the only one; else someone of their own."""
    total = evidence.tags.total() + evidence.roles.total()
    anyone = load_words(language.tag).anyone
    nouns: Counter[str] = Counter()
    for role, n in evidence.roles.items():
        nouns[role.split()[-1].casefold()] += n
    for role, n in sorted(evidence.roles.items()):
        words = role.casefold().split()
        noun = words[-1]
        plain = set(words) <= {*titles.all, "the"}  # the inspector, the chief inspector
        holder = _holder(people, noun, evidence, titles) if plain and noun not in anyone else None
        if holder:
            holder.forms[role] = n
            holder.tags[role] = n
            continue
        if noun in anyone:
            # "the youth" alone is anybody for the rules of book/speakers, too
            enough = not plain and n >= max(FEWEST_ANYONE, SHARE_ANYONE * total)
        else:
            enough = n >= max(FEWEST_ROLE, SHARE_ROLE * total, SHARE_NOUN * nouns[noun])
        if enough and not evidence.tied[noun]:
            forms = Counter({role: n})
            gender = titles.gender(noun)
            people.append(Candidate(forms, Counter(forms), gender=gender, titled=True, role=True))


def _holder(
    people: Sequence[Candidate], noun: str, evidence: Evidence, titles: Titles
) -> Candidate | None:
    """The one who bears a title, or of whom the text says it: Mr. Losberne, the surgeon."""
    weight: Counter[int] = Counter()
    for i, person in enumerate(people):
        for form, n in person.forms.items():
            if any(noun in (fold(w), titles.full.get(fold(w))) for w in form.split()[:-1]):
                weight[i] += n
            weight[i] += TIE * evidence.tied[noun][form] if noun in evidence.tied else 0
    if not weight:
        return None
    best = max(sorted(weight), key=lambda i: weight[i])
    return people[best] if weight[best] >= DOMINANT * weight.total() > 0 else None
