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
from tasks.plan import Line
from tasks.synthesize import Synthesis
from tasks.takes import TakeStore
from tts.engine import Request, Speech, Voice

TEXT = "The house stood on the hill; nobody had lived in it for a long time."


class Host:
    """An engine whose every answer has tokens and a likeness of its own."""

    def host(self, setup: object) -> Host:
        return self

    def synthesize(
        self, voices: Mapping[str, Voice], requests: Sequence[Request]
    ) -> Iterator[tuple[str, Speech]]:
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


@pytest.mark.parametrize(
    ("change", "tokens", "likeness"),
    [("", ((0, 7, -1, 9),), 0.875), ("shorter", ((0, 7, -1, 9), (1, 7, -1, 9)), 0.625)],
)
def test_tokens_are_stored(
    tmp_path: Path, change: Change, tokens: tuple[tuple[int, ...], ...], likeness: float
) -> None:
    store = TakeStore(tmp_path / "takes")
    claims = Claims(tmp_path / "claims")
    line = line_of(change)
    try:
        report = Synthesis(store, cast(Any, Host()), claims, Judging()).speak([line])
    finally:
        claims.close()
    assert report.made == 1
    assert store.tokens(line.keys[0]) == tokens
    take = store.get(line.keys[0])
    assert take is not None
    assert take.similarity == likeness  # of pieces, the one least like the voice
