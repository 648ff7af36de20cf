"""The studio: speaks single texts at once, with engines that stay loaded.

The way of the speech API and the bench; jobs speak the same readings through the take store
(``tasks/speech/jobs.py``), so that both sound the same. An equal reading gives equal bytes,
whatever was spoken before or beside it (where the engine's stream equals its take: GLM's chunks
differ from the take by what its flow had not heard yet).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager

from castbook.errors import (
    MissingDependency,
    PermanentFailure,
    TransientFailure,
)
from tasks.shelf.shelf import Shelf
from tasks.speech.ahead import Ahead
from tasks.speech.readings import Reading
from tasks.speech.reception import Reception
from tasks.speech.residents import Residents
from tasks.speech.sound import finished
from tasks.speech.turns import Turns
from tasks.speech.wishes import SpeechWish
from tts.engine import EngineError, FailureKind, Pcm
from tts.fleet import Fleet
from tts.host import Host

__all__ = ["Reading", "Studio", "raised"]

PATIENCE_S = 60.0  # clients wait ten minutes at most; one that waits so long had better ask again
Gate = Callable[[], AbstractContextManager[object]]


class Studio:
    """Engines of this process for single texts. Any number of threads may ask at once.

    Args:
        slots: readings spoken at once; further ones wait in the order they came.
        gate: held around each reading while it is spoken, such as a slot of a device that is
            shared with other processes.
        max_chars: of a piece, as printed and as spoken.
        patience_s: nobody waits longer for a turn, or to unload, in seconds.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        slots: int = 1,
        gate: Gate = contextlib.nullcontext,
        max_chars: int = 200,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.shelf = shelf
        self.slots = slots
        self._gate = gate
        self._reception = Reception(shelf, max_chars)
        self._turns = Turns(slots, patience_s)
        self._residents = Residents()

    def read(self, wish: SpeechWish) -> Reading:
        """Checks a wish, makes its spoken text and cuts it.

        Raises:
            InputError: nothing to speak, an unknown voice, an option the engine does not take.
            MissingDependency: the engine cannot run here; how to get it.
        """
        return self._reception.read(wish)

    def stream(self, reading: Reading) -> Generator[Pcm, None, None]:
        """The sound of a reading, chunk after chunk, int16 mono at ``reading.rate``.

        The first chunk comes as soon as the engine has it; the next piece is asked for while
        the present one is heard. Closing the iterator stops the synthesis within a chunk.

        Raises:
            TransientFailure, PermanentFailure, MissingDependency: the engine's word.
            Unavailable: there was no turn in time.
        """
        with self.at_work(reading) as host:
            try:
                parts = Ahead(host, reading).parts()
                with contextlib.closing(finished(parts, reading)) as sound:
                    yield from sound
            except EngineError as error:
                self.noted(reading, host, error.kind)
                raise raised(error.kind, error.reason) from error

    @contextlib.contextmanager
    def at_work(self, reading: Reading) -> Iterator[Host | Fleet]:
        """The engine of a reading, with a turn and inside the gate.

        Raises:
            Unavailable: there was no turn in time.
        """
        with (
            self._turns.take(),
            self._gate(),
            self._residents.borrow(reading.speaker.setup) as host,
        ):
            yield host

    def noted(self, reading: Reading, host: Host | Fleet, kind: FailureKind) -> None:
        """An engine failed: one that is dead is replaced when it is asked for again."""
        if kind == "dead":
            self._residents.forget(reading.speaker.setup, host)

    def unload(self) -> int:
        """Frees the engines' memory; the next text loads them again.

        Waits for the readings that are being spoken, and lets no other begin meanwhile.

        Returns:
            Bytes of main memory that the engines' processes held; what they held of a GPU is
            free as well.

        Raises:
            Unavailable: they did not end in time.
        """
        with self._turns.alone():
            return self._residents.unload()

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the engines' processes that run."""
        return self._residents.pids

    def close(self) -> None:
        """Ends the engines, whatever they do."""
        self._residents.unload()


def raised(kind: FailureKind, reason: str) -> Exception:
    """An engine's failure as an error."""
    if kind == "transient":
        return TransientFailure(reason)
    return MissingDependency(reason) if kind == "dead" else PermanentFailure(reason)
