"""The tensors that a checkpoint has, held against those that its sizes ask for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from tts.glm.checkpoint.faults import unfit
from tts.glm.checkpoint.shapes import Expected
from tts.glm.checkpoint.tensorfiles import Stored

_FLOATS = ("F32", "F16", "BF16")


def compare_stored(folder: Path, expected: Expected, stored: Mapping[str, Stored]) -> None:
    """Names, shapes and types of the tensors of safetensors files.

    Raises:
        MissingDependency: the first that is not as expected.
    """
    first = next(iter(stored.values())).file if stored else folder
    _compare_names(first, expected, stored)
    for name, tensor in stored.items():
        _compare_shape(tensor.file, name, expected[name], tensor.shape)
        if tensor.type not in _FLOATS:
            raise unfit(tensor.file, f"{name} of type {tensor.type}", ", ".join(_FLOATS))


def compare_pickled(path: Path, expected: Expected, tensors: Mapping[str, Tensor]) -> None:
    """The same for a torch pickle.

    Raises:
        MissingDependency: the first that is not as expected.
    """
    _compare_names(path, expected, tensors)
    for name, tensor in tensors.items():
        _compare_shape(path, name, expected[name], tuple(tensor.shape))
        if not tensor.is_floating_point():
            raise unfit(path, f"{name} of {tensor.dtype}", "floating point")


def _compare_names(path: Path, expected: Expected, found: Mapping[str, object]) -> None:
    absent = [name for name in expected if name not in found]
    if absent:
        raise unfit(
            path, f"no tensor {absent[0]}{_others(absent)}", f"shape {list(expected[absent[0]])}"
        )
    spare = sorted(found.keys() - expected.keys())
    if spare:
        raise unfit(path, f"tensor {spare[0]}{_others(spare)}, unknown here", "none of that name")


def _compare_shape(
    path: Path, name: str, expected: tuple[int, ...], found: tuple[int, ...]
) -> None:
    if found != expected:
        raise unfit(path, f"{name} of shape {list(found)}", str(list(expected)))


def _others(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
