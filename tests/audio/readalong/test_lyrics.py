"""LRC under a strict reader of its own; timelines joined and cut stay exact to the frame."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.readalong.binding import joined, part
from audio.readalong.captions import captions
from audio.readalong.lyrics import lrc
from audio.timeline import Cue, Timeline
from castbook.errors import BrokenPromise

RATE = 44100
NASTY = "[ti:x] <00:01.5> [12:34.5] a ] b [offset:9] 中文，“字”。"
texts = st.text(st.sampled_from("ab .,“”[]<>:0123456789中文。\n#"), max_size=150)
chapters = st.lists(texts, max_size=5).map(
    lambda said: Timeline(
        RATE,
        (len(said) + 1) * 90_000,
        tuple(
            Cue(f"{n:010x}", n * 90_000 + 7, n * 90_000 + 60_000 + n, "A", text, "speech")
            for n, text in enumerate(said)
        ),
    )
)


def read(content: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """Headers and (millisecond, text) of an LRC; anything else is an error."""
    heads: dict[str, str] = {}
    lines: list[tuple[int, str]] = []
    for line in content.splitlines():
        if timed := re.fullmatch(r"\[(\d\d+):([0-5]\d)\.(\d\d\d?)\](.*)", line):
            minutes, seconds, rest, text = timed.groups()
            moment = (int(minutes) * 60 + int(seconds)) * 1000 + int(rest.ljust(3, "0"))
            assert not re.search(r"\[(?:#|\w+:)", text), text
            lines.append((moment, text))
            continue
        head = re.fullmatch(r"\[(ti|ar|al|length|re|#):([^\[\]]*)\]", line)
        assert head and not lines, line
        heads[head[1]] = head[2]
    return heads, lines


@given(chapters)
def test_every_caption_is_a_line_at_its_time(timeline: Timeline) -> None:
    heads, lines = read(lrc(timeline, "T", artist="A [x]", album="", note="Synthetic.\nYes."))
    assert heads["ti"] == "T" and heads["ar"] == "A (x)" and heads["#"] == "Synthetic. Yes."
    assert "al" not in heads
    shown = list(captions(timeline))
    assert [ms for ms, text in lines if text] == [c.start for c in shown]
    assert [len(text) for _, text in lines if text] == [len(c.text) for c in shown]
    assert all(a <= b for (a, _), (b, _) in pairwise(lines))


def test_nothing_in_a_text_is_taken_for_a_tag() -> None:
    cue = Cue("0a", 75 * 60 * RATE, 75 * 60 * RATE + 5, "A", NASTY, "speech")
    content = lrc(Timeline(RATE, 80 * 60 * RATE, (cue,)), "One [two]")
    heads, lines = read(content)
    assert heads == {"ti": "One (two)", "length": "80:00", "re": "castbook"}
    assert lines[0] == (4_500_000, "［ti:x] ‹00:01.5> ［12:34.5] a ] b ［offset:9] 中文，“字”。")
    assert lines[1] == (4_501_000, "")  # the words go when they have been said
    rough = lrc(Timeline(RATE, 80 * 60 * RATE, (cue,)), "T", digits=2)
    assert "[75:00.00]［ti:x]" in rough


def test_word_times_only_when_asked_for() -> None:
    words = ((0, 2, 10), (4, 9, RATE), (10, 15, 2 * RATE))
    cue = Cue("0a", 10, 3 * RATE, "A", "It “rains again”.", "speech", words)
    timeline = Timeline(RATE, 3 * RATE, (cue,))
    assert "[00:00.000]It “rains again”." in lrc(timeline, "T")
    timed = "[00:00.000]<00:00.000>It <00:01.000>“rains <00:02.000>again”."
    assert timed in lrc(timeline, "T", words=True)


@given(st.lists(chapters, min_size=1, max_size=4))
def test_joined_timelines_lie_end_to_end(timelines: list[Timeline]) -> None:
    whole = joined(timelines)
    assert whole.frames == sum(t.frames for t in timelines)
    at, expected = 0, []
    for timeline in timelines:
        expected += [(cue.start + at, cue.end + at, cue.text) for cue in timeline.cues]
        at += timeline.frames
    assert [(cue.start, cue.end, cue.text) for cue in whole.cues] == expected
    back = part(whole, whole.frames - timelines[-1].frames, whole.frames)
    assert back == timelines[-1]


def test_parts_are_cut_in_pauses_and_get_room_tone() -> None:
    words = ((0, 1, 110), (2, 3, 150))
    timeline = Timeline(
        RATE,
        1000,
        (
            Cue("0a", 100, 200, "A", "a b", "speech", words),
            Cue("0b", 300, 400, "A", "c", "speech"),
            Cue("0c", 500, 600, "A", "d", "speech"),
        ),
    )
    cut = part(timeline, 250, 550, head=20, tail=5)
    assert cut.frames == 325
    assert [(c.start, c.end, c.text) for c in cut.cues] == [(70, 170, "c")]
    assert part(timeline, 50, 250).cues[0].words == ((0, 1, 60), (2, 3, 100))
    for start, end in ((-1, 5), (5, 5), (0, 1001)):
        with pytest.raises(BrokenPromise):
            part(timeline, start, end)
    with pytest.raises(BrokenPromise, match="are to be joined"):
        joined([timeline, Timeline(24000, 10, ())])
