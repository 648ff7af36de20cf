"""The take store: every synthesis that was ever worth keeping, by key.

``takes/ab/abcdef….flac`` is the audio, ``abcdef….json`` beside it the **sidecar**: identity,
ingredients, verdict. The sidecar is the commit mark: audio alone is no take, a sidecar
alone is none either. Any number of processes and machines may write one store.

How two writers of one key agree without a lock: a finished audio file is linked to its
name, which only one of them can do. That writer describes the audio. A writer that came
second describes *the audio that stands there* (decoding it if the sidecar is still
missing), so whoever writes the sidecar writes the same identity.
"""

from __future__ import annotations

import contextlib
import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from audio.pcm import Pcm, pcm_sha256, read_flac, write_flac
from castbook import __version__
from castbook.canonical import plain
from castbook.errors import StorageError
from castbook.files import finished, flush_folder, publish, replace, storage_error, temporary_beside
from castbook.tracing import current_trace

SCHEMA = 1
_POINTER = ".sampled"


@dataclass(frozen=True, slots=True)
class TakeVerdict:
    """What the verdict said when the take was made."""

    good: bool
    usable: bool
    complaints: tuple[str, ...]
    score: int  # smaller is better
    policy: int
    kinds: tuple[str, ...] = ()  # of the complaints, one word each (audio/verdicts)
    heard: str = ""  # a recogniser's word: "", "matches", "differs", "inconclusive"
    heard_note: str = ""  # why, and what it cleared; for people
    heard_by: str = ""  # the recogniser, its model and policy (tasks/hearing.py)
    level_db: float | None = None  # dBFS where it sounds: for what compares takes of a book
    pace: float | None = None  # seconds of sound for each that its text promises


@dataclass(frozen=True, slots=True)
class Take:
    """One synthesis of a key. Lengths are frames, never seconds."""

    key: str
    audio: Path
    pcm_sha256: str
    frames: int
    rate: int
    verdict: TakeVerdict
    words: tuple[tuple[int, int, int], ...] = ()  # (start, end) in the spoken text, frame
    similarity: float | None = None  # to the voice's reference, where the engine measures it


@dataclass(frozen=True, slots=True)
class Recording:
    """A fresh take on its way into the store."""

    key: str
    pcm: Pcm
    rate: int
    verdict: TakeVerdict
    words: tuple[tuple[int, int, int], ...]
    ingredients: dict[str, Any]  # of the key, for people and for ``find``
    signals: dict[str, float]
    clipped: int
    seconds: float  # wall time the engine spent
    # the engine's speech tokens, of each request the take was spoken in; none: it gave none
    tokens: tuple[tuple[int, ...], ...] = ()
    sampling: str = ""  # what decided the tokens (``tasks/keys.py``), 64 hex digits
    consent: Mapping[str, str] = field(default_factory=dict)  # on what ground a person's voice


