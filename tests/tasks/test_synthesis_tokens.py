"""What an engine says of a take besides its sound is stored with it, whole or in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from lines import chapter_plan

from tasks.attempts import Change, Decision
from tasks.claims import Claims
from tasks.judging import Judging
from tasks.keys import take_key
from tasks.plan import Line
from tasks.synthesize import Synthesis
from tasks.takes import TakeStore
from tts.engine import Request, Speech, Voice

TEXT = "The house stood on the hill; nobody had lived in it for a long time."


class Host:
    """An engine whose every answer has tokens and a likeness of its own."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def host(self, setup: object) -> Host:
        return self

    def sampling_fingerprint(self, setup: object) -> str:
        return "model 1"

    def synthesize(
        self, voices: Mapping[str, Voice], requests: Sequence[Request]
    ) -> Iterator[tuple[str, Speech]]:
        self.asked += requests
        tone = (np.sin(np.arange(48000) / 9) * 5000).astype(np.int16)
        for number, request in reversed(list(enumerate(requests))):
            signals = {"similarity": 0.875 - number / 4, "tokens": 4.0}
            yield request.id, Speech(tone, 24000, signals, tokens=(number, 7, -1, 9))


def line_of(change: Change) -> Line:
    """The last attempt of a line, which is spoken as ``change`` says."""
    line = chapter_plan(1, [TEXT]).lines[0]
    return replace(
        line, changes=(change,), keys=line.keys[:1], decision=Decision("missing", attempt=0)
    )


def speak(host: Host, store: TakeStore, line: Line) -> None:
    claims = Claims(store.audio_path("").parent / "claims")
    try:
        assert Synthesis(store, cast(Any, host), claims, Judging()).speak([line]).made == 1
    finally:
        claims.close()


@pytest.mark.parametrize(
    ("change", "tokens", "likeness"),
    [("", ((0, 7, -1, 9),), 0.875), ("shorter", ((0, 7, -1, 9), (1, 7, -1, 9)), 0.625)],
)
def test_tokens_are_stored(
    tmp_path: Path, change: Change, tokens: tuple[tuple[int, ...], ...], likeness: float
) -> None:
    store = TakeStore(tmp_path / "takes")
    line = line_of(change)
    speak(Host(), store, line)
    assert store.tokens(line.keys[0]) == tokens
    take = store.get(line.keys[0])
    assert take is not None
    assert take.similarity == likeness  # of pieces, the one least like the voice


@pytest.mark.parametrize("change", ["", "shorter"])
def test_tokens_are_spoken_again_when_only_the_sound_is_made_otherwise(
    tmp_path: Path, change: Change
) -> None:
    store, host = TakeStore(tmp_path / "takes"), Host()
    line = line_of(change)
    speak(host, store, line)
    drawn = dict(enumerate(host.asked))
    assert all(request.tokens == () for request in drawn.values())
    host.asked.clear()
    finer = replace(line.ingredients, fingerprint="model 1, twice the steps")
    other = replace(line, ingredients=finer, keys=(take_key(finer, 0),))
    speak(host, store, other)
    for number, request in enumerate(host.asked):
        assert request.tokens == (number, 7, -1, 9)
        assert request.sampling_seed == drawn[number].sampling_seed
        assert request.seed != drawn[number].seed
    host.asked.clear()
    store.discard(line.keys[0])
    store.prune_pointers()
    again = replace(finer, fingerprint="model 1, thrice the steps")
    speak(host, store, replace(line, ingredients=again, keys=(take_key(again, 0),)))
    assert all(request.tokens == () for request in host.asked)  # whose take is gone
    other_text = replace(again, spoken="Another.", fingerprint="model 1, four times")
    host.asked.clear()
    speak(host, store, replace(line, ingredients=other_text, keys=(take_key(other_text, 0),)))
    assert all(request.tokens == () for request in host.asked)
