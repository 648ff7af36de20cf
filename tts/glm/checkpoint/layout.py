"""Where each file of a checkpoint is.

The folder is the official one (the files of the hub's repository), or a checkout of the
project with that folder inside as ``ckpt/``. The speaker network is published beside it, in
``frontend/`` of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tts.glm.checkpoint.faults import missing

SPEAKER = "frontend/campplus.onnx"
VOCOS = "vocos2d/generator_jit.ckpt"  # 32 kHz; not everybody has it


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one checkpoint; nothing says that they are there."""

    root: Path

    @property
    def lm(self) -> Path:
        """Folder of the language model."""
        return self.root / "llm"

    @property
    def vq(self) -> Path:
        """Folder of the speech tokenizer."""
        return self.root / "speech_tokenizer"

    @property
    def flow(self) -> Path:
        """Pickle of the flow."""
        return self.root / "flow/flow.pt"

    @property
    def flow_config(self) -> Path:
        """The flow's own settings."""
        return self.root / "flow/config.yaml"

    @property
    def hift(self) -> Path:
        """Pickle of the vocoder of 24 kHz."""
        return self.root / "hift/hift.pt"

    @property
    def vocos(self) -> Path:
        """TorchScript of the vocoder of 32 kHz."""
        return self.root / VOCOS

    @property
    def tokenizer(self) -> Path:
        """Folder of the text tokenizer."""
        return self.root / "vq32k-phoneme-tokenizer"

    @property
    def speaker(self) -> Path:
        """The speaker network: in this folder, or in the checkout around it."""
        inside = self.root / SPEAKER
        around = self.root.parent / SPEAKER
        return around if around.is_file() and not inside.exists() else inside

    def files(self, rate: int) -> tuple[Path, ...]:
        """Every file that synthesis at ``rate`` Hz reads and that has one fixed name."""
        vocoder = self.vocos if rate == 32000 else self.hift
        return (
            self.lm / "config.json",
            self.vq / "config.json",
            self.flow_config,
            self.flow,
            vocoder,
            self.tokenizer / "tokenizer.model",
            self.tokenizer / "tokenizer_config.json",
            self.speaker,
        )


def find_layout(folder: Path) -> Layout:
    """The layout of the checkpoint in ``folder``, or in its ``ckpt/``.

    Raises:
        MissingDependency: there is no such folder.
    """
    if not folder.is_dir():
        raise missing(folder, hint="no such folder: get the weights (castbook get glm)")
    inner = folder / "ckpt"
    return Layout(inner if inner.is_dir() and not (folder / "llm").is_dir() else folder)
