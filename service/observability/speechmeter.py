"""Measures texts while they are spoken: wraps the engine's chunks and changes nothing.

    for chunk in meter.measured(studio.stream(reading), rate=reading.rate, characters=120,
                                asked_at=begun):

Only time inside the engine counts as synthesis: a client that reads slowly makes no engine slow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping

from prometheus_client import Counter, Histogram

from tts.engine import Pcm

WHOLE = "whole"  # the stage that is all of them


class SpeechMeter:
    """The recorder of the speech routes; ``desk.part(SpeechMeter)``. Any thread may use it."""

    def __init__(
        self,
        *,
        first_chunk: Histogram,
        stages: Histogram,
        real_time: Histogram,
        characters: Counter,
        segments: Counter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first_chunk = first_chunk
        self._stages = stages
        self._real_time = real_time
        self._characters = characters
        self._segments = segments
        self.clock = clock

    def measured(
        self,
        chunks: Iterable[Pcm],
        *,
        rate: int,
        characters: int,
        asked_at: float | None = None,
    ) -> Generator[Pcm, None, None]:
        """The same chunks. Closing this closes them.

        Args:
            rate: Hz of the chunks.
            characters: of the text.
            asked_at: ``meter.clock()`` when the request came; now, if None.
        """
        return self._measured(
            chunks, rate, characters, self.clock() if asked_at is None else asked_at
        )

    def _measured(
        self, chunks: Iterable[Pcm], rate: int, characters: int, asked_at: float
    ) -> Generator[Pcm, None, None]:
        busy = 0.0
        frames = 0
        source = iter(chunks)
        outcome = "failed"
        try:
            while True:
                begun = self.clock()
                try:
                    chunk = next(source)
                except StopIteration:
                    busy += self.clock() - begun
                    break
                now = self.clock()
                busy += now - begun
                if frames == 0:
                    self._first_chunk.observe(now - asked_at)
                frames += len(chunk)
                yield chunk
            outcome = "made"
            self.spoken(characters, frames / rate, busy)
        except GeneratorExit:
            outcome = "stopped"  # the client went away: nobody's fault
            raise
        finally:
            self._segments.labels(outcome).inc()
            close = getattr(source, "close", None)
            if close is not None:
                close()

    def spoken(
        self,
        characters: int,
        audio_s: float,
        synthesis_s: float,
        stages: Mapping[str, float] | None = None,
    ) -> None:
        """Records one text.

        Args:
            stages: seconds by stage, where the engine tells (encode, text, mel, vocode).
        """
        self._characters.inc(characters)
        self._stages.labels(WHOLE).observe(synthesis_s)
        for stage, seconds in (stages or {}).items():
            self._stages.labels(stage).observe(seconds)
        if audio_s > 0:
            self._real_time.observe(synthesis_s / audio_s)
