"""Names of people who speak, as the text itself shows them: before a cast exists.

A name counts when it stands in a speech tag beside a quotation. Full forms (Sherlock
Holmes, Mr. Holmes) are looked up in the whole text and put under one character.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from book.candidates_zh import find_han_names
from book.languages import Language

_WORD = r"[A-Z][^\W\d_]+(?:['’-][A-Z]?[^\W\d_]+)*"
# Titles written in full, by the gender they say; the abbreviated ones are the language's.
# fmt: off
_MEN = (
    "Mr", "Messrs", "Sir", "Lord", "Monsieur", "Uncle", "Father", "Brother", "King", "Prince",
    "Count", "Duke", "Captain", "Colonel", "Major", "General", "Admiral", "Inspector", "Sergeant",
    "Capt", "Col", "Maj", "Gen", "Lieut", "Lt", "Sgt", "Rev", "Revd", "Fr",
)
_WOMEN = (
    "Mrs", "Miss", "Ms", "Mme", "Mlle", "Madame", "Madam", "Mademoiselle", "Lady", "Aunt",
    "Mother", "Sister", "Queen", "Princess", "Countess", "Duchess",
)
# fmt: on
_ROLES = (*_MEN, *_WOMEN, "Doctor", "Professor", "Judge")
_NO_NAMES = frozenset({"God", "Heaven", "Lord", "Sir", "Madam", "Chapter", "Oh", "Ah", "Well"})


@dataclass(slots=True)
class Candidate:
    """Someone who seems to speak."""

    name: str  # the form most tags use
    tags: int
    forms: Counter[str] = field(default_factory=Counter)  # all forms, with how often they stand


def find_candidates(
    narration: Sequence[str], texts: Iterable[str], language: Language
) -> list[Candidate]:
    """Who is named in the speech tags, most frequent first; ties by name.

    Args:
        narration: what stands beside quotations.
        texts: every paragraph of the book.
        language: for verbs, titles, pronouns.
    """
    if language.han:
        named = find_han_names(narration, language)
        people = [Candidate(name, forms.total(), forms) for name, forms in named.items()]
        return sorted(people, key=lambda c: (-c.tags, c.name))
    return _latin(narration, "\n".join(texts), language)


def _latin(narration: Sequence[str], text: str, language: Language) -> list[Candidate]:
    titles = frozenset({*language.titles, *_ROLES})
    lead = "|".join(sorted(map(re.escape, titles), key=lambda t: (-len(t), t)))
    name = rf"(?:(?:{lead})\.? +)?{_WORD}(?: +{_WORD}){{0,2}}"  # never over a line end
    verb = "|".join(map(re.escape, language.speech_verbs)) or "(?!)"
    said = re.compile(
        rf"\b(?:{verb})\s+(?P<after>{name})|(?P<before>{name})\s+(?:\w+ly\s+)?(?:{verb})\b"
    )
    never = {word.capitalize() for word in language.starters} | _NO_NAMES
    everyday = _everyday(text) | never
    tags: Counter[str] = Counter()
    for part in narration:
        for match in said.finditer(part):
            # a capital inside a sentence, as in "said Small", is a name whatever the word
            found = _form(match["after"], never, titles) if match["after"] else None
            found = found or _form(match.group(match.lastgroup or 0), everyday, titles)
            if found:
                tags[found] += 1
    families = {form.split()[-1] for form in tags} | {form.split()[0] for form in tags}
    forms: Counter[str] = Counter()
    for match in re.finditer(name, text):
        full = _form(match.group(), everyday, titles)
        if full is None and match.group() in tags:
            full = match.group()
        if full and full.split()[-1] in families:
            forms[full] += 1
    kept = {form: n for form, n in forms.items() if n > 1 or form in tags}
    return _merge(tags, {**dict.fromkeys(tags, 1), **kept}, titles, language)


def _everyday(text: str) -> set[str]:
    """Capitalised words that the text writes small at least half as often: hardly names."""
    words = Counter(re.findall(r"\b[A-Za-z]{2,}\b", text))
    small = {word: words.get(word.lower(), 0) for word in words if word.istitle()}
    return {word for word, n in small.items() if 2 * n > words[word]}


def _form(written: str, no_names: Collection[str], titles: Collection[str]) -> str | None:
    """A name without the words before it that only begin a sentence; None if none is left."""
    words = written.split()
    while words and words[0] in no_names and words[0].rstrip(".") not in titles:
        words.pop(0)
    if not words or words[-1].rstrip(".") in titles or words[-1] in _NO_NAMES:
        return None
    return " ".join(words)


def _merge(
    tags: Mapping[str, int],
    forms: Mapping[str, int],
    titles: Collection[str],
    language: Language,
) -> list[Candidate]:
    """One candidate for the forms that can only be one person.

    "Holmes", "Mr. Holmes" and "Sherlock Holmes" are one, unless the family has several
    members of weight (a Mr. and a Mrs., two first names): then only equal forms are.
    "Dorian" is Dorian Gray if no other Dorian has a family name.
    """
    groups: dict[str, set[str]] = {}
    for family in sorted({form.split()[-1] for form in tags}):
        own = sorted(form for form in forms if form.split()[-1] == family)
        firsts: Counter[str] = Counter()
        genders: Counter[str] = Counter()
        for form in own:
            lead, given = _parts(form, titles)
            firsts[given] += forms[form]
            genders[_gender(lead, given, language)] += forms[form]
        first, gender = _dominant(firsts), _dominant(genders)
        fitting = {form for form in own if _fits(_parts(form, titles), first, gender, language)}
        if first is None and gender is not None:  # "Sikes" and "Mr. Sikes", of Bill and William
            leads = {_parts(form, titles)[0] for form in fitting} - {""}
            fitting = fitting if len(leads) <= 1 else set()
        if gender is None or not fitting & set(tags):
            fitting = set()
        groups.update({form: {form} for form in own if form in tags and form not in fitting})
        if fitting:
            groups[max(fitting, key=lambda f: (tags.get(f, 0), forms[f], f))] = fitting
    _join_same_person(groups, forms, titles)
    for name in sorted(groups):  # first names
        if " " in name:
            continue
        full = [
            other
            for other, group in groups.items()
            if other != name and any(form.startswith(name + " ") for form in group)
        ]
        if len(full) == 1:
            groups[full[0]] |= groups.pop(name)
    found = [
        Candidate(
            max(group, key=lambda f: (tags.get(f, 0), forms[f], f)),
            sum(tags.get(form, 0) for form in group),
            Counter({form: forms[form] for form in sorted(group)}),
        )
        for group in groups.values()
    ]
    return sorted(found, key=lambda c: (-c.tags, c.name))


def _join_same_person(
    groups: dict[str, set[str]], forms: Mapping[str, int], titles: Collection[str]
) -> None:
    """Joins groups that a family of several members has kept apart, where print is clear.

    A bare family name means the man ("Bingley" is Mr. Bingley, never Miss Bingley). A full
    form in the text ties its parts: "Mrs. Rachel Lynde" makes one of "Mrs. Rachel", "Mrs.
    Lynde" and "Rachel Lynde".
    """

    def join(names: Sequence[str]) -> None:
        heads = [head for head, group in groups.items() if group & set(names)]
        for head in heads[1:]:
            groups[heads[0]] |= groups.pop(head)

    for name in sorted(groups):
        men = sorted(
            form
            for form in forms
            if form.split()[-1] == name and form.split()[0].rstrip(".") in _MEN[:1]
            if len(form.split()) == 2
        )
        if " " not in name and men:
            join([name, *men])
    for form in sorted(forms):
        lead, first = _parts(form, titles)
        if lead and first and " " not in first:
            written, family = form.split()[0], form.split()[-1]
            same = [f"{written} {first}", f"{written} {family}", f"{first} {family}", form]
            others = {f for f in forms if f.split()[-1] == family and f.split()[0] == written}
            if others <= {*same}:  # no other Mrs. of that name
                join(same)


def _parts(form: str, titles: Collection[str]) -> tuple[str, str]:
    """The title and the first names of a form."""
    words = form.split()
    lead = words[0].rstrip(".") if len(words) > 1 and words[0].rstrip(".") in titles else ""
    return lead, " ".join((words[1:] if lead else words)[:-1])


def _gender(lead: str, first: str, language: Language) -> str:
    """What a title, or else a first name, says: "m", "f" or ""."""
    if lead in _MEN or lead in _WOMEN:
        return "m" if lead in _MEN else "f"
    name = first.split()[0].casefold() if first else ""
    return next((gender for gender in ("m", "f") if name in language.given[gender]), "")


def _dominant(counts: Mapping[str, int]) -> str | None:
    """The one value of weight, "" if there is none, or None if several compete."""
    given = {value: n for value, n in counts.items() if value}
    if not given:
        return ""
    best = max(sorted(given), key=lambda value: given[value])
    return best if given[best] >= 0.75 * sum(given.values()) else None


def _fits(
    parts: tuple[str, str], first: str | None, gender: str | None, language: Language
) -> bool:
    """Whether a form may be the person whom most of the family's forms mean."""
    return parts[1] in ("", first) and _gender(*parts, language) in ("", gender)
