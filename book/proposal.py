"""A first cast for a new project, from the text alone. A pure function of the book."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from book.castproposal.candidate import Candidate
from book.castproposal.evidence import Finder
from book.castproposal.genders import LEAD, count_pronouns, guess_gender
from book.castproposal.han import find_han_people
from book.castproposal.hanteller import find_han_teller
from book.castproposal.keys import make_keys, order_names, slug
from book.castproposal.people import merge, name_gender
from book.castproposal.samples import choose_sample
from book.castproposal.teller import Known, Talk, find_teller
from book.languages import Language, load_language
from book.manuscript import NARRATOR, Chapter, Manuscript, Paragraph
from book.project import Casting
from book.spans import Span, chapter_spans, dialogue_marks
from book.speakers import ChapterText, attribute
from book.speakers.firstperson import FEWEST as FEWEST_FIRST_PERSON
from book.speakers.firstperson import beside_quotations, count_first_person, first_person_tag
from book.speakers.names import find_names

FEWEST_LINES = 2  # of someone who is proposed: one line may be anybody's
FEWEST_LIKELY = 3  # unsure ones of someone whom the author may want to choose in the review
FEWEST_CALLED = 3  # calls that make a character of someone who is in no tag
FEWEST_WITH_ARTICLE = 5  # tags and beats that make a person of what bears an article
SURE = Casting.model_fields["confidence"].default  # below it the narrator speaks

Gender = Literal["m", "f"]


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


@dataclass(frozen=True, slots=True)
class _Book:
    """A manuscript cut into what is told and what is said."""

    chapters: tuple[ChapterText, ...]
    talk: tuple[Talk, ...]
    alone: tuple[str, ...]  # narration of paragraphs without speech
    beside: tuple[str, ...]  # narration beside quotations, piece by piece
    body: tuple[str, ...]  # paragraphs that the narrator reads whole
    first_person: int

    @property
    def narration(self) -> tuple[str, ...]:
        return (*self.alone, *(t.narration for t in self.talk))

    @property
    def quotations(self) -> tuple[str, ...]:
        return tuple(q for t in self.talk for q in t.quotations)


def propose_cast(manuscript: Manuscript, language: str) -> CastProposal:
    """Who speaks in the book, with how much and one line of each."""
    words = load_language(language)
    book = _cut(manuscript.chapters, words)
    people, hero = (_han if words.han else _latin)(book, words)
    keys = make_keys(people)
    cast = {key: order_names(p) for key, p in zip(keys, people, strict=True)}
    titled = {key: p.titled for key, p in zip(keys, people, strict=True)}
    named = {key: p.gender for key, p in zip(keys, people, strict=True)}
    tagged = {k for k, p in zip(keys, people, strict=True) if p.titled and p.tags.total()}
    teller = keys[hero] if hero is not None else None
    written = _written(manuscript.chapters)
    for name in written:
        if not any(name == key or name in aliases for key, aliases in cast.items()):
            cast.setdefault(slug(name), (name,))
            named.setdefault(slug(name), name_gender(name, words))
    pronouns = count_pronouns({k: a or (k,) for k, a in cast.items()}, book.narration, words)
    genders = {
        key: guess_gender(
            named.get(key, ""),
            pronouns[key],
            title=titled.get(key, False),
            lead=LEAD - words.han,  # he and she are written less often
        )
        for key in cast
    }
    lines, likely = _lines(book, cast, genders, words, teller, written)
    characters = [
        ProposedCharacter(
            key=key,
            name=(aliases or (key,))[0],
            aliases=aliases,
            gender=genders[key],
            lines=len(lines[key]),
            sample=choose_sample(lines[key], words),
        )
        for key, aliases in cast.items()
        if len(lines[key]) >= FEWEST_LINES
        or (key in tagged and likely[key] >= FEWEST_LIKELY)
        or key == teller
    ]
    characters.sort(key=lambda c: (-c.lines, c.key))
    return CastProposal(
        characters=tuple(characters),
        narrator_lines=len(book.body),
        narrator_sample=choose_sample(book.body, words),
        narrator_character=teller,
        first_person=book.first_person,
    )


def _cut(chapters: Sequence[Chapter], words: Language) -> _Book:
    paragraphs = [p for chapter in chapters for p in chapter.paragraphs]
    marks = dialogue_marks((p.printed for p in paragraphs), words)
    texts = tuple(
        ChapterText(c.paragraphs, chapter_spans(c.paragraphs, words, marks)) for c in chapters
    )
    tag = first_person_tag(words.tag)
    talk, alone, body = [], [], []
    for place, (paragraph, row) in enumerate(
        pair for text in texts for pair in zip(text.paragraphs, text.spans, strict=True)
    ):
        told = [paragraph.printed[s.start : s.end] for s in row if s.quotation is None]
        said = [paragraph.printed[s.start : s.end] for s in row if s.quotation is not None]
        if said:
            mine = any(tag.search(part) for part in told)
            talk.append(Talk("\n".join(told), tuple(said), mine, place))
        else:
            alone.append(paragraph.printed)
            if paragraph.kind == "body":
                body.append(paragraph.printed)
    beside = tuple(beside_quotations(texts))
    first_person = count_first_person(beside, words.tag)
    return _Book(texts, tuple(talk), tuple(alone), beside, tuple(body), first_person)


def _latin(book: _Book, words: Language) -> tuple[list[Candidate], int | None]:
    """Everyone who may speak, and the number of the one who says "I"."""
    finder = Finder(words, "\n".join((*book.narration, *book.quotations)))
    evidence = finder.collect(book.beside, book.narration, book.quotations)
    people = merge(evidence, finder.titles, words)
    people.sort(key=lambda p: (-p.tags.total(), -p.forms.total(), p.name))
    teller = None
    if book.first_person >= FEWEST_FIRST_PERSON:
        owner = {form: i for i, p in enumerate(people) for form in p.forms}
        found = find_teller(
            book.talk, book.alone, owner, list(map(_known, people)), finder.calls, finder.name
        )
        teller = found[0] if found else None
        for other in found[1:]:
            people[found[0]].absorb(people[other])
        people = [p for i, p in enumerate(people) if i not in found[1:]]
        teller = None if teller is None else teller - sum(i < teller for i in found[1:])
    kept = [i for i, p in enumerate(people) if i == teller or _may_speak(p)]
    return [people[i] for i in kept], None if teller is None else kept.index(teller)


def _known(person: Candidate) -> Known:
    quoted = person.forms.total() - person.told
    return Known(person.told, quoted, person.tags.total(), person.last, person.gender)


def _may_speak(person: Candidate) -> bool:
    """Whether a name stood where only speakers do; a place is called once, hardly thrice."""
    acts = person.tags.total() + person.beats
    if not person.role and 2 * person.articled > person.told and acts < FEWEST_WITH_ARTICLE:
        return False  # the Thames, the Ladies' Circle; but the Assistant Commissioner acts
    if person.tags.total():
        return True
    return (person.beats >= FEWEST_LINES or person.calls >= FEWEST_CALLED) and bool(
        person.titled or person.gender
    )


def _han(book: _Book, words: Language) -> tuple[list[Candidate], int | None]:
    people = find_han_people(book.talk, book.alone, words)
    people.sort(key=lambda p: (-p.tags.total(), p.name))
    teller = None
    if book.first_person:
        teller = find_han_teller(book.talk, book.alone, people, words)
    return people, teller


def _written(chapters: Sequence[Chapter]) -> list[str]:
    """Speakers that the manuscript itself writes down, in order of appearance."""
    found = dict.fromkeys(p.speaker for c in chapters for p in c.paragraphs if p.speaker)
    return [name for name in found if name and name != NARRATOR]


def _lines(
    book: _Book,
    cast: Mapping[str, tuple[str, ...]],
    genders: Mapping[str, Gender | None],
    words: Language,
    teller: str | None,
    written: Sequence[str],
) -> tuple[dict[str, list[str]], Counter[str]]:
    """What the rules give to each character with confidence, in order, one text a quotation.

    And how many quotations are more likely theirs than anybody else's.
    """
    lines: dict[str, list[str]] = {key: [] for key in cast}
    likely: Counter[str] = Counter()
    names = find_names(cast, words, teller, genders)
    keys = {name: next(k for k, a in cast.items() if name == k or name in a) for name in written}
    for text, found in zip(book.chapters, attribute(book.chapters, names, words), strict=True):
        spoken = _spoken(text.paragraphs, text.spans)
        for number, who in found.items():
            if who.speaker is None:
                continue
            key = keys.get(who.speaker, who.speaker)
            likely[key] += 1
            if who.confidence >= SURE and number in spoken:
                lines[key].append(spoken[number])
    return lines, likely


def _spoken(paragraphs: Sequence[Paragraph], spans: Sequence[Sequence[Span]]) -> dict[int, str]:
    """The first part of each quotation of a chapter, by its number."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for paragraph, row in zip(paragraphs, spans, strict=True):
        for span in row:
            if span.quotation is not None:
                found[span.quotation].append(paragraph.printed[span.start : span.end])
    return {number: parts[0] for number, parts in sorted(found.items())}
