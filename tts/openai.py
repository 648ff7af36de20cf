"""The openai engine: any server with OpenAI's speech endpoint, ``POST /v1/audio/speech``.

That is OpenAI itself and many servers people run: vLLM-Omni, SGLang-Omni, Kokoro-FastAPI,
Chatterbox-API and others. Options (under ``engines: {openai: …}``):

| option | meaning |
|---|---|
| base_url | ``https://host[:port][/path]``, ending with ``/v1`` or not; else OPENAI_BASE_URL |
| api_key_env | name of the environment variable that holds the key; never the key itself |
| model | ``tts-1`` if absent |
| response_format | wav (if absent), flac, mp3, opus or pcm |
| rate | Hz of the server's audio; 24000 if absent; other audio is refused, not resampled |
| voices | names, or maps of name, languages, gender, description; else those of ``tts-1`` |
| languages | what the model speaks, ``["*"]`` if absent |
| instructions | how to speak, for models that take it; a voice may have its own |
| seeds | true: the server takes ``seed``, and another seed gives another take |
| references | true: the server clones from ``ref_audio`` (a data URL) and ``ref_text`` |
| extra | further fields of the request's body |
| limit | characters of one request; 1000 if absent |
| concurrency | requests at once; 4 if absent |
| connect_timeout_s, read_timeout_s, timeout_s | 10, 60, 300; the last for one whole try |
| tries, pause_s | 5 tries; pauses from 1 s, doubling, or what ``Retry-After`` says |

Where the server is and how it is asked is not in the fingerprint; what changes the sound is.
A key goes out over https, or over http to this machine or a private network, and nowhere else.
Parameters of a voice: ``speed`` (0.25-4) and ``instructions``.
"""

from __future__ import annotations

import base64
import io
import os
import queue
import threading
import time
import wave
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

from castbook.canonical import canonical_json, plain
from castbook.errors import VoiceError
from tts.decoding import Undecodable, decode
from tts.engine import (
    Capabilities,
    Engine,
    EngineError,
    Failure,
    Preset,
    Reference,
    Request,
    Speech,
    Voice,
)
from tts.openai_options import (
    URL_VARIABLE,
    check_options,
    endpoint,
    is_near,
    read_address,
    read_voices,
)
from tts.options import Number, check_parameters
from tts.presets import did_you_mean
from tts.speech_api import Limits, SpeechApi
from tts.text import clean

_VERSION = 1  # raised when the sound changes
_SPEED = {"speed": Number(0.25, 4)}
_LIMIT = 1000  # characters: 70 s of speech; one bad take is cheap, one answer comes in time
# Speech has 4 (Chinese) to 20 characters a second: what is slower than one a second is babble.
_SECONDS_PER_CHARACTER, _SECONDS_MORE = 1.0, 10.0
_SEED_BITS = 0x7FFFFFFF  # servers hand it to libraries that take 32 bits with a sign

Answers = queue.SimpleQueue[tuple[str, Speech | Failure]]


