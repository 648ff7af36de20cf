"""The names by which a text calls its cast."""

from __future__ import annotations

from book.languages import load_language
from book.speakers.names import find_names, written_names


def test_a_name_of_two_people_names_nobody() -> None:
    names = find_names({"a": ["Brown"], "b": ["Brown", "Bob"]}, load_language("en"))
    assert dict(names.keys) == {"A": "a", "B": "b", "Bob": "b"}


def test_written_names_hold_keys_and_aliases() -> None:
    names = written_names({"old-tom": ["Tom"]})
    assert names == {"Tom": "old-tom", "old tom": "old-tom", "old-tom": "old-tom"}
