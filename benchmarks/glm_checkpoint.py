"""Writes a whole GLM-TTS checkpoint folder with random weights, of any size.

``python -m benchmarks.glm_checkpoint FOLDER [--seed N] [--size tiny|small]`` makes the official
layout; tests and benchmarks call ``write``. Tensors are named and shaped as the published ones
(``tts/glm/checkpoint/shapes.py``).
Where the weights come from: ``benchmarks/glm_weights.py``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import save_file

from benchmarks import glm_graphs, glm_tokens
from benchmarks.glm_weights import (
    SMALL,
    TINY,
    Size,
    Tensors,
    flow_tensors,
    hift_tensors,
    lm_tensors,
    vq_tensors,
)
from tts.glm.checkpoint.configs import LmConfig, VqConfig

__all__ = [
    "SMALL", "TINY", "Size", "flow_tensors", "hift_tensors", "lm_tensors", "vq_tensors", "write",
]  # fmt: skip

FlowForm = Literal["bare", "model"]

_FLOW_YAML = """\
flow: !new:flow.flow.Flow
    spkr_emb_adaLN: True
    speech_token_cfg: False
    remove_spkr_concat_condition: True
    mel_dim: 80
    mel_framerate: 50
    input_frame_rate: 25
"""


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
