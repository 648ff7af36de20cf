"""What a safetensors file holds, from its first bytes; no tensor is read, torch not imported.

A file is eight bytes of length, that many bytes of JSON (name → type, shape, place), and the
tensors. Several files (shards) have an index that says which tensor is in which.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.glm.checkpoint.faults import check_file, damaged, missing

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
_SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
          "U8": 1, "BOOL": 1}  # fmt: skip
_LONGEST = 100_000_000  # bytes of a header, as the format's own reader allows
_WANTED = "a safetensors file"


@dataclass(frozen=True, slots=True)
class Stored:
    """One tensor in a file."""

    file: Path
    shape: tuple[int, ...]
    type: str  # as the format calls it: "F32"

    @property
    def bytes(self) -> int:
        """What it takes on disk."""
        return math.prod(self.shape) * _SIZES[self.type]


def read_stored(folder: Path) -> dict[str, Stored]:
    """Every tensor of the model in ``folder``: by its index, else its single file.

    Raises:
        MissingDependency: index and single file, or a file of the index, are not there.
        StorageError: a file is damaged, or they contradict one another.
    """
    index = folder / INDEX
    if not index.exists():
        if not (folder / SINGLE).exists():
            raise missing(folder / SINGLE, hint=f"nor is there {INDEX}; get it: castbook get glm")
        return read_header(folder / SINGLE)
    data = read_json(index)
    where = data.get("weight_map")
    if not isinstance(where, Mapping) or not where:
        raise damaged(index, "no weight_map", "a map from tensor to file")
    stored: dict[str, Stored] = {}
    for name in sorted({str(file) for file in where.values()}):
        if Path(name).name != name:
            raise damaged(index, f"{name!r} in its weight_map", "names of files beside it")
        stored |= read_header(folder / name)
    for tensor, file in where.items():
        if tensor not in stored or stored[tensor].file.name != file:
            raise damaged(folder / str(file), f"no tensor {tensor}", f"it, as {INDEX} says")
    spare = sorted(stored.keys() - where.keys())
    if spare:
        raise damaged(stored[spare[0]].file, f"tensor {spare[0]}", f"none that {INDEX} lacks")
    total = (data.get("metadata") or {}).get("total_size")
    found = sum(tensor.bytes for tensor in stored.values())
    if total is not None and total != found:
        raise damaged(index, f"total_size {total}", f"{found}, which its files hold")
    return stored


def read_header(path: Path) -> dict[str, Stored]:
    """Every tensor of one file, and that the file has all its bytes.

    Raises:
        MissingDependency, StorageError: see ``read_stored``.
    """
    size = check_file(path, least=10)
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _LONGEST:
            raise damaged(path, f"a header of {length} bytes", _WANTED)
        if length > size - 8:
            raise damaged(path, f"{size} bytes, fewer than its header alone", f"{8 + length}")
        header = _parse(path, file.read(length))
    header.pop("__metadata__", None)
    stored, end = {}, 0
    for name, entry in header.items():
        stored[name], place = _entry(path, name, entry)
        end = max(end, place)
    whole = 8 + length + end
    if size < whole:
        raise damaged(path, f"{size} bytes: it was cut off", f"{whole} by its header")
    if size > whole:
        raise damaged(path, f"{size} bytes, {size - whole} too many", f"{whole} by its header")
    return stored


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds a map.

    Raises:
        MissingDependency: it is not there.
        StorageError: it is no such thing.
    """
    check_file(path)
    return _parse(path, path.read_bytes())


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        wanted = "JSON" if path.suffix == ".json" else _WANTED
        raise damaged(path, f"cannot be read ({error})", wanted) from error
    if not isinstance(data, dict):
        raise damaged(path, f"JSON of a {type(data).__name__}", "a map")
    return data


def _entry(path: Path, name: str, entry: Any) -> tuple[Stored, int]:
    """A tensor, and where in the file's data it ends."""
    try:
        kind, shape = str(entry["dtype"]), tuple(int(n) for n in entry["shape"])
        begin, end = (int(n) for n in entry["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"an entry for {name} without sense", "type, shape, place") from error
    if kind not in _SIZES:
        raise damaged(path, f"{name} of type {kind}", "one of " + ", ".join(_SIZES))
    stored = Stored(path, shape, kind)
    if begin < 0 or min(shape, default=0) < 0 or end - begin != stored.bytes:
        raise damaged(
            path, f"{end - begin} bytes for {name} {list(shape)} {kind}", f"{stored.bytes}"
        )
    return stored, end