class TakeStore:
    """Reads and publishes takes of one build.

    Args:
        folder: ``takes/`` of the build; made on the first publication.
        judge: gives the verdict on audio that another writer left without a sidecar.
    """

    def __init__(
        self,
        folder: Path,
        judge: Callable[[Pcm, int, dict[str, Any]], TakeVerdict] | None = None,
    ) -> None:
        self._folder = folder
        self._judge = judge
        self.discarded = 0  # duplicates made by racing writers

    def audio_path(self, key: str) -> Path:
        """Where the audio of ``key`` is or would be."""
        return self._folder / key[:2] / f"{key}.flac"

    def sidecar_path(self, key: str) -> Path:
        """Where the sidecar of ``key`` is or would be."""
        return self._folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Take | None:
        """The take of ``key``, or None unless both audio and sidecar are there."""
        try:
            text = self.sidecar_path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(error, self.sidecar_path(key)) from error
        audio = self.audio_path(key)
        if not audio.exists():
            return None
        try:
            return _take_from(json.loads(text), audio)
        except (ValueError, KeyError, TypeError):
            return None  # a damaged sidecar commits nothing: the take is made again

    def sidecar(self, key: str) -> dict[str, Any]:
        """Everything written about a take, for ``find``."""
        loaded = json.loads(self.sidecar_path(key).read_bytes())
        return dict(loaded)

    def tokens(self, key: str) -> tuple[tuple[int, ...], ...]:
        """The speech tokens from which the audio of a take was made, as its engine gave them.

        With them an engine can make the audio again (another precision, another vocoder, a
        damaged file) without sampling: what is random about a take is in its tokens.

        Returns:
            One row for each request the take was spoken in (several where the last attempt
            spoke it in shorter pieces); empty: no such take, or its engine has no tokens.
        """
        if self.get(key) is None:
            return ()
        try:
            rows = self.sidecar(key).get("tokens", ())
            return tuple(tuple(int(token) for token in row) for row in rows)
        except (ValueError, TypeError):
            return ()  # damaged: as if the engine had given none

    def sampled(self, sampling: str) -> tuple[tuple[int, ...], ...]:
        """The speech tokens that were drawn with a key of ``sampling_key``, for whichever take;
        empty: none are here."""
        try:
            key = self._pointer_path(sampling).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ()
        return self.tokens(key)

    def prune_pointers(self) -> None:
        """Removes what points from speech tokens to takes that are gone."""
        for path in self._folder.glob(f"??/*{_POINTER}"):
            if not self.sampled(path.stem):
                path.unlink(missing_ok=True)

    def publish(self, recording: Recording) -> Take:
        """Makes a recording a take, atomically; the first writer of a key wins.

        Raises:
            StorageError: the disk is full or the folder cannot be written.
        """
        audio = self.audio_path(recording.key)
        with temporary_beside(audio) as temporary:
            write_flac(temporary, recording.pcm, recording.rate)
            first = publish(temporary, audio)
        if not first:
            standing = self.get(recording.key)
            if standing is not None:
                self.discarded += 1
                return standing
            recording = self._describe_standing(recording, audio)
        digest = pcm_sha256(recording.pcm)
        sidecar = _sidecar(recording, digest)
        final = self.sidecar_path(recording.key)
        if recording.tokens and recording.sampling:  # before the take is one: never lost to a kill
            self._point(recording.sampling, recording.key)
        with temporary_beside(final) as temporary:
            temporary.write_text(json.dumps(sidecar, ensure_ascii=False), "utf-8")
            if not publish(temporary, final):
                # Left by a take whose audio is gone, or damaged: what we describe is the
                # audio that stands there, so ours is right.
                replace(temporary, final)
        flush_folder(final.parent)
        return _take_from(sidecar, audio)

    def _pointer_path(self, sampling: str) -> Path:
        return self._folder / sampling[:2] / f"{sampling}{_POINTER}"

    def _point(self, sampling: str, key: str) -> None:
        """Where its tokens are found again."""
        path = self._pointer_path(sampling)
        if not self.sampled(sampling):
            with temporary_beside(path) as temporary:
                temporary.write_text(f"{key}\n", "ascii")
                replace(temporary, path)

    def sound(self, take: Take) -> bool:
        """Whether a take's audio still holds the samples its sidecar names."""
        try:
            return pcm_sha256(read_flac(take.audio)[0]) == take.pcm_sha256
        except StorageError:
            return False

    def discard(self, key: str) -> None:
        """Forgets a take: the sidecar first, so that a kill in between leaves no take."""
        for path in (self.sidecar_path(key), self.audio_path(key)):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()

    def __iter__(self) -> Iterator[str]:
        """All keys with a sidecar, sorted."""
        for path in finished(self._folder, "??/*.json"):
            yield path.stem

    def _describe_standing(self, recording: Recording, audio: Path) -> Recording:
        """Audio stands without a sidecar (its writer died, or is about to write it)."""
        try:
            pcm, rate = read_flac(audio)
        except StorageError:
            with temporary_beside(audio) as temporary:
                write_flac(temporary, recording.pcm, recording.rate)
                replace(temporary, audio)
            return recording
        if rate == recording.rate and pcm_sha256(pcm) == pcm_sha256(recording.pcm):
            return recording
        verdict = recording.verdict
        if self._judge is not None:
            verdict = self._judge(pcm, rate, recording.ingredients)
        return Recording(recording.key, pcm, rate, verdict, (), recording.ingredients, {}, 0, 0.0)


def _sidecar(recording: Recording, digest: str) -> dict[str, Any]:
    tokens = {"tokens": [list(row) for row in recording.tokens]} if recording.tokens else {}
    return {
        "schema": SCHEMA,
        "key": recording.key,
        "identity": {
            "pcm_sha256": digest,
            "frames": len(recording.pcm),
            "rate": recording.rate,
        },
        "ingredients": recording.ingredients,
        "verdict": asdict(recording.verdict),
        "clipped": recording.clipped,
        "signals": plain(recording.signals),
        "words": [list(word) for word in recording.words],
        **tokens,
        # times, hosts, consent: no digest covers this block
        "circumstances": {
            "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "host": platform.node(),
            "seconds": round(recording.seconds, 3),
            "castbook": __version__,
            **({"trace": current_trace()} if current_trace() else {}),
            **({"consent": dict(recording.consent)} if recording.consent else {}),
        },
    }


def _take_from(sidecar: dict[str, Any], audio: Path) -> Take:
    identity, verdict = sidecar["identity"], sidecar["verdict"]
    similarity = sidecar.get("signals", {}).get("similarity")
    return Take(
        key=sidecar["key"],
        audio=audio,
        pcm_sha256=identity["pcm_sha256"],
        frames=int(identity["frames"]),
        rate=int(identity["rate"]),
        verdict=TakeVerdict(
            good=bool(verdict["good"]),
            usable=bool(verdict["usable"]),
            complaints=tuple(verdict["complaints"]),
            score=int(verdict["score"]),
            policy=int(verdict["policy"]),
            kinds=tuple(verdict.get("kinds", ())),
            heard=str(verdict.get("heard", "")),
            heard_note=str(verdict.get("heard_note", "")),
            heard_by=str(verdict.get("heard_by", "")),
            level_db=verdict.get("level_db"),
            pace=verdict.get("pace"),
        ),
        words=tuple((int(a), int(b), int(c)) for a, b, c in sidecar.get("words", ())),
        similarity=None if similarity is None else float(similarity),
    )
