"""Outlines keep the loudest of every stretch, whatever the length."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.reviewing.peaks import COLUMNS, peaks


@given(st.lists(st.integers(-32768, 32767), max_size=2000), st.integers(1, 400))
def test_an_outline_reaches_what_the_take_reaches(samples: list[int], columns: int) -> None:
    found = peaks(np.array(samples, np.int16), columns)
    assert len(found) == 2 * min(columns, max(1, len(samples)))
    assert all(low <= high for low, high in zip(found[::2], found[1::2], strict=True))
    if samples:
        assert max(found) == round(max(samples) * 127 / 32768)
        assert min(found) == round(min(samples) * 127 / 32768)


def test_a_minute_is_as_small_as_a_second() -> None:
    tone = (np.sin(np.arange(60 * 24000) / 20) * 32000).astype(np.int16)
    assert len(peaks(tone)) == 2 * COLUMNS
