"""The flow against the golden numbers: single evaluations, whole samples, upstream's stream.

Run by ``python -m benchmarks.glm_parity``. Sizes come from the stored tensors; what
``dit_arch.json`` says of them is compared, as is the pickle with the safetensors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import load_file
from torch import Tensor

from benchmarks.parityrows import Row
from tts.glm.checkpoint.configs import FlowConfig
from tts.glm.flow.batching import Batching, Flow, FlowJob
from tts.glm.flow.compat import UpstreamStream, block_mask
from tts.glm.flow.solver import moments
from tts.glm.flow.tokens import nearest

STAGE = "flow"
LIMIT = 2e-5  # of values up to 6


def compare(folder: Path) -> list[Row]:
    """All comparisons of ``GOLDEN_DIR/flow``."""
    weights = unpickled(folder / "flow.pt")
    config = configured(folder, weights)
    rows = list(_files(folder, weights, config))
    golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    tensors = load_file(folder / "golden.safetensors")
    flow = Flow(config, weights, device="cpu", batching=Batching())
    guidance = golden.get("inference_cfg_rate", config.guidance)
    for case in golden.get("singles", []):
        rows += _single(flow, case, _part(tensors, case["name"]))
    for case in golden.get("samples", []):
        rows += _sample(flow, case, _part(tensors, case["name"]), guidance)
    for case in golden.get("streams", []):
        rows += _stream(flow, case, _part(tensors, case["name"]), guidance)
    return rows


def unpickled(path: Path) -> dict[str, Tensor]:
    """The tensors of ``flow.pt``: a bare state dict, or one under ``model``."""
    stored = torch.load(path, map_location="cpu", weights_only=True)
    return dict(stored.get("model", stored))


def configured(folder: Path, weights: Mapping[str, Tensor]) -> FlowConfig:
    """The sizes of a flow, from its tensors and ``config.yaml``."""
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    # the tag names a class to build; the mapping under it is all we want
    mapping = yaml.safe_load(re.sub(r"!\S+", "", text))
    shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    return FlowConfig.from_shapes(shapes, mapping["flow"])


def _part(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    at = f"{name}."
    return {key.removeprefix(at): value for key, value in tensors.items() if key.startswith(at)}


def _files(folder: Path, weights: Mapping[str, Tensor], config: FlowConfig) -> Iterator[Row]:
    path = folder / "flow_state_dict.safetensors"
    if path.is_file():
        other = load_file(path)
        unlike = set(weights) ^ set(other)
        unlike |= {
            name for name in set(weights) & set(other) if not weights[name].equal(other[name])
        }
        yield Row(STAGE, "weights", "pickle = safetensors", len(unlike), 0)
    path = folder / "dit_arch.json"
    if path.is_file():
        arch = json.loads(path.read_text(encoding="utf-8")).get("tiny", {})
        said = (
            ("trans_dim", config.width),
            ("depth", config.depth),
            ("heads", config.heads),
            ("ff_mult", config.ff_mult),
            ("text_emb_dim", config.text_width),
            ("conv_layers", config.text_blocks),
            ("mel_dim", config.mel),
            ("dim_head", config.head_dim),
            ("text_vocab_size", config.vocab - 1),  # one more row is stored
        )
        wrong = [
            f"{key} {arch[key]} not {ours}" for key, ours in said if arch.get(key, ours) != ours
        ]
        yield Row(STAGE, "weights", "sizes from shapes", len(wrong), 0, ", ".join(wrong))


def _error(ours: Tensor, golden: Tensor) -> float:
    if ours.shape != golden.shape:
        return float("nan")
    return float((ours.double() - golden.double()).abs().max()) if golden.numel() else 0.0


@torch.inference_mode()
def _single(flow: Flow, case: Mapping[str, Any], golden: Mapping[str, Tensor]) -> Iterator[Row]:
    name, dit = case["name"], flow.dit
    noisy = golden["x"]
    frames = noisy.shape[1]
    ids = golden["tokens"].long()
    ids = ids[:, nearest(ids.shape[1], frames)]
    mask = golden.get("attn_mask")
    seen = None if mask is None else mask.bool()
    conditions = dit.condition(ids, golden["cond"], golden["spk"], None, seen)
    if seen is not None and "block_frames" in case:
        wrong = int((block_mask(frames, case["block_frames"]) != seen).sum())
        yield Row(STAGE, name, "attn_mask", wrong, 0)
    detail = f"{frames} frames, t {float(golden['t'][0]):.2f}" + (
        "" if seen is None else ", causal"
    )
    found = {
        "time_emb": dit.time_embedding(golden["t"]),
        "text_emb": dit.tokens(ids, None),
        "concat_emb": dit.enter(noisy, conditions)[: len(noisy)],
        "out": dit(noisy, dit.time_modulation(golden["t"])[0], conditions)[: len(noisy)],
    }
    for quantity, ours in found.items():
        if quantity in golden:
            yield Row(STAGE, name, quantity, _error(ours, golden[quantity]), LIMIT, detail)


def _job(case: Mapping[str, Any], golden: Mapping[str, Tensor]) -> FlowJob:
    return FlowJob(
        id=case["name"],
        tokens=golden["tokens"].long().flatten(),
        prompt_tokens=golden["prompt_token"].long().flatten(),
        prompt_mel=golden["prompt_feat"][0],
        embedding=golden["embedding"][0],
        seed=case.get("seed", 0),
    )


def _sample(
    flow: Flow, case: Mapping[str, Any], golden: Mapping[str, Tensor], guidance: float
) -> Iterator[Row]:
    name, steps = case["name"], case["steps"]
    job = _job(case, golden)
    yield Row(STAGE, name, "frames", abs(job.frames - golden["noise"].shape[1]), 0)
    solved = flow.solve_alone(job, steps=steps, guidance=guidance, start=golden["noise"][0])
    for number, state in enumerate(solved.path, start=1):
        key = f"x_before_step{number}"
        if key in golden:
            yield Row(STAGE, name, key, _error(state, golden[key]), LIMIT)
    mel = solved.mel[:, job.prompt_frames :].transpose(1, 2)
    detail = f"{steps} steps, t to {moments(steps)[0][-1]:.3f}"
    yield Row(STAGE, name, "mel", _error(mel, golden["mel"]), LIMIT, detail)


def _stream(
    flow: Flow, case: Mapping[str, Any], golden: Mapping[str, Tensor], guidance: float
) -> Iterator[Row]:
    name, rate = case["name"], case["sr"]
    job = _job(case, golden)
    stream = UpstreamStream(
        blocks=tuple(case["block_sizes"]),
        ahead=tuple(case["look_future_sizes"]),
        fade=case["fade_sec"],
        rate=rate,
        # the golden set's stand-in for a vocoder
        vocoder=lambda mel: (0.1 * mel.mean(1)).repeat_interleave(rate // 50),
    )
    noises = [golden[f"chunk{number}.noise"][0] for number in range(len(case["chunks"]))]
    chunks = list(stream.chunks(flow, job, noises, steps=case.get("steps", 10), guidance=guidance))
    for number, (chunk, said) in enumerate(zip(chunks, case["chunks"], strict=True)):
        wrong = (chunk.frames != said["feat_len"]) + (chunk.held != said["override_len"])
        yield Row(STAGE, name, f"chunk{number} frames", wrong, 0, f"held {chunk.held}")
        mel = chunk.mel.T[None]
        yield Row(
            STAGE, name, f"chunk{number} mel", _error(mel, golden[f"chunk{number}.mel"]), LIMIT
        )
    lengths = [len(chunk.wave) for chunk in chunks]
    wrong = sum(
        ours != theirs for ours, theirs in zip(lengths, case["emitted_samples"], strict=True)
    )
    yield Row(STAGE, name, "samples given", wrong, 0)
    wave = torch.cat([chunk.wave for chunk in chunks])[None]
    yield Row(STAGE, name, "wave", _error(wave, golden["wav"]), LIMIT)
