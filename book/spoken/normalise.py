"""Printed text to spoken text: what is read otherwise than it is printed, with place and rule.

Order: the heading's own number, then the language's rules (``english/``, ``chinese/``; titles
and abbreviations alone for others, whose numbers are left to the engines), capitals and lost
apostrophes, the cleaning of silent marks. Every replacement is recorded against the printed
text. Engines that normalise by themselves get the cleaned text only
(``book/spoken/cleaning.py``). Words come from ``configs/languages`` and ``configs/spoken``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from book.languages import Language, load_language
from book.readers.headings import match_heading
from book.script import Replacement
from book.spoken.chinese import speak_chinese
from book.spoken.claims import TAKEN, Claims, merge
from book.spoken.cleaning import clean
from book.spoken.english import speak_english
from book.spoken.english.abbreviations import ends_sentence
from book.spoken.english.numbers import cardinal
from book.spoken.words import Profile, choice

__all__ = ["CLEANING", "Profile", "merge", "normalise", "speak"]

CLEANING = frozenset({"quote", "dash", "symbol", "space", "ellipsis", "head"})

# Files that lost their curly apostrophes to spaces: "didn t", "I ll", "specialist s".
_LOST_APOSTROPHE = re.compile(r" (?P<rest>t|s|d|m|ll|ve|re)\b(?!['’])")
_BEFORE_LOST = {
    "t": re.compile(r"[a-z]n$"),
    "s": re.compile(r"[A-Za-z][a-z]$"),
    "m": re.compile(r"\bI$"),
    "d": re.compile(r"\b(?:I|[Hh]e|[Ss]he|[Yy]ou|[Ww]e|[Tt]hey|[Ii]t|[Ww]ho|[Tt]here|[Tt]hat)$"),
}
_SENTENCE_END = re.compile(r"[.!?…。！？][\"”’」』)）]*\s*$")
_ROMAN = re.compile(r"[ivxlcdm]+", re.IGNORECASE)
_NEVER_LAST = frozenset({"e.g.", "i.e.", "viz.", "vs.", "P.S."})  # never end a sentence
_LAST = re.compile(r"[^\s.]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def normalise(
    printed: str,
    language: Language,
    *,
    heading: bool = False,
    profile: Profile = "fiction",
    extra: bool = True,
    taken: Sequence[Replacement] = (),
) -> tuple[Replacement, ...]:
    """All replacements of a paragraph, in order, without overlap.

    Args:
        printed: the whole paragraph, so that a rule can look around it.
        language: whose words and rules.
        heading: numbers are read, capitals are calmed, a stop is added.
        profile: ``fiction`` as a narrator reads; ``general`` as grammars for news and manuals
            say it; ``off`` leaves numbers and abbreviations to the engines.
        taken: places that are spoken for, such as the lexicon's; none of them is returned.
        extra: the general profile may ask the wetext extra where it is installed.
    """
    claims = Claims(printed, taken)
    if profile != "off":
        for rule in [_heading, _stop] if heading else []:
            claims.take(rule(printed, language))
        if language.tag == "en":
            speak_english(claims, language, profile, _common, _capitals, extra=extra)
        elif language.tag == "zh":
            speak_chinese(claims, profile, extra=extra)
        else:
            _common(claims, language)
        if not language.han:  # GLM, MP3: capitals among Han are names
            claims.take(_capitals(claims.text, language))
        claims.take(_english(claims.text, language))
    return merge(claims.found(), clean(printed, language))


def _common(claims: Claims, language: Language) -> None:
    """What all languages have: titles and abbreviations of the language's file."""
    claims.take(_titles(claims.text, language))
    claims.take(_abbreviations(claims.text, language))


def speak(printed: str, replacements: Sequence[Replacement]) -> str:
    """``printed`` with ``replacements`` (in order, disjoint) applied, no space at its ends."""
    parts = []
    at = 0
    for item in replacements:
        parts.append(printed[at : item.start])
        parts.append(item.spoken)
        at = item.end
    parts.append(printed[at:])
    return "".join(parts).strip()


def _titles(printed: str, language: Language) -> Iterator[Replacement]:
    """``Mr. Holmes`` and ``Mr Holmes``: Mister Holmes. ``St.`` only before a capital."""
    pattern = _title_pattern(language.tag)
    for match in pattern.finditer(printed) if pattern else ():
        name = match["name"]  # "MRS. Rachel" where a chapter begins
        spoken = language.titles.get(name) or language.titles[name.capitalize()]
        yield Replacement(*match.span(), spoken, "title")


