"""Whole checkpoints in every form, and broken ones: each its own sentence, nothing loaded."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from safetensors.torch import load_file, save_file

from benchmarks import glm_tokens
from benchmarks.glm_checkpoint import (
    TINY,
    flow_tensors,
    hift_tensors,
    lm_tensors,
    vq_tensors,
    write,
)
from castbook.errors import EnvironmentFault
from tts.glm.checkpoint import loading
from tts.glm.checkpoint.configs import FlowConfig, HiftConfig, LmConfig, SpecialTokens
from tts.glm.checkpoint.shapes import flow_shapes, hift_shapes, lm_shapes
from tts.glm.checkpoint.validation import ENCODER, examine

SHARD = "llm/model-00001-of-00002.safetensors"
INDEX = "llm/model.safetensors.index.json"
VQ = "speech_tokenizer/model.safetensors"
FLOW, HIFT, SPEAKER = "flow/flow.pt", "hift/hift.pt", "frontend/campplus.onnx"
WORDS = "vq32k-phoneme-tokenizer/tokenizer.model"
TOKENS = "vq32k-phoneme-tokenizer/tokenizer_config.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("whole"), vocos=True)


def test_the_sizes_of_the_published_models() -> None:
    """Parameter counts as published, from the official sizes."""

    def numbers(shapes: dict[str, tuple[int, ...]]) -> int:
        return sum(math.prod(shape) for shape in shapes.values())

    lm = LmConfig(98304, 2048, 28, 16, 4, 128, 6144, 1e-5, 1e4, 8192)
    assert numbers(lm_shapes(lm)) == 1_552_009_216
    flow = flow_shapes(FlowConfig(768, 18, 12, 2, 512, 4, 100_001))
    assert numbers(flow) - 32 == 225_299_792  # and the 32 frequencies of rotation
    assert round(numbers(hift_shapes(HiftConfig(512, 512))) / 1e6, 2) == 20.82


@pytest.mark.parametrize(("sharded", "form"), [(True, "model"), (False, "bare"), (True, "old")])
def test_every_form_gives_the_same_tensors(tmp_path: Path, sharded: bool, form: str) -> None:
    write(tmp_path, seed=5, sharded=sharded, flow_form="bare" if form == "bare" else "model")
    if form == "old":  # torch before 1.6
        for name in (FLOW, HIFT):
            state = torch.load(tmp_path / name, weights_only=True)
            torch.save(state, tmp_path / name, _use_new_zipfile_serialization=False)
    found = examine(tmp_path)
    assert (found.lm, found.vq, found.flow, found.hift) == (
        TINY.lm, TINY.vq, TINY.flow, TINY.hift,
    )  # fmt: skip
    for loaded, written in (
        (loading.load_lm(found), lm_tensors(TINY, 5)),
        (loading.load_vq(found), {ENCODER + n: t for n, t in vq_tensors(TINY, 5).items()}),
        (loading.load_flow(found), flow_tensors(TINY, 5)),
        (loading.load_hift(found), hift_tensors(TINY, 5)),
    ):
        assert loaded.keys() == written.keys()
        assert all(torch.equal(loaded[name], written[name]) for name in written)
    assert found.parameters["vq"] == sum(t.numel() for t in vq_tensors(TINY, 5).values())


def test_half_precision_is_kept(tmp_path: Path) -> None:
    found = examine(write(tmp_path, dtype=torch.bfloat16))
    assert {tensor.dtype for tensor in loading.load_lm(found).values()} == {torch.bfloat16}


def test_the_special_tokens_are_found_by_name(whole: Path) -> None:
    first = glm_tokens.identifier("<|audio_0|>", 256)
    by_name = [
        glm_tokens.identifier(f"<|{n}|>", 256) for n in ("endoftext", "user", "begin_of_audio")
    ]
    assert examine(whole).special == SpecialTokens(*by_name, first, first + 255)


def test_at_32_khz_the_other_vocoder_counts(whole: Path, tmp_path: Path) -> None:
    assert examine(whole, rate=32000).hift is None
    copy = shutil.copytree(whole, tmp_path / "copy")
    (copy / HIFT).unlink()
    assert loading.load_hift(examine(copy, rate=32000)) == {}
    (copy / "vocos2d/generator_jit.ckpt").write_bytes(b"no archive at all")
    with pytest.raises(EnvironmentFault, match="no archive of TorchScript"):
        examine(copy, rate=32000)
    with pytest.raises(EnvironmentFault, match="no vocoder of 44100 Hz; expected 24000 or 32000"):
        examine(copy, rate=44100)


def test_a_checkout_around_the_checkpoint(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "ckpt")
    shutil.move(tmp_path / "ckpt/frontend", tmp_path / "frontend")
    found = examine(tmp_path)
    assert found.layout.root == tmp_path / "ckpt"
    assert found.layout.speaker == tmp_path / SPEAKER


# -- broken ones ---------------------------------------------------------------------------------


def change_json(name: str, **values: Any) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        data = json.loads((root / name).read_text("utf-8"))
        (root / name).write_text(json.dumps(data | values), "utf-8")

    return change


def change_text(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / name).read_text("utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), "utf-8")

    return change


def replace(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda root: (root / name).write_bytes(content) and None


def cut(name: str, to: int) -> Callable[[Path], None]:
    return lambda root: os.truncate(root / name, to)


def append(name: str, content: bytes) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        with (root / name).open("ab") as file:
            file.write(content)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).unlink()


def retensor(
    name: str, change: Callable[[dict[str, torch.Tensor]], object]
) -> Callable[[Path], None]:
    """Tensors of a file, changed in place."""

    def rewrite(root: Path) -> None:
        path = root / name
        if path.suffix == ".pt":
            data = torch.load(path, weights_only=True)
            change(data.get("model", data))
            torch.save(data, path)
        else:
            tensors = {k: v.clone() for k, v in load_file(path).items()}
            change(tensors)
            save_file(tensors, path)

    return rewrite


def put(name: str, content: object) -> Callable[[Path], None]:
    return lambda root: torch.save(content, root / name)


class Code:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, ("touch run",)


@dataclass(frozen=True)
class Broken:
    """One checkpoint, and the sentence about it."""

    what: str
    change: Callable[[Path], object]
    file: str
    says: str


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 28303423\n"
PAGE = b"<!DOCTYPE html>\n<html><body>Sign in</body></html>" + b" " * 100
NORM = "model.layers.0.input_layernorm.weight"
PROJ = "estimator.proj_out.weight"
BROKEN = [
    Broken("no config", remove("llm/config.json"), "llm/config.json", "missing; get it: castbook"),
    Broken("no shard", remove(SHARD), SHARD, "missing; get it: castbook get glm"),
    Broken("no index", remove(INDEX), "llm/model.safetensors", "missing; nor is there model.saf"),
    Broken("no flow", remove(FLOW), FLOW, "missing"),
    Broken("no speaker network", remove(SPEAKER), SPEAKER, "missing"),
    Broken("a pointer", replace(SPEAKER, LFS), SPEAKER, "a pointer of Git LFS, not the file"),
    Broken("a web page", replace(HIFT, PAGE), HIFT, "a web page, not a model file"),
    Broken("an empty file", replace(FLOW, b""), FLOW, "0 bytes; expected at least 1; delete it"),
    Broken("a cut shard", cut(SHARD, 40_000), SHARD, "40000 bytes: it was cut off; expected"),
    Broken("a cut header", cut(SHARD, 500), SHARD, "500 bytes, fewer than its header alone"),
    Broken("too many bytes", append(SHARD, b"xyz"), SHARD, "3 too many"),
    Broken("a damaged header", replace(VQ, b"\x09" + bytes(7) + b"[" * 9), VQ, "cannot be read"),
    Broken("no safetensors", replace(VQ, b"\xff" * 64), VQ, "expected a safetensors file"),
    Broken(
        "a shape",
        retensor(SHARD, lambda t: t.update({NORM: torch.ones(31)})),
        INDEX,  # its total says so first
        "total_size",
    ),
    Broken(
        "another shape",
        retensor(VQ, lambda t: t.update({"model.encoder.conv1.bias": torch.ones(31)})),
        VQ,
        "model.encoder.conv1.bias of shape [31]; expected [32]",
    ),
    Broken(
        "a tensor is missing",
        retensor(VQ, lambda t: t.pop("model.encoder.codebook.weight")),
        VQ,
        "no tensor model.encoder.codebook.weight; expected shape [256, 32]",
    ),
    Broken(
        "a tensor too many",
        retensor(VQ, lambda t: t.update({"model.encoder.gate.weight": torch.ones(2)})),
        VQ,
        "tensor model.encoder.gate.weight, unknown here",
    ),
    Broken(
        "whole numbers",
        retensor(VQ, lambda t: t.update({"model.encoder.conv1.bias": torch.ones(32).int()})),
        VQ,
        "model.encoder.conv1.bias of type I32; expected F32, F16, BF16",
    ),
    Broken("an index elsewhere", change_text(INDEX, "model-0", "../model-0"), INDEX, "names of"),
    Broken("an index of nothing", change_json(INDEX, weight_map={}), INDEX, "no weight_map"),
    Broken("an index of another", change_text(INDEX, NORM, "model.x"), SHARD, "no tensor model.x"),
    Broken("no JSON", replace("llm/config.json", b"{"), "llm/config.json", "expected JSON"),
    Broken(
        "scaled rotation",
        change_json("llm/config.json", rope_scaling={"type": "linear", "factor": 2.0}),
        "llm/config.json",
        "rope_scaling is {'type': 'linear', 'factor': 2.0}; expected None",
    ),
    Broken(
        "biases",
        change_json("llm/config.json", attention_bias=True),
        "llm/config.json",
        "attention_bias is True; expected False",
    ),
    Broken(
        "an output layer",
        change_json("llm/config.json", tie_word_embeddings=False),
        "llm/config.json",
        "tie_word_embeddings is False; expected True",
    ),
    Broken(
        "heads",
        change_json("llm/config.json", num_key_value_heads=3),
        "llm/config.json",
        "num_key_value_heads is 3; expected a divisor of 4 heads",
    ),
    Broken(
        "no size",
        change_json("llm/config.json", hidden_size="32"),
        "llm/config.json",
        "hidden_size is '32'; expected a whole number",
    ),
    Broken(
        "a small vocabulary",
        change_json("llm/config.json", vocab_size=900),
        "llm/model-00001-of-00002.safetensors",
        "model.embed_tokens.weight of shape [960, 32]; expected [900, 32]",
    ),
    Broken(
        "pooling",
        change_json("speech_tokenizer/config.json", pooling_kernel_size=4),
        "speech_tokenizer/config.json",
        "pooling_kernel_size is 4; expected 2",
    ),
    Broken(
        "a causal encoder",
        change_json("speech_tokenizer/config.json", encoder_causal_attention=True),
        "speech_tokenizer/config.json",
        "encoder_causal_attention is True; expected False",
    ),
    Broken(
        "another front end",
        change_json("speech_tokenizer/preprocessor_config.json", n_fft=512),
        "speech_tokenizer/preprocessor_config.json",
        "n_fft: 512; expected 400",
    ),
    Broken(
        "another flow",
        change_text("flow/config.yaml", "mel_dim: 80", "mel_dim: 100"),
        "flow/config.yaml",
        "mel_dim is 100; expected 80",
    ),
    Broken(
        "code in the settings",
        change_text("flow/config.yaml", "!new:flow.flow.Flow", "!apply:os.system"),
        "flow/config.yaml",
        "cannot be read (could not determine a constructor for the tag '!apply:os.system')",
    ),
    Broken("code in the flow", put(FLOW, {"model": Code()}), FLOW, "holds code (posix.system)"),
    Broken("code in the vocoder", put(HIFT, Code()), HIFT, "which is not run; expected tensors"),
    Broken("a list", put(HIFT, [torch.ones(2)]), HIFT, "a pickled list; expected tensors by name"),
    Broken("no tensors", put(FLOW, {"model": {"a": 1}}), FLOW, "a int under 'a'; expected tensors"),
    Broken("a cut archive", cut(FLOW, 100_000), FLOW, "100000 bytes: it was cut off"),
    Broken("no pickle", replace(FLOW, b"\x00" * 200), FLOW, "expected a torch file of tensors"),
    Broken(
        "a block is missing",
        retensor(FLOW, lambda t: [t.pop(n) for n in list(t) if "transformer_blocks.0." in n]),
        FLOW,
        "estimator.transformer_blocks.0.attn.to_q.weight is missing",
    ),
    Broken(
        "a flow of another width",
        retensor(FLOW, lambda t: t.update({PROJ: torch.ones(80, 48)})),
        FLOW,
        "expected",
    ),
    Broken(
        "old weight norm",
        retensor(HIFT, lambda t: t.update({"conv_pre.weight_g": torch.ones(2)})),
        HIFT,
        "weight norm under its old names",
    ),
    Broken("a vocabulary with a gap", change_text(WORDS, " 300\n", " 999\n"), WORDS, "with gaps"),
    Broken("no vocabulary", replace(WORDS, b"hello world\n"), WORDS, "line 1 makes no sense"),
    Broken(
        "no end of audio", change_text(TOKENS, "<|user|>", "<|you|>"), TOKENS, "no token <|user|>"
    ),
    Broken(
        "a code is missing",
        change_text(TOKENS, "<|audio_77|>", "<|other|>"),
        TOKENS,
        "<|audio_77|> is not id",
    ),
    Broken(
        "fewer codes",
        change_text(TOKENS, "<|audio_255|>", "<|other|>"),
        TOKENS,
        "255 speech tokens; expected 256, the codebook",
    ),
    Broken(
        "no added tokens",
        change_json(TOKENS, added_tokens_decoder={}),
        TOKENS,
        "no added_tokens_decoder",
    ),
    Broken("no ONNX", replace(SPEAKER, b"\x08" * 300), SPEAKER, "expected an ONNX model"),
]


@pytest.fixture(scope="module")
def nothing_loads() -> Iterator[None]:
    """While checkpoints are examined no tensor is read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(safetensors, "safe_open", None)
        patch.setattr(loading, "safe_open", None)
        patch.setattr(torch.jit, "load", None)
        yield


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: b.what.replace(" ", "-"))
def test_a_broken_checkpoint_is_told_in_one_line(
    whole: Path, tmp_path: Path, broken: Broken, nothing_loads: None
) -> None:
    root = tmp_path / "ckpt"
    shutil.copytree(whole, root, copy_function=os.link)
    for path in (root / broken.file, *root.glob(f"{broken.file.partition('/')[0]}/*")):
        if path.exists():  # a file of its own where it is changed
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content)
    broken.change(root)
    with pytest.raises(EnvironmentFault) as raised:
        examine(root)
    text = str(raised.value)
    assert "\n" not in text
    assert text.startswith(f"{root / broken.file}: ")
    assert broken.says in text
    assert "castbook get glm" in text
    assert not Path("run").exists()


def test_each_has_a_sentence_of_its_own() -> None:
    assert len(BROKEN) >= 25
    assert len({(broken.file, broken.says) for broken in BROKEN}) >= len(BROKEN) - 3


def test_no_folder() -> None:
    with pytest.raises(EnvironmentFault, match="no such folder: get the weights"):
        examine(Path("/nonexistent/ckpt"))
