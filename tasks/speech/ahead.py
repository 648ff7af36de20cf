"""The pieces of a reading, one after the other, with the next one always asked for in time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from tasks.speech.readings import Reading
from tasks.speech.sound import Part
from tts.chunks import OpenStream
from tts.engine import Pcm
from tts.fleet import Fleet
from tts.host import Host


class Ahead:
    """Asks one engine for the pieces of one reading.

    The next piece is asked for when the first chunk of the present one has come: the engine
    never waits for us, and never works further ahead. Nothing goes on once ``parts`` is closed.
    """

    def __init__(self, host: Host | Fleet, reading: Reading) -> None:
        self._host = host
        self._reading = reading
        self._pieces = reading.spoken
        self._voices = {reading.speaker.voice.digest: reading.speaker.voice}
        self._token = secrets.token_hex(6)  # two readings of one text may be under way
        self._open: dict[int, OpenStream] = {}

    def parts(self) -> Iterator[Part]:
        """(chunks, pause after them in ms) of each piece, to be read in this order.

        Raises:
            EngineError: a piece failed.
        """
        try:
            for number, piece in enumerate(self._pieces):
                yield self._chunks(number), piece.pause_ms
        finally:
            for stream in self._open.values():
                stream.close()

    def _chunks(self, number: int) -> Iterator[Pcm]:
        self._begin(number)
        for chunk in self._open[number]:
            self._begin(number + 1)
            yield chunk
        del self._open[number]

    def _begin(self, number: int) -> None:
        if number < len(self._pieces) and number not in self._open:
            request = self._reading.request(self._pieces[number], f"{self._token}#{number}")
            self._open[number] = self._host.stream(self._voices, request)
