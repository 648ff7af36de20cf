from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from audio.hearing.transcripts import Comparison, Heard
from audio.pcm import Pcm
from audio.verdicts.verdict import Verdict
from castbook.errors import MissingDependency, TransientFailure
from tasks import hearing, judging, production
from tasks.ears.machine import MachineEar
from tasks.engines import EnginePool
from tasks.hearing import after_hearing, hearing_row, is_heard, is_short
from tasks.production import Production
from tasks.takes import TakeVerdict

GOOD = TakeVerdict(True, True, (), 0, 1)
SHORT = TakeVerdict(False, True, ("too short for its text",), 50_100, 1, ("short",))
LONG_LINE = "The house stood on the hill, and nobody had lived in it for a long time, they said."
OTHER = "She bought some bread at the market, then walked home along the river before supper."
MADE_OF = {"spoken": LONG_LINE, "language": "en", "engine": "espeak", "voice": "aa", "seed": 1}


def comparison(outcome: Any, reason: str = "because") -> Comparison:
    return Comparison(outcome, reason, 3, 12)


# -- which takes --------------------------------------------------------------------------


def test_doubtful_and_short_takes_are_heard_and_one_in_so_many_others() -> None:
    assert is_heard(MADE_OF, SHORT, 0)
    assert is_heard({**MADE_OF, "spoken": "No."}, GOOD, 0)
    assert not is_heard(MADE_OF, GOOD, 0)
    chosen = [is_heard({**MADE_OF, "seed": seed}, GOOD, 20) for seed in range(1000)]
    assert 25 < sum(chosen) < 80
    assert all(is_heard({**MADE_OF, "seed": seed}, GOOD, 1) for seed in range(20))


def test_a_chosen_chain_is_heard_whatever_its_attempt() -> None:
    for seed in range(60):
        made_of = {**MADE_OF, "seed": seed}
        choices = {is_heard({**made_of, "attempt": n}, GOOD, 3) for n in range(3)}
        assert choices == {is_heard(made_of, GOOD, 3)}


def test_what_is_silent_or_speaks_no_words_is_not_heard() -> None:
    assert not is_heard(MADE_OF, TakeVerdict(False, False, ("it is empty",), 1, 1, ("empty",)), 1)
    assert not is_heard({**MADE_OF, "engine": "tone"}, SHORT, 1)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("No.", True),
        ("Oh, no!", True),
        ("Come with me.", False),
        ("好吧。", True),
        ("我不知道。", False),
    ],
)
def test_short_texts(text: str, short: bool) -> None:
    assert is_short(text) is short


# -- what it does to a verdict --------------------------------------------------------------


def test_what_differs_is_a_complaint() -> None:
    found = after_hearing(GOOD, comparison("differs", "“the end” was not heard"), "ear 1")
    assert (found.good, found.usable, found.heard_by) == (False, True, "ear 1")
    assert found.heard == "differs"
    assert (found.complaints, found.kinds) == (("“the end” was not heard",), ("heard",))
    assert found.score > 0
    worse = after_hearing(SHORT, comparison("differs"), "ear 1")
    assert worse.kinds == ("short", "heard")
    assert worse.score > SHORT.score


def test_what_matches_clears_guesses_at_the_text_and_keeps_them_as_a_note() -> None:
    found = after_hearing(SHORT, comparison("matches"), "ear 1")
    assert (found.good, found.complaints, found.kinds, found.score) == (True, (), (), 0)
    assert found.heard_note == "because; cleared: too short for its text"


@pytest.mark.parametrize(
    ("kind", "found", "cleared"),
    [
        ("short", {"missing": 1}, True),
        ("short", {"missing": 2}, False),
        ("short", {"missing": 1, "ended": False}, False),
        ("cut", {"missing": 2}, True),
        ("cut", {"missing": 1, "ended": False}, False),
        ("long", {"added": 1, "ended": False}, True),
        ("repeats", {"added": 2}, False),
    ],
)
def test_only_what_the_words_refute_is_cleared(
    kind: str, found: dict[str, Any], cleared: bool
) -> None:
    guess = TakeVerdict(False, True, ("perhaps",), 40_000, 1, (kind,))
    heard = Comparison("matches", "because", 2, 20, **found)
    assert after_hearing(guess, heard, "ear 1").good is cleared


