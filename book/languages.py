"""What ``configs/languages/*.yaml`` says about a language, frozen.

Rules live in code, words live there. A language without a file gets ``und.yaml``: every
rule that needs no word list still works. Loaded once per process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    credits: CreditWords
    calibration: tuple[str, ...]  # sentences by which voices are levelled
    narrator: str  # how a list of parts calls the narrator
    narrated_by: str  # the narrator in a book's metadata
    disclosure: str  # that the voices are synthetic: spoken and in the metadata


@cache
def load_language(tag: str) -> Language:
    """The data for a BCP 47 tag: its primary subtag's file, else ``und``."""
    primary = tag.replace("_", "-").partition("-")[0].lower()
    return _load(primary if primary in list_configs("languages") else "und")


@cache
def _load(name: str) -> Language:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw: dict[str, Any] = yaml.load(read_config("languages", f"{name}.yaml"), Loader=loader)
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
        credits=CreditWords(**raw["credits"]),
        calibration=_words(raw["calibration"]),
        narrator=raw["narrator"],
        narrated_by=raw["narrated_by"],
        disclosure=raw["disclosure"],
    )


def _words(items: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(item) for item in items)


def _longest_first(items: Sequence[Any]) -> tuple[str, ...]:
    """For alternations: 说道 must be tried before 说. Ties by the word, so order is stable."""
    return tuple(sorted({str(item) for item in items}, key=lambda word: (-len(word), word)))
