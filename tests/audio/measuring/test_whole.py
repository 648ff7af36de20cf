"""A book put together from its chapters' figures, against the decoded whole."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from good_figures import GOOD
from hypothesis import given, settings
from hypothesis import strategies as st
from mastering_sounds import BOOK, speech, wav

from audio.measuring.loudness import LoudnessMeter, integrated_lufs, range_lu
from audio.measuring.measure import Heard, Measured, hear, measure
from audio.measuring.spread import Spread, together
from audio.measuring.whole import whole
from audio.packaging.aac import BLOCK, encode_aac
from audio.packaging.m4b import write_m4b
from audio.packaging.sound import ChapterFile
from audio.profiles import load_profile

EMPTY = Spread({}, {})


def test_a_book_from_its_chapters_is_the_book_decoded(tmp_path: Path) -> None:
    chapters, parts = [], []
    for number, (blocks, level_db) in enumerate([(500, -24.0), (300, -30.0), (700, -21.0)]):
        samples = speech(blocks * BLOCK / 44100, level_db=level_db, seed=number)
        path = wav(tmp_path / f"{number}.flac", samples)
        chapters.append(ChapterFile(path, str(number), blocks * BLOCK, 44100))
        encode_aac(path.with_suffix(".aac"), chapters[-1], load_profile("acx"))
        parts.append(hear(path.with_suffix(".aac"), ours=True, skip=BLOCK))
        assert parts[-1].measured.frames == chapters[-1].frames
    encoded = [chapter.path.with_suffix(".aac") for chapter in chapters]
    write_m4b(tmp_path / "b.m4b", chapters, encoded, BOOK, cover=None)
    put_together, decoded = whole(parts), measure(tmp_path / "b.m4b")
    assert (put_together.frames, put_together.duration_s) == (decoded.frames, decoded.duration_s)
    for name in ("rms_db", "peak_db", "true_peak_db", "lufs"):
        assert getattr(put_together, name) == pytest.approx(getattr(decoded, name), abs=0.05), name
    assert put_together.floor_db == pytest.approx(decoded.floor_db, abs=0.3)
    assert put_together.head_s == pytest.approx(decoded.head_s, abs=0.02)
    assert put_together.tail_s == pytest.approx(decoded.tail_s, abs=0.02)
    for name in ("dead_s", "clips", "errors", "channels", "rate"):
        assert getattr(put_together, name) == getattr(decoded, name), name


powers = st.lists(st.floats(-90, 5).map(lambda lufs: 10 ** (lufs / 10)), min_size=30, max_size=200)


@settings(max_examples=50, deadline=None)
@given(powers)
def test_counts_give_the_loudness_of_the_samples(steps: list[float]) -> None:
    means = np.array(steps)
    view = np.lib.stride_tricks.sliding_window_view
    spread = Spread.of(view(means, 4).mean(axis=1), view(means, 30).mean(axis=1))
    # a window within a step of the gate may count as on its other side
    assert spread.lufs == pytest.approx(integrated_lufs(means), abs=0.3)
    assert spread.range_lu == pytest.approx(range_lu(means), abs=0.3)
    assert Spread.from_json(spread.to_json()) == spread


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.integers(-1400, 100), st.integers(1, 9)), max_size=4))
def test_counts_add_up(parts: list[dict[int, int]]) -> None:
    added = together(Spread(part, {}) for part in parts)
    for step in set().union(*parts):
        assert added.blocks[step] == sum(part.get(step, 0) for part in parts)


def test_silence_has_no_loudness() -> None:
    assert (EMPTY.lufs, EMPTY.range_lu) == (-70.0, 0.0)
    meter = LoudnessMeter(44100)
    meter.add(np.zeros(44100, np.float32))
    assert meter.loudness().spread == EMPTY


def test_sums_extremes_and_edges() -> None:
    def part(**values: float) -> Heard:
        return Heard(dataclasses.replace(GOOD, **values), EMPTY)  # type: ignore[arg-type]

    silent = {"head_s": 600.0, "tail_s": 600.0, "rms_db": -90.0}
    figures: Measured = whole(
        [
            part(**silent),
            part(head_s=0.5, tail_s=1.0, peak_db=-3.1, errors=1),
            part(floor_db=-80.0, clips=2, true_peak_db=-2.0, dead_s=0.3),
            part(**silent),
        ]
    )
    assert (figures.frames, figures.duration_s) == (4 * GOOD.frames, 2400.0)
    assert figures.rms_db == pytest.approx(GOOD.rms_db - 3.01, abs=0.01)
    assert (figures.peak_db, figures.true_peak_db, figures.floor_db) == (-3.1, -2.0, -80.0)
    assert (figures.errors, figures.clips, figures.dead_s) == (1, 2, 0.3)
    assert (figures.head_s, figures.tail_s) == (600.5, 602.5)


def test_one_part_is_itself() -> None:
    assert whole([Heard(GOOD, EMPTY)]) == GOOD
