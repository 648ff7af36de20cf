"""The booth: one row in, one finished file out.

The command line, the flows and Python callers all speak through ``Booth.speak``, so that the
same row sounds the same whoever asked. Engines stay loaded while the booth is open; pieces that
were spoken before are taken from the take store.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from audio.reference import MOST_BYTES
from audio.watermarking import Watermarker
from book.projectpaths import check_form
from castbook.canonical import digest, plain, text_digest
from castbook.errors import CastbookError, VoiceError
from castbook.files import sweep
from tasks.batches.packing import write_batch_manifest
from tasks.batches.rows import Row
from tasks.batches.running import BatchReport, Missing, Observer, Unread, run_batch
from tasks.engines import EnginePool
from tasks.shelf.shelf import Shelf
from tasks.speech.jobs import speak
from tasks.speech.outputs import NameTaken, Output, Spoken, standing, write_output
from tasks.speech.studio import Reading, Studio
from tasks.speech.wishes import SpeechWish
from tasks.takes import TakeStore

MOST_AT_ONCE = 128  # rows, however many slots an engine has: each is a thread
# rows whose files are being flushed while the engine speaks others: a row costs 7 fsyncs, 37 ms
# of its 57 with the tone engine on a busy disk (measured 2026-11-21)
FLUSHING = 2


class Booth:
    """Speaks rows into files. Any number of threads may ask at once. A context manager.

    Args:
        data: the data folder: its library has the voices, its ``takes`` what was spoken.
        engine: speaks where neither row nor voice names one.
        homes: folders in which a row's own recording is looked for.
        within: folders in which it must really lie; the same ones if empty.
        gate: held around each synthesis, such as a share of a device's slot.
        marker: puts a watermark into finished sounds; takes stay as the engine gave them.
    """

    def __init__(
        self,
        data: Path,
        *,
        engine: str = "",
        homes: Sequence[Path] = (),
        within: Sequence[Path] = (),
        gate: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
        marker: Watermarker | None = None,
    ) -> None:
        self.shelf = Shelf(data / "library", engine)
        self.studio = Studio(self.shelf, slots=MOST_AT_ONCE, gate=gate)
        self._store = TakeStore(data / "takes")
        self._pool = EnginePool()
        self._homes, self._within = tuple(homes), tuple(within)
        self._marker = marker
        self._visiting = threading.Lock()

    def speak(self, row: Row, folder: Path, *, name: str = "", replacing: bool = False) -> Output:
        """The finished file of a row; made unless it is there.

        Args:
            name: without its ending; that of the row if empty.
            replacing: another wish's file of that name gives way; the same wish's stays.

        Raises:
            NameTaken: the name holds another wish.
            InputError: the row cannot be spoken: its voice, clip, an option.
            SegmentFailure, EnvironmentFault: the engine's word; a full disk.
        """
        name = name or row.numbered
        reading = self.read(row)
        wish = wish_digest(row, reading)
        try:
            there = standing(folder, name, row.form, wish)
        except NameTaken:
            if not replacing:
                raise
            there = None
        return there or write_output(
            folder, name, row.form, self.sound(row, reading), wish, replacing=replacing
        )

    def read(self, row: Row) -> Reading:
        """Everything about a row that can be refused before it is spoken.

        Raises:
            Missing: its recording is not there.
            InputError: its voice or an option is wrong.
        """
        if not row.clip:
            return self.studio.read(row.wish)
        path = find_clip(row.clip, self._homes, self._within)
        with path.open("rb") as file:
            clip = file.read(MOST_BYTES + 1)  # one more than is taken: refused there
        with self._visiting:  # the shelf keeps only the newest visitors
            voice = self.shelf.visiting(
                clip,
                row.transcript,
                {"basis": row.consent},
                engine=row.wish.engine,
                language=row.wish.language,
            )
            return self.studio.read(replace(row.wish, voice=voice.id))

    def sound(self, row: Row, reading: Reading) -> Spoken:
        """The sound of a reading; pieces that were spoken before come from the take store."""
        spoken = speak(reading, self.studio, self._store)
        pcm, facts = spoken.pcm, facts_of(row, reading)
        facts["takes"] = [take.key for take in spoken.takes]
        if self._marker is not None:
            pcm, facts["watermark"] = self._marker.embed(pcm, spoken.rate), True
        return Spoken(pcm, spoken.rate, facts)

    def speak_all(
        self,
        rows: Sequence[Row | Unread],
        folder: Path,
        observer: Observer,
        *,
        workers: int | None = None,
        replacing: bool = False,
    ) -> BatchReport:
        """A whole batch into ``folder``, and its ``manifest.json``.

        Args:
            workers: rows at once; as many as the engine has slots if None.
        """
        sweep(folder)
        report = run_batch(
            rows,
            lambda row: self.speak(row, folder, replacing=replacing),
            observer,
            workers=workers or self.workers(rows),
        )
        write_batch_manifest(folder, report)
        return report

    def workers(self, rows: Iterable[Row | Unread]) -> int:
        """How many rows to speak at once: as many as the engine of the first that can be spoken
        has slots on all devices, and ``FLUSHING`` more."""
        for row in rows:
            if isinstance(row, Row):
                with contextlib.suppress(CastbookError):
                    setup = self.read(row).speaker.setup
                    return min(MOST_AT_ONCE, self._pool.width(setup)[1] + FLUSHING)
        return 1

    def close(self) -> None:
        """Ends the engines."""
        self.studio.close()
        self._pool.close()

    def __enter__(self) -> Booth:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def wish_digest(row: Row, reading: Reading) -> str:
    """What makes two wishes one, 64 hex digits: everything the row says, how its words are
    pronounced, the voice's own digest. Ids and file names are no part of it, nor is the engine's
    version: an update leaves finished files finished."""
    wish = {name: getattr(row.wish, name) for name in SpeechWish.__slots__}
    return digest(
        {
            **plain(wish),
            "spoken": [piece.spoken for piece in reading.pieces],
            "sound": reading.speaker.voice.digest,
            "form": row.form,
        }
    )


def facts_of(row: Row, reading: Reading) -> dict[str, object]:
    """Of a reading, for the output's manifest; the text by its length and digest alone."""
    wish, speaker = reading.wish, reading.speaker
    return {
        "id": row.id,
        "voice": row.clip or wish.voice,
        "style": speaker.style,
        "engine": speaker.setup.name,
        "language": reading.language,
        "seed": reading.seed,
        "speed": wish.speed,
        "preset": wish.preset,
        "characters": len(wish.text),
        "text_sha256": text_digest(wish.text),
        "consent": dict(speaker.consent),
        "notes": list(reading.notes),
    }


def find_clip(written: str, homes: Sequence[Path], within: Sequence[Path] = ()) -> Path:
    """The recording that a row names.

    Args:
        homes: folders in which it is looked for, one after the other.
        within: folders in which it must lie, links followed; ``homes`` if empty.

    Raises:
        VoiceError: an absolute path, or one that leads out of them.
        Missing: there is no such file.
    """
    wrong = check_form(written, ("voice",))
    if wrong is not None:
        raise VoiceError(wrong.message, place="voice", expected="a path relative to the batch")
    bounds = [os.path.realpath(folder) for folder in within or homes]
    offered = False
    for home in homes:
        real = Path(os.path.realpath(home / written))
        if any(real.is_relative_to(bound) for bound in bounds):
            offered = True
            if real.is_file():
                return real
    if not offered:
        raise VoiceError(
            f"{written[:200]!r} lies outside the batch's folder",
            place="voice",
            expected="a recording beside the batch",
        )
    raise Missing(written)
