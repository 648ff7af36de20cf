"""The same job, the same bytes: alone, in company, in any order, at any place of a batch."""

from __future__ import annotations

import hashlib
import random

import pytest
import torch
from flow_models import config_of, job_of, weights_of
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.glm.flow.batching import Batching, Flow, FlowJob

CONFIG = config_of(depth=1, heads=1, text_blocks=1)
WEIGHTS = weights_of(CONFIG)
JOBS = [job_of(1 + (7 * seed) % 13, 3, seed) for seed in range(64)]


def digests(flow: Flow, jobs: list[FlowJob], size: int) -> dict[str, str]:
    found = {}
    for start in range(0, len(jobs), size):
        some = jobs[start : start + size]
        for job, mel in zip(some, flow.sample(some, steps=1), strict=True):
            assert mel.shape == (job.frames - job.prompt_frames, 80)
            found[job.id] = hashlib.sha256(mel.numpy().tobytes()).hexdigest()
    return found


FLOWS = [
    Flow(CONFIG, WEIGHTS, device="cpu", batching=batching)
    for batching in (Batching(), Batching(grain=16, budget=512, most=8))
]


@pytest.mark.parametrize("flow", FLOWS, ids=["as on a CPU", "as on a GPU"])
def test_company_changes_nothing(flow: Flow) -> None:
    alone = digests(flow, JOBS, 1)
    assert len(set(alone.values())) == len(JOBS)
    assert digests(flow, JOBS, 7) == alone
    assert digests(flow, JOBS, 64) == alone
    shuffled = random.Random(5).sample(JOBS, len(JOBS))
    assert digests(flow, shuffled, 64) == alone


def test_padding_changes_nothing_but_rounding() -> None:
    exact = Flow(CONFIG, WEIGHTS, device="cpu")
    padded = Flow(CONFIG, WEIGHTS, device="cpu", batching=Batching(64, 512, 8))
    some = JOBS[:5]
    for ours, theirs in zip(exact.sample(some, steps=2), padded.sample(some, steps=2), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-5)


@given(st.integers(1, 20000), st.integers(1, 200), st.integers(1, 40000), st.integers(1, 64))
@settings(deadline=None)
def test_shapes(frames: int, grain: int, budget: int, most: int) -> None:
    batching = Batching(grain, budget, most)
    bucket = batching.bucket(frames)
    assert frames <= bucket < frames + grain and bucket % grain == 0
    rows = batching.rows(bucket)
    assert 1 <= rows <= most and (rows == 1 or rows * bucket <= budget)


@given(st.integers(0, 2**63 - 1), st.integers(1, 70), st.integers(1, 70))
@settings(max_examples=20, deadline=None)
def test_noise_of_a_frame_depends_on_nothing_else(seed: int, frames: int, others: int) -> None:
    flow = FLOWS[0]
    alone = flow.noise([seed], frames)[0]
    assert alone.shape == (frames, 80)
    common = min(frames, others)
    assert flow.noise([7, seed], others)[1, :common].equal(alone[:common])
    assert not flow.noise([seed ^ 1], frames)[0].equal(alone)
