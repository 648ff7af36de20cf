"""The one door to ffmpeg: which program, how it is started, what its failures mean.

Every call is an argument list (no shell) under a deadline, with ``-nostdin`` and English
messages. Whatever ends a call (success, error, deadline, an exception in the caller), the
child is gone when control returns. A child outlives a killed castbook by moments only:
the long ones read their samples from our pipe or write them into one, and a broken pipe
ends them (PR_SET_PDEATHSIG would need ``preexec_fn``, which is unsafe beside threads).
Knows no book, no profile and no file format.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from castbook.errors import CastbookError, MissingDependency, StorageError
from castbook.settings import Settings

OLDEST: Final = (5, 1)  # with older ones castbook was never tried
_KEPT_STDERR: Final = 512 * 1024  # bytes; 300 chapters of an input's tags are about 60 kB
_BLOCK: Final = 1 << 16
_ADVICE: Final = (
    "install ffmpeg, or `pip install imageio-ffmpeg`, or set CASTBOOK_FFMPEG to the program"
)


@dataclass(frozen=True, slots=True)
class Output:
    """What a finished call said."""

    stdout: bytes
    stderr: str


def program() -> str:
    """The ffmpeg to use: CASTBOOK_FFMPEG, else PATH (if 5.1 or newer), else imageio-ffmpeg.

    Raises:
        MissingDependency: there is none, or CASTBOOK_FFMPEG names something else.
    """
    return _find(Settings.read().ffmpeg, os.environ.get("PATH", ""))


@functools.lru_cache(maxsize=8)
def _find(wanted: str | None, search: str) -> str:
    if wanted:
        found = shutil.which(wanted, path=search)
        if found is None:
            raise MissingDependency(
                f"CASTBOOK_FFMPEG is {wanted!r}, which is no program here; {_ADVICE}"
            )
        return found
    found = shutil.which("ffmpeg", path=search)
    if found is not None and new_enough(_first_line(found)):
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        old = f" (the one at {found} is older than {OLDEST[0]}.{OLDEST[1]})" if found else ""
        raise MissingDependency(f"no ffmpeg was found{old}; {_ADVICE}") from error


def new_enough(first_line: str) -> bool:
    """Whether the first line of ``ffmpeg -version`` names a release castbook works with.

    Builds without a release number (``N-118…``, git snapshots) are taken as new.
    """
    match = re.match(r"ffmpeg version n?(\d+)\.(\d+)", first_line)
    return match is None or (int(match[1]), int(match[2])) >= OLDEST


def version() -> str:
    """The first line of ``ffmpeg -version``: part of the keys of masters and book files."""
    return _first_line(program())


@functools.lru_cache(maxsize=8)
def _first_line(path: str) -> str:
    try:
        answer = subprocess.run(
            [path, "-version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingDependency(f"{path} does not run ({error}); {_ADVICE}") from error
    first = answer.stdout.decode("utf-8", "replace").splitlines()[:1]
    if answer.returncode != 0 or not first:
        raise MissingDependency(f"{path} is not an ffmpeg; {_ADVICE}")
    return first[0].strip()


def url(path: Path) -> str:
    """A path as ffmpeg argument: never an option, never another protocol, whatever its name."""
    return f"file:{path.absolute()}"


def deadline_s(audio_s: float) -> float:
    """How long a call on ``audio_s`` seconds of audio may take.

    Real time plus two minutes: the slowest encode measured here runs at 50 times real time
    on one core, so only a hung process or a machine at 2 % speed meets it.
    """
    return 120.0 + audio_s


def run(
    arguments: Sequence[str],
    *,
    timeout_s: float,
    stdin: bytes | Iterable[bytes] | None = None,
) -> Output:
    """Runs ffmpeg to its end, feeding ``stdin`` (bytes, or blocks as they are needed).

    Raises:
        StorageError: disk full or folder not writable.
        MissingDependency: this ffmpeg lacks an encoder, filter or option.
        CastbookError: anything else, with ffmpeg's last lines.
    """
    blocks = [stdin] if isinstance(stdin, bytes) else stdin
    with _Call(arguments, timeout_s, fed=blocks is not None, collect=True) as call:
        if blocks is not None:
            call.feed(blocks)
        stderr = call.finish()
    return Output(b"".join(call.collected), stderr)


class Decoded:
    """The stdout of a running call, block by block; ``stderr`` is there once it was read."""

    def __init__(self, call: _Call) -> None:
        self._call = call
        self.stderr = ""

    def blocks(self, size: int = _BLOCK) -> Iterator[bytes]:
        """All of stdout in blocks of ``size`` bytes (the last one shorter), then the verdict.

        Raises:
            CastbookError: as ``run``, after the last block.
        """
        yield from self._call.blocks(size)
        self.stderr = self._call.finish()


@contextlib.contextmanager
def decoding(arguments: Sequence[str], *, timeout_s: float) -> Iterator[Decoded]:
    """A call whose stdout is consumed while it runs: constant memory for any length."""
    with _Call(arguments, timeout_s, fed=False, collect=False) as call:
        yield Decoded(call)


class _Call:
    """One child process: started on entry, certainly gone on exit."""

    def __init__(
        self, arguments: Sequence[str], timeout_s: float, *, fed: bool, collect: bool
    ) -> None:
        self._command = [
            *(program(), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "warning"),
            *arguments,
        ]
        self._timeout_s = timeout_s
        self._fed = fed
        self._late = False
        self._collect = collect
        self._tail = bytearray()
        self.collected: list[bytes] = []  # stdout, complete after the ``with``

    def __enter__(self) -> _Call:
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE if self._fed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(os.environ),
                start_new_session=True,  # Ctrl-C reaches castbook, which then ends the child
            )
        except OSError as error:
            raise MissingDependency(f"{self._command[0]} does not start ({error})") from error
        self._readers = [threading.Thread(target=self._drain, daemon=True)]
        if self._collect:
            self._readers.append(threading.Thread(target=self._gather, daemon=True))
        for reader in self._readers:
            reader.start()
        self._timer = threading.Timer(self._timeout_s, self._expire)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def feed(self, blocks: Iterable[bytes]) -> None:
        """Writes all blocks and closes stdin; a child that died early is ``finish``'s to report."""
        pipe = _there(self._process.stdin)
        with contextlib.suppress(BrokenPipeError):
            for block in blocks:
                pipe.write(block)
            pipe.close()

    def blocks(self, size: int = _BLOCK) -> Iterator[bytes]:
        pipe = _there(self._process.stdout)
        while block := pipe.read(size):
            yield block

    def finish(self) -> str:
        """Waits for the end; the kept stderr of a good one, the mapped error of a bad one."""
        code = self._process.wait()
        self._timer.cancel()
        self._join()
        text = bytes(self._tail).decode("utf-8", "replace")
        if self._late:
            raise CastbookError(
                f"ffmpeg was not done after {self._timeout_s:.0f} s and was stopped; "
                "run the same command again on a less busy machine"
            )
        if code != 0:
            raise failure(code, text, self._command[0])
        return text

    def _join(self) -> None:
        for reader in self._readers:
            reader.join()

    def _gather(self) -> None:
        self.collected.extend(self.blocks())

    def _drain(self) -> None:
        pipe = _there(self._process.stderr)
        while block := os.read(pipe.fileno(), _BLOCK):
            self._tail += block
            del self._tail[:-_KEPT_STDERR]

    def _expire(self) -> None:
        self._late = True
        self._process.kill()


