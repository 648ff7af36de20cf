"""Consents: who allowed the use of a voice, for what, until when.

``consents/cons_….yaml`` in the library, beside the recording in which the person says so. A
voice names it as ``consent: {record: …}`` in ``library.yaml``, so that books see it too. A
consent that is withdrawn leaves a record that says so, without recording and names: what was
made with it can still be told from what was not, and the voices that need it speak no more.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

from audio.pcm import Pcm, write_flac
from book.project import Consent as Terms
from castbook.errors import ConsentError, InputError, StorageError
from castbook.files import replace as publish_over
from castbook.files import temporary_beside
from tasks.shelf.papers import papers, read_paper, write_paper

FOLDER: Final = "consents"
PREFIX: Final = "cons_"
KIND: Final = "audio.voice_consent"
BASES: Final[tuple[str, ...]] = get_args(Terms.model_fields["basis"].annotation)


@dataclass(frozen=True, slots=True)
class Consent:
    """A record. Times are Unix seconds, dates ``YYYY-MM-DD``; "" is not said."""

    id: str
    name: str = ""  # the label its owner gave it
    language: str = ""  # BCP 47, of what is said in the recording
    created_at: int = 0
    recording_sha256: str = ""  # of the samples, little-endian 16 bit
    seconds: float = 0.0
    basis: str = "licensed"
    rights_holder: str = ""
    scope: str = ""  # what for, in words
    expires: str = ""  # the last day
    sample_sha256: str = ""  # the one file that may become a voice; "" any
    owner: str = ""  # the principal who uploaded it
    withdrawn_at: int = 0

    def objection(self, today: dt.date) -> str | None:
        """Why it does not hold today, if it does not."""
        if self.withdrawn_at:
            return "the consent was withdrawn"
        if self.expires and dt.date.fromisoformat(self.expires) < today:
            return f"the consent expired on {self.expires}"
        return None


class Consents:
    """The records of a library.

    Args:
        today: the day on which they must hold.
    """

    def __init__(self, library: Path, today: Callable[[], dt.date] = dt.date.today) -> None:
        self.folder = library / FOLDER
        self._today = today
        self._known: dict[Path, tuple[tuple[int, int], Consent | None]] = {}

    def add(self, consent: Consent, pcm: Pcm, rate: int) -> None:
        """Keeps a recording and then its record, which is the commit mark."""
        sound = self._path(consent.id).with_suffix(".flac")
        with temporary_beside(sound) as temporary:
            write_flac(temporary, pcm, rate)
            publish_over(temporary, sound)
        self._write(consent)

    def all(self, owner: str | None = None) -> tuple[Consent, ...]:
        """Those that were not withdrawn, the newest first; of one principal, if told."""
        read = [_consent(fields) for _, fields in papers(self.folder)]
        found = [c for c in read if c is not None and not c.withdrawn_at and _of(c, owner)]
        return tuple(sorted(found, key=lambda c: (-c.created_at, c.id)))

    def get(self, consent_id: str, owner: str | None = None) -> Consent | None:
        """A consent that was not withdrawn; None if there is none, or it is another's."""
        found = self._read(self._path(consent_id)) if _is_id(consent_id) else None
        return found if found and not found.withdrawn_at and _of(found, owner) else None

    def rename(self, consent: Consent, name: str) -> Consent:
        """The consent under another label."""
        renamed = replace(consent, name=name)
        self._write(renamed)
        return renamed

    def withdraw(self, consent: Consent) -> None:
        """Ends it now; the recording is deleted, the fact that it was withdrawn is kept."""
        bare = Consent(
            consent.id,
            created_at=consent.created_at,
            recording_sha256=consent.recording_sha256,
            owner=consent.owner,
            withdrawn_at=int(time.time()),
        )
        self._write(bare)
        with contextlib.suppress(FileNotFoundError):
            self._path(consent.id).with_suffix(".flac").unlink()

    def check(self, record: str) -> None:
        """Refuses a voice whose record does not hold.

        Args:
            record: path in the library, as ``library.yaml`` has it.

        Raises:
            ConsentError: it is gone, withdrawn, expired, or damaged: what cannot be read allows
                nothing.
        """
        path = self.folder.parent / record
        if not is_record(path):
            if not path.is_file():
                raise _missing("the record of its consent is gone")
            return  # a signed paper, say: people's own, believed to stand
        try:
            found = self._read(path)
        except StorageError as error:
            raise _missing(f"the record of its consent cannot be read: {error}") from error
        objection = "its consent is gone" if found is None else found.objection(self._today())
        if objection:
            raise _missing(objection)

    def hold(self, record: str) -> bool:
        """Whether ``check`` has no objection; "" is no record, and none is needed."""
        try:
            if record:
                self.check(record)
        except ConsentError:
            return False
        return True

    def _read(self, path: Path) -> Consent | None:
        """A record, parsed only when the file has changed."""
        try:
            stat = path.stat()
        except OSError:
            return None
        signature = stat.st_mtime_ns, stat.st_ino
        known = self._known.get(path)
        if known is None or known[0] != signature:
            self._known[path] = known = signature, _consent(read_paper(path) or {})
        return known[1]

    def _write(self, consent: Consent) -> None:
        write_paper(self._path(consent.id), {"object": KIND, **asdict(consent)})

    def _path(self, consent_id: str) -> Path:
        return self.folder / f"{consent_id}.yaml"


def new_id() -> str:
    """An id nobody can guess."""
    return PREFIX + secrets.token_hex(12)


def is_record(path: Path) -> bool:
    """Whether a file's name is that of a record of ours, and not of anybody's paper."""
    return path.suffix == ".yaml" and _is_id(path.stem)


def check_book_record(path: Path) -> None:
    """Refuses the voice of a book whose consent is a record of a service that does not hold.

    Raises:
        ConsentError: withdrawn or expired.
    """
    if is_record(path):
        Consents(path.parent.parent).check(f"{path.parent.name}/{path.name}")


def check_terms(basis: str, holder: str, expires: str) -> None:
    """Refuses terms that say too little or nothing that can be checked.

    Raises:
        InputError: with the field at fault.
    """
    if basis not in BASES:
        raise InputError(
            f"consent cannot rest on {basis!r}",
            place="basis",
            expected="one of " + ", ".join(BASES),
        )
    if basis == "licensed" and not holder.strip():
        raise InputError(
            "a licence names nobody", place="rights_holder", expected="who gave the permission"
        )
    try:
        dt.date.fromisoformat(expires or "2000-01-01")
    except ValueError as error:
        raise InputError(
            f"{expires!r} is no date", place="expires", expected="YYYY-MM-DD, the last day"
        ) from error


def _consent(fields: Any) -> Consent | None:
    """From a file; None for what is no record, or none of ours."""
    known = {key: fields[key] for key in fields if key in Consent.__slots__}
    try:
        consent = Consent(**known)
        dt.date.fromisoformat(consent.expires or "2000-01-01")
    except (TypeError, ValueError):
        return None
    return consent if fields.get("object") == KIND and _is_id(consent.id) else None


def _of(consent: Consent, owner: str | None) -> bool:
    return owner is None or consent.owner in ("", owner)


def _is_id(word: str) -> bool:
    rest = word.removeprefix(PREFIX)
    return word.startswith(PREFIX) and rest.isascii() and rest.isalnum() and len(rest) <= 64


def _missing(why: str) -> ConsentError:
    return ConsentError(
        why, place="voice", expected="a voice whose owner allows its use",
        hint="upload a new consent and the voice again",
    )  # fmt: skip
