"""Finished sound of single texts and batches: ``NAME.wav`` and beside it ``NAME.json``.

The JSON file, the output's **manifest**, says what was wished and what was made. It is written
first, and only one writer can: it claims the name. The sound whose digest it names completes it.
A kill between the two leaves a claim without its sound, which the same wish completes and no
other takes. What a name holds is never replaced by another wish unless that is asked for.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from audio.pcm import Pcm, pcm_sha256
from castbook import __version__
from castbook.errors import BrokenPromise, InputError, StorageError
from castbook.files import (
    flush_folder,
    publish,
    replace,
    storage_error,
    temporary_beside,
)
from castbook.names import EXPECTED, inside, is_safe
from castbook.tracing import current_trace

FORMS = ("wav", "flac", "mp3", "opus")
# endings of sound that are not made here: whoever writes one would get ``NAME.ogg.wav``
_OTHERS = frozenset({"aac", "aif", "aiff", "m4a", "m4b", "mp4", "ogg", "pcm", "webm", "wma"})
SCHEMA = 1
RESERVED = frozenset({"manifest"})  # the batch's own


@dataclass(frozen=True, slots=True)
class Spoken:
    """The sound of one wish, and where it came from."""

    pcm: Pcm  # int16 (n,), mono
    rate: int  # Hz
    facts: Mapping[str, Any]  # for the manifest: voice, engine, language, seed, takes, consent


@dataclass(frozen=True, slots=True)
class Output:
    """A finished file."""

    path: Path
    frames: int
    rate: int  # Hz
    pcm_sha256: str
    made: bool  # False: it was there

    @property
    def manifest(self) -> Path:
        """Beside it."""
        return self.path.with_name(f"{stem_of(self.path.name)}.json")

    @property
    def seconds(self) -> float:
        """Of sound."""
        return self.frames / self.rate


class NameTaken(InputError):
    """A file of that name holds another wish."""


def check_name(written: str) -> tuple[str, str]:
    """(name, form) of an output's name as a caller wrote it; the form is "" without an ending.

    Raises:
        InputError: it could be a path, a hidden file or a device, is too long, or ends like
            a form that is not made here.
    """
    stem, dot, ending = written.rpartition(".")
    if dot and ending.lower() in _OTHERS:
        raise InputError(
            f"no .{ending} files are made", place="output_name", expected="." + ", .".join(FORMS)
        )
    form = ending.lower() if dot and ending.lower() in FORMS else ""
    name = stem if form else written
    if name == "" and not form:
        return "", ""
    if not is_safe(name) or name.lower() in RESERVED:
        raise InputError(
            f"{written[:120]!r} cannot be a file's name",
            place="output_name",
            expected=EXPECTED,
        )
    return name, form


def output_path(folder: Path, name: str, form: str) -> Path:
    """Where an output is or would be; always inside ``folder``, links followed.

    Raises:
        InputError: the name is none, or a link leads out of the folder.
    """
    checked, ending = check_name(name)
    if not checked or ending or form not in FORMS:
        raise InputError(f"{name[:120]!r} cannot be a file's name", place="output_name")
    inside(folder, f"{checked}.json", "output_name")
    return inside(folder, f"{checked}.{form}", "output_name")


def stem_of(file: str) -> str:
    """The name of a file without its ending; names may hold dots."""
    return file.rpartition(".")[0]


def timed_name(at: datetime, mark: str = "") -> str:
    """``tts_20261121_213343``: of a text that nobody gave a name.

    Args:
        mark: comes behind it, so that two texts of one second do not meet.
    """
    return f"tts_{at:%Y%m%d_%H%M%S}{f'_{mark}' if mark else ''}"


def standing(folder: Path, name: str, form: str, wish: str) -> Output | None:
    """The finished output of this wish, or None when it is still to be made.

    Args:
        wish: the digest of everything that was wished, 64 hex digits.

    Raises:
        NameTaken: the name holds another wish.
    """
    path = output_path(folder, name, form)
    said = read_manifest(path.with_name(f"{name}.json"))
    if said is None:
        return None
    if said.get("wish") != wish:
        raise NameTaken(
            f"{path.name} is there and holds another text, voice, option or pronunciation",
            place="output_name",
            expected="a name that is free",
            hint="choose another name, or replace it",
        )
    return _finished(path, said)


def read_manifest(path: Path) -> dict[str, Any] | None:
    """What a manifest says; None without one, or when it is damaged."""
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(error, path) from error
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def write_output(
    folder: Path, name: str, form: str, spoken: Spoken, wish: str, *, replacing: bool = False
) -> Output:
    """Writes an output whole, opens it again, and gives what stands there.

    Returns:
        This output, or that of another writer who was first with the same wish.

    Raises:
        NameTaken: another wish came first, and ``replacing`` is False.
        StorageError: it cannot be written, or what was written does not open.
    """
    path = output_path(folder, name, form)
    content = encoded(spoken.pcm, spoken.rate, form)
    said = {
        "schema": SCHEMA,
        "file": path.name,
        "wish": wish,
        "sha256": sha256(content).hexdigest(),
        "bytes": len(content),
        "pcm_sha256": pcm_sha256(spoken.pcm),
        "frames": len(spoken.pcm),
        "rate": spoken.rate,
        **spoken.facts,
        "castbook": __version__,
        "trace": current_trace(),
    }
    manifest = path.with_name(f"{name}.json")
    with temporary_beside(manifest) as temporary:
        temporary.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
        if replacing or not publish(temporary, manifest):
            there = None if replacing else standing(folder, name, form, wish)
            if there is not None:
                return there
            before = read_manifest(manifest)
            replace(temporary, manifest)  # damaged, or its sound never came: ours is right
            _discard(folder, before, path)
    with temporary_beside(path) as temporary:
        temporary.write_bytes(content)
        replace(temporary, path)
    flush_folder(path.parent)
    found = _finished(path, said)
    if found is None:
        raise StorageError(f"{path}: what was written does not open as {form}; is the disk sound?")
    return Output(found.path, found.frames, found.rate, found.pcm_sha256, made=True)


def _discard(folder: Path, before: Mapping[str, Any] | None, path: Path) -> None:
    """Removes the sound of a replaced manifest where it was of another form: nothing would
    name it any more."""
    name = str((before or {}).get("file", ""))
    if is_safe(name) and name != path.name and stem_of(name) == stem_of(path.name):
        (folder / name).unlink(missing_ok=True)


def _finished(path: Path, said: Mapping[str, Any]) -> Output | None:
    """The output that a manifest describes, if its sound is there, whole, and longer than none."""
    import soundfile

    try:
        content = path.read_bytes()
        if said["file"] != path.name or sha256(content).hexdigest() != said["sha256"]:
            return None
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            if file.frames <= 0:
                return None
        return Output(path, int(said["frames"]), int(said["rate"]), said["pcm_sha256"], made=False)
    except (FileNotFoundError, KeyError, TypeError, ValueError, soundfile.LibsndfileError):
        return None
    except OSError as error:
        raise storage_error(error, path) from error


_SUBTYPES = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "mp3": ("MP3", "MPEG_LAYER_III")}


def encoded(pcm: Pcm, rate: int, form: str) -> bytes:
    """The bytes of a file of one of ``FORMS``; equal samples give equal bytes."""
    import soundfile

    if len(pcm) == 0:
        raise BrokenPromise("a text was spoken, and there is no sound")
    if form == "opus":
        from audio.streaming.encoders import encode

        return b"".join(encode([pcm], rate, form))
    memory = io.BytesIO()
    container, subtype = _SUBTYPES[form]
    with soundfile.SoundFile(
        memory, "w", rate, channels=1, subtype=subtype, format=container
    ) as file:
        file.write(pcm)
    return memory.getvalue()
