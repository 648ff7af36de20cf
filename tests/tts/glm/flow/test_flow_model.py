"""The transformer, its token path and its solver against golden numbers and a plain model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from flow_models import AT, config_of, job_of, sampled, shapes_of, velocity, weights_of
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch.nn import functional

from castbook.errors import PermanentFailure
from tts.glm.checkpoint.configs import FlowConfig
from tts.glm.flow.batching import Batching, Flow, FlowJob
from tts.glm.flow.compat import block_frames, block_mask
from tts.glm.flow.solver import moments
from tts.glm.flow.tokens import frames_of, nearest

GOLDEN = Path(__file__).parent.parent / "golden" / "flow" / "entrance.safetensors"


def test_entrance_is_upstreams() -> None:
    golden = load_file(GOLDEN)
    weights = {name: tensor for name, tensor in golden.items() if name.startswith(AT)}
    width = len(weights[f"{AT}emb_concator.proj.bias"])
    # no transformer blocks: the fixture ends where they begin
    weights[f"{AT}transformer_blocks.0.attn.to_q.weight"] = torch.zeros(64, width)
    weights[f"{AT}transformer_blocks.0.ff.ff.0.0.weight"] = torch.zeros(width, width)
    weights[f"{AT}norm_out.linear.weight"] = torch.zeros(2 * width, width + 192)
    weights[f"{AT}norm_out.linear.bias"] = torch.zeros(2 * width)
    weights[f"{AT}proj_out.weight"] = torch.zeros(80, width)
    weights[f"{AT}proj_out.bias"] = torch.zeros(80)
    config = FlowConfig.from_shapes({name: tuple(one.shape) for name, one in weights.items()})
    dit = Flow(_without_blocks(config), weights, device="cpu").dit
    noisy = golden["x"]
    ids = golden["tokens"][:, nearest(golden["tokens"].shape[1], noisy.shape[1])]
    conditions = dit.condition(ids, golden["cond"], golden["spk"], None)
    for ours, key in (
        (dit.time_embedding(golden["t"]), "time_emb"),
        (dit.tokens(ids, None), "text_emb"),
        (dit.enter(noisy, conditions)[:1], "concat_emb"),
    ):
        torch.testing.assert_close(ours, golden[key], rtol=0, atol=2e-5)


def _without_blocks(config: FlowConfig) -> FlowConfig:
    return config_of(
        width=config.width,
        depth=0,
        text_width=config.text_width,
        text_blocks=config.text_blocks,
        vocab=config.vocab,
    )


def test_mask_of_upstreams_blocks() -> None:
    golden = load_file(GOLDEN)["attn_mask"].bool()
    assert block_frames((1, 3, 5)) == (6, 20, 34)
    assert block_mask(len(golden), block_frames((1, 3, 5))).equal(golden)


def test_frames_that_upstream_loses() -> None:
    short = [n for n in range(5000) if frames_of(n) != 2 * n]
    assert len(short) == 287
    assert short[:9] == [29, 57, 58, 113, 114, 115, 116, 201, 203]
    assert all(frames_of(n) == 2 * n - 1 for n in short)


@given(st.integers(1, 5000), st.integers(1, 10000))
@settings(max_examples=40, deadline=None)
def test_nearest_is_torchs(tokens: int, frames: int) -> None:
    line = torch.arange(tokens, dtype=torch.float32)[None, None]
    torchs = functional.interpolate(line, size=frames)[0, 0].long()
    assert nearest(tokens, frames).equal(torchs)


def test_each_token_has_two_frames() -> None:
    for tokens in (1, 7, 100, 2500):
        assert nearest(tokens, 2 * tokens).equal(torch.arange(2 * tokens) // 2)


def test_moments() -> None:
    times, sizes = moments(10)
    assert times[0] == 0 and sum(sizes) == pytest.approx(1, abs=1e-6)
    assert times[5] == pytest.approx(1 - 0.5**0.5, abs=1e-7)


@pytest.mark.parametrize("sizes", [{}, {"width": 48, "depth": 1, "heads": 3, "ff_mult": 3}])
def test_velocity_is_the_plain_models(sizes: dict[str, int]) -> None:
    config = config_of(**sizes)
    weights = weights_of(config)
    assert FlowConfig.from_shapes(shapes_of(config)) == config
    dit = Flow(config, weights, device="cpu").dit
    generator = torch.Generator().manual_seed(3)
    noisy, cond = torch.randn(2, 33, 80, generator=generator)
    tokens = torch.randint(0, 50, (17,), generator=generator)
    speaker = functional.normalize(torch.randn(192, generator=generator), dim=0)
    seen = block_mask(33, (5, 9))
    for mask in (None, seen):
        conditions = dit.condition(
            tokens[nearest(17, 33)][None], cond[None], speaker[None], None, mask
        )
        ours = dit(noisy[None], dit.time_modulation(torch.tensor([0.37]))[0], conditions)
        guided = velocity(config, weights, noisy, cond, tokens, 0.37, speaker, mask)
        plain = velocity(config, weights, noisy, 0 * cond, tokens, 0.37, 0 * speaker, mask)
        # the time embedding of upstream is single precision: 1000 t is exact to 3e-5
        torch.testing.assert_close(ours.double(), torch.stack((guided, plain)), rtol=0, atol=3e-5)


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("batching", [Batching(), Batching(grain=16, budget=400, most=3)])
@torch.inference_mode()
def test_sample_is_the_plain_models(bare: bool, batching: Batching) -> None:
    plain = config_of(depth=1)
    config = FlowConfig(
        **{name: getattr(plain, name) for name in plain.__slots__} | {"speech_token_cfg": bare}
    )
    weights = weights_of(config)
    flow = Flow(config, weights, device="cpu", batching=batching)
    # 29 tokens in all lose a frame; the reference's mel is longer than all frames in the last
    jobs = [job_of(23, 6), job_of(3, 4, seed=2), job_of(2, 0, seed=3), _long_reference()]
    for job, mel in zip(jobs, flow.sample(jobs, steps=2), strict=True):
        expected = sampled(config, weights, job, flow.noise([job.seed], job.frames)[0], 2, 0.7)
        assert mel.shape == expected.shape
        torch.testing.assert_close(mel.double(), expected, rtol=0, atol=5e-5)


def _long_reference() -> FlowJob:
    one = job_of(4, 2, seed=4)
    return FlowJob("long", one.tokens, one.prompt_tokens, torch.ones(30, 80), one.embedding, 4)


@pytest.mark.parametrize("tokens", [[], [1, -1], [1, 50]])
def test_tokens_that_the_flow_cannot_say(tokens: list[int]) -> None:
    config = config_of(depth=0)
    flow = Flow(config, weights_of(config), device="cpu")
    good = job_of(3)
    bad = FlowJob(
        "ch01/0007",
        torch.tensor(tokens, dtype=torch.int64),
        good.prompt_tokens,
        good.prompt_mel,
        good.embedding,
        1,
    )
    with pytest.raises(PermanentFailure, match=r"ch01/0007: .*speech token"):
        flow.sample([good, bad])
