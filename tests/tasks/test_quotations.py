"""Units, doubts and conversations: what the script page and the plan say about speakers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Spec, chapter

from book.script import PauseReason, ScriptChapter
from tasks.quotations import Places, Unit, conversations, doubt, units_of

specs = st.lists(
    st.tuples(
        st.sampled_from(["No.", "Yes.", "The long way home was dark and cold."]),
        st.none() | st.integers(1, 6),
        st.sampled_from(["sentence", "speaker", "paragraph", "scene"]),
    ),
    max_size=25,
)


def units(made: ScriptChapter) -> list[Unit]:
    return units_of(made.number, made.segments)


def talks(made: ScriptChapter) -> list[list[str]]:
    return [[u.first.printed for u in talk] for talk in conversations(made, units(made))]


def test_a_quotation_is_one_unit_wherever_its_parts_stand() -> None:
    made = chapter(
        1, [("“My mind,”", 1, "speaker"), ("he said,", None, "speaker"), ("“rebels.”", 1, "end")]
    )
    quoted, narrated = units(made)
    assert (quoted.text, narrated.text) == ("“My mind,” “rebels.”", "he said,")
    assert (quoted.spoken, narrated.spoken) == (True, False)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "doubtful"),
        ({"rule": "unresolved", "confidence": 0.0}, "doubtful"),
        ({"rule": "turns", "speaker": "anna", "confidence": 0.7}, "doubtful"),  # unsure: guess
        ({"rule": "turns", "speaker": "anna", "confidence": 0.85}, "second"),
        ({"rule": "explicit", "speaker": "anna", "confidence": 0.98}, "none"),
        ({"rule": "mention", "speaker": None, "confidence": 0.6}, "none"),
        ({"rule": "casting", "speaker": "anna", "confidence": 1.0}, "none"),
    ],
)
def test_how_much_a_look_is_needed(changes: dict[str, Any], expected: str) -> None:
    (unit,) = units(chapter(1, [("“No.”", 1, "end")], **changes))
    assert doubt(unit, 0.8) == expected
    (told,) = units(chapter(1, [("It rained.", None, "end")]))
    assert doubt(told, 0.8) == "none"


def test_a_conversation_ends_with_its_scene_or_when_nobody_speaks() -> None:
    quiet: list[Spec] = [("It rained.", None, "paragraph")] * 3
    first: list[Spec] = [("“A,”", 1, "speaker"), ("he said.", None, "paragraph")]
    made = chapter(1, [*first, *quiet[:2], ("“B.”", 2, "paragraph")])
    assert talks(made) == [["“A,”", "“B.”"]]
    made = chapter(1, [*first, *quiet, ("“B.”", 2, "scene"), ("“C.”", 3, "paragraph")])
    assert talks(made) == [["“A,”"], ["“B.”"], ["“C.”"]]


@given(specs=specs)
def test_every_quotation_is_in_one_conversation(
    specs: list[tuple[str, int | None, PauseReason]],
) -> None:
    made = chapter(1, specs)
    own = units(made)
    assert sorted(s.number for u in own for s in u.segments) == list(range(1, len(specs) + 1))
    spoken = [u.first.number for u in own if u.spoken]
    talked = [u.first.number for talk in conversations(made, own) for u in talk]
    assert talked == spoken


@given(chapters=st.lists(specs, max_size=3))
def test_the_name_of_a_unit_finds_it_and_nothing_else(
    chapters: list[list[tuple[str, int | None, PauseReason]]],
) -> None:
    made = [chapter(number, specs) for number, specs in enumerate(chapters, 1)]
    places = Places(s for one in made for s in one.segments)
    names = []
    for one in made:
        for unit in units(one):
            anchor = places.name(unit)
            if anchor is not None:
                assert places.find(anchor) in unit.segments
                names.append(anchor)
    assert len(names) == len(set(names))
