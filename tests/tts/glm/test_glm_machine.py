"""What is here, what is missing, and whether it fits: nothing of it loads torch."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.glm_checkpoint import write
from castbook.errors import EnvironmentFault
from tts.glm import machine, place
from tts.glm.checkpoint.digests import checkpoint_digests
from tts.glm.checkpoint.layout import Layout
from tts.glm.machine import Device, describe, parse_graphics
from tts.glm.memory import OFFICIAL, need
from tts.glm.options import Options

GIB = 1 << 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CASTBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_need_of_the_official_model() -> None:
    options = Options.read()
    gpu, cpu = need(options, "cuda"), need(options, "cpu")
    # 1.552e9 parameters of two bytes, 0.246e9 of flow and vocoder of four
    assert gpu.weights == 2 * 1_552_009_216 + 4 * (225_299_792 + 32 + 20_821_295)
    assert cpu.weights - gpu.weights == 2 * 1_552_009_216
    assert gpu.cache == 57_344 * 1024 * 128  # 56 KiB a token in half precision
    assert need(replace(options, cache="fp32"), "cuda").cache == 2 * gpu.cache
    assert need(replace(options, slots=8), "cuda").cache == gpu.cache // 16
    assert need(options, "cuda", replace(OFFICIAL, hift=None)).weights < gpu.weights
    two, one = need(options, "cpu", cores=2), need(replace(options, rows=1), "cpu", cores=2)
    assert cpu.work > two.work > one.work  # as many segments rendered at once
    assert gpu.total == gpu.weights + gpu.reference + gpu.cache + gpu.work


def test_devices_are_held_against_the_need() -> None:
    here = (
        Device("cuda:0", "Large", 100 * GIB, 141 * GIB),
        Device("cuda:1", "Small, old", 12 * GIB, 16 * GIB),
        Device("cuda:2", "Tiny", 2 * GIB, 4 * GIB),
        Device("cpu", "x86_64", 0, 0),
    )
    told = describe(Options.read(), here)
    assert told["cuda:0 (Large)"].endswith(": enough")
    assert told["cuda:0 (Large)"].startswith("100.0 of 141.0 GiB free, 15.2 needed (weights 3.8")
    assert "not enough: free some, or set slots: 8" in told["cuda:1 (Small, old)"]
    assert "too little for this model" in told["cuda:2 (Tiny)"]
    assert "how much is free is not known" in told["cpu (x86_64)"]
    asked = describe(Options.read({"device": ["cuda:1", "cuda:7"]}), here)
    assert [name for name in asked if name.startswith(("cuda", "cpu"))] == [
        "cuda:1 (Small, old)", "cuda:7",
    ]  # fmt: skip
    assert asked["cuda:7"] == "not found on this machine"


def test_what_the_driver_prints() -> None:
    told = "0, NVIDIA H200, 142000, 143771\nnonsense\n1, Half, a card, 10, 20\n[N/A], x, y, z\n"
    assert parse_graphics(told) == [
        Device("cuda:0", "NVIDIA H200", 142000 << 20, 143771 << 20),
        Device("cuda:1", "Half, a card", 10 << 20, 20 << 20),
    ]


def test_a_driver_that_hangs_or_fails_is_no_device(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nexit 9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert [device.kind for device in machine.devices()] == ["cpu"]


def test_missing_says_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.missing(Options.read()) == (
        "the weights of glm (9 GB) are not here: castbook get glm"
    )
    own = Options.read({"checkpoint": str(folder)})
    assert place.missing(own) is None
    other = place.missing(replace(own, rate=32000))
    assert other is not None
    assert "generator_jit.ckpt is missing" in other
    nowhere = place.missing(replace(own, checkpoint=folder / "none"))
    assert nowhere is not None
    assert "no such folder" in nowhere
    monkeypatch.setattr(place, "find_spec", lambda name: None if name == "torch" else name)
    assert place.missing(own) == "package is not installed: torch; pip install 'castbook[glm]'"


def test_files_are_hashed_once_and_again_when_they_change(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record = tmp_path / "record.json"
    first = checkpoint_digests(Layout(folder), record)
    assert {"llm/config.json", "frontend/campplus.onnx", "flow/flow.pt"} < first.keys()
    with monkeypatch.context() as patch:
        patch.setattr("tts.glm.checkpoint.digests.digest_of", lambda path: pytest.fail("hashed"))
        assert checkpoint_digests(Layout(folder), record) == first
    config = folder / "llm/config.json"
    before = config.stat()
    content = config.read_bytes()
    config.write_bytes(content + b"\n")
    assert checkpoint_digests(Layout(folder), record)["llm/config.json"] != first["llm/config.json"]
    config.write_bytes(content)
    os.utime(config, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    record.write_text('{"a": 7}')  # makes no sense: as if there were none
    assert checkpoint_digests(Layout(folder), record) == first
    (folder / "hift/hift.pt").rename(tmp_path / "hift.pt")
    assert "hift/hift.pt" not in checkpoint_digests(Layout(folder), record)
    (tmp_path / "hift.pt").rename(folder / "hift/hift.pt")


def test_the_fingerprint_is_of_the_content_not_of_the_place(folder: Path, tmp_path: Path) -> None:
    copy = write(tmp_path / "another place")
    here, there = (Options.read({"checkpoint": str(where)}) for where in (folder, copy))
    assert place.current_fingerprint(here) == place.current_fingerprint(there)
    other = Options.read({"checkpoint": str(write(tmp_path / "other", seed=1))})
    assert place.current_fingerprint(other) != place.current_fingerprint(here)
    assert place.current_fingerprint(Options.read()) != place.current_fingerprint(here)
    with pytest.raises(EnvironmentFault):
        place.find_checkpoint(replace(here, checkpoint=folder / "none"))


def test_the_light_half_is_light(folder: Path) -> None:
    """Planning reads options, fingerprint and state without torch."""
    code = (
        "import sys; from tts.glm.machine import describe; from tts.glm.options import Options\n"
        "from tts.glm.place import current_fingerprint\n"
        f"o = Options.read({{'checkpoint': {str(folder)!r}}})\n"
        "describe(o); current_fingerprint(o)\n"
        "print([m for m in ('torch', 'safetensors', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
