"""Writes a whole GLM-TTS checkpoint folder with random weights, of any size.

``python -m benchmarks.glm_checkpoint FOLDER [--seed N] [--size tiny|small]`` makes the official
layout; tests and benchmarks call ``write``. Tensors are named and shaped as the published ones
(``tts/glm/checkpoint/shapes.py``). The scales are chosen so that the parts work on each other:

- language model: embeddings of length about 1 give logits of standard deviation about 1. All
  embeddings share a direction that no layer writes to; that of the end of audio has more of it,
  as much as makes the end come with a chance of about ``Size.end`` at every step. Measured with
  RAS: sequences of 20 text ids end 0 to 30 steps after their minimum of 40, 30 % of the steps
  take the fall-back of RAS.
- flow: default initialisation, the output shifted by ``_MEL_MEAN`` so that mels lie where
  speech lies; guidance keeps the shift.
- vocoder: default initialisation; the pitch predictor is biased to a voiced 150 Hz.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import save_file
from torch import Tensor

from benchmarks import glm_graphs, glm_tokens
from tts.glm.checkpoint.configs import FlowConfig, HiftConfig, LmConfig, VqConfig
from tts.glm.checkpoint.shapes import flow_shapes, hift_shapes, lm_shapes, vq_shapes

Tensors = dict[str, Tensor]
FlowForm = Literal["bare", "model"]

_MEL_MEAN = -4.0  # natural logarithm; speech at a usual level has about this over its frames
_STATE = 0.9  # mean square that one layer adds to the hidden state, with these scales
_PITCH = 150.0  # Hz
_FLOW_YAML = """\
flow: !new:flow.flow.Flow
    spkr_emb_adaLN: True
    speech_token_cfg: False
    remove_spkr_concat_condition: True
    mel_dim: 80
    mel_framerate: 50
    input_frame_rate: 25
"""


@dataclass(frozen=True, slots=True)
class Size:
    """Sizes of all models; the defaults are the smallest that still have every part twice."""

    hidden: int = 32
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    ffn: int = 64
    codes: int = 256  # speech tokens
    vq_width: int = 32
    vq_heads: int = 2
    vq_layers: int = 2
    vq_positions: int = 1500  # 30 s
    vq_block: int | None = 200
    flow_width: int = 64
    flow_depth: int = 2
    flow_heads: int = 2
    text_width: int = 32
    hift_base: int = 16
    f0_width: int = 8
    end: float = 0.03  # chance of the end at a step, before the nucleus is taken

    @property
    def lm(self) -> LmConfig:
        """Of the language model; its head has as many channels as fit."""
        vocab = -(-glm_tokens.vocabulary(self.codes) // 64) * 64  # padded, as the official one
        return LmConfig(
            vocab, self.hidden, self.layers, self.heads, self.kv_heads,
            self.hidden // self.heads, self.ffn, 1e-5, 10000.0, 8192,
        )  # fmt: skip

    @property
    def vq(self) -> VqConfig:
        """Of the speech tokenizer."""
        width, ffn = self.vq_width, 2 * self.vq_width
        return VqConfig(
            width, self.vq_heads, self.vq_layers, ffn, 128,
            self.vq_positions, self.vq_block, 2, self.codes,
        )  # fmt: skip

    @property
    def flow(self) -> FlowConfig:
        """Of the flow."""
        vocab = self.codes + 1
        return FlowConfig(
            self.flow_width, self.flow_depth, self.flow_heads, 2, self.text_width, 4, vocab
        )

    @property
    def hift(self) -> HiftConfig:
        """Of the vocoder."""
        return HiftConfig(self.hift_base, self.f0_width)


TINY = Size()
# Large enough that arithmetic, not the calling of kernels, takes the time on a CPU.
SMALL = replace(
    TINY, hidden=512, layers=4, heads=8, ffn=1536, codes=4096, vq_width=128,
    flow_width=256, flow_depth=6, flow_heads=4, text_width=128, hift_base=128, f0_width=64, end=0.01,
)  # fmt: skip


def write(
    folder: Path,
    size: Size = TINY,
    seed: int = 0,
    *,
    sharded: bool = True,
    flow_form: FlowForm = "model",
    vocos: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Writes every file of a checkpoint and returns ``folder``.

    Args:
        seed: of all weights; the same seed gives the same tensors.
        sharded: the language model in two files with an index, else in one.
        flow_form: ``flow.pt`` as a bare state dict, or under the key "model".
        vocos: with the vocoder of 32 kHz.
        dtype: of language model and speech tokenizer.
    """
    write_lm(folder / "llm", lm_tensors(size, seed), size.lm, sharded=sharded, dtype=dtype)
    write_vq(folder / "speech_tokenizer", vq_tensors(size, seed), size.vq, dtype=dtype)
    _pickle(folder / "flow/flow.pt", flow_tensors(size, seed), flow_form)
    (folder / "flow/config.yaml").write_text(_FLOW_YAML, "utf-8")
    _pickle(folder / "hift/hift.pt", hift_tensors(size, seed), "bare")
    glm_tokens.write_tokenizer(folder / "vq32k-phoneme-tokenizer", size.codes)
    glm_graphs.write_speaker(folder / "frontend/campplus.onnx", seed)
    if vocos:
        glm_graphs.write_vocos(folder / "vocos2d/generator_jit.ckpt", seed)
    return folder


