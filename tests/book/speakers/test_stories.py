"""A told story has one teller, whatever its listeners say in between."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from book.speakers.decoder import Turn, decode, decode_bound
from book.speakers.stories import LONG, SHORT, TALE, stories, unturned
from book.speakers.turns import Talk


def talk(*lengths: int, silence: int = 0) -> list[Talk]:
    """Turns a paragraph each, with so many paragraphs of narration between."""
    step = silence + 1
    return [Talk(i * step, i * step, length=n) for i, n in enumerate(lengths)]


def test_a_word_in_between_does_not_end_a_story() -> None:
    (story,) = stories(talk(20, TALE, 20, 30, LONG, 10, LONG))
    assert story.parts == (1, 4, 6)
    assert unturned(story) == {4}  # 6 is where turns lead anyway: teller, listener, teller


def test_a_longer_story_pulls_harder() -> None:
    (short,), (long,) = (stories(talk(TALE, 20, n)) for n in (LONG, 4 * LONG))
    assert 0 < short.pull < long.pull


def test_what_is_no_story() -> None:
    assert not stories(talk(LONG, 20, LONG))  # speeches, but no tale
    assert not stories(talk(TALE, SHORT + 1, LONG + 1))  # an answer, not a listener's word
    assert not stories(talk(TALE, 9, 9, 9, 9, 9, TALE))  # a conversation
    assert not stories(talk(TALE, 20, TALE, silence=4))  # things happen in between
    assert not stories([])


def test_bound_turns_agree() -> None:
    scores = [np.array(s) for s in ([1.0, 0.0], [0.0, 0.0], [0.0, 0.3])]
    turns = [Turn((0, 1), s) for s in scores]
    loose, _ = decode(turns)
    assert loose[2].speakers[1] > 0.5
    bound = decode_bound(turns, [((0, 2), 6.0)])
    assert bound[2].speakers[0] > 0.5
    assert bound[1].speakers[1] > 0.5  # the listener is not the teller


@given(st.lists(st.integers(0, 3 * TALE), max_size=12))
def test_stories_are_apart_and_in_order(lengths: list[int]) -> None:
    parts = [t for story in stories(talk(*lengths)) for t in story.parts]
    assert parts == sorted(set(parts))
    assert all(lengths[t] >= LONG for t in parts)


@given(
    st.lists(st.lists(st.floats(-3, 3), min_size=3, max_size=3), min_size=2, max_size=7),
    st.floats(0.1, 20),
)
def test_bound_marginals_are_probabilities(scores: list[list[float]], pull: float) -> None:
    turns = [Turn((0, 1, 2), np.array(s), same=-1.0, back=1.0) for s in scores]
    for marginal in decode_bound(turns, [((0, len(turns) - 1), pull)]):
        assert abs(marginal.speakers.sum() - 1) < 1e-9
