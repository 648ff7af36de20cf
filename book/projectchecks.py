"""What a schema cannot check: that names in a project refer to something, and to one thing.

Pure: from a validated book to its mistakes. Files are ``book/projectpaths.py``'s.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from book.languagetags import language_mistake
from book.manuscript import NARRATOR
from book.mistakes import Mistake, one_of, unknown
from book.project import Book, Voice
from book.yamlfile import KeyPath, place_name, shown
from castbook.resources import list_configs

SOURCES = ("preset", "reference", "styles")  # of a voice's sound: it has one of them


def check_book(book: Book) -> Iterator[Mistake]:
    """Every mistake that the schema cannot see, in the order of the file."""
    wrong = language_mistake(book.language, ("language",))
    if wrong:
        yield wrong
    profiles = list_configs("mastering")
    if profiles and book.profile not in profiles:
        yield unknown(("profile",), "profile", book.profile, profiles)
    voices, cast = tuple(book.voices), tuple(book.cast)
    if book.narrator not in voices:
        yield unknown(("narrator",), "voice", book.narrator, voices)
    if book.narrator_character is not None and book.narrator_character not in cast:
        yield unknown(("narrator_character",), "character", book.narrator_character, cast)
    for name, voice in book.voices.items():
        yield from _check_voice(voice, ("voices", name))
    for name, character in book.cast.items():
        if name == NARRATOR:
            yield Mistake(
                ("cast", name),
                "is the word for the narration itself",
                "another key for a character",
                "the narration's voice is set by 'narrator:'",
            )
        if character.voice not in voices:
            yield unknown(("cast", name, "voice"), "voice", character.voice, voices)
    yield from _check_names(book)


def _check_voice(voice: Voice, place: KeyPath) -> Iterator[Mistake]:
    sources = [key for key in SOURCES if key in voice.model_fields_set]
    if len(sources) != 1:
        found = "has both " + " and ".join(sources) if sources else "has no sound"
        yield Mistake(place, found, "exactly one of " + one_of(SOURCES))
        return
    source = sources[0]
    if source != "preset" and voice.consent is None:
        yield Mistake(
            (*place, "consent"),
            "is missing",
            "on what ground this person's voice may be used, such as consent: {basis: self}",
        )
    if source == "reference" and voice.transcript is None:
        yield Mistake((*place, "transcript"), "is missing", "the words spoken in the reference")
    if source != "reference" and voice.transcript is not None:
        yield Mistake((*place, "transcript"), f"belongs to a reference, not to {source}")
    if source == "styles" and not voice.styles:
        yield Mistake((*place, "styles"), "is empty", "at least one style with its reference")
    if getattr(voice, source) is None:
        yield Mistake((*place, source), "found nothing", "text")


def _check_names(book: Book) -> Iterator[Mistake]:
    """A name in the text must lead to one character."""
    owners = {fold_name(name): name for name in book.cast}
    for name, character in book.cast.items():
        for i, alias in enumerate(character.aliases):
            owner = owners.setdefault(fold_name(alias), name)
            if owner != name:
                yield Mistake(
                    ("cast", name, "aliases", i),
                    f"{shown(alias)} is also a name of {place_name(('cast', owner))}",
                    "names of one character only",
                )


def fold_name(name: str) -> str:
    """A name as it is compared: form, case and spaces do not matter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
