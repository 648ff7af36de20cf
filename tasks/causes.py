"""Why a segment has no take: in words a person knows, and whether the person did it.

Compares what a segment is made of now with what the last run made it of, and the project's
stamps of both times. Pure over what it is given.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from book.anchors import normalise
from book.script import Replacement
from tasks.memory import Made, Memory
from tasks.plan import Line
from tasks.quotations import CAST_BY_HAND
from tasks.stamps import Stamp

NOT_MADE = "not made yet"
FAILED = "failed before"
NEW_TEXT = "new text"
LEXICON = "lexicon entry"
NORMALISER = "setting of the normaliser"
SPEAKER = "another speaker"
VOICE = "voice"
STYLE = "style"
ENGINE = "engine"
OPTIONS = "engine options"
SEED = "seed"
RETAKE = "retake"
LANGUAGE = "language"
REVISION = "engine revision"
RULES = "castbook's own rules"

UNASKED = frozenset({REVISION, RULES})  # what no edit of the project brought about
_SAID = (CAST_BY_HAND, "model")  # rules that stand for somebody's word on one line
_DIRECT = {"seed": SEED, "retake": RETAKE, "language": LANGUAGE}


def unasked(causes: Collection[str]) -> bool:
    """Whether nothing but an update of castbook or of an engine is behind it."""
    return bool(causes) and UNASKED.issuperset(causes)


def causes_of(line: Line, memory: Memory, now: Stamp) -> tuple[str, ...]:
    """Why ``line`` has no take; several changes may have come together."""
    if line.decision.state == "failed":
        return (FAILED,)
    made = memory.of(line.segment.chapter, line.segment.anchor)
    if made is None:
        return (_unknown_text(line, memory, now),)
    then = memory.stamps.get(made.stamp)
    if then is None:  # an older castbook made it: whatever a person may have changed, changed
        then = Stamp({"normaliser": now.parts["normaliser"]})
    return tuple(dict.fromkeys(_differences(line, made, then, now))) or (NOT_MADE,)


def _unknown_text(line: Line, memory: Memory, now: Stamp) -> str:
    """A text that no segment had: written anew, or cut elsewhere."""
    chapter = line.segment.chapter
    if not memory.knows(chapter):
        return NOT_MADE
    then = memory.stamp_of(chapter)
    if then is None or then.differs(now, "manuscript"):
        moved = memory.held(chapter, line.segment.printed)
        return RULES if then and moved and then.differs(now, "rules") else NEW_TEXT
    limits = [part for part in {*then.parts, *now.parts} if part.startswith("engine ")]
    return ENGINE if then.differs(now, "voices", *limits) else RULES


def _differences(line: Line, made: Made, then: Stamp, now: Stamp) -> Iterator[str]:
    segment, old, new = line.segment, made.ingredients, line.ingredients
    rules = then.differs(now, "rules")
    for name, words in _DIRECT.items():
        if getattr(old, name) != getattr(new, name):
            yield words
    if made.printed != segment.printed and then.differs(now, "manuscript"):
        yield NEW_TEXT  # other quotes or capitals: the anchor does not see them
        return
    if made.speaker != segment.speaker:
        said = made.rule in _SAID or segment.rule in _SAID
        near = then.differs(now, "manuscript", "castings") and not rules
        yield SPEAKER if said or near or then.differs(now, "cast") else RULES
        return  # voice, style, engine and words follow the speaker
    if old.engine != new.engine:
        yield ENGINE if then.differs(now, "voices") else RULES
        return  # so do voice, fingerprint and what is normalised
    if old.voice != new.voice:
        yield VOICE if then.differs(now, "voices") else RULES
    if old.style != new.style:
        yield STYLE if then.edited(now) else RULES
    if old.fingerprint != new.fingerprint:
        yield OPTIONS if then.differs(now, f"engine {new.engine}") else REVISION
    if old.spoken != new.spoken:
        yield from _words(made, segment.replacements, then, now)


def _words(
    made: Made, replacements: Sequence[Replacement], then: Stamp, now: Stamp
) -> Iterator[str]:
    """Why the same printed text is spoken otherwise."""
    before, after = _lexical(made.replacements), _lexical(replacements)
    ours, others = _others(made.replacements), _others(replacements)
    if before != after:
        yield LEXICON if then.differs(now, "lexicon", "voices") else RULES
        # an entry takes the place of the rules under it
        touched = [(r.start, r.end) for r in before ^ after]
        ours = {r for r in ours if not _overlaps(r, touched)}
        others = {r for r in others if not _overlaps(r, touched)}
        if ours == others:
            return
    yield NORMALISER if then.differs(now, "normaliser") else RULES


def _lexical(replacements: Sequence[Replacement]) -> set[Replacement]:
    return {r for r in replacements if r.rule == "lexicon"}


def _others(replacements: Sequence[Replacement]) -> set[Replacement]:
    return {r for r in replacements if r.rule != "lexicon"}


def _overlaps(replacement: Replacement, places: Sequence[tuple[int, int]]) -> bool:
    return any(replacement.start < end and start < replacement.end for start, end in places)


def same_text(line: Line, made: Made) -> bool:
    """Whether a take of ``made`` says the words and is the voice that ``line`` wants."""
    old, new = made.ingredients, line.ingredients
    return (
        normalise(made.printed) == normalise(line.segment.printed)
        and made.speaker == line.segment.speaker
        and (old.voice, old.style, old.engine) == (new.voice, new.style, new.engine)
        and old.language == new.language
        and (old.retake, old.seed) == (new.retake, new.seed)
    )
