"""``python -m benchmarks.sentences``: its counts, and what it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.sentencescores import Row, Score, ends_of

ROOT = Path(__file__).resolve().parents[2]


def test_ends_are_counted_without_white_space() -> None:
    assert ends_of(["Yes. ", " No.", "So!"]) == {4, 7}
    assert ends_of(["One."]) == ends_of([]) == set()


def test_scores() -> None:
    score = Score()
    score.add(Row("en", "A b. C d. E f.", ("A b.", "C d.", "E f.")), ["A b.", "C d. E f."])
    score.add(Row("de", "G h.", ("G h.",)), ["G", "h."])
    facts = score.facts()
    assert (score.hits, score.extra, score.missed) == (1, 1, 1)
    assert (facts["precision"], facts["recall"], facts["f1"]) == (50.0, 50.0, 50.0)
    assert facts["exact by language"] == {"de": 0.0, "en": 0.0}
    assert facts["longest"] == 9


def test_the_command_prints_one_object(tmp_path: Path) -> None:
    folder = tmp_path / "segmentation"
    folder.mkdir()
    row = {"lang": "en", "text": "He came. She left.", "sentences": ["He came.", "She left."]}
    (folder / "own.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    books = tmp_path / "books"
    books.mkdir()
    (books / "a.txt").write_text("CHAPTER I\n\nHe came in. She went out.\n", encoding="utf-8")
    words = [sys.executable, "-m", "benchmarks.sentences", str(tmp_path), "--json"]
    run = subprocess.run(
        [*words, "--texts", str(books)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    facts = json.loads(run.stdout)
    ours = facts["files"]["own"]["splitters"]["castbook"]
    assert ours["f1"] == ours["exact"] == 100.0
    assert facts["pieces over a limit"] == 0
    assert facts["texts"]["books"] == 1
    assert {"nltk Punkt", "nltk Punkt + list"} <= set(facts["splitters"])


def test_without_rows_it_says_where_they_should_be(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "benchmarks.sentences", str(tmp_path)]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2
    assert str(tmp_path / "segmentation") in run.stderr
