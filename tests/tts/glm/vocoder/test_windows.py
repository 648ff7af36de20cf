from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tts.glm.vocoder.batching import Shapes, Window, batches, cut_even, windows

LENGTHS = st.lists(st.integers(40, 200), min_size=1, max_size=6, unique=True).map(sorted)
HALO = 15


def check(cut: tuple[Window, ...], frames: int) -> None:
    """The wanted parts are the job, each far enough from a cut edge."""
    assert cut[0].begin == 0
    assert cut[-1].end == frames
    assert all(one.end == other.begin for one, other in pairwise(cut))
    for window in cut:
        assert window.begin < window.end
        assert window.valid == min(window.length, frames - window.start)
        assert window.start == 0 or window.begin - window.start >= HALO
        stop = window.start + window.valid
        assert stop == frames or stop - window.end >= HALO


@given(st.integers(1, 3000), LENGTHS)
def test_windows_make_up_the_job(frames: int, lengths: list[int]) -> None:
    cut = windows(frames, lengths, HALO)
    check(cut, frames)
    if frames <= lengths[-1]:
        assert len(cut) == 1
        assert cut[0].length == min(length for length in lengths if length >= frames)
    else:
        work = sum(window.length for window in cut)
        assert work <= sum(window.length for window in cut_even(frames, lengths[-1], HALO))


@given(st.integers(1, 600), st.integers(1, 600))
def test_what_follows_moves_no_frame(one: int, other: int) -> None:
    # of a stream: the window that a frame comes from is known before the end is
    cut, longer = cut_even(one, 64, HALO), cut_even(one + other, 64, HALO)
    check(cut, one)
    assert [(w.start, w.begin) for w in cut] == [(w.start, w.begin) for w in longer[: len(cut)]]


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([16, 32, 64])), max_size=40))
def test_batches_are_of_one_length(shapes: list[tuple[int, int]]) -> None:
    cut = [(job, Window(at, length, 1, 0, 1)) for at, (job, length) in enumerate(shapes)]
    found = list(batches(cut, 4))
    assert sorted((w.start for b in found for _, w in b)) == list(range(len(cut)))
    assert all(len({window.length for _, window in batch}) == 1 for batch in found)
    assert all(1 <= len(batch) <= 4 for batch in found)
    lengths = {length for _, length in shapes}
    assert len(found) == sum(-(-sum(length == one for _, one in shapes) // 4) for length in lengths)


def test_every_device_can_cut_a_long_job() -> None:
    for kind in ("cpu", "cuda"):
        shapes = Shapes.for_device(kind)
        check(windows(10_000, shapes.lengths, HALO), 10_000)
