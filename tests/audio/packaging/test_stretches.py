"""Where chapters are split and where the sample begins and ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.packaging.stretches import Sample, Spoken, part_title, sample_stretch, split_points

HEAD, TAIL = 5, 20


@st.composite
def chapters(draw: st.DrawFn) -> tuple[list[Spoken], int]:
    """Cues of 1 to 60 frames with pauses behind them, and the chapter's frames."""
    at, cues = draw(st.integers(0, 20)), []
    for _ in range(draw(st.integers(1, 30))):
        end = at + draw(st.integers(1, 60))
        reason = draw(st.sampled_from(["sentence", "comma", "paragraph", "scene", "speaker"]))
        cues.append(Spoken(at, end, "narration", reason))
        at = end + draw(st.integers(0, 30))
    return cues, at + draw(st.integers(0, 20))


@settings(max_examples=60, deadline=None)
@given(chapters(), st.integers(30, 400))
def test_every_take_is_in_one_part_and_parts_are_short_enough(
    chapter: tuple[list[Spoken], int], most: int
) -> None:
    cues, frames = chapter
    parts = split_points(cues, frames, most=most, head=HEAD, tail=TAIL)
    assert parts[0][0] == 0 and parts[-1][1] == frames
    inside = [[c for c in cues if start <= c.start and c.end <= end] for start, end in parts]
    assert [c for part in inside for c in part] == cues
    if len(parts) > 1:
        assert all(inside)
        assert frames > most
        for (start, end), within in zip(parts, inside, strict=True):
            length = end - start + (HEAD if start else 0) + (TAIL if end < frames else 0)
            # only a part of one take may be too long: nothing can be done about it
            assert length <= most or len(within) == 1 or most <= HEAD + TAIL + 60 + 50


def spoken(*takes: tuple[int, int, str]) -> list[Spoken]:
    return [Spoken(start, end, "narration", reason) for start, end, reason in takes]


def test_a_short_chapter_stays_whole() -> None:
    cues = spoken((5, 50, "scene"), (60, 90, "end"))
    assert split_points(cues, 100, most=100, head=HEAD, tail=TAIL) == [(0, 100)]
    assert split_points(cues[:1], 900, most=100, head=HEAD, tail=TAIL) == [(0, 900)]
    assert split_points([], 900, most=100, head=HEAD, tail=TAIL) == [(0, 900)]
    assert split_points(cues, 900, most=25, head=HEAD, tail=TAIL) == [(0, 900)]


@pytest.mark.parametrize(
    ("reasons", "split"),
    [
        (("sentence", "scene", "paragraph", "sentence", "paragraph"), 2),  # uneven, but a scene
        (("sentence", "sentence", "paragraph", "sentence", "paragraph"), 3),  # the evener one
        (("sentence", "sentence", "sentence", "sentence", "sentence"), 3),  # the longest pause
    ],
)
def test_scenes_before_paragraphs_before_pauses(reasons: tuple[str, ...], split: int) -> None:
    """Six takes of 80 frames; behind the third the pause is 30 frames, elsewhere 20."""
    starts = [10, 110, 210, 320, 420, 520]
    cues = spoken(*((s, s + 80, r) for s, r in zip(starts, (*reasons, "end"), strict=True)))
    parts = split_points(cues, 620, most=450, head=HEAD, tail=TAIL)
    assert parts == [(0, cues[split - 1].end), (cues[split].start, 620)]


def test_ten_hours_in_one_chapter_are_split_evenly_at_once() -> None:
    cues = [
        Spoken(n * 4000, n * 4000 + 3500, "narration", "paragraph" if n % 3 else "sentence")
        for n in range(9000)
    ]  # at 1000 Hz
    parts = split_points(cues, 36_000_000, most=7_200_000, head=750, tail=2500)
    lengths = [end - start for start, end in parts]
    assert len(parts) == 6
    assert max(lengths) - min(lengths) < 2 * 90_000


def test_titles_of_parts() -> None:
    assert part_title("第一章", 1, 1) == "第一章"
    assert part_title("One", 2, 3) == "One (2/3)"


BOOK = [
    [Spoken(0, 40, "credit", "paragraph"), Spoken(50, 90, "credit", "end")],
    [
        Spoken(10, 30, "heading", "title"),
        Spoken(100, 200, "narration", "sentence"),
        Spoken(210, 300, "speech", "paragraph"),
        Spoken(320, 400, "narration", "comma"),
        Spoken(410, 500, "narration", "paragraph"),
        Spoken(520, 700, "narration", "end"),
    ],
]


@pytest.mark.parametrize(
    ("least", "most", "end"),
    [
        (100, 599, 500),  # the last paragraph before the limit
        (100, 399, 300),
        (100, 400, 500),  # exactly
        (50, 199, 200),  # no paragraph is over: a sentence
        (250, 350, 400),  # neither: whatever fits
        (100, 9999, 700),
        (800, 9999, 700),  # shorter than wanted: all there is
    ],
)
def test_the_sample_is_the_beginning_of_the_story(least: int, most: int, end: int) -> None:
    assert sample_stretch(BOOK, least=least, most=most) == Sample(1, 100, end)


def test_a_book_that_begins_with_a_short_preface() -> None:
    preface = [Spoken(0, 60, "narration", "end")]
    assert sample_stretch([preface, *BOOK], least=100, most=599) == Sample(2, 100, 500)
    assert sample_stretch([preface, BOOK[0]], least=100, most=599) == Sample(0, 0, 60)


def test_no_story_no_sample() -> None:
    assert sample_stretch([], least=1, most=10) is None
    assert sample_stretch(BOOK[:1], least=1, most=100) is None
    assert sample_stretch(BOOK, least=1, most=50) is None
