"""What benchmarks.speakers says of answers, and that the weights that ship fit the evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.goldquotes import lay_out, load_books
from benchmarks.speakers import (
    Scored,
    best,
    calibration_error,
    heard_characters,
    main,
    measure,
    risk,
)
from book.speakers.english import WEIGHTS
from book.speakers.evidence import FEATURES, TIES
from book.speakers.words import load_calibration, load_weights

TEXT = """CHAPTER I

“It began,” said Ann, “in May, and
it did not end.

“It went on.” She sat down.

“And then?” asked Bob.
"""


def scored(*rows: tuple[str | None, float]) -> list[Scored]:
    return [Scored("ann", speaker, sure, "rule", "explicit") for speaker, sure in rows]


def test_the_curve_counts_all_quotations() -> None:
    rows = scored(("ann", 0.9), ("bob", 0.6), ("ann", 0.5), (None, 0.9))
    curve = risk(rows)
    assert curve[0] == {"threshold": 0.0, "right": 50.0, "wrong": 25.0, "narrator": 25.0}
    assert curve[70] == {"threshold": 0.7, "right": 25.0, "wrong": 0.0, "narrator": 75.0}
    point = best(curve, 0.1)
    assert point is not None
    assert (point["threshold"], point["right"]) == (0.61, 25.0)
    assert measure(rows)["accuracy"] == 50.0


def test_long_speeches_count_for_their_length() -> None:
    rows = [
        Scored("ann", "bob", 0.9, "rule", "explicit", 300),
        Scored("ann", "ann", 0.9, "rule", "explicit", 80),
        Scored("ann", "ann", 0.1, "rule", "explicit", 20),
    ]
    assert heard_characters(rows) == {"right": 20.0, "wrong": 75.0, "narrator": 5.0}


def test_calibration_error_is_the_distance_from_what_is_right() -> None:
    assert calibration_error(scored(("ann", 1.0), ("bob", 0.0))) == 0
    assert calibration_error(scored(("bob", 0.9), ("bob", 0.9))) == pytest.approx(0.9)


def book(folder: Path) -> Path:
    def span(part: str) -> list[int]:
        start = TEXT.index(part)
        return [start, start + len(part)]

    quotes = [
        {"spans": [span("It began,"), span("in May, and\nit did not end.")], "speaker": "Ann"},
        {"spans": [span("It went on.")], "speaker": "Ann"},
        {"spans": [span("And then?")], "speaker": "Bob"},
        {"spans": [span("And then?")], "speaker": None},
    ]
    raw = {
        "lang": "en",
        "narrator": None,
        "characters": [
            {"name": "Ann", "aliases": [], "gender": "F"},
            {"name": "Bob", "aliases": [], "gender": "M"},
        ],
        "quotes": [{"id": str(i), "type": "explicit", **q} for i, q in enumerate(quotes)],
        "text": TEXT,
    }
    path = folder / "speakers_en_own" / "book.json"
    path.parent.mkdir()
    path.write_text(json.dumps(raw), "utf-8")
    return folder


def test_a_book_is_laid_out_as_print_has_it(tmp_path: Path) -> None:
    [gold] = load_books(book(tmp_path) / "speakers_en_own")
    laid = lay_out(gold)
    [chapter] = laid.chapters
    assert [p.kind for p in chapter.paragraphs] == ["heading", "body", "body", "body"]
    said = [
        (s.quotation, p.printed[s.start : s.end])
        for p, row in zip(chapter.paragraphs, chapter.spans, strict=True)
        for s in row
        if s.quotation
    ]
    assert said[:3] == [
        (1, "“It began,”"),
        (2, "“in May, and it did not end."),
        (2, "“It went on.”"),  # left open above: it goes on
    ]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(book(tmp_path)), "--json"]) == 0
    [figures] = json.loads(capsys.readouterr().out)["sets"].values()
    assert figures["accuracy"] == 100.0
    assert figures["without_speaker"] == 1
    assert figures["detection"]["character_recall"] == 100.0
    assert main([str(tmp_path)]) == 0
    assert "at most 3 % wrong" in capsys.readouterr().out
    assert main([str(tmp_path / "nothing")]) == 2


def test_every_weight_has_its_evidence() -> None:
    weights = load_weights(WEIGHTS)
    assert set(weights) == {*FEATURES, *TIES}
    assert min(weights["tag name"], weights["tag I"]) > 8
    for slope, _ in load_calibration(WEIGHTS).values():
        assert slope > 0
