"""Spoken numbers in a script: the profile, the lexicon, cuts, limits, engines that normalise."""

from __future__ import annotations

from pathlib import Path

import pytest
from bookmaking import project, read, script_of

from book.script import Segment
from book.segments import Limit


def speech(folder: Path, text: str, *, language: str = "en", **options: object) -> list[Segment]:
    profile = options.pop("normaliser", "fiction")
    silent = {"opening": False, "closing": False}
    made = project(language=language, normaliser=profile, credits=silent, disclosure="default")
    script = script_of(read(folder, text, language=language), made, **options)  # type: ignore[arg-type]
    return [s for chapter in script.chapters for s in chapter.segments if s.kind != "credit"]


def test_the_profile_of_the_book_is_used(tmp_path: Path) -> None:
    text = "He came on May 21, 1886, at 7:45, and paid £5."
    said = {
        p: speech(tmp_path, text, normaliser=p)[0].spoken for p in ("fiction", "general", "off")
    }
    assert said["off"] == text
    assert said["fiction"] == (
        "He came on May twenty-first, eighteen eighty-six, at seven forty-five, "
        "and paid five pounds."
    )
    assert "the twenty-first of May" in said["general"]


def test_every_replacement_is_recorded_with_its_place_and_rule(tmp_path: Path) -> None:
    (segment,) = speech(tmp_path, "Louis XVI owed £3 10s. in 1701.")
    assert [(segment.printed[r.start : r.end], r.spoken, r.rule) for r in segment.replacements] == [
        ("XVI", "the sixteenth", "roman"),
        ("£3 10s.", "three pounds and ten shillings", "money"),
        ("1701", "seventeen oh one", "year"),
    ]


def test_a_lexicon_entry_inside_a_number_stays_and_the_rest_is_read(tmp_path: Path) -> None:
    (segment,) = speech(tmp_path, "It was May 21, 1886.", words={"May": "Maih"})
    assert segment.spoken == "It was Maih twenty-one, eighteen eighty-six."
    assert {r.rule for r in segment.replacements} == {"lexicon", "number", "year"}


def test_engines_that_normalise_get_the_print(tmp_path: Path) -> None:
    (segment,) = speech(tmp_path, "He paid £5 -- no more.", normalises=True)
    assert segment.spoken == "He paid £5 — no more."


def test_money_is_not_cut_at_its_stops(tmp_path: Path) -> None:
    found = speech(tmp_path, "I owe him £2 5s. 4d. now. " * 6, limit=70)
    assert all("shillings and fourpence" in s.spoken for s in found)


@pytest.mark.parametrize("limit", [12, 25, 60])
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("On May 21, 1886, he paid £1,234 5s. 6d. for 1,234,567 of them. " * 3, "en"),
        ("他在1987年12月31日花了￥6.30，打了13800138000。" * 3, "zh"),
        ("a ¼ b ½ c", "en"),
    ],
)
def test_what_grows_still_fits(tmp_path: Path, text: str, language: str, limit: int) -> None:
    measure = Limit(lambda said, tag: len(said), limit)
    found = speech(tmp_path, text, language=language, limit=limit)
    assert found
    for segment in found:
        assert measure.measure(segment.spoken, language) <= limit, segment.spoken


def test_a_decade_at_the_head_of_a_line(tmp_path: Path) -> None:
    assert speech(tmp_path, "‘50s and ‘60s were gay.")[0].spoken == "fifties and sixties were gay."
