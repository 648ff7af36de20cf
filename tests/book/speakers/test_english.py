"""Who speaks in English print: tags, pronouns, actions, calls, turns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from book.languages import load_language
from book.manuscript import Paragraph, Slice
from book.spans import chapter_spans
from book.speakers import Attribution, ChapterText, attribute
from book.speakers.names import find_names

CAST = {
    "holmes": ["Sherlock Holmes", "Mr. Holmes"],
    "watson": ["Dr. Watson"],
    "hudson": ["Mrs. Hudson"],
}
GENDERS = {"holmes": "m", "watson": "m", "hudson": "f"}
EN = load_language("en")


def answers(
    *texts: str,
    first_person: str | None = None,
    cast: dict[str, list[str]] | None = None,
    genders: dict[str, str] | None = None,
) -> list[Attribution]:
    paragraphs = [Paragraph(Slice(0, 0, len(t)), (), t) for t in texts]
    names = find_names(CAST if cast is None else cast, EN, first_person, genders or GENDERS)
    (found,) = attribute([ChapterText(paragraphs, chapter_spans(paragraphs, EN))], names, EN)
    return [a for _, a in sorted(found.items())]


def who(*texts: str, first_person: str | None = None) -> list[tuple[str | None, str]]:
    """(speaker, rule) of each quotation."""
    return [(a.speaker, a.rule) for a in answers(*texts, first_person=first_person)]


@pytest.mark.parametrize(
    "text",
    [
        "“Come,” said Holmes.",
        "“Come!” cried Mr. Holmes, rising.",
        "“Come?” Holmes asked.",
        "“Come,” Sherlock Holmes quietly replied.",
        "“Come,” said the impatient Holmes.",
        "“Come,” was Holmes’s dry answer.",
        "“Come,” Holmes, his pipe lit, remarked.",
        "“Come,” gargled Holmes.",
        "“Come,” said old Mr. Holmes to Dr. Watson.",
        "Holmes said, “Come.”",
        "At last Holmes said to Dr. Watson: “Come.”",
        "Then said Holmes, “Come.”",
        "Holmes, turning to Mrs. Hudson, asked: “Tea?”",
        "“Come,” said HOLMES.",
    ],
)
def test_a_tag(text: str) -> None:
    (answer,) = answers(text)
    assert (answer.speaker, answer.rule) == ("holmes", "explicit")
    assert answer.confidence > 0.9


@pytest.mark.parametrize(
    "text",
    [
        "“Come,” said the sergeant.",
        "“Come,” said Lestrade.",
        "“Come,” they all cried.",
        "“Come,” I answered.",
    ],
)
def test_somebody_who_is_not_in_the_cast(text: str) -> None:
    assert who(text) == [(None, "someone else")]


def test_who_is_not_in_the_cast_speaks_untagged_lines_too() -> None:
    talk = ["“Yes,” said Lestrade.", "“No,” said Holmes."] * 6
    assert answers(*talk, "“Now?”")[-1].speaker is None


@pytest.mark.parametrize(
    "text", ["“Come.” Holmes said nothing.", "He told Holmes it was late. “Come.”", "“Come.”"]
)
def test_no_tag_is_no_certainty(text: str) -> None:
    (answer,) = answers(text)
    assert not answer.rule.startswith("explicit")
    assert answer.confidence < 0.9


def test_a_tag_inside_a_sentence_carries_on() -> None:
    assert who("“My mind,” said Holmes, “rebels.”") == [
        ("holmes", "explicit"), ("holmes", "explicit, goes on"),
    ]  # fmt: skip


def test_a_paragraph_has_one_speaker_unless_it_says_otherwise() -> None:
    assert who("“Yes,” said Holmes. “I see.” He sat. “Good.”") == [
        ("holmes", "explicit"),
        ("holmes", "explicit, goes on"),
        ("holmes", "explicit, goes on"),
    ]
    assert who("“Yes,” said Holmes. “Tea?” asked Mrs. Hudson.") == [
        ("holmes", "explicit"), ("hudson", "explicit"),
    ]  # fmt: skip


def test_the_first_person() -> None:
    assert who("“No,” I answered. “Never.”", first_person="watson") == [
        ("watson", "explicit"), ("watson", "explicit, goes on"),
    ]  # fmt: skip


def test_i_inside_a_told_story_is_its_teller() -> None:
    story = answers(
        "“I was young then,” said Holmes. “I was poor.",
        "“He cried, and ‘Stop,’ said I. ‘Never.’",
        "“So it went.”",
        first_person="watson",
    )
    assert {a.speaker for a in story} == {"holmes"}


def test_who_is_called_inside_a_told_story_may_be_its_teller() -> None:
    story = answers(
        "“I was young then,” said Holmes. “I was poor.",
        "“He cried, ‘Holmes, stop!’",
        "“So it went.”",
    )
    assert {a.speaker for a in story} == {"holmes"}


def test_a_teller_goes_on_after_his_listeners() -> None:
    tale = " ".join(["It was dark and the river was high and nobody came."] * 40)
    found = answers(
        f"“Listen then,” said Holmes. “{tale}”",
        "“How dreadful!” said Mrs. Hudson.",
        "“Go on,” said Dr. Watson.",
        f"“{tale}”",
    )
    assert found[-1].speaker == "holmes"


def test_a_short_name_beside_a_full_one_may_be_either() -> None:
    cast = {"small": ["Small"], "jonathan": ["Jonathan Small"], "ann": ["Ann"]}
    found = answers(
        "“Come,” said Jonathan Small.",
        "“No,” said Ann.",
        "“Then go!” said Jonathan Small.",
        "“You are hard, Small,” said Ann.",
        "“I am not.”",
        "“Small!” said Small.",
        cast=cast,
    )
    assert found[4].speaker == "jonathan"
    assert found[5].speaker == "small"  # a tag is taken at its word


def test_a_pronoun_is_somebody_of_its_gender_who_was_there() -> None:
    found = answers(
        "Mrs. Hudson stood at the door. Holmes lay on the sofa.",
        "“The cab is here,” she said.",
        "“Let it wait,” he answered.",
    )
    assert [a.speaker for a in found] == ["hudson", "holmes"]
    assert {a.rule for a in found} == {"pronoun"}


def test_two_people_take_turns() -> None:
    found = answers(
        "“You rise early,” said Holmes.",
        "“I could not sleep,” said Mrs. Hudson.",
        "“Was it the wind?”",
        "“It was the violin.”",
        "“I am sorry for it.”",
        "“You are not,” said Mrs. Hudson.",
    )
    assert [a.speaker for a in found] == ["holmes", "hudson"] * 3
    assert found[3].rule == "alternation"


def test_who_is_called_by_name_does_not_speak() -> None:
    found = answers(
        "Holmes and Dr. Watson sat by the fire.",
        "“You have been in the rain, Watson.”",
        "“How do you know?”",
    )
    assert [a.speaker for a in found] == ["holmes", "watson"]


def test_guesses_are_the_likeliest_first() -> None:
    (answer,) = answers("Holmes and Watson sat by the fire.", "“It is late.”")
    probabilities = [g.probability for g in answer.guesses]
    assert 1 < len(answer.guesses) <= 3
    assert probabilities == sorted(probabilities, reverse=True)
    assert answer.guesses[0].speaker == answer.speaker
    assert sum(probabilities) <= 1 + 1e-9


def test_aliases_in_lower_case_are_found() -> None:
    cast = {"brown": ["the landlord"], "ann": ["Ann"]}
    (answer,) = answers("“Come,” said the landlord.", cast=cast)
    assert (answer.speaker, answer.rule) == ("brown", "explicit")


def test_a_key_is_no_word_of_the_text() -> None:
    cast = {"will": [], "grace": ["Grace"]}
    (answer,) = answers("“Come,” said Grace, with a will.", cast=cast)
    assert answer.speaker == "grace"


def test_a_shared_name_is_told_apart_by_title_and_by_who_is_there() -> None:
    cast = {"charles": ["Mr. Bingham"], "caroline": ["Miss Bingham"], "louisa": ["Mrs. Hurst"]}
    genders = {"charles": "m", "caroline": "f", "louisa": "f"}
    found = answers("“Come,” said Miss Bingham.", cast=cast, genders=genders)
    assert found[0].speaker == "caroline"
    found = answers(
        "Mr. Bingham came in and sat down. Mr. Bingham smiled.",
        "“Come,” said Bingham.",
        cast=cast,
        genders=genders,
    )
    assert found[0].speaker == "charles"


def test_a_first_name_before_another_family_is_somebody_else() -> None:
    assert who("“Come,” said Sherlock Jones.") == [(None, "someone else")]


def test_an_empty_cast_leaves_all_open() -> None:
    assert [(a.speaker, a.rule) for a in answers("“Come,” said Holmes.", cast={})] == [
        (None, "unresolved")
    ]


def test_a_cast_of_one() -> None:
    found = answers("“Come,” said Holmes.", "“Now?”", cast={"holmes": []})
    assert found[0].speaker == "holmes"
    assert all(0 <= a.confidence <= 1 for a in found)


def test_what_the_manuscript_says_itself() -> None:
    paragraphs = [
        Paragraph(Slice(0, 0, 5), (), "Come.", speaker="holmes"),
        Paragraph(Slice(0, 0, 5), (), "“Now?” she said."),
    ]
    names = find_names(CAST, EN, None, GENDERS)
    (found,) = attribute([ChapterText(paragraphs, chapter_spans(paragraphs, EN))], names, EN)
    assert found[1] == Attribution("holmes", "script", 1.0)
    assert found[2].speaker == "hudson"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["“Yes,” ", "“No!” ", "said Holmes. ", "he said. ", "Watson, ", "’s ", "“", "”",
                 "I ", "the old man ", "Mrs. Hudson ", "\u0000", "— ", "Miss ", "said ", ": ",
                 "İ", "\n"]
            ),
            max_size=7,
        ).map("".join),
        max_size=6,
    ),
    st.sampled_from([None, "watson"]),
)  # fmt: skip
def test_every_quotation_gets_an_answer(texts: list[str], first_person: str | None) -> None:
    paragraphs = [Paragraph(Slice(0, 0, len(t)), (), t) for t in texts]
    spans = chapter_spans(paragraphs, EN)
    names = find_names(CAST, EN, first_person, GENDERS)
    (found,) = attribute([ChapterText(paragraphs, spans)], names, EN)
    assert set(found) == {s.quotation for row in spans for s in row if s.quotation}
    for answer in found.values():
        assert answer.speaker in (None, *CAST)
        assert 0 <= answer.confidence <= 1
        assert sum(g.probability for g in answer.guesses) <= 1 + 1e-6


def test_the_seed_of_hashes_changes_nothing() -> None:
    program = (
        "from book.languages import load_language as l\n"
        "from book.manuscript import Paragraph as P, Slice as S\n"
        "from book.spans import chapter_spans\n"
        "from book.speakers import ChapterText, attribute\n"
        "from book.speakers.names import find_names\n"
        "t=['Ann met Bob, Cid and Dan.','“A.”','“B,” he said.','“C, Bob.”','“D?” asked a man.']\n"
        "p=[P(S(0,0,len(x)),(),x) for x in t]\n"
        "n=find_names({k:[k.title()] for k in ('ann','bob','cid','dan','eve')},l('en'))\n"
        "print(attribute([ChapterText(p,chapter_spans(p,l('en')))],n,l('en')))\n"
    )
    root = Path(__file__).resolve().parents[3]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