@pytest.mark.parametrize("kind", ["clipped", "noise", "hum", "pause", "silence", "level"])
def test_complaints_about_the_sound_stay(kind: str) -> None:
    both = TakeVerdict(False, True, ("too short", "hoarse"), 60_000, 1, ("short", kind))
    found = after_hearing(both, comparison("matches"), "ear 1")
    assert (found.good, found.complaints, found.kinds) == (False, ("hoarse",), (kind,))
    alone = TakeVerdict(False, True, ("hoarse",), 60_000, 1, (kind,))
    assert not after_hearing(alone, comparison("matches"), "ear 1").good


def test_what_is_inconclusive_changes_nothing() -> None:
    for verdict in (GOOD, SHORT):
        found = after_hearing(verdict, comparison("inconclusive"), "ear 1")
        assert (found.good, found.complaints, found.score) == (
            verdict.good,
            verdict.complaints,
            verdict.score,
        )
        assert found.heard == "inconclusive"


# -- an ear with a scripted recogniser ------------------------------------------------------

Script = Callable[[str, int], Heard | None]  # of the text and how often it was heard before


class Scripted:
    """A recogniser that knows the text; what it says of it is written down beforehand."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.text = ""
        self.count: dict[str, int] = {}
        self.closed = False

    def hear(self, samples: NDArray[np.float32], language: str) -> Heard | None:
        before = self.count.get(self.text, 0)
        self.count[self.text] = before + 1
        return self.script(self.text, before)

    def close(self) -> None:
        self.closed = True


class ScriptedEar(MachineEar):
    """Tells its recogniser which text it hears."""

    def __init__(self, script: Script, every: int = 1) -> None:
        self.scripted = Scripted(script)
        super().__init__(self.scripted, "scripted", every=every)

    def heard(self, pcm: Pcm, rate: int, made_of: Any, verdict: TakeVerdict) -> TakeVerdict:
        self.scripted.text = str(made_of["spoken"])
        return super().heard(pcm, rate, made_of, verdict)


def listen(ear: MachineEar, verdict: TakeVerdict = GOOD) -> TakeVerdict:
    return ear.heard(np.zeros(24000, np.int16), 24000, MADE_OF, verdict)


def test_a_recogniser_that_dies_is_given_up_after_three_takes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def dies(text: str, before: int) -> Heard:
        raise TransientFailure("the recogniser died: out of memory")

    ear = ScriptedEar(dies)
    with caplog.at_level(logging.WARNING, "castbook.hearing"):
        assert [listen(ear) for _ in range(5)] == [GOOD] * 5
    assert ear.scripted.count == {LONG_LINE: 3}
    assert [r.message for r in caplog.records] == [
        "the recogniser died: out of memory; this take is not heard",
        "the recogniser died: out of memory; no further take is heard",
    ]


def test_a_recogniser_that_cannot_start_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    def missing(text: str, before: int) -> Heard:
        raise MissingDependency("the recogniser cannot load")

    ear = ScriptedEar(missing)
    with caplog.at_level(logging.WARNING, "castbook.hearing"):
        assert [listen(ear) for _ in range(3)] == [GOOD] * 3
    assert len(caplog.records) == 1
    assert ear.scripted.count == {LONG_LINE: 1}


def test_a_language_it_does_not_know_is_not_heard(caplog: pytest.LogCaptureFixture) -> None:
    ear = ScriptedEar(lambda text, before: None)
    with caplog.at_level(logging.WARNING, "castbook.hearing"):
        assert listen(ear, SHORT) == listen(ear, SHORT) == SHORT
    assert len(caplog.records) == 1


# -- through the line: the chain of attempts ----------------------------------------------------


@pytest.fixture(scope="module")
def pool() -> Iterator[EnginePool]:
    with EnginePool() as shared:
        yield shared


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pool: EnginePool) -> Iterator[Any]:
    """``listening(script)`` opens a book of one line, spoken by the tone engine and heard."""
    monkeypatch.setattr(hearing, "SPEECHLESS", frozenset())
    opened: list[Production] = []

    def start(script: Script) -> tuple[Production, ScriptedEar]:
        ear = ScriptedEar(script)
        monkeypatch.setattr(production, "open_ear", lambda project: ear)
        opened.append(Production(_book(tmp_path / "book"), pool=pool))
        return opened[-1], ear

    yield start
    for run in opened:
        run.close()


def _book(folder: Path) -> Path:
    folder.mkdir()
    (folder / "story.md").write_text(f"# One\n\n{LONG_LINE}\n", "utf-8")
    project = {
        "version": 1,
        "title": "T",
        "author": "A",
        "language": "en",
        "manuscript": "story.md",
        "engine": "tone",
        "engines": {"tone": {"rate": 16000}},
        "narrator": "calm",
        "voices": {"calm": {"preset": "oak"}},
        "credits": {"opening": False, "closing": False},
        "rate": 16000,
        "profile": "draft",
    }
    (folder / "project.yaml").write_text(yaml.safe_dump(project), "utf-8")
    return folder


def speak(run: Production) -> Any:
    """The line after everything was tried."""
    run.speak([line for line in run.plan.lines if line.segment.spoken == LONG_LINE])
    (line,) = [x for x in run.refresh(run.plan.lines) if x.segment.spoken == LONG_LINE]
    return line


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (LONG_LINE.removesuffix(" for a long time, they said."), "was not heard"),
        (LONG_LINE + " They said. They said. They said.", "which is not in the text"),
        (OTHER, "instead of"),
    ],
    ids=["a clause is dropped", "a loop", "something else of the same length"],
)
def test_wrong_words_are_spoken_again(listening: Any, wrong: str, reason: str) -> None:
    run, ear = listening(lambda text, before: Heard(wrong if before == 0 else text))
    line = speak(run)
    assert line.decision.state == "done"
    assert line.take.key == line.keys[1]
    assert line.take.verdict.heard == "matches"
    first = run.store.get(line.keys[0])
    assert first.verdict.kinds == ("heard",)
    assert reason in first.verdict.complaints[0]
    assert first.verdict.heard_by == ear.identity
    assert hearing_row([line]) == {
        "takes": 1, "heard": 1, "share": 1.0, "matches": 1, "differs": 0, "inconclusive": 0,
        "cleared": 0, "by": [ear.identity],
    }  # fmt: skip


def test_words_that_stay_wrong_are_doubtful_and_their_best_take_is_kept(listening: Any) -> None:
    half = " ".join(LONG_LINE.split()[:9])
    run, ear = listening(lambda text, before: Heard(OTHER if before == 0 else half))
    line = speak(run)
    assert line.decision.state == "doubtful"
    assert len(line.keys) == 3
    assert line.take.key == line.keys[1]  # the first take with the fewest errors
    assert ear.scripted.count[LONG_LINE] == 3
    run.close()
    assert ear.scripted.closed


def test_an_unsure_ear_asks_for_nothing(listening: Any) -> None:
    run, ear = listening(lambda text, before: Heard("hm", avg_logprob=-2.0))
    line = speak(run)
    assert (line.decision.state, line.take.verdict.heard) == ("done", "inconclusive")
    assert ear.scripted.count[LONG_LINE] == 1


def test_a_match_clears_a_take_that_only_seemed_too_short(
    listening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = Verdict(False, True, ("too short",), 50_000, ("short",))
    monkeypatch.setattr(judging, "judge", lambda *args, **more: complaint)
    run, _ = listening(lambda text, before: Heard(text))
    line = speak(run)
    assert (line.decision.state, line.take.key) == ("done", line.keys[0])
    assert line.take.verdict.heard_note.endswith("; cleared: too short")
    assert hearing_row([line])["cleared"] == 1
