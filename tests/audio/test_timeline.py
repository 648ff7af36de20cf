"""The timeline: what it refuses, and that it comes back from JSON as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.timeline import Cue, Timeline
from castbook.errors import BrokenPromise, StorageError


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    at, cues = draw(st.integers(0, 1000)), []
    for _ in range(draw(st.integers(0, 5))):
        start = at + draw(st.integers(0, 1000))
        end = start + draw(st.integers(1, 10**6))
        text = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
        frames = sorted(draw(st.lists(st.integers(start, end), max_size=4)))
        words = tuple((3 * i, 3 * i + 2, frame) for i, frame in enumerate(frames))
        cues.append(
            Cue(f"{start:010x}.1", start, end, draw(st.text("ab ñ中")), text, "speech", words)
        )
        at = end
    return Timeline(draw(st.sampled_from([22050, 44100])), at + 5, tuple(cues))


@given(timeline=timelines())
def test_json_gives_the_same_timeline_and_the_same_bytes(timeline: Timeline) -> None:
    content = timeline.to_json()
    again = Timeline.from_json(content)
    assert again == timeline
    assert again.to_json() == content


def test_json_is_plain_and_has_no_floats() -> None:
    cue = Cue("0a", 10, 20, "安娜", "灯塔", "speech", ((0, 2, 12),))
    content = Timeline(44100, 30, (cue,)).to_json()
    assert "灯塔".encode() in content
    assert b"." not in content
    assert json.loads(content)["cues"][0]["words"] == [[0, 2, 12]]


@pytest.mark.parametrize(
    "spans",
    [
        [(10, 10)],  # empty
        [(-1, 5)],
        [(0, 101)],  # beyond the end
        [(0, 20), (19, 30)],  # overlapping
        [(30, 40), (0, 20)],  # backwards
    ],
)
def test_cues_out_of_order_are_our_own_mistake(spans: list[tuple[int, int]]) -> None:
    cues = tuple(Cue("0a", start, end, "", "", "speech") for start, end in spans)
    with pytest.raises(BrokenPromise, match="0a"):
        Timeline(24000, 100, cues)


@pytest.mark.parametrize(
    "words",
    [
        ((0, 2, 9),),  # before the cue
        ((0, 2, 21),),  # after it
        ((0, 2, 15), (3, 5, 14)),
        ((3, 5, 12), (0, 2, 14)),
        ((2, 2, 12),),
    ],
)
def test_words_out_of_order_are_our_own_mistake(words: tuple[tuple[int, int, int], ...]) -> None:
    with pytest.raises(BrokenPromise, match="word"):
        Timeline(24000, 100, (Cue("0a", 10, 20, "", "abcdef", "speech", words),))


def _changed(**fields: object) -> bytes:
    good = json.loads(Timeline(24000, 100, (Cue("0a", 10, 20, "", "", "speech"),)).to_json())
    return json.dumps(good | fields).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        _changed(rate="24000"),
        _changed(frames=5),
        _changed(frames=100.0),
        _changed(cues=[{}]),
        _changed(cues=None),
        _changed(schema=99),
    ],
)
def test_a_damaged_or_newer_file_is_told(content: bytes) -> None:
    with pytest.raises(StorageError, match=r"timeline .*delete the chapter's files"):
        Timeline.from_json(content)
