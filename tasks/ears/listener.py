"""The parent's end of the recogniser's process: samples in, what was heard out.

One process per book, started with the first take that is heard; takes are heard one after
another. It is killed when it answers too late, and started again for the next take.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

import castbook
from audio.hearing.tokens import primary
from audio.hearing.transcripts import Heard
from castbook.errors import BrokenPromise, MissingDependency, TransientFailure
from tts import wire

RECOGNISER = "tasks.ears.whisper:Whisper"
_READY_S = 300.0  # to load a model from a slow disk
_PATIENCE_S = 60.0  # for a take, and …
_PATIENCE_TIMES = 20.0  # … so many times its length: a large model on a slow CPU
_CODES = {"nb": "no", "cmn": "zh", "fil": "tl", "jv": "jw"}  # as Whisper calls them
_LAST_WORDS = 300  # characters of its standard error in a reason


class Recogniser(Protocol):
    """Writes down what is said."""

    def hear(self, samples: NDArray[np.float32], language: str) -> Heard | None:
        """What is said; None when it does not know the language.

        Args:
            samples: float32 (n,), −1…1, at 16 kHz.
            language: BCP 47.

        Raises:
            TransientFailure: it died or was too slow.
            MissingDependency: it cannot be started at all.
        """
        ...

    def close(self) -> None:
        """Ends it."""
        ...


class Listener:
    """A recogniser in a process of its own.

    Args:
        folder: of the model.
        recogniser: ``module:Class`` of what runs in the process.
        ready_s: seconds it may take to load.
        patience_s: seconds a take may take, beside 20 times its length.
    """

    def __init__(
        self,
        folder: Path,
        *,
        recogniser: str = RECOGNISER,
        ready_s: float = _READY_S,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._folder = folder
        self._recogniser = recogniser
        self._ready_s = ready_s
        self.patience_s = patience_s
        self._process: _Process | None = None
        # On Linux a child is told when the *thread* that started it ends: this one stays.
        self._thread = ThreadPoolExecutor(1, "recogniser")

    def hear(self, samples: NDArray[np.float32], language: str) -> Heard | None:
        """See ``Recogniser``; any number of threads may ask."""
        return self._thread.submit(self._hear, samples, language).result()

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        process = self._process
        if process is not None:
            process.kill()  # frees a thread that waits for its answer
        self._thread.submit(self._end).result()
        self._thread.shutdown()

    def _hear(self, samples: NDArray[np.float32], language: str) -> Heard | None:
        try:
            if self._process is None:
                self._process = _Process(self._recogniser)
                self._process.load(self._folder, self._ready_s)
            tag = primary(language)
            tag = _CODES.get(tag, tag)
            if tag not in self._process.languages:
                return None
            patience = self.patience_s + _PATIENCE_TIMES * len(samples) / 16000
            return self._process.hear(samples, tag, patience)
        except (TransientFailure, MissingDependency):
            self._end()
            raise

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.end()


class _Process:
    """One run of ``tasks.ears.child``."""

    def __init__(self, recogniser: str) -> None:
        self.languages: frozenset[str] = frozenset()
        self._decoder = wire.Decoder()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by end()
        their_in, self._in = os.pipe()
        their_life, self._life = os.pipe()  # never written to: its end is the message
        self._out, their_out = os.pipe()
        os.set_blocking(self._in, False)
        root = str(Path(castbook.__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        fds = (their_in, their_out, their_life)
        try:
            self._child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",  # the current folder may hold a tasks/ of someone else
                    "-m",
                    "tasks.ears.child",
                    *map(str, fds),
                    str(os.getpid()),
                    recogniser,
                ],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=fds,
                env={**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1"},
                start_new_session=True,
            )
        except OSError as error:
            self._close()
            raise MissingDependency(f"the recogniser cannot be started: {error}") from error
        finally:
            for fd in fds:
                os.close(fd)

    def load(self, folder: Path, seconds: float) -> None:
        """Raises: MissingDependency: the model cannot be loaded."""
        try:
            header = self._ask({"is": "load", "folder": str(folder)}, b"", seconds)
        except TransientFailure as error:
            raise MissingDependency(str(error)) from error
        if header["is"] == "unloadable":
            raise MissingDependency(f"the recogniser cannot load {folder}: {header['reason']}")
        self.languages = frozenset(header["languages"])

    def hear(self, samples: NDArray[np.float32], language: str, seconds: float) -> Heard:
        """Raises: TransientFailure: it died or was too slow."""
        payload = samples.astype(np.float32, copy=False).tobytes()
        header = self._ask({"is": "hear", "language": language}, payload, seconds)
        return Heard(
            text=str(header["text"]),
            avg_logprob=float(header["avg_logprob"]),
            no_speech=float(header["no_speech"]),
            compression=float(header["compression"]),
            seconds=float(header["seconds"]),
        )

    def _ask(
        self, header: Mapping[str, Any], payload: wire.Buffer, seconds: float
    ) -> Mapping[str, Any]:
        deadline = time.monotonic() + seconds
        late = TransientFailure(f"the recogniser gave no answer within {seconds:.0f} s")
        with contextlib.suppress(BrokenPipeError):  # it is gone: said below
            for buffer in wire.encode(dict(header), payload):
                self._send(memoryview(buffer), deadline, late)
        while True:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._out], [], [], left)[0]:
                raise late
            try:
                frames = wire.receive(self._out, self._decoder)
            except (EOFError, BrokenPromise) as error:
                raise TransientFailure(f"the recogniser died: {self._last_words()}") from error
            if frames:
                return frames[0].header

    def _send(self, data: memoryview, deadline: float, late: TransientFailure) -> None:
        """Writes to a pipe that a frozen process may leave full."""
        while data:
            if not select.select([], [self._in], [], max(0.0, deadline - time.monotonic()))[1]:
                raise late
            data = data[os.write(self._in, data) :]

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        said = " / ".join(line.strip() for line in lines if line.strip())
        return said[-_LAST_WORDS:] or "without a word"

    def kill(self) -> None:
        """SIGKILL for the process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kills, reaps, closes."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(10)
        self._close()

    def _close(self) -> None:
        for fd in (self._in, self._out, self._life):
            os.close(fd)
        self._errors.close()