def _abbreviations(printed: str, language: Language) -> Iterator[Replacement]:
    pattern = _abbreviation_pattern(language.tag)
    for match in pattern.finditer(printed) if pattern else ():
        word = match.group()
        spoken = language.abbreviations.get(word) or language.before_number[word]
        last = word in language.abbreviations and word not in _NEVER_LAST
        if last and ends_sentence(printed, match.end()):
            spoken += "."
        yield Replacement(*match.span(), spoken, "abbreviation")


def _english(printed: str, language: Language) -> Iterator[Replacement]:
    if language.tag != "en":
        return
    for match in re.finditer(r"(?<=[A-Z])&(?=[A-Z])", printed):  # R&D
        yield Replacement(*match.span(), " and ", "abbreviation")
    for match in re.finditer(r"(?<=\s)&(?=\s)", printed):
        yield Replacement(*match.span(), "and", "abbreviation")
    for match in _LOST_APOSTROPHE.finditer(printed):
        at = match.start()
        before = _BEFORE_LOST.get(match["rest"], _BEFORE_LOST["d"])  # I ll, they ve, you re
        if before.search(printed[max(0, at - 8) : at]):
            yield Replacement(at, at + 1, "’", "apostrophe")


@cache
def _title_pattern(tag: str) -> re.Pattern[str] | None:
    titles = load_language(tag).titles
    if not titles:
        return None
    names = choice((*titles, *(title.upper() for title in titles)))
    return re.compile(
        rf"(?<![^\W_])(?P<name>{names})(?:\.(?!\w)|(?=\s))(?=\s*[A-Z{TAKEN}]|-[A-Z]|\s+and\b)"
    )


@cache
def _abbreviation_pattern(tag: str) -> re.Pattern[str] | None:
    language = load_language(tag)
    if not language.abbreviations:
        return None
    plain, numbered = choice(language.abbreviations), choice(language.before_number)
    return re.compile(rf"(?<![\w&])(?:{plain})(?!\w)|(?<!\w)(?:{numbered})(?=\s*[\d{TAKEN}])")


def _heading(printed: str, language: Language) -> Iterator[Replacement]:
    """``CHAPTER XVI THE END``: chapter fourteen, and a stop before the title."""
    known = match_heading(printed, language)
    at = printed.find(known.label) if known and known.label else -1
    if known is None or known.number is None or at < 0:
        return
    end = at + len(known.label)
    if not language.han:
        number = _counted(known.number, language)
        if known.word.startswith("#"):  # "[ 7 ]": nothing else stands there
            stop = "." if _SENTENCE_END.search(printed) else ""
            yield Replacement(0, len(printed), number.capitalize() + stop, "number")
            return
        last = _LAST.findall(known.label)[-1]
        lead = known.label[: len(known.label.rstrip(".")) - len(last)]
        if not (last.isdecimal() or _ROMAN.fullmatch(last) or last.casefold() == number):
            lead, number = known.label, ""  # "The First Book", "Erstes Kapitel": said as it is
        spoken = f"{lead.capitalize() if lead.isupper() else lead}{number}"
        if spoken.casefold() != known.label.casefold() or lead.isupper():
            yield Replacement(at, end, spoken, "number")
    if known.title and not re.match(r"\s*[.:：,，。—–-]", printed[end:]):
        yield Replacement(end, end, "，" if language.han else ".", "heading")


def _counted(number: int, language: Language) -> str:
    """A heading's number in words where the language has them."""
    if language.tag == "en":
        return cardinal(number)
    words = language.headings.numbers
    return words[number - 1].partition("|")[0] if 0 < number <= len(words) else str(number)


def _capitals(printed: str, language: Language) -> Iterator[Replacement]:
    """Three words and more in capitals are said like any others: engines spell out capitals.

    One or two may be initials: UNO, BBC.
    """
    if printed.upper() != printed or printed.lower() == printed:
        return
    words = list(_WORD.finditer(printed))
    for match in words if len(words) > 2 else ():
        word, before = match.group(), printed[max(0, match.start() - 40) : match.start()]
        if len(word) == 1 and word not in "AO":
            continue
        first = not _WORD.search(before) or re.search(r"[.:!?]\W*$", before)
        yield Replacement(*match.span(), word.capitalize() if first else word.lower(), "capitals")


def _stop(printed: str, language: Language) -> Iterator[Replacement]:
    """A heading falls like a sentence."""
    if not _SENTENCE_END.search(printed):
        end = len(printed.rstrip())
        yield Replacement(end, end, "。" if language.han else ".", "heading")
