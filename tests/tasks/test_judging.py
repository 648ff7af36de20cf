"""A verdict depends on audio, request and calibration takes: never on the order of work."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import yaml

from audio.pcm import Pcm
from audio.verdicts.verdict import POLICY_VERSION
from tasks.attempts import Decision
from tasks.judging import Judging
from tasks.plan import Line
from tasks.production import Production
from tasks.runners import LocalRunner
from tts.engine import Request, Speech, Voice
from tts.tone import ToneEngine

TEXT = "The house stood on the hill, and nobody had lived in it for a long time."


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Line, ...]:
    """The calibration lines of a book of one voice, spoken."""
    folder = tmp_path_factory.mktemp("judging")
    project = {
        "version": 1,
        "title": "The House",
        "author": "A. Nobody",
        "language": "en",
        "manuscript": "book.md",
        "engine": "tone",
        "narrator": "warm",
        "voices": {"warm": {"preset": "oak"}},
    }
    (folder / "project.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    (folder / "book.md").write_text(f"# One\n\n{TEXT}\n", encoding="utf-8")
    with Production(folder) as production, LocalRunner(1) as runner:
        production.calibrate(runner)
        return production.refresh(production.plan.calibration)


def spoken(line: Line, text: str, share: float) -> tuple[Pcm, int]:
    """The voice's take of ``text``, only a share of it, with a quiet end."""
    engine = ToneEngine({})
    engine.load()
    engine.prepare(Voice("v", preset=line.speaker.voice.preset))
    [(_, speech)] = engine.synthesize([Request("1", text, "en", "v", seed=3)])
    assert isinstance(speech, Speech)
    kept = speech.pcm[: int(share * len(speech.pcm))]
    return np.concatenate((kept, np.zeros(2400, np.int16))), speech.rate


def test_habits_come_from_the_calibration_takes(calibrated: tuple[Line, ...]) -> None:
    made_of = calibrated[0].ingredients.plain() | {"spoken": TEXT}
    whole, part = (spoken(calibrated[0], TEXT, share) for share in (1.0, 0.6))
    plain, judging = Judging(), Judging()
    judging.learn(calibrated)
    assert plain.verdict(*part, made_of).good  # 60 % is within what any voice may need
    verdict = judging.verdict(*part, made_of)
    assert (verdict.kinds, verdict.policy) == (("short",), POLICY_VERSION)
    assert judging.verdict(*whole, made_of).good
    assert judging.verdict(*part, made_of | {"voice": "somebody else"}).good
    assert judging.verdict(*part, made_of | {"language": "de"}).good
    assert judging.verdict(*part, made_of | {"fingerprint": "of before"}) == verdict


def test_the_order_of_work_changes_nothing(calibrated: tuple[Line, ...]) -> None:
    made_of = calibrated[0].ingredients.plain() | {"spoken": TEXT}
    takes = [spoken(calibrated[0], TEXT, share) for share in (1.0, 0.9, 0.75, 0.6, 0.4)]
    verdicts = []
    for seed in range(3):
        judging = Judging()
        judging.learn(random.Random(seed).sample(calibrated * 2, 2 * len(calibrated)))
        order = random.Random(seed).sample(range(len(takes)), len(takes))
        said = {number: judging.verdict(*takes[number], made_of) for number in order}
        verdicts.append([said[number] for number in range(len(takes))])
    assert verdicts[0] == verdicts[1] == verdicts[2]
    assert [verdict.good for verdict in verdicts[0]][::4] == [True, False]


def test_half_a_calibration_teaches_nothing(calibrated: tuple[Line, ...]) -> None:
    made_of = calibrated[0].ingredients.plain() | {"spoken": TEXT}
    judging = Judging()
    open_line = replace(calibrated[0], decision=Decision("missing", attempt=0))
    judging.learn((open_line, *calibrated[1:]))
    assert judging.verdict(*spoken(calibrated[0], TEXT, 0.6), made_of).good


def test_what_most_calibration_takes_do_is_the_voices_manner(calibrated: tuple[Line, ...]) -> None:
    made_of = calibrated[0].ingredients.plain() | {"spoken": TEXT}
    part = spoken(calibrated[0], TEXT, 0.6)

    def complained(line: Line, *kinds: str) -> Line:
        assert line.take is not None
        verdict = replace(line.take.verdict, good=False, kinds=kinds)
        take = replace(line.take, verdict=verdict)
        return replace(line, decision=replace(line.decision, take=take))

    for kinds, learnt in ((("cut",), True), (("repeats",), False)):
        judging = Judging()
        judging.learn([complained(line, *kinds) for line in calibrated])
        assert judging.verdict(*part, made_of).good is not learnt
    judging.learn([complained(calibrated[0], "cut"), *calibrated[1:]])  # one bad take of four
    assert judging.verdict(*part, made_of).kinds == ("short",)
