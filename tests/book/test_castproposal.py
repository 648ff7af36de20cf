"""Which names are one person, who is called by a role, who is nobody."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from bookmaking import read
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from book.castproposal.forms import Titles
from book.castproposal.genders import guess_gender
from book.castproposal.samples import choose_sample
from book.languages import load_language
from book.project import Slug
from book.proposal import propose_cast

ENGLISH = load_language("en")


def people(tmp_path: Path, text: str, language: str = "en") -> dict[str, set[str]]:
    """Key -> names of everyone who is proposed."""
    proposal = propose_cast(read(tmp_path, text, language=language), language)
    return {c.key: set(c.aliases) for c in proposal.characters}


def said(*names: str, times: int = 3) -> str:
    return "\n\n".join(
        f"“It is late,” said {name}. “Very late.”" for name in names for _ in range(times)
    )


@pytest.mark.parametrize(
    ("written", "title", "given_name", "last"),
    [
        ("Mrs. Ann Brown", "mrs", "ann", "brown"),
        ("Mr Brown", "mr", "", "brown"),
        ("Chief Inspector Brown", "inspector", "", "brown"),
        ("Lord St. Clair", "lord", "", "st-clair"),
        ("Ann Porter", "", "ann", "porter"),
        ("Miss Porter", "miss", "", "porter"),
        ("Ann", "", "", "ann"),
    ],
)
def test_the_parts_of_a_name(written: str, title: str, given_name: str, last: str) -> None:
    form = Titles(ENGLISH).parse(written)
    assert form is not None
    assert (form.title, form.given, form.last) == (title, given_name, last)


@pytest.mark.parametrize("written", ["Inspector", "Chief Inspector", "Messrs. Brown"])
def test_a_title_alone_is_nobody(written: str) -> None:
    assert Titles(ENGLISH).parse(written) is None


def test_a_short_name_is_the_full_one_where_only_people_use_it(tmp_path: Path) -> None:
    calls = "\n\n".join(["“Come here, Lizzy,” said Elizabeth Brown’s mother."] * 3)
    found = people(tmp_path, f"{said('Elizabeth', times=6)}\n\n{calls}")
    assert found["elizabeth"] >= {"Elizabeth", "Lizzy"}
    assert "lizzy" not in found


def test_two_people_of_whom_both_names_are_told_stay_two(tmp_path: Path) -> None:
    found = people(tmp_path, said("Tom", "Thomas", times=5))
    assert {"tom", "thomas"} <= found.keys()


def test_a_wife_by_her_husbands_name_is_not_he(tmp_path: Path) -> None:
    found = people(tmp_path, said("John Brown", "Mrs. John Brown", "Mrs. Brown"))
    assert found == {"john-brown": {"John Brown"}, "mrs-brown": {"Mrs. John Brown", "Mrs. Brown"}}


def test_a_knight_is_no_mister(tmp_path: Path) -> None:
    found = people(tmp_path, said("Sir John", "Sir John Brown", "Mr. Brown"))
    assert found == {"sir-john": {"Sir John", "Sir John Brown"}, "mr-brown": {"Mr. Brown"}}


def test_a_title_begins_a_name_of_its_own(tmp_path: Path) -> None:
    text = said("Mr. Brown", "Mrs. Brown") + "\n\nBut Mrs. Brown slept, and When Mr. Brown came."
    assert people(tmp_path, text) == {"mr-brown": {"Mr. Brown"}, "mrs-brown": {"Mrs. Brown"}}


def test_a_role_with_a_name_is_an_alias_and_one_without_is_somebody(tmp_path: Path) -> None:
    found = people(tmp_path, said("Professor Brown", "the professor", "the landlady"))
    assert found == {
        "professor-brown": {"Professor Brown", "the professor"},
        "landlady": {"the landlady"},
    }


@pytest.mark.parametrize("word", ["London", "Monday", "Heaven", "the man", "nobody", "They"])
def test_what_is_nobody_in_particular_is_not_proposed(word: str, tmp_path: Path) -> None:
    assert people(tmp_path, said(word, "Tom")).keys() == {"tom"}


def test_of_two_who_may_tell_nobody_is_proposed(tmp_path: Path) -> None:
    pairs = "\n\n".join(
        f"“You know best, {name},” said Tom.\n\n“I do,” I said." for name in ["Ann", "Bob"] * 4
    )
    proposal = propose_cast(read(tmp_path, pairs), "en")
    assert proposal.first_person == 8
    assert proposal.narrator_character is None


def test_whom_i_call_is_not_i(tmp_path: Path) -> None:
    text = "\n\n".join(["“Look, Bob,” I said.\n\n“Yes, Miss Brown,” said he."] * 6)
    proposal = propose_cast(read(tmp_path, text), "en")
    assert proposal.narrator_character == "miss-brown"


@pytest.mark.parametrize(
    ("named", "counts", "title", "gender"),
    [
        ("f", {"m": 50}, True, "f"),  # a title is beyond doubt
        ("f", {"m": 50, "f": 2}, False, "m"),  # a Marion who is "he" all through the book
        ("f", {"m": 3}, False, "f"),
        ("", {"m": 3}, False, "m"),
        ("", {"m": 2}, False, None),
        ("", {"m": 10, "f": 8}, False, None),
        ("", {}, False, None),
    ],
)
def test_names_and_pronouns_together(
    named: str, counts: dict[str, int], title: bool, gender: str | None
) -> None:
    assert guess_gender(named, counts, title=title) == gender


def test_a_sample_is_a_whole_sentence() -> None:
    lines = ["and so it is,", "“No.”", "“No. I shall not go out in this rain today. Never”"]
    assert choose_sample(lines, ENGLISH) == "I shall not go out in this rain today."
    assert choose_sample([], ENGLISH) == ""


def test_chinese_names_by_kin_surname_and_role(tmp_path: Path) -> None:
    names = ("林秀英", "王大妈", "老周", "掌柜")
    acts = ("放下碗，慢慢说道", "看了一眼，便说", "叹了口气，说道", "摇摇头，答道")
    text = "\n\n".join(f"{name}{act}，“今天天晚了，大家回去罢。”" for act in acts for name in names)
    text += "\n\n忽然下雨了。轻轻地，天黑了。接着有人说道，“走罢。”" * 4
    assert people(tmp_path, text, "zh").keys() == set(names)


_WORDS = ["Tom", "Mr.", "Mrs. Brown", "Brown", "the old man", "said", "“No,”", "St.", "’",
          "II", "Miss", "I said", "“Yes, Tom!”", "Ann-Marie", "É", "\n\n", "Dr"]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=60))
def test_keys_are_slugs_and_names_stand_in_the_text(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    text = " ".join([*words, said("Tom O’Hara", "Mrs. Brown")])
    proposal = propose_cast(read(tmp_path_factory.mktemp("book"), text), "en")
    plain = " ".join(text.split()).casefold()
    keys = Counter(c.key for c in proposal.characters)
    assert not keys or max(keys.values()) == 1
    names = Counter(n for c in proposal.characters for n in c.aliases)
    assert not names or max(names.values()) == 1
    for character in proposal.characters:
        assert TypeAdapter(Slug).validate_python(character.key)
        for alias in character.aliases:
            assert alias.casefold().removeprefix("the ") in plain
