from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from castbook.errors import MissingDependency, StorageError
from tts.engine import EngineError
from tts.glm.vocoder.hift import VocoderJob
from tts.glm.vocoder.vocos import HOP, Vocos2d

MEAN = 7.847762537473608


class Speaker(nn.Module):
    """640 samples for each frame: its first mel, repeated."""

    def forward(self, mel: Tensor) -> Tensor:
        if mel.shape[1] < 2:
            raise RuntimeError("one frame is too few")
        return mel[:, :, 0].repeat_interleave(640, dim=1)


class Short(nn.Module):
    def forward(self, mel: Tensor) -> Tensor:
        return mel[:, :, 0].repeat_interleave(480, dim=1)


class Loud(nn.Module):
    """No number where the mel is loud."""

    def forward(self, mel: Tensor) -> Tensor:
        return torch.sqrt(-mel[:, :, 0]).repeat_interleave(640, dim=1)


class Noisy(nn.Module):
    def forward(self, mel: Tensor) -> Tensor:
        return torch.rand(mel.shape[0], mel.shape[1] * 640)


def stored(module: nn.Module, folder: Path) -> Path:
    path = folder / "generator_jit.ckpt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))
    return path


def a_job(frames: int, seed: int = 1) -> VocoderJob:
    return VocoderJob(str(frames), torch.arange(frames * 80).reshape(frames, 80) / 80.0, seed)


def test_speaks_each_frame(tmp_path: Path) -> None:
    vocos = Vocos2d(stored(Speaker(), tmp_path), "cpu")
    jobs = [a_job(frames) for frames in (1, 2, 7)]
    for job, sound in zip(jobs, vocos.vocode(jobs), strict=True):
        wanted = (job.mel[:, 0] - MEAN).repeat_interleave(HOP)
        assert sound.dtype == torch.float32
        assert torch.equal(sound, wanted)


def test_numbers_that_the_script_draws_are_the_jobs(tmp_path: Path) -> None:
    vocos = Vocos2d(stored(Noisy(), tmp_path), "cpu")
    state = torch.get_rng_state()
    first, second, third = vocos.vocode([a_job(3), a_job(3), a_job(3, seed=2)])
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert torch.equal(torch.get_rng_state(), state)


def test_another_length_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"made \[1, 1920\] of 4 frames; expected \[1, 2560\]"):
        Vocos2d(stored(Short(), tmp_path), "cpu")


def test_no_numbers(tmp_path: Path) -> None:
    vocos = Vocos2d(stored(Loud(), tmp_path), "cpu")
    with pytest.raises(EngineError, match="samples that are no numbers"):
        vocos.vocode([VocoderJob("x", torch.full((3, 80), 20.0), 0)])
    with pytest.raises(EngineError, match="cannot be spoken"):
        vocos.vocode([VocoderJob("x", torch.zeros(0, 80), 0)])


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingDependency, match="no vocoder for 32 kHz: set rate: 24000"):
        Vocos2d(tmp_path / "generator_jit.ckpt", "cpu")


@pytest.mark.parametrize("kind", ["empty", "text", "truncated"])
def test_damaged_file(tmp_path: Path, kind: str) -> None:
    path = stored(Speaker(), tmp_path)
    whole = path.read_bytes()
    parts = {"empty": b"", "text": b"version https://git-lfs", "truncated": whole[:500]}
    path.write_bytes(parts[kind])
    with pytest.raises(StorageError, match="not a TorchScript vocoder of 80 mels"):
        Vocos2d(path, "cpu")
