"""Probabilities of speakers against every reading written out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from book.speakers.decoder import Turn, decode

SCORE = st.floats(-4, 4)
TURN = st.lists(
    st.tuples(st.integers(0, 4), SCORE), min_size=1, max_size=3, unique_by=lambda c: c[0]
)
TURNS = st.lists(st.tuples(TURN, SCORE, SCORE), min_size=1, max_size=5)


@settings(max_examples=60)
@given(TURNS)
def test_it_is_the_sum_over_all_readings(rows: list) -> None:
    turns = [
        Turn(tuple(c for c, _ in row), np.array([s for _, s in row]), same, back)
        for row, same, back in rows
    ]
    weights = {}
    for reading in product(*[range(len(t.candidates)) for t in turns]):
        who = [t.candidates[i] for t, i in zip(turns, reading, strict=True)]
        score = 0.0
        for t, turn in enumerate(turns):
            score += turn.scores[reading[t]]
            if t and who[t] == who[t - 1]:
                score += turn.same
            elif t > 1 and who[t] == who[t - 2]:
                score += turn.back
        weights[reading] = np.exp(score)
    total = sum(weights.values())
    found, log_total = decode(turns)
    assert log_total == pytest.approx(np.log(total))
    for t, marginal in enumerate(found):
        for i, p in enumerate(marginal.speakers):
            truth = sum(w for r, w in weights.items() if r[t] == i) / total
            assert p == pytest.approx(truth, abs=1e-9)


def test_alternation_comes_out_of_the_weights() -> None:
    sure, open_ = np.array([6.0, 0.0]), np.zeros(2)
    turns = [Turn((1, 2), sure), *[Turn((1, 2), open_, -3.0, 2.0) for _ in range(4)]]
    best = [m.speakers.argmax() for m in decode(turns)[0]]
    assert best == [0, 1, 0, 1, 0]


def test_a_tag_at_the_end_decides_what_came_before() -> None:
    turns = [Turn((1, 2), np.zeros(2), -3.0, 2.0) for _ in range(4)]
    turns.append(Turn((1, 2), np.array([0.0, 6.0]), -3.0, 2.0))
    assert [m.speakers.argmax() for m in decode(turns)[0]] == [1, 0, 1, 0, 1]


def test_no_turns() -> None:
    assert decode([]) == ([], 0.0)
