"""A first cast for a new project, from the text alone. A pure function of the book."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from book.candidates import Candidate, find_candidates
from book.languages import Language, load_language
from book.manuscript import NARRATOR, Chapter, Manuscript
from book.spans import Span, chapter_spans, dialogue_marks
from book.speakers import ChapterText, attribute
from book.speakers.firstperson import FEWEST as FEWEST_FIRST_PERSON
from book.speakers.firstperson import beside_quotations, count_first_person, first_person_tag
from book.speakers.names import find_names

FEWEST_TAGS = 2  # a name in one tag only may be anything
FEWEST_CALLS = 3  # "…, Watson," this often beside "I said": he is the one who says it
SURE = 0.8  # the default of casting.confidence
SAMPLE = (30, 140)  # characters of a line that shows a character well
_NEAR = 80  # characters after a name in which a pronoun is taken to mean it

Gender = Literal["m", "f"]
_GENDERS: tuple[Gender, Gender] = ("f", "m")
Spans = list[tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class ProposedCharacter:
    """Someone who speaks."""

    key: str  # for cast:
    name: str  # for people to read; the first of ``aliases``, where there are any
    aliases: tuple[str, ...]  # every form in the text besides the key, fullest first
    gender: Gender | None
    lines: int  # quotations that the rules give them with confidence
    sample: str  # one of them


@dataclass(frozen=True, slots=True)
class CastProposal:
    """The cast that ``castbook new`` writes down."""

    characters: tuple[ProposedCharacter, ...]  # most lines first
    narrator_lines: int  # paragraphs without a quotation
    narrator_sample: str
    narrator_character: str | None  # a key of ``characters``: who says "I"
    first_person: int  # how often "I said" stands beside a quotation


def propose_cast(manuscript: Manuscript, language: str) -> CastProposal:
    """Who speaks in the book, with how much and one line of each."""
    words = load_language(language)
    paragraphs = [p for chapter in manuscript.chapters for p in chapter.paragraphs]
    marks = dialogue_marks((p.printed for p in paragraphs), words)
    spans = [chapter_spans(c.paragraphs, words, marks) for c in manuscript.chapters]
    rows = zip(manuscript.chapters, spans, strict=True)
    beside = beside_quotations([ChapterText(c.paragraphs, found) for c, found in rows])
    text = [p.printed for p in paragraphs]
    candidates = [c for c in find_candidates(beside, text, words) if c.tags >= FEWEST_TAGS]
    first_person = count_first_person(beside, words.tag)
    cast = {_key(c.name): _aliases(c) for c in candidates}
    hero = None
    if first_person >= FEWEST_FIRST_PERSON:
        hero = _addressed(
            _talk(manuscript.chapters, spans, first_person_tag(words.tag)), cast, words
        )
        if hero:
            cast.setdefault(hero[0], hero[1])
    written = _written(manuscript.chapters)
    for name in written:
        if not any(name == key or name in aliases for key, aliases in cast.items()):
            cast.setdefault(_key(name), (name,))
    lines = _lines(manuscript.chapters, spans, cast, words, hero[0] if hero else None, written)
    genders = _genders(cast, text, words)
    characters = [
        ProposedCharacter(
            key,
            (aliases or (key,))[0],
            aliases,
            genders[key],
            len(lines[key]),
            _sample(lines[key]),
        )
        for key, aliases in cast.items()
        if len(lines[key]) >= FEWEST_TAGS or (hero and key == hero[0])
    ]
    characters.sort(key=lambda c: (-c.lines, c.key))
    body = [
        p.printed
        for p, row in zip(paragraphs, (row for rows in spans for row in rows), strict=True)
        if p.kind == "body" and not any(span.quotation is not None for span in row)
    ]
    return CastProposal(
        characters=tuple(characters),
        narrator_lines=len(body),
        narrator_sample=_sample(body),
        narrator_character=hero[0] if hero else None,
        first_person=first_person,
    )


def _talk(chapters: Sequence[Chapter], spans: Sequence[Spans], tag: re.Pattern[str]) -> list[str]:
    """The quotations in and around every paragraph in which "I" speaks."""
    talk: list[str] = []
    for chapter, rows in zip(chapters, spans, strict=True):
        texts = [p.printed for p in chapter.paragraphs]
        mine = [
            any(s.quotation is None and tag.search(text[s.start : s.end]) for s in row)
            and any(s.quotation is not None for s in row)
            for text, row in zip(texts, rows, strict=True)
        ]
        for i, (text, row) in enumerate(zip(texts, rows, strict=True)):
            if any(mine[max(0, i - 1) : i + 2]):
                talk.extend(text[s.start : s.end] for s in row if s.quotation is not None)
    return talk


def _key(name: str) -> str:
    slug = re.sub(r"[^\w]+", "-", name.casefold()).strip("-_")[:64]
    return slug or "someone"


def _aliases(candidate: Candidate) -> tuple[str, ...]:
    """The forms of a name, the fullest first: it is shown to people."""
    forms = sorted(candidate.forms, key=lambda f: (-len(f.split()), -candidate.forms[f], f))
    first = [f for f in forms if not f.split()[0].endswith(".")]
    return (*first, *(f for f in forms if f not in first))


def _written(chapters: Sequence[Chapter]) -> list[str]:
    """Speakers that the manuscript itself writes down, in order of appearance."""
    found = dict.fromkeys(p.speaker for c in chapters for p in c.paragraphs if p.speaker)
    return [name for name in found if name and name != NARRATOR]


def _addressed(
    quoted: Sequence[str], cast: Mapping[str, tuple[str, ...]], words: Language
) -> tuple[str, tuple[str, ...]] | None:
    """Who is called by name in speech, yet never named in a tag: most likely the one who tells."""
    if words.han:
        return None
    known = {part for aliases in cast.values() for a in aliases for part in a.split()}
    common = {word.capitalize() for word in words.starters}
    calls: Counter[str] = Counter()
    titles = "|".join(map(re.escape, sorted(words.titles)))
    pattern = re.compile(
        rf",\s+(?:my\s+dear\s+(?:fellow\s+)?)?(?P<name>(?:(?:{titles})\.?\s+)?[A-Z][a-z]+)[,.!?;\"”]"
    )
    for part in quoted:
        calls.update(m["name"] for m in pattern.finditer(part))
    for name in [n for n in calls if n.split()[-1] in known or n in common]:
        del calls[name]
    people: Counter[str] = Counter()
    for name, n in calls.items():
        people[name.split()[-1]] += n
    ranked = sorted(people.items(), key=lambda item: (-item[1], item[0]))[:2]
    if not ranked or ranked[0][1] < FEWEST_CALLS:
        return None
    if len(ranked) > 1 and ranked[0][1] < 1.5 * ranked[1][1]:
        return None  # two people are called by name: either may be the one who tells
    bare = ranked[0][0]
    forms = sorted({n for n in calls if n.split()[-1] == bare}, key=lambda n: (-calls[n], n))
    return _key(bare), tuple(forms)


def _lines(
    chapters: Sequence[Chapter],
    spans: Sequence[Spans],
    cast: Mapping[str, tuple[str, ...]],
    words: Language,
    hero: str | None,
    written: Sequence[str],
) -> dict[str, list[str]]:
    """What the rules give to each character with confidence, in order."""
    lines: dict[str, list[str]] = {key: [] for key in cast}
    names = find_names(cast, words, hero)
    keys = {name: next(k for k, a in cast.items() if name == k or name in a) for name in written}
    texts = [ChapterText(c.paragraphs, rows) for c, rows in zip(chapters, spans, strict=True)]
    answers = attribute(texts, names, words)
    for chapter, rows, found in zip(chapters, spans, answers, strict=True):
        seen: set[int] = set()
        for paragraph, row in zip(chapter.paragraphs, rows, strict=True):
            for span in row:
                number = span.quotation
                if number is None or number in seen:
                    continue
                seen.add(number)
                who = found[number]
                if who.speaker is not None and who.confidence >= SURE:
                    key = keys.get(who.speaker, who.speaker)
                    lines[key].append(paragraph.printed[span.start : span.end])
    return lines


def _genders(
    cast: Mapping[str, Sequence[str]], text: Sequence[str], words: Language
) -> dict[str, Gender | None]:
    """From a title or first name, else from the pronouns that follow a name in the text."""
    names = find_names(cast, words)
    pronouns = {p: g for g in ("m", "f") for p in words.pronouns[g]}
    edge = "" if words.han else r"\b"
    choice = "|".join(map(re.escape, pronouns)) or "(?!)"
    pronoun = re.compile(rf"{edge}(?:{choice}){edge}", re.I)
    counts: dict[str, Counter[str]] = {key: Counter() for key in cast}
    for part in text if names.pattern else ():
        for match in names.pattern.finditer(part) if names.pattern else ():
            key = names.keys.get(" ".join(match.group().split()))
            near = part[match.end() : match.end() + _NEAR]
            if key:
                counts[key].update(pronouns[p.lower()] for p in pronoun.findall(near))
    return {
        key: _titled(aliases or (key,), words) or _by_pronouns(counts[key])
        for key, aliases in cast.items()
    }


def _titled(forms: Sequence[str], words: Language) -> Gender | None:
    for form in forms:
        parts = {word.rstrip(".").casefold() for word in form.split()}
        for gender in _GENDERS:
            marks = words.genders[gender]
            if form.endswith(marks) if words.han else parts & set(marks):
                return gender
    first = {form.split()[0].casefold() for form in forms}
    named = [gender for gender in _GENDERS if first & set(words.given[gender])]
    return named[0] if len(named) == 1 else None


def _by_pronouns(counts: Mapping[str, int]) -> Gender | None:
    """The gender of most pronouns, if they are clear enough."""
    more: Gender = "m" if counts.get("m", 0) >= counts.get("f", 0) else "f"
    fewer: Gender = "f" if more == "m" else "m"
    clear = counts.get(more, 0) >= 3 and counts.get(more, 0) >= 1.5 * counts.get(fewer, 0)
    return more if clear else None


def _sample(lines: Sequence[str]) -> str:
    """The first whole sentence of good length, without its quotes; else the longest, cut."""
    low, high = SAMPLE
    bare = [line.strip('"“”‘’「」『』 \n') for line in lines]
    good = [line for line in bare if low <= len(line) <= high]
    whole = [line for line in good if not line[0].islower() and line[-1] in ".!?。！？"]
    return (whole or good or [max(bare, key=len, default="")[:high]])[0]
