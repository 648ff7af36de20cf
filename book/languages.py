"""What ``configs/languages/*.yaml`` says about a language, frozen.

Rules live in code, words live there. A language without a file gets ``und.yaml``: every
rule that needs no word list still works; what a file leaves out is taken from there, too.
Loaded once per process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import yaml

from castbook.resources import list_configs, read_config


@dataclass(frozen=True, slots=True)
class HeadingWords:
    """Words that make a line a heading, lower case."""

    part: tuple[str, ...]  # above chapters: part, book, 卷
    chapter: tuple[str, ...]  # numbered: chapter, letter, 章
    named: tuple[str, ...]  # without a number: prologue, 楔子
    contents: tuple[str, ...]
    notes: tuple[str, ...]
    by: tuple[str, ...]  # before an author's name
    numbers: tuple[str, ...]  # spelled from one upwards; forms of one number as "erster|erstes"
    ordinals: tuple[str, ...]
    last: tuple[str, ...] = ()  # instead of a number: "Chapter the Last"
    months: tuple[str, ...] = ()  # of the dates above letters and entries of a diary
    transcriber: tuple[str, ...] = ()  # begins a note by those who made the file
    illustrations: tuple[str, ...] = ()  # heads a list of pictures, maps, plates
    advertisements: tuple[str, ...] = ()  # begins a list of other books
    index: tuple[str, ...] = ()  # heads an index, a bibliography, a list of errors
    ends: tuple[str, ...] = ()  # the last line of a book: "The End"
    dedications: tuple[str, ...] = ()  # begins a dedication
    imprint: tuple[str, ...] = ()  # stands in a line of the title page: "published by"


@dataclass(frozen=True, slots=True)
class CreditWords:
    """Templates of the spoken credits; an empty one is not spoken."""

    opening_title: str  # the chapter's own title
    closing_title: str
    opening: str
    series: str
    series_only: str
    author: str
    closing: str
    publisher: str
    end: str


@dataclass(frozen=True, slots=True)
class SentenceWords:
    """What decides where sentences end, besides titles and abbreviations. All optional."""

    never_last: tuple[str, ...] = ()  # abbreviations that never end a sentence: e.g., viz.
    often_last: tuple[str, ...] = ()  # that do before any capital: etc.
    before_digit: tuple[str, ...] = ()  # that are ones only before a number: Dec., Fig.
    clock: tuple[str, ...] = ()  # after a time of day: a.m.
    after_clock: tuple[str, ...] = ()  # capitals that still belong to the time: Monday, GMT
    clock_heads: tuple[str, ...] = ()  # "At 5 a.m. Mr. Smith": words before such a time
    with_mark: tuple[str, ...] = ()  # names written with an end mark
    particles: tuple[str, ...] = ()  # lower-case beginnings of family names: de, von
    beats: tuple[str, ...] = ()  # speech verbs that after “…!” and a name tell an action
    named_tags: bool = False  # “Stop!” Tom cried: the name before the verb
    after_tag: tuple[str, ...] = ()  # what may follow the verb of such a tag: to, at, again
    ordinal_stop: bool = False  # "3. Mai": a stop makes a number an ordinal
    unspaced_marks: str = ""  # end marks that need no space after them
    tag_verbs: tuple[str, ...] = ()  # verbs of speech besides ``speech_verbs``
    goes_on: tuple[str, ...] = ()  # after a quotation, these go on with its sentence
    begins_anew: tuple[str, ...] = ()  # and these do not, though one of those begins them
    subjectless: tuple[str, ...] = ()  # the same where narration led up to the quotation
    not_tags: tuple[str, ...] = ()  # words that make no tag of what has a speech verb in it
    unmarked_quotes: bool = False  # quotations without an end mark may meet: 「はい」「いいえ」


@dataclass(frozen=True, slots=True)
class CastWords:
    """What tells names of people from other words, for a first cast. All optional."""

    diminutives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # thomas -> tom
    not_people: tuple[str, ...] = ()  # written with a capital, or where a name may stand
    surnames: tuple[str, ...] = ()  # in a script without capitals
    roles: tuple[str, ...] = ()  # people who are called by what they are: 掌柜
    before_names: str = ""  # characters put before a name: 老, 小, 阿
    no_names: str = ""  # characters that stand in no name


@dataclass(frozen=True, eq=False)
class Language:
    """One language's data. Compared by identity: there is one object for each file."""

    tag: str  # the file's name
    han: bool  # written without spaces between words
    end_marks: str
    comfortable: int  # characters a segment aims at
    crumb: int  # characters below which a piece joins its neighbour
    titles: Mapping[str, str]
    abbreviations: Mapping[str, str]
    before_number: Mapping[str, str]
    abbreviated: tuple[str, ...]
    starters: tuple[str, ...]
    clause_words: tuple[str, ...]  # before them a sentence that is too long may be cut
    speech_verbs: tuple[str, ...]
    not_speech: tuple[str, ...]
    object_markers: tuple[str, ...]
    between: tuple[str, ...]
    first_person: tuple[str, ...]
    elisions: tuple[str, ...]
    dashes: bool  # — opens a speech in print, beside quotation marks
    headings: HeadingWords
    genders: Mapping[str, tuple[str, ...]]
    given: Mapping[str, tuple[str, ...]]  # first names by gender, lower case
    pronouns: Mapping[str, tuple[str, ...]]
    polyphones: frozenset[str]  # characters of which a reader must choose the reading
    credits: CreditWords
    calibration: tuple[str, ...]  # sentences by which voices are levelled
    narrator: str  # how a list of parts calls the narrator
    narrated_by: str  # the narrator in a book's metadata
    disclosure: str  # that the voices are synthetic: spoken and in the metadata
    sentences: SentenceWords = SentenceWords()
    people: CastWords = field(default_factory=CastWords)


