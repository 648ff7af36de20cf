"""Products with fixed weights: packed for oneDNN on a CPU in float32, plain elsewhere.

On a CPU the packed products are 1.1 to 1.7 times as fast as the plain ones (64 rows, hidden 512
and 1024) and carry the activation, the product and the sum that follow with them. What matters
as much: the bits of a row depend neither on its place nor on the other rows, activation
included. torch's own ``silu`` breaks that, for it computes the last elements of each thread's
share with other instructions than the rest (181 of 4096 values differ).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's manual gives it
from torch import Tensor


class Matrix:
    """A weight [out, in], and perhaps a bias [out], that rows [n, in] are multiplied by.

    Args:
        weight: on any device, in any dtype; a copy is kept, never the tensor itself.
        bias: added to each product.
        device: where the rows will be.
        dtype: of the rows.
    """

    def __init__(
        self,
        weight: Tensor,
        *,
        device: torch.device,
        dtype: torch.dtype,
        bias: Tensor | None = None,
    ) -> None:
        self.packed, self.dtype = packs(device, dtype), dtype
        self.bias = None if bias is None else bias.to(device, dtype, copy=True)
        copy = weight.to(device, dtype, copy=True).contiguous()
        self.weight = _ops()._reorder_linear_weight(copy) if self.packed else copy

    def __call__(self, rows: Tensor) -> Tensor:
        """The products, [n, out]."""
        if self.packed:
            product: Tensor = _ops()._linear_pointwise(rows, self.weight, self.bias, "none", [], "")
            return product
        return F.linear(rows, self.weight, self.bias)

    def plus(self, rows: Tensor, other: Tensor) -> Tensor:
        """The products, plus another [n, out]."""
        if self.packed:
            total: Tensor = _ops()._linear_pointwise.binary(
                rows, other, self.weight, self.bias, "add"
            )
            return total
        return F.linear(rows, self.weight, self.bias).add_(other)

    def silu(self, rows: Tensor) -> Tensor:
        """The products z as z / (1 + exp(-z))."""
        if self.packed:
            gate: Tensor = _ops()._linear_pointwise(rows, self.weight, self.bias, "swish", [], "")
            return gate
        return silu(F.linear(rows, self.weight, self.bias))

    def times(self, rows: Tensor, other: Tensor) -> Tensor:
        """The products, each times the one of another [n, out]."""
        if self.packed:
            gated: Tensor = _ops()._linear_pointwise.binary(
                rows, other, self.weight, self.bias, "mul"
            )
            return gated
        return F.linear(rows, self.weight, self.bias).mul_(other)


def silu(rows: Tensor) -> Tensor:
    """``x / (1 + exp(-x))`` whose bits do not depend on where in the tensor an element stands."""
    if rows.device.type == "cpu":
        return rows / rows.neg().exp_().add_(1.0)
    return F.silu(rows)


def packs(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether weights are packed for such rows on this machine."""
    backend: Any = torch.backends.mkldnn  # its functions have no types
    return (
        device.type == "cpu"
        and dtype == torch.float32
        and backend.is_available()
        and hasattr(_ops(), "_linear_pointwise")
    )


def _ops() -> Any:
    return torch.ops.mkldnn