def lm_tensors(size: Size, seed: int) -> Tensors:
    """Weights of the language model, float32 on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    config = size.lm
    tensors: Tensors = {}
    for name, shape in lm_shapes(config).items():
        if name.endswith("norm.weight"):
            tensors[name] = 1 + 0.05 * torch.randn(shape, generator=generator)
        else:
            tensors[name] = torch.randn(shape, generator=generator) / shape[1] ** 0.5
    common = torch.randn(config.hidden, generator=generator)
    common /= common.norm()
    for name, tensor in tensors.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):  # writers to the hidden state
            tensor -= torch.outer(common, common @ tensor)
    embedding = tensors["model.embed_tokens.weight"]
    embedding += torch.outer(1 - embedding @ common, common)
    # What the direction has of the normed state before the output, see _STATE.
    share = 1 / math.sqrt(2 / config.hidden + _STATE * config.layers)
    odds = math.log(size.end / (1 - size.end) * size.codes) + 0.5  # mean of exp(normal)
    embedding[glm_tokens.identifier("<|user|>", size.codes)] = common * (1 + odds / share)
    return tensors


def vq_tensors(size: Size, seed: int) -> Tensors:
    """Weights of the speech tokenizer's encoder, without ``model.encoder.``."""
    return _default(vq_shapes(size.vq), seed + 1)


def flow_tensors(size: Size, seed: int) -> Tensors:
    """Weights of the flow."""
    config = size.flow
    tensors = _default(flow_shapes(config), seed + 2)
    places = torch.arange(0, config.head_dim, 2, dtype=torch.float32)
    tensors["estimator.rotary_embed.inv_freq"] = 10000.0 ** (-places / config.head_dim)
    tensors["estimator.proj_out.bias"] += _MEL_MEAN
    return tensors


def hift_tensors(size: Size, seed: int) -> Tensors:
    """Weights of the vocoder of 24 kHz."""
    tensors = _default(hift_shapes(size.hift), seed + 3)
    for name in tensors:
        if name.endswith("original0"):  # weight norm: the length of each direction
            direction = tensors[name.replace("original0", "original1")]
            tensors[name] = direction.flatten(1).norm(dim=1).reshape(-1, 1, 1)
    tensors["f0_predictor.classifier.weight"] *= 20
    tensors["f0_predictor.classifier.bias"] += _PITCH
    return tensors


