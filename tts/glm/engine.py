"""The glm engine: GLM-TTS, zero-shot voice cloning in Chinese and English, batched.

It speaks with references only: 3 to 10 seconds of somebody's speech and its words; the mood of
the clip is the mood of the take, so a voice's styles are clips. Options: ``tts/glm/options.py``.
``castbook get glm`` brings the weights. Each GPU gets a process of its own.

The light half imports no torch. Takes are a pure function of checkpoint, options, text, voice
and seed on one kind of device; which requests were spoken together changes no byte.
"""

from __future__ import annotations

import gc
import queue
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from castbook.errors import CastbookError
from castbook.settings import Settings
from tts.engine import (
    Capabilities,
    Engine,
    EngineError,
    Failure,
    Pcm,
    Preset,
    Request,
    Speech,
    Voice,
)
from tts.glm import devices, machine, place
from tts.glm.options import ENGINE, Options
from tts.glm.reference import advice
from tts.glm.text.measure import estimate

if TYPE_CHECKING:
    from tts.glm.model import Model
    from tts.glm.stages.pipeline import Pipeline
    from tts.glm.stages.work import PreparedVoice, Work

_LONGEST = 60  # estimated tokens: 97-99 % of such lines of prose are one piece (measurements)
# In a context of 1,024: 310 for ten seconds of a reference and its words; what is left is shared
# by a text and its speech, ten tokens for one (prose has 6 to 9).
_REFERENCE, _SHARE = 310, 11
_CHAINED = 384  # a request of several pieces: what chaining is for
_BATCH = {"cpu": 64, "cuda": 128}  # segments of a task
# Requests in all stages, for each in the decoder. A GPU renders full batches of equal length, and
# many wait for their like: with 256 in hand three quarters of the rows of a book's batches were
# filled, with 768 nine tenths (computed, not measured: docs/measurements.md).
_IN_HAND = {"cpu": 1, "cuda": 3}


