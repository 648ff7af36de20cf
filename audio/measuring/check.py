"""A finished file against a profile, by what it plays and not by what was meant.

Measures (``measure.py``) and holds the figures against the rules (``rules.py``). Works on
anybody's files, on the audio of an EPUB and on whole folders.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from audio.measuring.measure import Measured, measure
from audio.measuring.members import Member, as_file, members
from audio.measuring.rules import Finding, findings, together
from audio.profiles import Profile
from castbook.errors import InputError

__all__ = [
    "REMINDER",
    "CheckResult",
    "Finding",
    "check",
    "check_member",
    "findings",
    "members",
    "reminders",
    "together",
]

REMINDER: Final = (
    "technical figures only: whether the shop accepts synthetic narration is the shop's rule"
)
_SAMPLE: Final = " - sample"  # how a retail sample's name ends, without its suffix


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All findings of one file, or of one sound inside a package."""

    path: Path
    profile: str
    measured: Measured
    findings: tuple[Finding, ...]
    passed: bool
    notes: tuple[str, ...] = ()  # what a pass does not mean
    member: str = ""  # the sound's name inside the package at ``path``

    def to_json(self) -> dict[str, Any]:
        """For ``--json``: plain dictionaries, lists, numbers and strings."""
        return {**dataclasses.asdict(self), "path": str(self.path), "notes": list(self.notes)}


def check(path: Path, profile: Profile, *, project: str | None = None) -> CheckResult:
    """Measures one file and holds it against ``profile``.

    Args:
        project: the project that made it, as a word of a command line: then the advice is
            what to change there. None: a file from elsewhere.

    Raises:
        InputError: the file cannot be read as sound.
        MissingDependency: there is no ffmpeg.
    """
    return check_member(Member(path), profile, project=project)


def check_member(sound: Member, profile: Profile, *, project: str | None = None) -> CheckResult:
    """As ``check``, of one of the sounds that ``members`` names.

    Raises:
        InputError: it cannot be read as sound; the path named is the person's own.
        MissingDependency: there is no ffmpeg.
        StorageError: no room for a copy of a package's member.
    """
    with as_file(sound) as file:
        try:
            measured = measure(file)
        except InputError as error:
            if not sound.member:
                raise
            raise InputError(  # about the package, not about our copy of its part
                f"{sound.member}: there is no sound in it, or it is damaged from the start",
                path=sound.path,
                expected="sound that castbook can read",
            ) from error
    found = findings(measured, profile, project=project, sample=is_sample(sound.path))
    return CheckResult(
        path=sound.path,
        profile=profile.name,
        measured=measured,
        findings=found,
        passed=all(finding.ok for finding in found),
        notes=reminders(profile),
        member=sound.member,
    )


def is_sample(path: Path) -> bool:
    """Whether a file is a book's retail sample, by the name that castbook gives it."""
    return path.stem.endswith(_SAMPLE)


def reminders(profile: Profile) -> tuple[str, ...]:
    """What a pass under this profile does not mean."""
    return (REMINDER,) if profile.release else ()
