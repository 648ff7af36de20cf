"""Options of the engine: presets, refusals, and what the key depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from castbook.errors import ProjectError
from tts.glm.options import Options, fingerprint
from tts.presets import engine_data

PRESETS: Mapping[str, Mapping[str, Any]] = engine_data("glm")["option_presets"]
FILES = {
    "llm/model.safetensors": "a" * 64,
    "hift/hift.pt": "b" * 64,
    "vocos2d/generator_jit.ckpt": "c" * 64,
    "speech_tokenizer/preprocessor_config.json": "d" * 64,
}


def test_nothing_said_is_the_preset_for_books() -> None:
    assert Options.read() == Options.read({}) == Options.read({"preset": "batch"})
    assert Options.read() == Options()  # the defaults in the code are those of the file


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_what_it_says_and_options_beside_it_win(name: str) -> None:
    made = Options.read({"preset": name})
    for key, value in PRESETS[name].items():
        assert getattr(made, key) == value
    assert Options.read({"preset": name, "steps": 7}).steps == 7


def test_values_are_filled_in() -> None:
    made = Options.read(
        {"chained": True, "guidance": 1, "device": ["cuda:0", "cuda:1"], "checkpoint": "~/glm"}
    )
    assert made.context == 2048
    assert repr(made.guidance) == "1.0"
    assert made.device == ("cuda:0", "cuda:1")
    assert made.checkpoint == Path.home() / "glm"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"stpes": 4}, "engines.glm.stpes: unknown option; expected one of preset, sampler"),
        ({"stpes": 4}, "did you mean steps?"),
        ({"preset": "bach"}, "engines.glm.preset: cannot be 'bach'; expected one of batch, hifi"),
        ({"preset": ["a"]}, "engines.glm.preset: cannot be ['a']"),
        ({"sampler": "rsa"}, "cannot be 'rsa'; expected one of ras, topk; did you mean ras?"),
        ({"rate": 44100}, "engines.glm.rate: cannot be 44100; expected one of 24000, 32000"),
        ({"rate": 24000.0}, "cannot be 24000.0"),
        ({"chained": 1}, "engines.glm.chained: cannot be 1; expected one of false, true"),
        ({"steps": 0}, "engines.glm.steps: cannot be 0; expected a whole number, 1 to 100"),
        ({"steps": True}, "engines.glm.steps: cannot be True"),
        ({"guidance": -1}, "engines.glm.guidance: cannot be -1"),
        ({"precision": "bf16"}, "expected one of fp32, tf32, mixed, mixed-bf16"),
        ({"device": "gpu"}, "engines.glm.device: cannot be 'gpu'; expected auto, cpu, cuda"),
        ({"device": ["cpu", "cpu"]}, "expected each device once"),
        ({"device": ["auto", "cpu"]}, "expected auto alone"),
        ({"device": []}, "expected each device once"),
        ({"checkpoint": "ckpt"}, "engines.glm.checkpoint: cannot be 'ckpt'; expected a folder fr"),
        ({"checkpoint": 7}, "engines.glm.checkpoint: cannot be 7; expected a folder"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ProjectError) as raised:
        Options.read(options)
    assert says in str(raised.value)


def test_the_types_follow_the_device_only_where_nothing_is_said() -> None:
    made = Options.read()
    assert [made.dtype_on(kind) for kind in ("cpu", "cuda")] == ["fp32", "bf16"]
    assert replace(made, dtype="fp32").cache_on("cuda") == "fp32"
    assert replace(made, cache="bf16").cache_on("cpu") == "bf16"
    assert made.slots_on("cuda") > made.slots_on("cpu")
    assert replace(made, slots=3).slots_on("cuda") == 3


CHANGES: Mapping[str, Any] = {
    "sampler": "topk", "rate": 32000, "steps": 9, "guidance": 0.5, "precision": "fp32",
    "dtype": "fp32", "cache": "bf16", "context": 512, "chained": True, "slots": 5, "rows": 2,
    "device": ("cpu",), "checkpoint": Path("/x"), "preset": "hifi",
}  # fmt: skip
SILENT = {"slots", "rows", "device", "checkpoint", "preset"}


@pytest.mark.parametrize("key", CHANGES)
def test_the_key_depends_on_what_is_heard(key: str) -> None:
    assert CHANGES.keys() == set(Options.__dataclass_fields__)
    changed = replace(Options(), **{key: CHANGES[key]})
    same = fingerprint(changed, FILES) == fingerprint(Options(), FILES)
    assert same == (key in SILENT)


def test_the_key_depends_on_the_files_that_are_read() -> None:
    def changes(name: str, rate: int) -> bool:
        options = Options(rate=rate)
        return fingerprint(options, FILES) != fingerprint(options, FILES | {name: "e" * 64})

    for rate in (24000, 32000):
        assert changes("llm/model.safetensors", rate)
        assert not changes("speech_tokenizer/preprocessor_config.json", rate)
        assert changes("hift/hift.pt", rate) == (rate == 24000)
        assert changes("vocos2d/generator_jit.ckpt", rate) == (rate == 32000)
    assert fingerprint(Options(), {}) != fingerprint(Options(), FILES)
