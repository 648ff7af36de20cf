"""Which checkpoint the engine runs, and what is missing on this machine; light."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from castbook.canonical import digest
from castbook.errors import EnvironmentFault
from castbook.settings import Settings
from tts.glm.checkpoint.digests import checkpoint_digests
from tts.glm.checkpoint.layout import SPEAKER, VOCOS, find_layout
from tts.glm.options import ENGINE, Options, fingerprint, sampling_fingerprint
from tts.weights import Weights, find_weights, read_manifest

_PACKAGES = (
    "torch", "torchaudio", "safetensors", "tiktoken", "onnxruntime", "wetext",
)  # fmt: skip
_RECORD = "glm-digests.json"  # in the cache, see ``checkpoint/digests.py``


def find_checkpoint(options: Options) -> Weights | None:
    """The folder of the checkpoint and the digests of its files; None if it is not here.

    Raises:
        EnvironmentFault: the folder that the options name is not there, or cannot be read.
    """
    if options.checkpoint is None:
        return find_weights(ENGINE)
    layout = find_layout(options.checkpoint)
    return Weights(layout.root, checkpoint_digests(layout, Settings.read().cache / _RECORD))


def current_fingerprint(options: Options) -> str:
    """What the engine contributes to the key on this machine.

    Without weights it is that of what ``castbook get glm`` would bring, as far as that is
    pinned: enough for a plan, and no take can have been made with it.
    """
    return fingerprint(options, _digests(options))


def current_sampling_fingerprint(options: Options) -> str:
    """As ``current_fingerprint``, of the speech tokens alone."""
    return sampling_fingerprint(options, _digests(options))


def _digests(options: Options) -> Mapping[str, str]:
    try:
        found = find_checkpoint(options)
    except EnvironmentFault:
        found = None
    return found.digests if found is not None else _pinned()


def features_fingerprint(found: Weights) -> str:
    """What reads a reference clip: features stored for another one are none."""
    readers = ("speech_tokenizer/", SPEAKER)
    return digest({name: sha for name, sha in found.digests.items() if name.startswith(readers)})


def missing(options: Options) -> str | None:
    """None when the engine can run here, else one sentence: what is missing, how to get it."""
    packages = [package for package in _PACKAGES if find_spec(package) is None]
    if packages:
        verb = "packages are" if len(packages) > 1 else "package is"
        return f"{verb} not installed: {', '.join(packages)}; pip install 'castbook[glm]'"
    try:
        found = find_checkpoint(options)
    except EnvironmentFault as error:
        return str(error)
    if found is None:
        return "the weights of glm (9 GB) are not here: castbook get glm"
    if options.checkpoint is not None:
        layout = find_layout(options.checkpoint)
        absent = [path for path in layout.files(options.rate) if not path.is_file()]
        if absent:
            return f"{absent[0]} is missing; copy it from the published checkpoint"
    if options.rate == 32000 and VOCOS not in found.digests:
        return (
            f"the checkpoint has no vocoder for 32 kHz ({VOCOS}): set rate: 24000 under "
            "engines: {glm: …}, or castbook get glm once it is published"
        )
    return None


def _pinned() -> Mapping[str, str]:
    files = read_manifest(ENGINE).files
    return {name: pin.sha256 if pin is not None else "any" for name, pin in files.items()}
