"""HiFT on a mel that still grows: sound as soon as nothing to come can change it.

The tail is held back by what the networks look ahead: 5 frames of the pitch, half a frame of the
phase, 15 of the sound; 0.42 s of audio in all. Pitch and excitation are the same bits as offline,
however the mel was dealt out: the pitch comes from windows of one shape, and the phase is a sum
from the job's first frame on, which is kept. The rest differs only as rounding does in other
shapes: by at most 1e-5 of full scale (the tests; 1e-6 in all that was tried on a CPU).
"""

from __future__ import annotations

import torch
from torch import Tensor

from tts.engine import EngineError
from tts.glm.checkpoint.configs import MEL
from tts.glm.vocoder.hift import Hift, VocoderJob, checked_mel, checked_sound, edged_source
from tts.glm.vocoder.network import EDGE, HALO, PITCH_HALO
from tts.glm.vocoder.source import HOP

HELD_BACK = PITCH_HALO + 1 + HALO  # frames
_STEP = 16  # frames: shapes are multiples of it, so that there are few


class HiftStream:
    """The sound of one mel that comes in pieces.

    Args:
        hift: the vocoder.
        seed: of the noise, as ``VocoderJob.seed``.
    """

    def __init__(self, hift: Hift, seed: int) -> None:
        self._hift = hift
        self._seed = seed
        self._mel = torch.empty(0, MEL, device=hift.device)
        self._pitch = torch.empty(0, device=hift.device)
        self._source = torch.empty(0, device=hift.device)
        self._spoken = 0  # frames
        self._ended = False

    @torch.inference_mode()
    def feed(self, mel: Tensor, *, final: bool = False) -> Tensor:
        """The sound that these frames complete.

        Args:
            mel: float32 [n, 80], the frames after those given before; may be empty.
            final: no more will come.

        Returns:
            float32 [480 m] on the device; all pieces together are as long as all frames.

        Raises:
            EngineError: frames after the final ones; Unspeakable: see ``Hift.vocode``.
        """
        if self._ended:
            raise EngineError("a mel goes on after its end", "permanent")
        job = VocoderJob("stream", mel, self._seed)
        if len(mel):
            self._mel = torch.cat((self._mel, checked_mel(job).to(self._mel.device)))
        self._ended = final
        known = self._find_pitch(final)
        sourced = known if final else max(0, known - 1)
        self._find_source(sourced)
        end = sourced if final else sourced - HALO
        if end <= self._spoken:
            return self._mel.new_empty(0)
        start = max(0, self._spoken - HALO)
        excitation = edged_source(self._source)[start * HOP : sourced * HOP + 2 * EDGE]
        rows, count = self._row(start, sourced), sourced - start
        filled = excitation.new_zeros(1, rows.shape[2] * HOP + 2 * EDGE)
        filled[0, : len(excitation)] = excitation
        sound = self._hift.network.samples(rows, filled, [count])[0]
        wanted = sound[(self._spoken - start) * HOP : (end - start) * HOP]
        self._spoken = end
        return checked_sound(job, wanted.clone())

    def _find_pitch(self, final: bool) -> int:
        """Extends the pitch as far as it is certain; how many frames that is."""
        done, frames = len(self._pitch), len(self._mel)
        known = frames if final else frames - PITCH_HALO
        if known > done:
            pitch = self._hift.pitches([self._mel], since=done)[0]
            self._pitch = torch.cat((self._pitch, pitch[done:known]))
        return len(self._pitch)

    def _find_source(self, frames: int) -> None:
        """Extends the excitation to so many frames."""
        done = len(self._source) // HOP
        if frames > done:
            more = self._hift.network.mixer.seeded(self._pitch, self._seed, done, frames)
            self._source = torch.cat((self._source, more))

    def _row(self, start: int, end: int) -> Tensor:
        """Some frames as a row, filled up with zeros: [1, 80, a multiple of 16]."""
        length = -(-(end - start) // _STEP) * _STEP
        row = self._mel.new_zeros(1, MEL, length)
        row[0, :, : end - start] = self._mel[start:end].T
        return row
