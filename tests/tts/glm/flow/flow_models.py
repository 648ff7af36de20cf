"""Small flows for the tests: random weights by their stored names, jobs, and a plain model.

``velocity`` is the transformer once more, as its description reads: one row, one branch, float64,
nothing calculated beforehand. It reproduces the golden numbers within 9e-6.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from tts.glm.checkpoint.configs import FlowConfig
from tts.glm.flow.batching import FlowJob

AT = "estimator."


def config_of(**sizes: int) -> FlowConfig:
    defaults = {"width": 32, "depth": 2, "heads": 2, "ff_mult": 2, "text_width": 16}
    return FlowConfig(**{**defaults, "text_blocks": 2, "vocab": 50, **sizes})


def shapes_of(config: FlowConfig) -> dict[str, tuple[int, ...]]:
    """Every tensor of ``flow.pt``."""
    width, text, inner = config.width, config.text_width, config.heads * config.head_dim
    found: dict[str, tuple[int, ...]] = {}

    def linear(name: str, rows: int, *columns: int) -> None:
        found[f"{AT}{name}.weight"], found[f"{AT}{name}.bias"] = (rows, *columns), (rows,)

    linear("time_embed.time_mlp.0", width, 256)
    linear("time_embed.time_mlp.2", width, width)
    found[f"{AT}text_emb_layer.text_embed.weight"] = (config.vocab, text)
    for number in range(config.text_blocks):
        block = f"text_emb_layer.text_blocks.{number}"
        linear(f"{block}.dwconv", text, 1, 7)
        linear(f"{block}.norm", text)
        linear(f"{block}.pwconv1", 2 * text, text)
        linear(f"{block}.pwconv2", text, 2 * text)
        found[f"{AT}{block}.grn.gamma"] = found[f"{AT}{block}.grn.beta"] = (1, 1, 2 * text)
    linear("emb_concator.proj", width, 2 * config.mel + text)
    for number in (0, 2):
        linear(f"emb_concator.conv_pos_embed.conv1d.{number}", width, width // 16, 31)
    found[f"{AT}rotary_embed.inv_freq"] = (config.head_dim // 2,)
    for number in range(config.depth):
        block = f"transformer_blocks.{number}"
        linear(f"{block}.attn_norm.linear", 6 * width, width + config.speaker)
        for part in "qkv":
            linear(f"{block}.attn.to_{part}", inner, width)
        linear(f"{block}.attn.to_out.0", width, inner)
        linear(f"{block}.ff.ff.0.0", config.ff_mult * width, width)
        linear(f"{block}.ff.ff.2", width, config.ff_mult * width)
    linear("norm_out.linear", 2 * width, width + config.speaker)
    linear("proj_out", config.mel, width)
    return found


def weights_of(config: FlowConfig, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in shapes_of(config).items():
        drawn = torch.randn(shape, generator=generator)
        columns = math.prod(shape[1:]) if len(shape) in (2, 3) and "embed.weight" not in name else 9
        weights[name] = drawn / math.sqrt(columns)
    half = config.head_dim // 2
    weights[f"{AT}rotary_embed.inv_freq"] = 10000.0 ** (-torch.arange(half) / half)
    return weights


def job_of(tokens: int, prompt: int = 6, seed: int = 1, vocab: int = 50) -> FlowJob:
    generator = torch.Generator().manual_seed(seed)
    return FlowJob(
        id=f"job{seed}",
        tokens=torch.randint(0, vocab, (tokens,), generator=generator),
        prompt_tokens=torch.randint(0, vocab, (prompt,), generator=generator),
        prompt_mel=torch.randn(max(0, 2 * prompt - 1), 80, generator=generator),
        embedding=3 * torch.randn(192, generator=generator),
        seed=seed,
    )


def velocity(
    config: FlowConfig,
    weights: Mapping[str, Tensor],
    noisy: Tensor,
    cond: Tensor,
    tokens: Tensor,
    time: float,
    speaker: Tensor,
    seen: Tensor | None = None,
) -> Tensor:
    """[T, 80] of noisy [T, 80], cond [T, 80], tokens [N], speaker [192] of unit length."""
    frames = len(noisy)

    def w(name: str) -> Tensor:
        return weights[AT + name].double()

    def linear(name: str, value: Tensor) -> Tensor:
        return value @ w(f"{name}.weight").T + w(f"{name}.bias")

    def convolved(name: str, value: Tensor, groups: int) -> Tensor:
        kernel = w(f"{name}.weight")
        half = kernel.shape[-1] // 2
        return functional.conv1d(
            value.T[None], kernel, w(f"{name}.bias"), padding=half, groups=groups
        )[0].T

    def norm(value: Tensor) -> Tensor:
        centred = value - value.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()

    rates = torch.exp(-math.log(1e4) * torch.arange(128, dtype=torch.float64) / 127)
    waves = torch.cat(((1000 * time * rates).sin(), (1000 * time * rates).cos()))
    embedded = functional.silu(linear("time_embed.time_mlp.0", waves))
    c = functional.silu(torch.cat((linear("time_embed.time_mlp.2", embedded), speaker.double())))

    ids = functional.interpolate(tokens.float()[None, None], size=frames)[0, 0].long()
    text = config.text_width
    k = torch.arange(text // 2, dtype=torch.float64)
    angles = torch.arange(frames).clamp(max=4095)[:, None] * 10000.0 ** (-2 * k / text)
    table = w("text_emb_layer.text_embed.weight")
    tok = table[ids] + torch.cat((angles.cos(), angles.sin()), -1)
    for number in range(config.text_blocks):
        at = f"text_emb_layer.text_blocks.{number}"
        y = norm(convolved(f"{at}.dwconv", tok, text))
        y = y * w(f"{at}.norm.weight") + w(f"{at}.norm.bias")
        y = functional.gelu(linear(f"{at}.pwconv1", y))
        energy = y.norm(dim=0)
        response = y * (energy / (energy.mean() + 1e-6))
        y = w(f"{at}.grn.gamma")[0] * response + w(f"{at}.grn.beta")[0] + y
        tok = tok + linear(f"{at}.pwconv2", y)

    h = linear("emb_concator.proj", torch.cat((noisy.double(), cond.double(), tok), -1))
    y = h
    for number in (0, 2):
        at = f"emb_concator.conv_pos_embed.conv1d.{number}"
        y = functional.mish(convolved(at, y, 16))
    h = h + y

    size, heads = config.head_dim, config.heads
    turn = torch.arange(frames)[:, None] * w("rotary_embed.inv_freq")
    hidden = torch.zeros(frames, frames, dtype=torch.float64)
    if seen is not None:
        hidden = hidden.masked_fill(~seen, -math.inf)

    def rotated(value: Tensor) -> Tensor:
        value = value.clone()
        even, odd = value[:, 0:size:2].clone(), value[:, 1:size:2].clone()
        value[:, 0:size:2] = even * turn.cos() - odd * turn.sin()
        value[:, 1:size:2] = odd * turn.cos() + even * turn.sin()
        return value

    for number in range(config.depth):
        at = f"transformer_blocks.{number}"
        sh_a, sc_a, g_a, sh_m, sc_m, g_m = linear(f"{at}.attn_norm.linear", c).chunk(6)
        y = norm(h) * (1 + sc_a) + sh_a
        q = rotated(linear(f"{at}.attn.to_q", y))
        key, v = rotated(linear(f"{at}.attn.to_k", y)), linear(f"{at}.attn.to_v", y)
        out = []
        for head in range(heads):
            own = slice(head * size, (head + 1) * size)
            out.append(torch.softmax(q[:, own] @ key[:, own].T / 8 + hidden, -1) @ v[:, own])
        h = h + g_a * linear(f"{at}.attn.to_out.0", torch.cat(out, -1))
        y = linear(f"{at}.ff.ff.0.0", norm(h) * (1 + sc_m) + sh_m)
        h = h + g_m * linear(f"{at}.ff.ff.2", functional.gelu(y, approximate="tanh"))
    scale, shift = linear("norm_out.linear", c).chunk(2)
    return linear("proj_out", norm(h) * (1 + scale) + shift)


def sampled(
    config: FlowConfig,
    weights: Mapping[str, Tensor],
    job: FlowJob,
    start: Tensor,
    steps: int,
    guidance: float,
) -> Tensor:
    """The mel [T, 80] of a job from a state, both branches one after the other."""
    tokens = torch.cat((job.prompt_tokens, job.tokens))
    frames, prompt = job.frames, job.prompt_frames
    cond = torch.zeros(frames, 80)
    shown = min(prompt, frames)
    cond[:shown] = job.prompt_mel[prompt - shown :]
    speaker = job.embedding / job.embedding.norm()
    marks = [1 - math.cos(step / steps * math.pi / 2) for step in range(steps + 1)]
    x = start.double()
    bare = torch.zeros_like(tokens) if config.speech_token_cfg else tokens
    for now, then in pairwise(marks):
        guided = velocity(config, weights, x, cond, tokens, now, speaker)
        plain = velocity(config, weights, x, 0 * cond, bare, now, 0 * speaker)
        x = x + (then - now) * ((1 + guidance) * guided - guidance * plain)
    return x[prompt:]
