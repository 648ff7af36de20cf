"""python -m benchmarks.hearing: the simulated recogniser errs as asked, the table adds up."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from benchmarks.hearing import Row, main, totals
from benchmarks.hearingnoise import FAULTS, UNHEARABLE, Vocabulary, hear, split

TEXT = """It was close upon four before the door opened, and a groom walked into the room.

The lamp was burning low upon the table, and nobody had thought of closing the shutters.

She had bought two hundred and five pounds of flour in eighteen ninety-five from the old mill.

A stranger came along the river bank with a basket of fish and asked his way to the town.
"""
HAN = """鲁镇的酒店的格局是和别处不同的，都是当街一个曲尺形的大柜台，可以随时温酒。

他从此便整天的站在柜台里，专管他的职务，总觉得有些单调，有些无聊。
"""


def test_a_run_says_what_was_caught(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "en.md").write_text(TEXT, "utf-8")
    (tmp_path / "zh.md").write_text(HAN, "utf-8")
    files = [str(tmp_path / "en.md"), str(tmp_path / "zh.md")]
    assert main([*files, "--rates", "0", "--json"]) in (0, 1)
    report = json.loads(capsys.readouterr().out)
    rows = [Row(**row) for row in report["rows"]]
    assert {row.language for row in rows} == {"en", "zh"}
    assert {row.kind for row in rows} <= {"clean", *FAULTS, *UNHEARABLE}
    clean = [row for row in rows if row.kind == "clean"]
    assert sum(row.takes for row in clean) == 6
    assert sum(row.differs + row.inconclusive for row in clean) == 0
    for language, (caught, alarms) in report["totals"].items():
        assert [caught, alarms] == list(totals([r for r in rows if r.language == language]))
        assert caught > 0.9


def test_a_recogniser_errs_at_its_rate_and_always_alike() -> None:
    words = split(TEXT, han=False) * 20
    vocabulary = Vocabulary.of([TEXT], han=False)
    exact = hear(words, vocabulary, 0.0, False, random.Random(1)).text
    noisy = hear(words, vocabulary, 0.05, False, random.Random(1)).text
    assert noisy == hear(words, vocabulary, 0.05, False, random.Random(1)).text
    assert "1895" in exact
    changed = len(set(noisy.split()) - set(exact.split()))
    assert 5 < changed < 0.2 * len(words)