class OpenAIEngine(Engine):
    """See the module."""

    name: ClassVar[str] = "openai"

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        check_options(self.options)
        self._format: str = self.options.get("response_format", "wav")
        self._rate: int = self.options.get("rate", 24000)
        self._concurrency: int = self.options.get("concurrency", 4)
        self._presets = read_voices(self.options)
        self._base, self._key_variable = read_address(self.options)
        self._api: SpeechApi | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._closing = threading.Event()
        self._ends: dict[str, threading.Event] = {}  # of the requests in hand, set to cancel
        self._voices: dict[str, Voice] = {}
        self._clips: dict[str, str] = {}  # data URLs by voice digest

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            rate=self._rate,
            languages=tuple(self.options.get("languages", ("*",))),
            limit=self.options.get("limit", _LIMIT),
            unit="characters",
            cloning=self.options.get("references", False),
            seeds=self.options.get("seeds", False),
            slots=self._concurrency,
            reports=True,
        )

    def fingerprint(self) -> str:
        sound = {
            "model": self._model,
            "response_format": self._format,
            "rate": self._rate,
            "seeds": self.options.get("seeds", False),
            "instructions": self.options.get("instructions", ""),
            "extra": plain(self.options.get("extra", {})),
        }
        return f"openai {_VERSION} {canonical_json(sound).decode()}"

    def presets(self) -> Sequence[Preset]:
        return self._presets

    def missing(self) -> str | None:
        if self._base is None:
            return f"no server: set engines.openai.base_url, or {URL_VARIABLE} in the environment"
        named = self.options.get("api_key_env")
        if named and not os.environ.get(named):
            return (
                f"the key is missing: set {named} in the environment (engines.openai.api_key_env)"
            )
        return None

    def check_voice(self, voice: Voice, language: str) -> None:
        parameters = dict(voice.parameters)
        instructions = parameters.pop("instructions", "")
        if not isinstance(instructions, str):
            raise VoiceError(f"instructions cannot be {instructions!r}", expected="text")
        check_parameters(self.name, parameters, _SPEED)
        if voice.preset is None:
            if voice.reference is None or not self.options.get("references"):
                raise VoiceError(
                    "engine openai cannot clone a voice with this server",
                    expected="a preset",
                    hint="set engines.openai.references: true if the server takes ref_audio",
                )
        elif voice.preset not in (names := [p.name for p in self._presets]):
            raise VoiceError(
                f"engine openai has no preset {voice.preset!r}",
                expected="one of " + ", ".join(names),
                hint=did_you_mean(voice.preset, names)
                or "list the server's own under engines.openai.voices",
            )

    # -- heavy half ------------------------------------------------------------------------

    def load(self) -> None:
        missing = self.missing()
        if missing is not None or self._base is None:
            raise EngineError(missing or "no server", "dead")
        self._closing.clear()
        number = self.options.get
        self._api = SpeechApi(
            endpoint(self._base),
            os.environ.get(self._key_variable) if self._key_variable else None,
            Limits(
                connect_s=number("connect_timeout_s", 10),
                read_s=number("read_timeout_s", 60),
                total_s=number("timeout_s", 300),
                tries=number("tries", 5),
                pause_s=number("pause_s", 1),
            ),
            self._concurrency,
            wait=lambda seconds: not self._closing.wait(seconds),
            transport_from_environment=not is_near(self._base),
        )
        self._pool = ThreadPoolExecutor(self._concurrency, "openai")

    def prepare(self, voice: Voice) -> None:
        self.check_voice(voice, "")
        self._voices[voice.digest] = voice
        if voice.preset is None and voice.reference is not None:
            self._clips[voice.digest] = _data_url(voice.reference)

    def synthesize(self, requests: Sequence[Request]) -> Iterator[tuple[str, Speech | Failure]]:
        """Hands the requests to the threads at once; the iterator waits for their answers."""
        if self._pool is None:
            raise EngineError("engine openai is not loaded")
        answers: Answers = queue.SimpleQueue()
        futures = {}
        for request in requests:
            self._ends[request.id] = end = threading.Event()
            futures[request.id] = self._pool.submit(self._work, request, end, answers)
        return self._answers(futures, answers)

    def cancel(self, request_id: str) -> None:
        if request_id in self._ends:
            self._ends[request_id].set()

    def unload(self) -> None:
        self._closing.set()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        if self._api is not None:
            self._api.close()
            self._api = None
        self._ends.clear()

    def _answers(
        self, futures: Mapping[str, Future[None]], answers: Answers
    ) -> Iterator[tuple[str, Speech | Failure]]:
        left = set(futures)
        try:
            while left:
                request_id, result = answers.get()
                left.discard(request_id)
                self._ends.pop(request_id, None)
                yield request_id, result
        finally:
            for request_id in left:
                futures[request_id].cancel()
                self.cancel(request_id)
                self._ends.pop(request_id, None)

    def _work(self, request: Request, end: threading.Event, answers: Answers) -> None:
        """In a thread: one answer for one request, whatever happens."""
        try:
            result: Speech | Failure = self._speak(request, end)
        except EngineError as error:
            result = Failure(error.kind, error.reason)
        except Exception as error:  # boundary: a thread must not die with its request
            result = Failure("transient", f"{type(error).__name__}: {error}")
        answers.put((request.id, result))

    def _speak(self, request: Request, end: threading.Event) -> Speech:
        began = time.perf_counter()
        voice = self._voices.get(request.voice)
        if voice is None or self._api is None:
            raise EngineError("its voice was not prepared", "permanent")
        if not clean(request.text).strip():
            raise EngineError("nothing to speak: the text is empty", "permanent")
        longest_s = _SECONDS_MORE + _SECONDS_PER_CHARACTER * len(request.text)
        largest = int(longest_s * self._rate * 8) + 65536  # stereo floats would just fit
        answer, kind = self._api.speak(
            self._body(request, voice), largest, lambda: self._advance(request.id, end)
        )
        if "json" in kind or kind.startswith("text/") or answer[:1] in (b"{", b"<"):
            said = self._api.words(answer)
            if "html" in kind or answer[:1] == b"<":
                raise EngineError("the server sent a web page: check base_url", "permanent")
            raise EngineError(f"the server sent words instead of audio: {said}")
        return self._decoded(answer, longest_s, began)

    def _decoded(self, answer: bytes, longest_s: float, began: float) -> Speech:
        try:
            clip = decode(answer, self._format, self._rate)
        except Undecodable as error:
            hint = "; set engines.openai.response_format to what it sends" if error.other else ""
            raise EngineError(
                f"{error}{hint}", "permanent" if error.other else "transient"
            ) from error
        if clip.rate != self._rate:
            raise EngineError(
                f"the server's audio has {clip.rate} Hz, not {self._rate}: "
                f"set engines.openai.rate: {clip.rate}",
                "permanent",
            )
        if not len(clip.pcm):
            raise EngineError("the audio is empty")
        seconds = len(clip.pcm) / clip.rate
        if seconds > longest_s:
            raise EngineError(f"{seconds:.0f} s of audio is more than the text can need")
        return Speech(
            pcm=clip.pcm,
            rate=clip.rate,
            clipped=clip.clipped,
            seconds=time.perf_counter() - began,
        )

    def _advance(self, request_id: str, end: threading.Event) -> None:
        """At each try and piece of an answer."""
        if end.is_set() or self._closing.is_set():
            raise EngineError("cancelled")
        self.progress(request_id)

    def _body(self, request: Request, voice: Voice) -> dict[str, Any]:
        body: dict[str, Any] = {
            **self.options.get("extra", {}),
            "model": self._model,
            "input": clean(request.text),
            "response_format": self._format,
        }
        instructions = voice.parameters.get("instructions") or self.options.get("instructions")
        if instructions:
            body["instructions"] = instructions
        if "speed" in voice.parameters:
            body["speed"] = voice.parameters["speed"]
        if self.options.get("seeds"):
            body["seed"] = request.seed & _SEED_BITS
        if voice.preset is not None:
            body["voice"] = voice.preset
        elif voice.reference is not None:
            body["ref_audio"] = self._clips[voice.digest]
            if voice.reference.transcript:
                body["ref_text"] = voice.reference.transcript
        return body

    @property
    def _model(self) -> str:
        model: str = self.options.get("model", "tts-1")
        return model


def _data_url(clip: Reference) -> str:
    """A reference clip as servers take it: a WAV file in a data URL."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(clip.rate)
        out.writeframes(clip.pcm.astype("<i2").tobytes())
    return "data:audio/wav;base64," + base64.b64encode(file.getvalue()).decode()
