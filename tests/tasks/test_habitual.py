"""A fault that only the voice's own pace shows goes through the chain of attempts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from audio.pcm import read_flac
from tasks.engines import EnginePool
from tasks.judging import Judging
from tasks.production import Production
from tasks.runners import LocalRunner
from tasks.voices import EngineSetup
from tts.engine import Failure, Request, Speech, Voice
from tts.tone import ToneEngine

TEXT = "The house stood on the hill, and nobody had lived in it for a long time."
PROJECT = {
    "version": 1,
    "title": "The House",
    "author": "A. Nobody",
    "language": "en",
    "manuscript": "book.md",
    "engine": "tone",
    "narrator": "warm",
    "voices": {"warm": {"preset": "oak"}},
}


class ShortBreath(EnginePool):
    """The tone engine in this process; of ``TEXT`` its first attempts say three fifths."""

    def __init__(self, attempts: int) -> None:
        super().__init__()
        self._attempts = attempts
        self._engine = ToneEngine({})
        self._engine.load()

    def host(self, setup: EngineSetup) -> ShortBreath:  # type: ignore[override]  # not a process
        return self

    def synthesize(
        self, voices: Mapping[str, Voice], requests: Sequence[Request]
    ) -> Iterator[tuple[str, Speech | Failure]]:
        for voice in voices.values():
            self._engine.prepare(voice)
        for request in requests:
            [(name, speech)] = self._engine.synthesize([request])
            assert isinstance(speech, Speech)
            if request.text in TEXT and request.attempt < self._attempts:
                kept = speech.pcm[: 3 * len(speech.pcm) // 5]
                quiet = np.zeros(round(0.06 * speech.rate), np.int16)  # as its takes end
                speech = replace(speech, pcm=np.concatenate((kept, quiet)))
            yield name, speech


@pytest.mark.parametrize(("attempts", "state"), [(1, "done"), (9, "doubtful")])
def test_a_take_too_short_for_its_voice_is_made_again(
    tmp_path: Path, attempts: int, state: str
) -> None:
    (tmp_path / "project.yaml").write_text(yaml.safe_dump(PROJECT), encoding="utf-8")
    (tmp_path / "book.md").write_text(f"# One\n\n{TEXT}\n", encoding="utf-8")
    pool = ShortBreath(attempts)
    with Production(tmp_path, pool=pool) as production, LocalRunner(1) as runner:
        production.calibrate(runner)
        lines = [line for chapter in production.plan.chapters for line in chapter.lines]
        [line] = [line for line in lines if line.ingredients.spoken == TEXT]
        report = production.speak([line])
        [settled] = production.refresh([line])
        first = production.store.get(line.keys[0])
    assert first is not None
    assert first.verdict.kinds[0] == "short"
    pcm, rate = read_flac(first.audio)
    assert Judging().verdict(pcm, rate, line.ingredients.plain()).good  # anybody's bounds
    assert settled.decision.state == state
    assert report.made == min(attempts + 1, len(line.keys))
    if state == "done":
        assert settled.take is not None
        assert settled.take.key == line.keys[1]
