"""The modes of precision are what they are called."""

from __future__ import annotations

import pytest
import torch
from flow_models import config_of, job_of, weights_of

from tts.glm.flow.batching import Flow
from tts.glm.flow.precision import PRECISIONS, Precision, arithmetic, effective, settle

CONFIG = config_of()
WEIGHTS = weights_of(CONFIG)
JOB = job_of(9)


def mel_in(precision: Precision) -> torch.Tensor:
    flow = Flow(CONFIG, WEIGHTS, device="cpu", precision=precision)
    return flow.sample([JOB], steps=3)[0]


def test_errors_against_double() -> None:
    exact = Flow(CONFIG, WEIGHTS, device="cpu", precision="fp64").solve_alone(JOB, steps=3).mel
    assert exact.dtype == torch.float64
    exact = exact[0, JOB.prompt_frames :]
    errors = {
        precision: float((mel_in(precision).double() - exact).abs().max())
        for precision in PRECISIONS
    }
    assert errors["fp32"] < 2e-5
    assert errors["tf32"] == errors["fp32"]  # on a CPU
    assert 1e-5 < errors["mixed"] < 5e-3
    assert 3 * errors["mixed"] < errors["mixed-bf16"] < 5e-2


def test_only_blocks_are_rounded() -> None:
    dit = Flow(CONFIG, WEIGHTS, device="cpu", precision="mixed").dit
    halves = {torch.float16} & {
        one.dtype for one in vars(dit).values() if isinstance(one, torch.Tensor)
    }
    assert not halves
    assert dit.time_modulation(torch.tensor([0.5])).dtype == torch.float32


@pytest.mark.parametrize(("device", "tf32"), [("cpu", False), ("cuda", True)])
def test_tf32_is_of_gpus(device: str, tf32: bool) -> None:
    where = torch.device(device)
    assert arithmetic("tf32", where).tf32 is tf32
    assert effective("tf32", where) == ("tf32" if tf32 else "fp32")
    assert not arithmetic("fp32", where).tf32


def test_switches_are_set_for_gpus_alone() -> None:
    matmul, convolutions = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    try:
        for device, precision, wanted in (
            ("cuda", "fp32", False),
            ("cpu", "tf32", False),
            ("cuda", "tf32", True),
            ("cpu", "fp32", True),
        ):
            where = torch.device(device)
            settle(arithmetic(precision, where), where)
            assert torch.backends.cuda.matmul.allow_tf32 is wanted
            assert not torch.backends.cudnn.allow_tf32
    finally:
        torch.backends.cuda.matmul.allow_tf32 = matmul
        torch.backends.cudnn.allow_tf32 = convolutions
