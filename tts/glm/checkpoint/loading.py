"""The tensors of an examined checkpoint, with their original names, on the CPU.

Files are mapped into memory, so that nothing is read before a model copies it to its device and
type; a model keeps none of these tensors.
"""

from __future__ import annotations

from collections.abc import Mapping

from safetensors import SafetensorError, safe_open
from torch import Tensor

from tts.glm.checkpoint.faults import damaged
from tts.glm.checkpoint.pickles import read_pickle
from tts.glm.checkpoint.shapes import flow_shapes, hift_shapes
from tts.glm.checkpoint.tensorfiles import Stored
from tts.glm.checkpoint.validation import Checkpoint

Weights = dict[str, Tensor]


def load_lm(checkpoint: Checkpoint) -> Weights:
    """Of the language model, in stored type.

    Raises (all of them): StorageError: a file changed since it was examined.
    """
    return load_stored(checkpoint.lm_tensors)


def load_vq(checkpoint: Checkpoint) -> Weights:
    """Of the speech tokenizer's encoder, as far as it is used; names begin with
    ``model.encoder.``."""
    return load_stored(checkpoint.vq_tensors)


def load_flow(checkpoint: Checkpoint) -> Weights:
    """Of the flow; names begin with ``estimator.``."""
    weights = read_pickle(checkpoint.layout.flow)
    return {name: weights[name] for name in flow_shapes(checkpoint.flow)}


def load_hift(checkpoint: Checkpoint) -> Weights:
    """Of the vocoder of 24 kHz: none for a checkpoint examined for 32 kHz."""
    if checkpoint.hift is None:
        return {}
    weights = read_pickle(checkpoint.layout.hift)
    return {name: weights[name] for name in hift_shapes(checkpoint.hift)}


def load_stored(stored: Mapping[str, Stored]) -> Weights:
    """Tensors of safetensors files, by the names and in the order given."""
    weights: Weights = {}
    for file in sorted({tensor.file for tensor in stored.values()}):
        try:
            with safe_open(file, framework="pt", device="cpu") as tensors:
                names = [name for name, tensor in stored.items() if tensor.file == file]
                weights |= {name: tensors.get_tensor(name) for name in names}
        except (SafetensorError, OSError) as error:
            reason = " ".join(str(error).split())[:120]
            raise damaged(file, f"cannot be read ({reason})", "a safetensors file") from error
    return {name: weights[name] for name in stored}
