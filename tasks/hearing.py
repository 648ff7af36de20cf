"""Which takes a machine listens to, and what that does to their verdicts.

Heard are: takes that a complaint makes doubtful, takes of under three words (four characters
of Han), which the length of the audio says nothing about, and one in so many of all others.
The choice is a pure function of what the take's key is made of, its attempt left out: when a
take of a chain is chosen by chance, so are those that replace it, and the order of work
changes nothing.

- *differs*: a complaint of the kind ``heard``; the chain of attempts goes on as after any other.
- *matches*: complaints that only guess at the text (short, long, repeats, cut) are withdrawn if
  the words refute them, and kept as a note; those about the sound stay.
- *inconclusive*: nothing changes.

Takes that stand are not heard again when a recogniser is installed later: nothing finished is
done twice (``castbook retake`` asks for it). Who listens: ``tasks/ears``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from audio.hearing.tokens import SINGLE
from audio.hearing.transcripts import Comparison
from audio.verdicts.findings import COSTS
from castbook.canonical import digest, plain
from tasks.plan import Line
from tasks.takes import TakeVerdict

HEARD: Final = "heard"  # the kind of complaint
SPEECHLESS: Final = frozenset({"tone"})  # engines that speak no words
_FEW_WORDS: Final = 3
_FEW_CHARACTERS: Final = 4  # of Han and other scripts without spaces
_COST: Final = 45_000  # worse than saying something twice, better than lacking words


def is_heard(made_of: Mapping[str, Any], verdict: TakeVerdict, every: int) -> bool:
    """Whether a take is listened to.

    Args:
        made_of: the ingredients of its key.
        verdict: what the signals say.
        every: one in so many of the takes that nothing is wrong with; 0: none of them.
    """
    if not verdict.usable or made_of["engine"] in SPEECHLESS:
        return False
    if not verdict.good or is_short(str(made_of["spoken"])):
        return True
    chain = plain({name: value for name, value in made_of.items() if name != "attempt"})
    return every > 0 and int(digest({"heard": chain})[:12], 16) % every == 0


def is_short(spoken: str) -> bool:
    """Whether a text has too few words for its length in seconds to say anything."""
    characters = sum(bool(SINGLE.match(c)) for c in spoken)
    if characters:
        return characters < _FEW_CHARACTERS
    return len(spoken.split()) < _FEW_WORDS


def after_hearing(verdict: TakeVerdict, found: Comparison, by: str) -> TakeVerdict:
    """The verdict on a take that was listened to.

    Args:
        by: who listened.
    """
    heard = replace(verdict, heard=found.outcome, heard_note=found.reason, heard_by=by)
    if found.outcome == "differs":
        return replace(
            heard,
            good=False,
            complaints=(*verdict.complaints, found.reason),
            kinds=(*verdict.kinds, HEARD),
            score=verdict.score + _COST + min(999, round(1000 * found.share)),
        )
    if found.outcome != "matches" or verdict.good or not verdict.usable:
        return heard
    named = list(zip(verdict.kinds, verdict.complaints, strict=False))
    cleared = [words for kind, words in named if _clears(kind, found)]
    left = [(kind, words) for kind, words in named if not _clears(kind, found)]
    if not cleared or len(named) < len(verdict.complaints):
        return heard  # nothing to clear, or complaints without a kind: they stand
    return replace(
        heard,
        good=not left,
        complaints=tuple(words for _, words in left),
        kinds=tuple(kind for kind, _ in left),
        score=sum(COSTS.get(kind, 0) for kind, _ in left),
        heard_note=f"{found.reason}; cleared: {'; '.join(cleared)}",
    )


def _clears(kind: str, found: Comparison) -> bool:
    """Whether a text that matches refutes a complaint: what the complaint suspects must have
    been heard not to be so. A single word is a recogniser's own error, except the last one."""
    match kind:
        case "short":
            return found.missing <= 1 and found.ended
        case "cut":
            return found.ended
        case "long" | "repeats":
            return found.added <= 1
    return False


def hearing_row(lines: Iterable[Line]) -> dict[str, Any]:
    """How many takes of a book a machine has heard, and what it said.

    Returns:
        takes: takes in use, equal ones once; heard: of these; share: heard of takes, 0…1;
        matches, differs, inconclusive: outcomes; cleared: takes whose complaints it withdrew;
        by: who listened, sorted.
    """
    verdicts = {line.take.key: line.take.verdict for line in lines if line.take is not None}
    outcomes = Counter(verdict.heard for verdict in verdicts.values() if verdict.heard)
    heard = sum(outcomes.values())
    return {
        "takes": len(verdicts),
        "heard": heard,
        "share": round(heard / len(verdicts), 4) if verdicts else 0.0,
        "matches": outcomes["matches"],
        "differs": outcomes["differs"],
        "inconclusive": outcomes["inconclusive"],
        "cleared": sum("; cleared: " in verdict.heard_note for verdict in verdicts.values()),
        "by": sorted({verdict.heard_by for verdict in verdicts.values() if verdict.heard_by}),
    }