class GlmEngine(Engine):
    """See the module."""

    name: ClassVar[str] = ENGINE
    ready_s: ClassVar[float] = 900.0  # six gigabytes from a slow disk, graphs recorded
    stall_s: ClassVar[float] = 300.0  # one whole utterance on a slow CPU

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        self._options = Options.read(options)
        self._devices = devices.chosen(self._options)
        self._voices: dict[str, PreparedVoice] = {}
        self._model: Model | None = None
        self._pipeline: Pipeline | None = None

    # -- light half ---------------------------------------------------------------------------

    @property
    def capabilities(self) -> Capabilities:
        kind = devices.kind_of(self._devices[0])
        return Capabilities(
            rate=self._options.rate,
            languages=("zh", "en"),
            limit=_CHAINED if self._options.chained else self._piece,
            unit="tokens (estimated)",
            cloning=True,
            needs_transcript=True,
            styles=True,
            streams=True,
            slots=self._options.slots_on(kind) * _IN_HAND[kind],
            batch_hint=_BATCH[kind],
            phonemes=("pinyin", "glm"),
            reports=True,
        )

    @property
    def _piece(self) -> int:
        """The longest text whose speech has room beside a reference."""
        return max(1, min(_LONGEST, (self._options.context - _REFERENCE) // _SHARE))

    def fingerprint(self) -> str:
        return place.current_fingerprint(self._options)

    def sampling_fingerprint(self) -> str:
        return place.current_sampling_fingerprint(self._options)

    def presets(self) -> Sequence[Preset]:
        return ()

    def measure(self, text: str, language: str) -> int:
        """Tokens of ``text``, estimated: planning needs no checkpoint."""
        return estimate(text, language)

    def missing(self) -> str | None:
        return place.missing(self._options)

    def describe(self) -> Mapping[str, str]:
        return machine.describe(self._options)

    def replicas(self) -> Sequence[Mapping[str, Any]]:
        return tuple({**self.options, "device": device} for device in self._devices)

    def check_voice(self, voice: Voice, language: str) -> None:
        transcript = voice.reference.transcript if voice.reference is not None else None
        room = advice.Room(self._options.context, self._piece, (_SHARE - 1) * self._piece)
        advice.check_voice(voice, estimate(transcript, language) if transcript else 0, room)

    # -- heavy half ---------------------------------------------------------------------------

    def load(self) -> None:
        missing = self.missing()
        if missing is not None:
            raise EngineError(missing, "dead")
        from tts.glm.checkpoint.validation import examine
        from tts.glm.listening import Listener
        from tts.glm.model import Model
        from tts.glm.stages.pipeline import Pipeline

        found = place.find_checkpoint(self._options)
        if found is None:
            raise EngineError("the weights of glm vanished", "dead")
        try:
            self._model = Model(
                examine(found.folder, rate=self._options.rate),
                self._options,
                self._devices[0],
                features=Settings.read().cache / "glm-features",
                fingerprint=place.features_fingerprint(found),
            )
        except CastbookError as error:
            raise EngineError(str(error), "dead") from error
        model = self._model
        self._pipeline = Pipeline(
            model.decoder,
            model.flow,
            model.vocoder,
            model.render,
            slots=model.slots,
            chained=self._options.chained,
            listen=Listener(model.speaker, self._options.rate),
            began=self.progress,
            threads=model.threads,
        )

    def prepare(self, voice: Voice) -> None:
        self.check_voice(voice, "")
        if voice.reference is not None and voice.digest not in self._voices:
            self._voices[voice.digest] = self._loaded()[0].voice(voice.reference)

    def synthesize(self, requests: Sequence[Request]) -> Iterator[tuple[str, Speech | Failure]]:
        """Hands the requests in at once; the iterator then waits for their answers."""
        model, pipeline = self._loaded()
        model.let_go()
        answers: queue.SimpleQueue[tuple[str, Speech | Failure]] = queue.SimpleQueue()
        for request in requests:
            try:
                pipeline.submit(self._work(request, lambda *answer: answers.put(answer)))
            except EngineError as error:
                answers.put((request.id, Failure(error.kind, error.reason)))
        return self._answers(pipeline, answers, {request.id for request in requests})

    def _answers(
        self,
        pipeline: Pipeline,
        answers: queue.SimpleQueue[tuple[str, Speech | Failure]],
        left: set[str],
    ) -> Iterator[tuple[str, Speech | Failure]]:
        try:
            while left:
                request_id, result = answers.get()
                if request_id in left:
                    left.remove(request_id)
                    yield request_id, result
        finally:
            for request_id in left:
                pipeline.cancel(request_id)

    def stream(self, request: Request) -> Iterator[Pcm]:
        """The first samples come when the first block of tokens is spoken, see
        ``flow/streaming.py``; tokens are those of ``synthesize``."""
        _, pipeline = self._loaded()
        return pipeline.stream(self._work(request, lambda *_: None))

    def cancel(self, request_id: str) -> None:
        if self._pipeline is not None:
            self._pipeline.cancel(request_id)

    def unload(self) -> None:
        if self._pipeline is not None:
            self._pipeline.close()
        on_gpu = False
        if self._model is not None:
            on_gpu = self._model.device.type == "cuda"
            self._model.close()
        self._pipeline = self._model = None
        self._voices.clear()
        gc.collect()  # stages and pipeline know one another: only this frees their weights
        if on_gpu:
            import torch

            torch.cuda.empty_cache()

    def _work(self, request: Request, deliver: Any) -> Work:
        from tts.glm.stages.work import Work, drawn_before

        model, _ = self._loaded()
        voice = self._voices.get(request.voice)
        if voice is None:
            raise EngineError("its voice was not prepared", "permanent")
        pieces = model.front.pieces(request.text, request.language)
        work = Work(
            id=request.id,
            voice=voice,
            pieces=pieces,
            seed=request.seed,
            sampling_seed=request.seed if request.sampling_seed is None else request.sampling_seed,
            deliver=deliver,
        )
        work.spoken = drawn_before(
            request.tokens,
            pieces,
            work.reference,
            context=min(self._options.context, model.checkpoint.lm.max_positions),
            chained=self._options.chained,
        )
        return work

    def _loaded(self) -> tuple[Model, Pipeline]:
        if self._model is None or self._pipeline is None:
            raise EngineError(f"engine {self.name} is not loaded")
        return self._model, self._pipeline
