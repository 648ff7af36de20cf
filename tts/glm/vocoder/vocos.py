"""Vocos2D: mel to speech at 32 kHz, by the TorchScript file that comes with the checkpoint.

Its architecture is only in that file. So nothing is assumed about padding or batches: each job
runs alone at its own length, which makes it the same in any company; what comes out is checked.
TorchScript cannot run Python.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from castbook.errors import MissingDependency, StorageError
from tts.glm.checkpoint.configs import MEL
from tts.glm.vocoder.hift import Unspeakable, VocoderJob, checked_mel, checked_sound

HOP: Final = 640  # samples to a frame
_MEAN: Final = 7.847762537473608  # subtracted from every log magnitude before the network
_TRIAL_FRAMES: Final = 4


class Vocos2d:
    """The vocoder at 32 kHz.

    Args:
        path: ``vocos2d/generator_jit.ckpt`` of a checkpoint.
        device: where it computes.

    Raises:
        MissingDependency: there is no such file.
        StorageError: it is not TorchScript, or what it makes is not 640 samples for each frame.
    """

    rate = 32_000

    def __init__(self, path: Path, device: torch.device | str) -> None:
        if not path.is_file():
            raise MissingDependency(
                f"{path}: not found; the checkpoint has no vocoder for 32 kHz: set rate: 24000, "
                "or get the file"
            )
        self.device = torch.device(device)
        self._path = path
        self._drawing = threading.Lock()  # torch's own generator is everybody's
        try:
            with warnings.catch_warnings():
                # torch 2.11 would rather have another format, but the checkpoint has this one
                warnings.simplefilter("ignore", DeprecationWarning)
                loaded: Any = torch.jit.load(path, map_location=self.device)  # type: ignore[no-untyped-call]  # torch's is untyped
            self._script = loaded.eval()
            self._spoken(VocoderJob("trial", torch.zeros(_TRIAL_FRAMES, MEL), seed=0))
        except Unspeakable as error:
            raise StorageError(f"{path}: {error.reason}") from error
        except RuntimeError as error:  # all that torch raises here, and TorchScript inside it
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else "unreadable"
            raise StorageError(
                f"{path}: not a TorchScript vocoder of {MEL} mels ({reason}); get it again"
            ) from error

    @torch.inference_mode()
    def vocode(self, jobs: Sequence[VocoderJob]) -> list[Tensor]:
        """The sound of each job, float32 [640 T] on the device, in their order.

        Raises:
            Unspeakable: a mel that is no mel; sound that has another length or no numbers.
        """
        return [self._spoken(job) for job in jobs]

    def _spoken(self, job: VocoderJob) -> Tensor:
        mel = checked_mel(job)
        frames = len(mel)
        given = mel if frames > 1 else mel.repeat(2, 1)  # it refuses a single frame
        devices = [self.device] if self.device.type == "cuda" else []
        with self._drawing, torch.inference_mode(), torch.random.fork_rng(devices):
            torch.manual_seed(job.seed)  # should the script draw numbers, they are the job's own
            found = self._script((given - _MEAN)[None].to(self.device))
        if not isinstance(found, Tensor) or found.shape != (1, len(given) * HOP):
            form = list(found.shape) if isinstance(found, Tensor) else type(found).__name__
            expected = f"expected [1, {len(given) * HOP}]"
            raise Unspeakable(job, f"the vocoder made {form} of {len(given)} frames; {expected}")
        return checked_sound(job, found[0, : frames * HOP].float())
