"""Language files: what they leave out comes from und.yaml; no word is a YAML boolean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from book.languages import load_language
from castbook.resources import list_configs

COMPLETE = ["en", "zh", "ja", "de", "fr", "es"]


def words(value: Any) -> Iterator[Any]:
    """Every plain value in a language's data."""
    if is_dataclass(value):
        for field in fields(value):
            yield from words(getattr(value, field.name))
    elif hasattr(value, "items"):
        for key, inside in value.items():
            yield key
            yield from words(inside)
    elif isinstance(value, tuple | frozenset):
        for inside in value:
            yield from words(inside)
    else:
        yield value


@pytest.mark.parametrize("name", list_configs("languages"))
def test_no_word_is_a_truth_value(name: str) -> None:
    """In YAML no, on and y are booleans unless they are quoted."""
    language = load_language(name)
    flags = {language.dashes, language.han}
    found = [word for word in words(language) if word in ("True", "False") or word is None]
    assert found == []
    keys = [*language.titles, *language.abbreviations, *language.before_number]
    assert all(isinstance(key, str) for key in keys)
    assert flags <= {True, False}


@pytest.mark.parametrize("name", sorted({*list_configs("languages"), "sw"} - {"und"}))
def test_every_language_says_that_its_voices_are_synthetic(name: str) -> None:
    said = load_language(name).disclosure
    assert said[-1] in load_language(name).end_marks
    assert (said == load_language("und").disclosure) == (name == "sw")  # nobody translated it


@pytest.mark.parametrize("name", COMPLETE)
def test_the_languages_we_name_are_complete(name: str) -> None:
    language = load_language(name)
    assert language.tag == name
    assert len(language.calibration) >= 4
    assert language.speech_verbs
    assert language.first_person
    assert language.pronouns["m"] and language.pronouns["f"]
    assert language.headings.chapter and language.headings.contents and language.headings.notes
    if name != "en":
        assert language.narrator != load_language("und").narrator
        assert language.disclosure != load_language("und").disclosure
    if not language.han:
        assert {"the", "der", "le", "el"} & set(language.starters)
        assert language.titles and language.given["m"] and language.given["f"]


def test_a_short_file_takes_the_rest_from_und() -> None:
    greek = load_language("el-GR")
    assert greek.tag == "el"
    assert ";" in greek.end_marks
    assert greek.calibration == load_language("und").calibration
