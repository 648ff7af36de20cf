from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tts.glm.vocoder.layers import Convolution, Downsampling, Upsampling, folded

CPU = torch.device("cpu")


def numbers(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def stored(*shape: int, outer: int) -> dict[str, Tensor]:
    return {"x.weight": numbers(*shape), "x.bias": numbers(outer)}


def up(inner: int, kernel: int, stride: int) -> tuple[Upsampling, Callable[[Tensor], Tensor]]:
    weights = stored(inner, inner // 2, kernel, outer=inner // 2)

    def torchs(x: Tensor) -> Tensor:
        cut = (kernel - stride) // 2
        return functional.conv_transpose1d(x, weights["x.weight"], weights["x.bias"], stride, cut)

    return Upsampling.load(weights, "x", CPU, stride), torchs


def down(outer: int, stride: int) -> tuple[Downsampling, Callable[[Tensor], Tensor]]:
    weights = stored(outer, 18, 2 * stride, outer=outer)

    def torchs(x: Tensor) -> Tensor:
        return functional.conv1d(x, weights["x.weight"], weights["x.bias"], stride, stride // 2)

    return Downsampling.load(weights, "x", CPU, stride), torchs


@pytest.mark.parametrize(("kernel", "stride"), [(16, 8), (11, 5), (7, 3)])
@pytest.mark.parametrize("length", [1, 2, 9])
def test_upsampling_is_torchs(kernel: int, stride: int, length: int) -> None:
    ours, torchs = up(8, kernel, stride)
    x = numbers(2, 8, length)
    assert ours(x).shape == (2, 4, stride * length)
    assert (ours(x) - torchs(x)).abs().max() < 1e-4  # of sums of up to 540 products


@pytest.mark.parametrize("stride", [15, 3])
@pytest.mark.parametrize("length", [1, 2, 9])
def test_downsampling_is_torchs(stride: int, length: int) -> None:
    ours, torchs = down(6, stride)
    x = numbers(2, 18, stride * length + 1)
    assert ours(x).shape == (2, 6, length)
    assert (ours(x) - torchs(x)).abs().max() < 1e-4  # of sums of up to 540 products


def test_threads_change_no_bit() -> None:
    # the published widths at which torch's own convolutions of these kinds do depend on them
    one = Convolution.load(stored(4, 18, 1, outer=4), "x", CPU)
    cases = ((up(128, 7, 3)[0], 128, 2560), (down(256, 15)[0], 18, 5761), (one, 18, 5761))
    inputs = [(layer, numbers(1, channels, length)) for layer, channels, length in cases]
    alone = [layer(x) for layer, x in inputs]
    torch.set_num_threads(2)
    try:
        together = [layer(x) for layer, x in inputs]
    finally:
        torch.set_num_threads(1)
    assert all(map(torch.equal, alone, together))


def test_weights_are_norm_times_direction() -> None:
    size, direction = numbers(5, 1, 1).abs(), numbers(5, 3, 7)
    parts = "x.parametrizations.weight.original"
    found = folded({f"{parts}0": size, f"{parts}1": direction}, "x")
    assert torch.allclose(found.flatten(1).norm(dim=1), size.flatten())
    assert torch.allclose(
        functional.cosine_similarity(found.flatten(1), direction.flatten(1)), torch.ones(5)
    )
