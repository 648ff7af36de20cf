"""A checkpoint on one device: every network that the engine needs, loaded once.

The networks that only listen to references (1.3 GB at the true size) are loaded when a clip
comes whose features are not stored yet, and stay for the clips that follow it, until ``let_go``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from tts.engine import Reference
from tts.glm.checkpoint.loading import load_flow, load_hift, load_lm, load_vq
from tts.glm.checkpoint.validation import Checkpoint
from tts.glm.flow.batching import Batching, Flow
from tts.glm.lm.decoder import SlotDecoder
from tts.glm.lm.llama import LanguageModel
from tts.glm.options import Options
from tts.glm.reference.features import (
    FeatureStore,
    ReferenceFeatures,
    ReferenceReader,
    feature_key,
)
from tts.glm.reference.speaker import SpeakerModel
from tts.glm.stages.rendering import Render
from tts.glm.stages.threads import Threads, one_thread, use_threads
from tts.glm.stages.work import PreparedVoice
from tts.glm.text.frontend import FrontEnd
from tts.glm.text.tokenizer import Tokenizer
from tts.glm.vocoder.hift import Hift
from tts.glm.vocoder.vocos import Vocos2d

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class Model:
    """All stages of a checkpoint.

    Args:
        checkpoint: examined for ``options.rate``.
        device: one of ``devices.chosen``.
        features: folder of what was read from reference clips.
        fingerprint: of the checkpoint's files: features of another one are none.

    Raises (constructor): MissingDependency, StorageError: as the rooms say.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        options: Options,
        device: str,
        *,
        features: Path,
        fingerprint: str,
    ) -> None:
        self.checkpoint, self.options = checkpoint, options
        self.device = torch.device(device)
        kind = self.device.type
        self._before = torch.get_num_threads()
        self.threads = Threads.for_device(self.device, options.rows)
        use_threads(self.threads.rendering)  # weights are folded while they are loaded
        self._features, self._fingerprint = FeatureStore(features), fingerprint
        self._reader: ReferenceReader | None = None
        self.front = FrontEnd(Tokenizer.load(checkpoint.layout.tokenizer))
        self.lm = LanguageModel(
            checkpoint.lm,
            load_lm(checkpoint),
            checkpoint.special,
            device=self.device,
            dtype=_DTYPES[options.dtype_on(kind)],
        )
        batching = Batching.for_device(self.device)
        if options.rows is not None:
            batching = replace(batching, most=min(batching.most, options.rows))
        self.flow = Flow(
            checkpoint.flow,
            load_flow(checkpoint),
            device=self.device,
            precision=options.precision,
            batching=batching,
        )
        self.vocoder: Hift | Vocos2d
        if checkpoint.hift is not None:
            weights = load_hift(checkpoint)
            self.vocoder = Hift(checkpoint.hift, weights, device=self.device)
        else:
            self.vocoder = Vocos2d(checkpoint.layout.vocos, self.device)
        self.speaker = SpeakerModel(checkpoint.layout.speaker)
        if kind == "cuda":  # the stages begin on streams of their own
            torch.cuda.synchronize(self.device)

    def let_go(self) -> None:
        """Frees what only listens to references: the voices are there, speaking begins."""
        self._reader = None

    def close(self) -> None:
        """Leaves the number of threads as it was found."""
        use_threads(self._before)

    def decoder(self, slots: int) -> SlotDecoder:
        """A decoder of the language model with that many slots."""
        kind = self.device.type
        return SlotDecoder(
            self.lm,
            slots=slots,
            context=self.options.context,
            sampler=self.options.sampler,
            cache_dtype=_DTYPES[self.options.cache_on(kind)],
        )

    @property
    def slots(self) -> int:
        """As many pieces as are to be decoded at once on this device."""
        return self.options.slots_on(self.device.type)

    @property
    def render(self) -> Render:
        """How the flow is solved."""
        return Render(self.options.steps, self.options.guidance)

    def voice(self, reference: Reference, language: str = "") -> PreparedVoice:
        """A reference clip ready to speak with, by its stored features or by reading it."""
        return PreparedVoice(
            prompt_text=self.front.prompt_ids(reference.transcript or "", language),
            features=self._read(reference),
        )

    def _read(self, reference: Reference) -> ReferenceFeatures:
        rate = self.options.rate
        key = feature_key(reference.pcm, reference.rate, rate, self._fingerprint)
        found = self._features.get(key)
        if found is None:
            with one_thread():
                self._reader = self._reader or ReferenceReader(
                    self.checkpoint.vq, load_vq(self.checkpoint), self.speaker, rate=rate
                )
                found = self._reader.features(reference.pcm, reference.rate)
            self._features.put(key, found)
        return found
