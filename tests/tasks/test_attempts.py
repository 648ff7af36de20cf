from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tasks.attempts import chain, decide
from tasks.takes import Take, TakeVerdict


def take(key: str, good: bool, usable: bool = True, score: int = 0) -> Take:
    verdict = TakeVerdict(good, usable, () if good else ("too long",), score, 1)
    return Take(key, Path(f"{key}.flac"), "00", 100, 24000, verdict)


def test_the_first_good_take_is_used() -> None:
    decision = decide([take("a", False), take("b", True), take("c", True)])
    assert decision.state == "done"
    assert decision.take is not None
    assert decision.take.key == "b"


def test_a_bad_take_asks_for_the_next_attempt() -> None:
    assert decide([take("a", False), None, None]).attempt == 1


def test_an_exhausted_chain_is_doubtful_with_its_best_take() -> None:
    takes = [take("a", False, score=3), take("b", False, score=1), take("c", False, score=1)]
    decision = decide(takes)
    assert decision.state == "doubtful"
    assert decision.take is takes[1]


def test_nothing_usable_is_failed_and_tries_the_last_attempt_again() -> None:
    decision = decide([take("a", False, usable=False), take("b", False, usable=False)])
    assert (decision.state, decision.attempt, decision.take) == ("failed", 1, None)


def test_an_accepted_take_is_done_whatever_the_verdict_says() -> None:
    takes = [take("a", False, score=9), take("b", False, score=1)]
    decision = decide(takes, accepted="a")
    assert (decision.state, decision.take) == ("done", takes[0])


def test_an_acceptance_of_another_take_does_not_count() -> None:
    assert decide([take("a", False)], accepted="zz").state == "doubtful"


def test_without_seeds_an_attempt_changes_something_or_is_not_made() -> None:
    assert chain(seeds=False, cuttable=False) == ("",)
    assert chain(seeds=False, cuttable=True) == ("", "shorter")
    assert chain(seeds=True, cuttable=True) == ("", "seed", "shorter")


entry = st.none() | st.builds(
    take, st.uuids().map(str), st.booleans(), st.booleans(), st.integers(0, 5)
)


@given(st.lists(entry, min_size=1, max_size=4))
def test_a_decision_always_has_a_take_or_an_attempt(takes: list[Take | None]) -> None:
    decision = decide(takes)
    if decision.state in ("done", "doubtful"):
        assert decision.take in takes
        assert decision.attempt is None
    else:
        assert decision.take is None
        assert decision.attempt is not None
        assert 0 <= decision.attempt < len(takes)


@given(st.lists(entry, min_size=1, max_size=4))
def test_more_takes_behind_the_accepted_one_change_nothing(takes: list[Take | None]) -> None:
    decision = decide(takes)
    if decision.state == "done":
        assert decide([*takes, take("later", True)]) == decision
