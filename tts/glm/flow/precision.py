"""How exactly the flow calculates: modes that are chosen, never fallen into.

========== =============================== ==================================================
mode       matrix products of the blocks   everything else (residual stream, norms, time, x)
========== =============================== ==================================================
fp32       float32                         float32
tf32       float32 rounded to 10 bits      float32; on a CPU the same as fp32
mixed      float16, 10 bits                float32
mixed-bf16 bfloat16, 7 bits                float32
fp64       float64                         float64; the measure of the others, slow
========== =============================== ==================================================

The authors of the model found that bfloat16 *throughout* makes some sounds unclear; time and
the state of the solver are never below float32 here. ``mixed`` rounds as finely as ``tf32`` but
cannot hold values above 65504; ``mixed-bf16`` can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import torch

Precision = Literal["fp32", "tf32", "mixed", "mixed-bf16", "fp64"]
PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The types a mode calculates in.

    ``products`` are the matrix products of the transformer blocks, ``rest`` all else;
    ``tf32`` says whether the hardware may round the factors of float32 products.
    """

    rest: torch.dtype
    products: torch.dtype
    tf32: bool = False


_ARITHMETICS: Final[dict[Precision, Arithmetic]] = {
    "fp32": Arithmetic(torch.float32, torch.float32),
    "tf32": Arithmetic(torch.float32, torch.float32, tf32=True),
    "mixed": Arithmetic(torch.float32, torch.float16),
    "mixed-bf16": Arithmetic(torch.float32, torch.bfloat16),
    "fp64": Arithmetic(torch.float64, torch.float64),
}


def arithmetic(precision: Precision, device: torch.device) -> Arithmetic:
    """The types of a mode on a device; ``tf32`` is only ever True on CUDA."""
    chosen = _ARITHMETICS[precision]
    if chosen.tf32 and device.type != "cuda":
        return Arithmetic(chosen.rest, chosen.products)
    return chosen


def effective(precision: Precision, device: torch.device) -> Precision:
    """The mode that a request for ``precision`` comes to on this device."""
    return "fp32" if precision == "tf32" and device.type != "cuda" else precision


def settle(chosen: Arithmetic, device: torch.device) -> None:
    """Sets the switches that matrix products obey on CUDA; nothing on a CPU.

    They belong to the process, not to a model or thread: they are set once, when the flow is
    built, and never flipped between stages, for stages run in threads of their own. What must
    stay exact beside a flow in ``tf32`` must not be a float32 matrix product (a convolution
    obeys another switch, which is off).
    """
    if device.type != "cuda":
        return
    torch.backends.cuda.matmul.allow_tf32 = chosen.tf32
    torch.backends.cudnn.allow_tf32 = False
    # by default cuBLAS may add partial sums of half precision in half precision
    if chosen.products is torch.float16:
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    if chosen.products is torch.bfloat16:
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
