"""The benchmark of proposed casts counts what a listener would hear."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.casts import fold, main, run, score
from benchmarks.goldquotes import GoldBook, GoldQuote
from book.proposal import CastProposal, Gender, ProposedCharacter


def character(key: str, *aliases: str, gender: Gender | None = None) -> ProposedCharacter:
    return ProposedCharacter(key, key, aliases, gender, 3, "")


def book(narrator: str | None = None) -> GoldBook:
    quotes = [("Ann", 4), ("Bob", 2), ("Cyril", 1), ("Nameless", 1)]
    return GoldBook(
        name="book",
        language="en",
        text="Ann Brown, Bob, Robert and Cyril spoke.",
        cast={"Ann": ("Ann Brown",), "Bob": ("Robert",), "Cyril": (), "Nameless": ()},
        genders={"Ann": "f", "Bob": "m", "Cyril": None, "Nameless": None},
        narrator=narrator,
        quotes=tuple(GoldQuote(((0, 1),), who, "explicit") for who, n in quotes for _ in range(n)),
    )


def counted(*people: ProposedCharacter, teller: str | None = None) -> Counter[str]:
    return score(book("Ann"), CastProposal(people, 0, "", teller, 0))[0]


def test_one_entry_covers_and_two_split() -> None:
    counts = counted(
        character("ann", gender="f"), character("bob"), character("robert"), character("zoe")
    )
    assert (counts["covered"], counts["split"], counts["merged"]) == (4, 2, 0)
    assert (counts["gender right"], counts["gender open"], counts["nobody"]) == (4, 0, 1)
    assert counts["nameless"] == 1  # Cyril was only missed
    assert counts["narrator missing"] == 1


def test_one_entry_of_two_people_is_merged_and_a_wrong_gender_counted() -> None:
    counts = counted(character("ann", "Bob", gender="m"), teller="ann")
    assert counts["merged"] == 6
    assert (counts["gender wrong"], counts["gender right"]) == (4, 2)
    assert counts["narrator right"] == 1


def test_names_are_folded() -> None:
    assert fold({"The Mr. Brown", "mr brown", "MR  Brown"}) == {"mr brown"}


def test_it_runs_on_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "speakers_en_own"
    folder.mkdir()
    line = "“It is late,” said Ann Brown. "
    raw = {
        "lang": "en", "narrator": None, "text": "\n\n".join([line] * 3),
        "characters": [{"name": "Ann Brown", "aliases": ["Ann"], "gender": "F"}],
        "quotes": [{"spans": [[1, 12]], "speaker": "Ann Brown", "type": "explicit"}],
    }  # fmt: skip
    (folder / "one.json").write_text(json.dumps(raw), "utf-8")
    figures = run(tmp_path)["sets"]["speakers_en_own"]
    assert (figures["covered"], figures["gender"]["right"]) == (100.0, 100.0)
    assert main([str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sets"]
    assert main([str(tmp_path / "nothing")]) == 2
