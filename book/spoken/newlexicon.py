"""The first ``lexicon.yaml`` of a book whose manuscript says how its words are pronounced."""

from __future__ import annotations

from collections.abc import Sequence

from book.manuscript import Sound
from book.spoken.entries import Entry
from book.spoken.xsampa import to_ipa
from book.yamltext import one_line, scalar

_HEAD = """\
# How words are pronounced: for the ear only, the printed text never changes.
# Taken from the manuscript by `castbook new`. castbook words lists what else may need a line.
#   say:      the word respelled, for every engine
#   phonemes: its sounds, for engines that read them (alphabet: ipa, espeak, pinyin or glm)
version: 1
entries:"""
_LONGEST = 200  # characters of a word or of its sounds


def render_lexicon(sounds: Sequence[Sound]) -> str | None:
    """The text of ``lexicon.yaml``; None when the manuscript says nothing that can be used.

    The first pronunciation of a word holds: a lexicon has one for each.
    """
    rows: dict[object, list[str]] = {}
    for sound in sounds:
        word, reading = one_line(sound.word, _LONGEST), one_line(sound.reading, _LONGEST)
        if not word or not reading or word == reading:
            continue
        if sound.alphabet == "ruby":
            entry = Entry(word=word, say=reading, language=sound.language)
        else:
            ipa = reading if sound.alphabet == "ipa" else to_ipa(reading)
            entry = Entry(word=word, phonemes=ipa, alphabet="ipa", language=sound.language)
        if entry.mistake is None:
            rows.setdefault(entry.scope, _rows(entry))
    return (
        "\n".join((_HEAD, *(row for entry in rows.values() for row in entry))) + "\n"
        if rows
        else None
    )


def _rows(entry: Entry) -> list[str]:
    rows = [f"  - word: {scalar(entry.word)}"]
    if entry.say is not None:
        rows.append(f"    say: {scalar(entry.say)}")
    if entry.phonemes is not None:
        rows.append(f"    phonemes: {scalar(entry.phonemes)}")
        rows.append(f"    alphabet: {entry.alphabet}")
    if entry.language is not None:
        rows.append(f"    language: {scalar(entry.language)}")
    return rows
