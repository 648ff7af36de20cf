"""A batch goes on past what fails, says so line by line, and packs what it made."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from castbook.errors import InputError, PermanentFailure, TransientFailure
from castbook.tracing import current_trace, traced
from tasks.batches.jsonlines import read_objects
from tasks.batches.lines import advice, languages, live_line
from tasks.batches.packing import MANIFEST, pack, write_batch_manifest
from tasks.batches.rows import Row
from tasks.batches.running import BatchReport, Missing, RowResult, run_batch
from tasks.speech.outputs import Output, Spoken, standing, write_output

DAY = date(2026, 11, 21)


class Log:
    """What a person would have seen."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.chinese: list[str] = []
        self.counts: list[tuple[int, int]] = []

    def row_finished(self, result: RowResult, done: int, total: int) -> None:
        self.lines.append(live_line(result))
        self.chinese.append(live_line(result, "zh"))
        self.counts.append((done, total))


def writer(folder: Path) -> Callable[[Row], Output]:
    """Writes a tone as long as its text, as the booth would."""

    def speak(row: Row) -> Output:
        wish = row.wish.text.encode().hex().ljust(64, "0")[:64]
        pcm = np.full(240 * len(row.wish.text), 100, np.int16)
        there = standing(folder, row.numbered, row.form, wish)
        return there or write_output(folder, row.numbered, row.form, Spoken(pcm, 24000, {}), wish)

    return speak


def test_lines_are_the_promised_ones(tmp_path: Path) -> None:
    write = writer(tmp_path)

    def speak(row: Row) -> Output:
        if row.number == 3:
            raise Missing("voices/anna.wav")
        if row.number == 4:
            raise PermanentFailure("the engine\nrefuses")
        return write(row)

    rows = read_objects([{"text": "one"}, {"txt": "x"}, *[{"text": f"row {n}"} for n in (3, 4)]])
    log = Log()
    report = run_batch(rows, speak, log)
    assert sorted(log.chinese, key=lambda line: line[6]) == [
        "[✓] 任务1完成 → output_001.wav",
        "[✗] 任务2失败: txt: unknown key; expected one of " + log.chinese[0].split("one of ")[1],
        "[✗] 任务3失败: voices/anna.wav 未找到 → 跳过",
        "[✗] 任务4失败: the engine refuses → 跳过",
    ]
    assert "[✓] task 1 done → output_001.wav" in log.lines
    assert "[✗] task 3 failed: voices/anna.wav not found → skipped" in log.lines
    assert log.counts == [(n, 4) for n in range(1, 5)]
    assert [row.number for row in report.failed] == [2, 3, 4]
    assert report.message == "1 of 4 made, 3 failed (task 2, 3, 4)"
    assert languages() == ("en", "zh")
    assert advice(rows) == ""
    long = read_objects([{"text": "a" * 151}, {"text": "b" * 150}])
    assert advice(long).startswith("1 rows have more than 150 characters")
    with pytest.raises(InputError, match="no words in 'xx'"):
        live_line(report.rows[0], "xx")


def test_a_passing_fault_is_tried_again_and_a_bug_stays_in_its_row(tmp_path: Path) -> None:
    write, tries = writer(tmp_path), dict.fromkeys(range(1, 4), 0)

    def speak(row: Row) -> Output:
        tries[row.number] += 1
        if row.number == 1 and tries[1] < 3:
            raise TransientFailure("a crash")
        if row.number == 2:
            raise TransientFailure("always")
        if row.number == 3:
            raise ZeroDivisionError("a bug")
        return write(row)

    report = run_batch(read_objects([{"text": "a"}] * 3), speak, Log(), retry_s=0)
    assert tries == {1: 3, 2: 3, 3: 1}
    assert [row.ok for row in report.rows] == [True, False, False]
    assert report.rows[1].reason == "always"
    assert "ZeroDivisionError: a bug" in report.rows[2].reason


def test_rows_run_at_once_and_keep_their_trace(tmp_path: Path) -> None:
    write, meet, traces = writer(tmp_path), threading.Barrier(3, timeout=5), []

    def speak(row: Row) -> Output:
        meet.wait()  # fails unless three are here at once
        traces.append(current_trace())
        return write(row)

    with traced("f" * 32):
        report = run_batch(read_objects([{"text": "a"}] * 3), speak, Log(), workers=3)
    assert report.message == "3 of 3 made"
    assert traces == ["f" * 32] * 3


def test_an_interrupt_ends_the_batch(tmp_path: Path) -> None:
    begun: list[int] = []

    def speak(row: Row) -> Output:
        begun.append(row.number)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batch(read_objects([{"text": "a"}] * 50), speak, Log())
    assert len(begun) < 50


def run(folder: Path, texts: list[str]) -> BatchReport:
    report = run_batch(read_objects([{"text": text} for text in texts]), writer(folder), Log())
    write_batch_manifest(folder, report)
    return report


def test_a_second_run_makes_only_what_is_missing(tmp_path: Path) -> None:
    run(tmp_path, ["one", "two"])
    (tmp_path / "output_002.wav").unlink()
    again = run(tmp_path, ["one", "two", "three"])
    assert again.message == "2 of 3 made, 1 were there"
    edited = run(tmp_path, ["one", "2", "three"])
    assert [row.number for row in edited.failed] == [2]
    assert "output_002.wav is there and holds another text" in edited.failed[0].reason


def test_zips_are_equal_and_numbered(tmp_path: Path) -> None:
    first = pack(run(tmp_path / "a", ["one", "two"]), tmp_path, DAY)
    again = pack(run(tmp_path / "a", ["one", "two"]), tmp_path, DAY)
    other = pack(run(tmp_path / "b", ["three"]), tmp_path, DAY)
    assert first == again == tmp_path / "batch_output_20261121.zip"
    assert other.name == "batch_output_20261121-2.zip"
    with zipfile.ZipFile(first) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["output_001.wav", "output_002.wav", MANIFEST]
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        manifest = json.loads(packed.read(MANIFEST))
    assert manifest == json.loads((tmp_path / "a" / MANIFEST).read_text("utf-8"))
    moved = pack(run(tmp_path / "c", ["one", "two"]), tmp_path / "elsewhere", DAY)
    assert moved.read_bytes() == first.read_bytes()


def test_a_manifest_names_what_failed(tmp_path: Path) -> None:
    report = run_batch(read_objects([{"text": "a", "id": "x"}, {}]), writer(tmp_path), Log())
    said = json.loads(write_batch_manifest(tmp_path, report).read_text("utf-8"))
    assert (said["total"], said["done"]) == (2, 1)
    assert said["rows"][0]["file"] == "x.wav"
    assert said["failed"][0]["number"] == 2
    assert "there is nothing to say" in said["failed"][0]["reason"]
