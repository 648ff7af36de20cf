"""Broken books, seeded: a manuscript that accounts for every character, or one clear line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from benchmarks.fuzz import make_case, read_case, run, unaccounted
from benchmarks.fuzzseeds import Seed, generated
from benchmarks.mutations import change_xml, mutate
from book.manuscript import Chapter, Manuscript, Paragraph, Skip, Slice, Source

SEEDS: dict[str, list[Seed]] = {}
for _seed in generated():
    SEEDS.setdefault(_seed.kind, []).append(_seed)


@pytest.mark.parametrize("part", range(3))
def test_broken_books_give_a_manuscript_or_one_line(part: int, tmp_path: Path) -> None:
    results: Counter[str] = Counter()
    for index in range(part * 60, part * 60 + 60):
        seed, content = make_case(SEEDS, 7, index)
        result, detail = read_case(content, seed.suffix, tmp_path, seed.language)
        assert result in ("book", "refused"), f"{seed.name}, case {index}: {detail}"
        results[result] += 1
    assert results["book"] > 10  # else only the first guard of each reader is tried


def test_the_same_seed_makes_the_same_files() -> None:
    for index in range(40):
        assert make_case(SEEDS, 3, index) == make_case(SEEDS, 3, index)
    assert make_case(SEEDS, 3, 0) != make_case(SEEDS, 4, 0)


def test_anything_can_be_made_wrong() -> None:
    for index in range(200):
        random = Random(index)
        for content in (b"", b"a", b"PK\x03\x04", b"<a/>"):
            assert isinstance(mutate(content, random, [content], index % 2 == 0), bytes)
            assert isinstance(change_xml(content, random), bytes)


def test_what_stands_nowhere_or_twice_is_seen() -> None:
    def manuscript(*ranges: tuple[int, int], skips: tuple[tuple[int, int], ...] = ()) -> Manuscript:
        paragraphs = tuple(Paragraph(Slice(0, a, b), (), "") for a, b in ranges)
        return Manuscript(
            (Source("book.txt", "one two three", ""),),
            (Chapter(1, "", paragraphs),),
            tuple(Skip(Slice(0, a, b), "note") for a, b in skips),
            "en",
        )

    assert unaccounted(manuscript((0, 3), (8, 13), skips=((4, 7),))) == ""
    assert "nowhere" in unaccounted(manuscript((0, 3), (8, 13)))
    assert "two places" in unaccounted(manuscript((0, 7), (4, 13)))


def test_workers_read_and_are_ended(tmp_path: Path) -> None:
    tally = run(SEEDS, seed=1, count=6, workers=1, findings=tmp_path / "found")
    assert (tally.count, tally.findings) == (6, [])
    assert not (tmp_path / "found").exists()
