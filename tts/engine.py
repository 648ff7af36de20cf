"""The engine contract: what every engine is, whoever wrote it.

An engine class has two halves. The **light half** (capabilities, fingerprint, presets,
measure) runs in any process, imports nothing heavy and starts in milliseconds: planning
needs it. The **heavy half** (load, prepare, synthesize, stream) runs only in the engine's
own child process (``tts/host.py``).

An engine never sees a book: it gets texts, voices and seeds, and gives back samples.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
FailureKind = Literal["transient", "permanent", "dead"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, for planning."""

    rate: int  # Hz of its audio
    languages: tuple[str, ...]  # BCP 47 primary tags; ("*",) for any
    limit: int  # largest request, in the engine's own unit (see ``Engine.measure``)
    unit: str  # name of that unit, for messages: "characters", "tokens"
    cloning: bool = False  # speaks with a reference clip
    needs_transcript: bool = False  # of the reference clip
    styles: bool = False
    seeds: bool = True  # another seed gives another take
    streams: bool = False
    normalises: bool = False  # expands numbers and titles itself: castbook then does not
    word_times: bool = False
    slots: int = 1  # requests it works on at once
    batch_hint: int = 32  # segments per task; more keeps a batching engine full
    phonemes: tuple[str, ...] = ()  # alphabets it reads inside a text (``castbook.phonemes``)
    reports: bool = False  # calls ``self.progress(id)`` as it begins each request


@dataclass(frozen=True, slots=True)
class Preset:
    """A voice that an engine brings."""

    name: str
    languages: tuple[str, ...]
    gender: Literal["m", "f", "x"]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Someone's recorded voice, decoded. Engines resample and extract features themselves."""

    pcm: Pcm  # mono
    rate: int  # Hz
    transcript: str | None
    digest: str  # sha256 of (PCM, rate, transcript, style): cache features by it


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as an engine sees it: a preset with parameters, or a reference."""

    digest: str  # what the voice contributes to the key
    preset: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reference: Reference | None = None
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One segment to speak. All randomness of the answer is a pure function of ``seed``."""

    id: str  # unique among the requests in flight
    text: str
    language: str
    voice: str  # digest of a prepared voice
    seed: int  # 63 bits; engines that take fewer use the low bits
    attempt: int = 0  # 0…: raised by bad verdicts, changes the key
    attempt_change: str = ""  # what this attempt changes: "", "seed", "shorter"
    try_number: int = 0  # 0…: raised by transient failures, not in the key
    # Of engines that first draw speech tokens and then make sound of them: what the tokens are
    # drawn with (``Engine.sampling_fingerprint``; the seed if None), or the tokens themselves,
    # as ``Speech.tokens`` had them, when they were drawn before.
    sampling_seed: int | None = None
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WordTime:
    """A word of the request's text and when it begins."""

    start: int  # code point in Request.text
    end: int
    frame: int  # at the engine's rate


@dataclass(frozen=True, slots=True)
class Speech:
    """Audio for one request."""

    pcm: Pcm  # int16 (n,), mono
    rate: int  # Hz
    signals: Mapping[str, float] = field(default_factory=dict)  # the engine's own, for the verdict
    words: tuple[WordTime, ...] = ()
    tokens: tuple[int, ...] = ()  # speech tokens, where the engine has them
    clipped: int = 0  # samples that were cut when rounding to 16 bits
    seconds: float = 0.0  # wall time the engine spent


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no audio for one request.

    ``transient``: the same request may succeed. ``permanent``: it never will.
    ``dead``: the engine itself is gone; nothing further will come from it.
    """

    kind: FailureKind
    reason: str


class EngineError(Exception):
    """Raised inside an engine to end one request; the host turns it into a ``Failure``."""

    def __init__(self, reason: str, kind: FailureKind = "transient") -> None:
        super().__init__(reason)
        self.kind: FailureKind = kind
        self.reason = reason


class Engine(ABC):
    """Base of all engines. The constructor is light and validates ``options``.

    Raises (constructor): ``castbook.errors.ProjectError`` with ``place="engines.<name>.<key>"``
    for an option it does not know or a value it cannot take.
    """

    name: ClassVar[str]
    ready_s: ClassVar[float] = 120.0  # loading may take; a project's ``host:`` may say more
    stall_s: ClassVar[float] = 120.0  # without progress of any request: then it hangs

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        self.options: Mapping[str, Any] = dict(options or {})
        self.listener: Callable[[str], None] | None = None  # set by the host process

    # -- light half: any process ---------------------------------------------------------

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities: ...

    @abstractmethod
    def fingerprint(self) -> str:
        """Model revision and the options that change the sound. Never a path or a machine."""

    def sampling_fingerprint(self) -> str:
        """That part of the fingerprint which decides the speech tokens: when only the rest
        changes, tokens drawn before are spoken again instead of being drawn anew."""
        return self.fingerprint()

    @abstractmethod
    def presets(self) -> Sequence[Preset]: ...

    def measure(self, text: str, language: str) -> int:
        """The size of ``text`` in the engine's unit, compared with ``capabilities.limit``."""
        return len(text)

    def missing(self) -> str | None:
        """None when the engine can run here, else one sentence: what is missing, how to get it."""
        return None

    def replicas(self) -> Sequence[Mapping[str, Any]]:
        """The options of each process that should work beside the others: one per device.

        The options decide where a process works, never how it sounds.
        """
        return (self.options,)

    def describe(self) -> Mapping[str, str]:
        """More for ``castbook doctor`` than ``missing``: devices, memory, versions."""
        return {}

    def check_voice(self, voice: Voice, language: str) -> None:
        """Refuses a voice this engine cannot speak with, before anything is synthesised.

        Raises:
            castbook.errors.VoiceError: unknown preset (with the nearest match), unknown
                parameter, a reference for an engine that does not clone, a missing transcript.
        """

    # -- heavy half: the engine's child process ---------------------------------------------

    @abstractmethod
    def load(self) -> None:
        """Loads weights and libraries. Called once, before anything below."""

    def prepare(self, voice: Voice) -> None:
        """Makes ``voice`` ready; later requests name it by its digest."""

    @abstractmethod
    def synthesize(self, requests: Sequence[Request]) -> Iterator[tuple[str, Speech | Failure]]:
        """(request id, result) for every request, in any order, each as soon as it is ready.

        Called from one thread. An engine with several slots may be called again, from that
        thread, while an earlier iterator still has results to give.
        """

    def progress(self, request_id: str) -> None:
        """Called by the engine itself when it begins a request, and again while a long one
        advances: it moves the stall deadline. An engine that declares ``capabilities.reports``
        is not blamed for requests it was given and had not begun when its process died."""
        if self.listener is not None:
            self.listener(request_id)

    def stream(self, request: Request) -> Iterator[Pcm]:
        """The audio of one request in pieces; by default one piece, when it is complete.

        Asked for only where ``capabilities.streams``. Called from the thread of ``synthesize``;
        with several slots the iterator is read in a thread of its own, beside other calls.
        Closing it ends the request.

        Raises:
            EngineError: the request failed.
        """
        for _, result in self.synthesize([request]):
            if isinstance(result, Failure):
                raise EngineError(result.reason, result.kind)
            yield result.pcm

    def cancel(self, request_id: str) -> None:
        """Stops work on a request if that is still possible."""

    def unload(self) -> None:
        """Frees memory and devices; the process may go on to load again."""
