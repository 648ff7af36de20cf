"""Torch pickles of tensors, read without running any code in them.

A state dict is stored bare or under the key "model"; newer files are zip archives, whose
tensors can be mapped into memory, older ones plain pickles.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from tts.glm.checkpoint.faults import OTHER, check_file, damaged


def read_pickle(path: Path, *, only_shapes: bool = False) -> dict[str, Tensor]:
    """The tensors of a state dict, on the CPU, mapped from the file where it allows that.

    Args:
        only_shapes: tensors without content (device "meta"); nothing is read but the list.

    Raises:
        MissingDependency: the file is not there.
        StorageError: it is damaged, holds code, or something else than tensors by name.
    """
    check_file(path, least=16)
    zipped = zipfile.is_zipfile(path)
    with path.open("rb") as file:
        if not zipped and file.read(4) == b"PK\x03\x04":
            size = path.stat().st_size
            raise damaged(path, f"{size} bytes: it was cut off", "a complete torch archive")
    device = "meta" if only_shapes else "cpu"
    try:
        data = torch.load(path, map_location=device, weights_only=True, mmap=zipped)
    except Exception as error:  # a damaged pickle can raise anything
        raise _refusal(path, error) from error
    inner = data.get("model") if isinstance(data, Mapping) else None
    state = inner if isinstance(inner, Mapping) else data
    if not isinstance(state, Mapping):
        raise damaged(path, f"a pickled {type(state).__name__}", "tensors by name")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise damaged(path, f"a {type(value).__name__} under {name!r}", "tensors by name")
    return dict(state)


def _refusal(path: Path, error: Exception) -> Exception:
    text = " ".join(str(error).split())
    code = re.search(r"(?:GLOBAL|global) ([\w.]+)", text)
    if code is not None:
        return damaged(
            path, f"holds code ({code[1]}), which is not run", "tensors only", hint=OTHER
        )
    reason = text.partition(". ")[0][:120] or type(error).__name__
    return damaged(path, f"cannot be read ({reason})", "a torch file of tensors")