def failure(code: int, stderr: str, path: str) -> CastbookError:
    """What a failed call means to the person at the keyboard.

    Args:
        code: exit status; negative is the signal that ended it.
        stderr: everything it said.
        path: the program, for the message.
    """
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    last = " | ".join(lines[-3:])[-600:] or "it said nothing"
    if "No space left on device" in stderr or "Disk quota exceeded" in stderr:
        return StorageError(
            "the disk is full: free some space and run the same command again "
            f"(finished work is kept); ffmpeg said: {last}"
        )
    if "Permission denied" in stderr or "Read-only file system" in stderr:
        return StorageError(f"ffmpeg may not write there: {last}; choose another folder (--build)")
    if re.search(r"Unknown encoder|No such filter|Option not found|Unknown decoder", stderr):
        return MissingDependency(f"the ffmpeg at {path} lacks something needed: {last}; {_ADVICE}")
    if code < 0:
        return CastbookError(
            f"ffmpeg was ended by signal {-code} (9 is often lack of memory); "
            f"run the same command again; it said: {last}"
        )
    return CastbookError(f"ffmpeg failed with status {code}: {last}")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """English, plain messages, and no report files in the current folder."""
    kept = {k: v for k, v in environ.items() if k not in ("FFREPORT", "AV_LOG_FORCE_COLOR")}
    return {**kept, "LC_ALL": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1"}


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # Popen was asked for it
    return pipe
