"""Streams: the same bytes however they are fed, and near the whole solution."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from flow_models import config_of, job_of, weights_of
from hypothesis import given, settings
from hypothesis import strategies as st

from castbook.errors import BrokenPromise
from tts.glm.flow.batching import Flow
from tts.glm.flow.compat import UpstreamStream
from tts.glm.flow.streaming import WHOLE, FlowStream, Pattern, deviation, streamed

CONFIG = config_of(depth=1)
FLOW = Flow(CONFIG, weights_of(CONFIG), device="cpu")
JOB = job_of(31, 6)
PATTERN = Pattern(blocks=(8, 12), ahead=3)
STREAMED = streamed(FLOW, JOB, steps=2, pattern=PATTERN)


@given(st.lists(st.integers(0, 31), max_size=6), st.booleans())
@settings(max_examples=8, deadline=None)
def test_feeding_changes_nothing(cuts: list[int], apart: bool) -> None:
    stream = FlowStream(FLOW, replace(JOB, tokens=JOB.tokens[:0]), steps=2, pattern=PATTERN)
    marks = [0, *sorted(cuts), len(JOB.tokens)]
    spans = [JOB.tokens[a:b] for a, b in pairwise(marks)]
    last = [] if apart else [spans.pop()]
    given_away = [stream.feed(span) for span in spans]
    given_away.append(stream.feed(last[0] if last else JOB.tokens[:0], final=True))
    assert torch.cat(given_away).equal(STREAMED)
    with pytest.raises(BrokenPromise, match="has ended"):
        stream.feed(JOB.tokens)


def test_first_sound_comes_with_the_first_block() -> None:
    stream = FlowStream(FLOW, replace(JOB, tokens=JOB.tokens[:0]), steps=1, pattern=PATTERN)
    assert len(stream.feed(JOB.tokens[:8])) == 0
    first = stream.feed(JOB.tokens[8:9])
    # two frames a token, less those held back; the reference's mel is a frame short
    assert len(first) == 2 * (8 - 3) + 1


def test_streams_are_whole_where_they_can_be() -> None:
    whole = FLOW.sample([JOB], steps=2)[0]
    assert streamed(FLOW, JOB, steps=2, pattern=WHOLE).equal(whole)
    assert streamed(FLOW, JOB, steps=2, pattern=Pattern(blocks=(31,))).equal(whole)
    assert not STREAMED.equal(whole)
    assert STREAMED.shape == whole.shape


def test_deviation_shrinks_with_what_is_held_back() -> None:
    near, far = (deviation(FLOW, [JOB], Pattern((8, 12), ahead)) for ahead in (6, 0))
    assert deviation(FLOW, [JOB], WHOLE) == 0
    assert 0 < near < far
    assert near < 0.1


def test_upstreams_stitches_lose_no_sample() -> None:
    stream = UpstreamStream(
        blocks=(10, 15),
        ahead=(4, 6),
        fade=0.04,
        rate=1000,
        vocoder=lambda mel: torch.ones(20 * len(mel)),
    )
    noises = [FLOW.noise([1], 2 * (6 + end))[0] for end in (10, 25, 31)]
    chunks = list(stream.chunks(FLOW, JOB, noises, steps=1, guidance=0.7))
    assert chunks[0].held is None
    wave = torch.cat([chunk.wave for chunk in chunks])
    assert len(wave) == 20 * (JOB.frames - JOB.prompt_frames)
    torch.testing.assert_close(wave, torch.ones(len(wave)))


@pytest.mark.parametrize(("blocks", "ahead"), [((0,), 3), ((5, -1), 3), ((5,), -1)])
def test_patterns_that_make_no_sense(blocks: tuple[int, ...], ahead: int) -> None:
    with pytest.raises(BrokenPromise):
        Pattern(blocks, ahead)


def test_ends_of_blocks() -> None:
    assert [Pattern((25, 50, 100)).end(number) for number in range(5)] == [25, 75, 175, 275, 375]
    assert WHOLE.end(0) is None