def write_lm(
    folder: Path, tensors: Tensors, config: LmConfig, *, sharded: bool, dtype: torch.dtype
) -> None:
    """``llm/``: config, and weights in one file or in two with an index."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    if sharded:
        names = list(tensors)
        halves = (names[: len(names) // 2], names[len(names) // 2 :])
        where: dict[str, str] = {}
        for number, half in enumerate(halves, start=1):
            file = f"model-{number:05}-of-00002.safetensors"
            save_file({n: tensors[n] for n in half}, folder / file, {"format": "pt"})
            where |= dict.fromkeys(half, file)
        total = sum(t.numel() * t.element_size() for t in tensors.values())
        index = {"metadata": {"total_size": total}, "weight_map": where}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1), "utf-8")
    else:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    data = {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "hidden_size": config.hidden,
        "intermediate_size": config.ffn,
        "max_position_embeddings": config.max_positions,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": config.heads,
        "num_hidden_layers": config.layers,
        "num_key_value_heads": config.kv_heads,
        "rms_norm_eps": config.norm_eps,
        "rope_scaling": None,
        "rope_theta": config.rope_theta,
        "tie_word_embeddings": True,
        "torch_dtype": str(dtype).removeprefix("torch."),
        "vocab_size": config.vocab,
    }
    (folder / "config.json").write_text(json.dumps(data, indent=1), "utf-8")


def write_vq(folder: Path, tensors: Tensors, config: VqConfig, *, dtype: torch.dtype) -> None:
    """``speech_tokenizer/``: configs and weights, with some that only training needs."""
    folder.mkdir(parents=True, exist_ok=True)
    half = torch.zeros(config.max_positions // config.pooling, config.width)
    extra = {
        "ema_count": torch.ones(config.codebook),
        "ema_weight": tensors["codebook.weight"].clone(),
        "embed_positions2.weight": half,
        "layer_norm.weight": torch.ones(config.width),
        "layer_norm.bias": torch.zeros(config.width),
        f"layers.{config.layers}.fc1.weight": torch.zeros(config.ffn, config.width),
    }
    stored = {f"model.encoder.{n}": t.to(dtype) for n, t in (tensors | extra).items()}
    stored["model.decoder.layer_norm.weight"] = torch.ones(config.width, dtype=dtype)
    save_file(stored, folder / "model.safetensors", {"format": "pt"})
    data = {
        "activation_function": "gelu",
        "d_model": config.width,
        "encoder_attention_heads": config.heads,
        "encoder_causal_attention": False,
        "encoder_causal_convolution": False,
        "encoder_ffn_dim": config.ffn,
        "encoder_layers": config.layers + 1,
        "max_source_positions": config.max_positions,
        "num_mel_bins": config.mels,
        "pooling_kernel_size": config.pooling,
        "pooling_position": config.layers,
        "pooling_type": "avg",
        "quantize_causal_block_size": config.block,
        "quantize_causal_encoder": False,
        "quantize_ema_decay": 0.99,
        "quantize_position": config.layers,
        "quantize_vocab_size": config.codebook,
        "scale_embedding": False,
    }
    (folder / "config.json").write_text(json.dumps(data, indent=1), "utf-8")
    standard = {
        "chunk_length": 30, "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": config.mels, "hop_length": 160, "n_fft": 400, "n_samples": 480000,
        "nb_max_frames": 3000, "padding_value": 0.0, "sampling_rate": 16000,
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(standard, indent=1), "utf-8")


def _default(shapes: dict[str, tuple[int, ...]], seed: int) -> Tensors:
    """The usual random start of layers: uniform within the inverse root of the inputs; norms
    and slopes near one, tables of embeddings normal."""
    generator = torch.Generator().manual_seed(seed)

    def draw(name: str, shape: tuple[int, ...]) -> Tensor:
        if name.endswith(("norm.weight", "alpha")):
            return 1 + 0.1 * torch.randn(shape, generator=generator)
        if "embed" in name.rpartition("estimator.")[2].split(".")[-2] or "codebook" in name:
            return torch.randn(shape, generator=generator)
        if len(shape) < 2 or name.endswith(("gamma", "beta")):
            return 0.1 * torch.randn(shape, generator=generator)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        return bound * (2 * torch.rand(shape, generator=generator) - 1)

    return {name: draw(name, shape) for name, shape in shapes.items()}


def _pickle(path: Path, tensors: Tensors, form: FlowForm) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"model": tensors} if form == "model" else tensors, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", choices=("tiny", "small"), default="tiny")
    parser.add_argument("--vocos", action="store_true", help="with the vocoder of 32 kHz")
    arguments = parser.parse_args()
    size = TINY if arguments.size == "tiny" else SMALL
    folder = write(arguments.folder, size, arguments.seed, vocos=arguments.vocos)
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
