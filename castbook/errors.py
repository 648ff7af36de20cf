"""The one exception tree.

    CastbookError
    ├── InputError            the user's files; never retried; exit code 2
    │   ├── ProjectError      project.yaml, casting.yaml, retakes.yaml, lexicon.yaml
    │   ├── ManuscriptError   the book itself
    │   ├── VoiceError        a reference clip, a preset that does not exist
    │   │   └── ConsentError  a person's voice without that person's standing consent
    │   └── SelectionError    a WHERE that names nothing
    ├── EnvironmentFault      the machine; never retried; exit code 2
    │   ├── MissingDependency a program, package or weights: the message says how to get it
    │   ├── Unavailable       a server that is busy or away: the same request may succeed later
    │   └── StorageError      disk full, unwritable folder, a file damaged on disk
    ├── SegmentFailure        one segment has no usable audio; named, can be redone alone
    │   ├── TransientFailure  a crash, a stall, a time-out: the same attempt may succeed
    │   └── PermanentFailure  the engine refuses this request whatever we do
    └── BrokenPromise         a bug in castbook

Foreign exceptions are mapped at the floor where they enter. The command line prints
``str(error)`` and an exit code; the traceback is for the log.
"""

from __future__ import annotations

from pathlib import Path


class CastbookError(Exception):
    """Root of the tree: catch this to catch everything castbook raises on purpose."""

    exit_code = 1


class InputError(CastbookError):
    """Something the user wrote is wrong.

    One line: ``file:line: place: what is wrong; expected …; what to do``.

    Args:
        message: what is wrong, in the user's words.
        path: the file the mistake is in.
        line: 1-based line in that file.
        place: key path (``voices.holmes.reference``) or any other place inside the file.
        expected: what would have been right.
        hint: what to do, or the nearest match.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        place: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.message = message
        self.path = path
        self.line = line
        self.place = place
        self.expected = expected
        self.hint = hint
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        where = ""
        if self.path is not None:
            where = f"{self.path}:{self.line}: " if self.line else f"{self.path}: "
        if self.place:
            where += f"{self.place}: "
        text = where + self.message
        if self.expected:
            text += f"; expected {self.expected}"
        if self.hint:
            text += f"; {self.hint}"
        return text


class ProjectError(InputError):
    """A project file (project.yaml and the files beside it) is wrong."""


class ManuscriptError(InputError):
    """The manuscript cannot be read as a book."""


class VoiceError(InputError):
    """A voice cannot be used: its clip, its preset, its style."""


class ConsentError(VoiceError):
    """A person's voice may not be used: the consent is missing, withdrawn or expired."""


class SelectionError(InputError):
    """A WHERE given to a command names no segment of the book."""

    exit_code = 1


class EnvironmentFault(CastbookError):
    """The machine, not the book, is at fault."""

    exit_code = 2


class MissingDependency(EnvironmentFault):
    """A program, package or set of weights is not installed; the message says how to get it."""


class Unavailable(EnvironmentFault):
    """A server we need is busy or away; the same request may succeed later.

    Args:
        message: who does not answer, and what to do.
        retry_after_s: when to ask again, in seconds.
    """

    exit_code = 1

    def __init__(self, message: str, retry_after_s: int = 2) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StorageError(EnvironmentFault):
    """The disk is full, a folder cannot be written, or a stored file is damaged."""

    exit_code = 1


class SegmentFailure(CastbookError):
    """One segment has no usable audio. Its chapter waits; every other segment goes on."""


class TransientFailure(SegmentFailure):
    """A crash, stall or time-out: trying the same attempt again may succeed."""


class PermanentFailure(SegmentFailure):
    """The engine refuses this request; only an edit of the project helps."""


class BrokenPromise(CastbookError):
    """castbook broke one of its own rules: please report it."""