@cache
def load_language(tag: str) -> Language:
    """The data for a BCP 47 tag: its primary subtag's file, else ``und``."""
    primary = tag.replace("_", "-").partition("-")[0].lower()
    return _load(primary if primary in list_configs("languages") else "und")


@cache
def _load(name: str) -> Language:
    raw = _read("und") | _read(name)  # a file may hold only what differs
    return Language(
        tag=name,
        han=raw["script"] == "han",
        end_marks=raw["end_marks"],
        comfortable=raw["comfortable"],
        crumb=raw["crumb"],
        titles=MappingProxyType(raw["titles"]),
        abbreviations=MappingProxyType(raw["abbreviations"]),
        before_number=MappingProxyType(raw["before_number"]),
        abbreviated=_words(raw["abbreviated"]),
        starters=_words(raw["starters"]),
        clause_words=_longest_first(raw.get("clause_words", ())),
        speech_verbs=_longest_first(raw["speech_verbs"]),
        not_speech=_words(raw.get("not_speech", ())),
        object_markers=_longest_first(raw.get("object_markers", ())),
        between=_longest_first(raw["between"]),
        first_person=_words(raw["first_person"]),
        elisions=_words(raw["elisions"]),
        dashes=bool(raw.get("dialogue", {}).get("dashes", False)),
        headings=HeadingWords(**{k: _words(v) for k, v in raw["headings"].items()}),
        genders=MappingProxyType({k: _words(v) for k, v in raw["genders"].items()}),
        given=MappingProxyType({k: _words(v) for k, v in raw["given"].items()}),
        pronouns=MappingProxyType({k: _words(v) for k, v in raw["pronouns"].items()}),
        polyphones=frozenset("".join(raw.get("polyphones", "").split())),
        credits=CreditWords(**raw["credits"]),
        calibration=_words(raw["calibration"]),
        narrator=raw["narrator"],
        narrated_by=raw["narrated_by"],
        disclosure=raw["disclosure"],
        sentences=_sentence_words(raw.get("sentences", {})),
        people=_cast_words(raw.get("people", {})),
    )


def _read(name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw: dict[str, Any] = yaml.load(read_config("languages", f"{name}.yaml"), Loader=loader)
    return raw


def _sentence_words(raw: Mapping[str, Any]) -> SentenceWords:
    lists = {key: _words(value) for key, value in raw.items() if isinstance(value, list)}
    return SentenceWords(**{**raw, **lists})


def _cast_words(raw: Mapping[str, Any]) -> CastWords:
    short = {full: _words(forms) for full, forms in raw.get("diminutives", {}).items()}
    return CastWords(
        diminutives=MappingProxyType(short),
        not_people=_words(raw.get("not_people", ())),
        surnames=_words(raw.get("surnames", "").split()),
        roles=_words(raw.get("roles", ())),
        before_names=raw.get("before_names", ""),
        no_names=raw.get("no_names", ""),
    )


def _words(items: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(item) for item in items)


def _longest_first(items: Sequence[Any]) -> tuple[str, ...]:
    """For alternations: 说道 must be tried before 说. Ties by the word, so order is stable."""
    return tuple(sorted({str(item) for item in items}, key=lambda word: (-len(word), word)))
