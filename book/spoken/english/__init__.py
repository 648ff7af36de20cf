"""English print to English speech: one noun a module, words in ``configs/spoken/en.yaml``.

The order is the rule of precedence: what is most particular takes its place first, and no
later rule sees inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from book.languages import Language
from book.script import Replacement
from book.spoken import grammars
from book.spoken.claims import Claims
from book.spoken.english import (
    abbreviations,
    counts,
    dates,
    letters,
    loudness,
    measures,
    money,
    roman,
    times,
)
from book.spoken.english.style import STYLES
from book.spoken.words import Profile


def speak_english(
    claims: Claims,
    language: Language,
    profile: Profile,
    common: Callable[[Claims, Language], None],
    capitals: Callable[[str, Language], Iterable[Replacement]],
    *,
    extra: bool,
) -> None:
    """Takes everything that is said otherwise than it is printed.

    Args:
        claims: the text under work.
        language: for titles and abbreviations.
        profile: the choices, ``style.py``.
        common: takes what all languages have, titles and abbreviations of the language's file.
        capitals: paragraphs that are all in capitals.
        extra: asks the grammars too, in the general profile.
    """
    style, tag, text = STYLES[profile], language.tag, claims.printed
    digits = any(c.isnumeric() for c in text)
    if style.loud:
        claims.take(loudness.censored(claims.text, tag, style))
    if "." in text:
        claims.take(letters.electronic(claims.text, style))
        claims.take(abbreviations.days(claims.text, tag, style))
    if digits or "." in text:
        claims.take(abbreviations.titles(claims.text, language, style))
    claims.take(roman.numerals(claims.text, tag, style))
    common(claims, language)
    if "." in text:
        claims.take(abbreviations.before_names(claims.text, language, style))
    if digits:
        claims.take(money.sterling(claims.text, style))
        claims.take(dates.decades(claims.text, style))
    if extra and not style.loud:
        claims.take(counts.telephones(claims.text, style))
        claims.take(dates.year_ranges(claims.text, style))
        claims.take(dates.dates(claims.text, tag, style))
        claims.take(grammars.replacements(text, tag))
    claims.take(counts.notes(claims.text))
    if digits:
        _numbers(claims, language, profile)
    if "." in text:
        claims.take(dates.months_alone(claims.text, tag, style))
        claims.take(letters.initials(claims.text, language, style))
    claims.take(capitals(claims.text, language))
    if style.loud:
        claims.take(loudness.stammers(claims.text, tag, style))
        claims.take(loudness.drawls(claims.text, tag, style))
        claims.take(loudness.shouts(claims.text, tag, style))


def _numbers(claims: Claims, language: Language, profile: Profile) -> None:
    style, tag = STYLES[profile], language.tag
    claims.take(money.signs(claims.text, tag, style))
    claims.take(dates.eras(claims.text, style))
    claims.take(dates.dates(claims.text, tag, style))
    claims.take(dates.numeric_dates(claims.text, tag, style))
    claims.take(times.times(claims.text, style))
    claims.take(counts.telephones(claims.text, style))
    claims.take(measures.degrees(claims.text, style))
    claims.take(measures.units(claims.text, tag, style))
    claims.take(counts.doors(claims.text, style))
    claims.take(counts.models(claims.text, style))
    claims.take(measures.fractions(claims.text, style))
    claims.take(counts.ordinals(claims.text, tag, style))
    claims.take(counts.numbers_of(claims.text))
    claims.take(dates.short_years(claims.text, style))
    claims.take(dates.year_ranges(claims.text, style))
    claims.take(counts.ranges(claims.text, style))
    claims.take(dates.years(claims.text, tag, style))
    claims.take(counts.signs(claims.text, style))
    claims.take(counts.counts(claims.text, style))
