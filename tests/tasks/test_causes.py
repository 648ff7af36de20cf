"""Why a take is missing: what was edited, and what only an update changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lines import SPEAKER, chapter_plan

from book.script import Replacement
from tasks.causes import causes_of, same_text, unasked
from tasks.memory import Made, Memory
from tasks.plan import Line
from tasks.stamps import Stamp

PARTS = (
    "manuscript",
    "cast",
    "castings",
    "lexicon",
    "normaliser",
    "voices",
    "engine tone",
    "rules",
)
THEN = Stamp(dict.fromkeys(PARTS, "a"))
TEXT = "Mr. Holmes met the king."


def line(text: str = TEXT, **changes: Any) -> Line:
    (made,) = chapter_plan(1, [text]).lines
    segment = {k: v for k, v in changes.items() if k in ("speaker", "rule", "replacements")}
    keys = {k: v for k, v in changes.items() if k not in segment}
    return replace(
        made,
        segment=replace(made.segment, spoken=changes.get("spoken", text), **segment),
        ingredients=replace(made.ingredients, **keys),
    )


def remembered(*lines: Line) -> Memory:
    made = [
        Made(
            x.segment.chapter, x.segment.anchor, x.segment.printed, x.segment.spoken,
            x.segment.replacements, x.segment.speaker, x.segment.rule, x.ingredients, THEN.id,
        )
        for x in lines
    ]  # fmt: skip
    return Memory(tuple(made), {THEN.id: THEN})


def now(*changed: str) -> Stamp:
    return Stamp({part: "b" if part in changed else "a" for part in PARTS})


WORD = Replacement(4, 10, "Homes", "lexicon")
TITLE = Replacement(0, 3, "Mister", "title")
SPOKEN = {"spoken": "Mister Holmes met the king.", "replacements": (TITLE,)}


@pytest.mark.parametrize(
    ("changes", "edited", "expected"),
    [
        ({"seed": 43}, [], "seed"),
        ({"retake": 1}, [], "retake"),
        ({"voice": "bb" * 32}, ["voices"], "voice"),
        ({"voice": "bb" * 32}, [], "castbook's own rules"),
        ({"fingerprint": "tone 2"}, ["engine tone"], "engine options"),
        ({"fingerprint": "tone 2"}, ["lexicon", "engine espeak"], "engine revision"),
        ({"engine": "espeak", "fingerprint": "x"}, ["voices"], "engine"),
        (SPOKEN, [], "castbook's own rules"),
        (SPOKEN, ["rules", "lexicon", "manuscript"], "castbook's own rules"),
        (SPOKEN, ["normaliser"], "setting of the normaliser"),
        ({"spoken": "x", "replacements": (WORD,)}, ["lexicon"], "lexicon entry"),
        ({"spoken": "x", "replacements": (WORD,)}, ["rules"], "castbook's own rules"),
        (
            {"spoken": "x", "replacements": (WORD, TITLE)},
            ["lexicon", "rules"],
            "lexicon entry and castbook's own rules",
        ),
        ({"speaker": "anna", "rule": "casting"}, ["castings", "rules"], "another speaker"),
        ({"speaker": "anna", "rule": "turns"}, ["castings", "rules"], "castbook's own rules"),
        ({"speaker": "anna", "rule": "turns"}, ["cast"], "another speaker"),
        ({"speaker": "anna", "rule": "turns"}, [], "castbook's own rules"),
        ({}, [], "not made yet"),
    ],
)
def test_what_changed(changes: dict[str, Any], edited: list[str], expected: str) -> None:
    causes = causes_of(line(**changes), remembered(line()), now(*edited))
    assert " and ".join(causes) == expected
    ours = {"castbook's own rules", "engine revision"}
    assert unasked(causes) == (set(causes) <= ours)


def test_an_entry_hides_the_rule_it_takes_the_place_of() -> None:
    before = line(spoken="Mister Holmes met the king.", replacements=(TITLE,))
    entry = Replacement(0, 10, "Sherlock", "lexicon")
    after = line(spoken="Sherlock met the king.", replacements=(entry,))
    assert causes_of(after, remembered(before), now("lexicon")) == ("lexicon entry",)


def test_a_text_that_was_not_there() -> None:
    memory = remembered(line("It was late. He went home."))
    new, cut = line("Nobody knew."), line("He went home.")
    assert causes_of(new, Memory(), now()) == ("not made yet",)
    assert causes_of(new, memory, now("manuscript")) == ("new text",)
    assert causes_of(new, memory, now("manuscript", "rules")) == ("new text",)
    assert causes_of(cut, memory, now("manuscript")) == ("new text",)
    assert causes_of(cut, memory, now("manuscript", "rules")) == ("castbook's own rules",)
    assert causes_of(cut, memory, now("rules")) == ("castbook's own rules",)
    assert causes_of(cut, memory, now("voices")) == ("engine",)  # it has another limit
    (elsewhere,) = chapter_plan(2, ["Nobody knew."]).lines
    assert causes_of(elsewhere, memory, now("manuscript")) == ("not made yet",)


def test_a_chapter_with_another_number_is_remembered_but_a_short_text_is_any() -> None:
    memory = remembered(line(), line("No."))
    long, short = chapter_plan(2, [TEXT, "No."]).lines
    louder = replace(long, ingredients=replace(long.ingredients, seed=43))
    assert causes_of(louder, memory, now("manuscript")) == ("seed",)
    assert causes_of(short, memory, now("manuscript")) == ("not made yet",)


def test_an_edit_that_the_anchor_does_not_see() -> None:
    memory = remembered(line("He went HOME."))
    assert causes_of(line("He went home."), memory, now("manuscript", "rules")) == ("new text",)


def test_a_take_is_kept_for_the_same_words_in_the_same_voice_only() -> None:
    (made,) = remembered(line()).made
    assert same_text(line(fingerprint="tone 2", **SPOKEN), made)
    for changes in ({"voice": "bb" * 32}, {"speaker": "anna"}, {"retake": 1}, {"style": "sad"}):
        assert not same_text(line(**changes), made)
    assert SPEAKER.voice_name == "warm"
