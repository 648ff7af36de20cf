"""The guard: no finished work is thrown away behind the author's back.

An update of castbook or of an engine may change the keys of a whole book. When more than 5 %
of its finished segments would be spoken again for that reason alone, ``make`` stops and says
why; ``--redo`` speaks them again, ``--keep`` uses the takes that are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from castbook.errors import EnvironmentFault
from tasks.attempts import chain
from tasks.causes import REVISION, causes_of, same_text, unasked
from tasks.keeping import Kept
from tasks.keys import Ingredients, take_key
from tasks.memory import Made, Memory
from tasks.plan import BookPlan
from tasks.stamps import Stamp
from tasks.takes import Take, TakeStore

SHARE = 0.05  # of a book's finished segments


class RedoRefused(EnvironmentFault):
    """Much finished work would be done again for something that is no edit of the project."""


@dataclass(frozen=True)
class Redoing:
    """What a run would throw away, and why."""

    finished: int  # segments of the book that have a take, equal ones once
    causes: Mapping[str, int]  # of the finished ones that no edit would redo
    keepable: tuple[Kept, ...]  # the takes that could be used as they are
    calibration: tuple[Kept, ...] = ()  # those that their voices are levelled by

    @property
    def count(self) -> int:
        """Finished segments that would be spoken again for no edit."""
        return sum(self.causes.values())

    @property
    def share(self) -> float:
        """Of the finished ones."""
        return self.count / self.finished if self.finished else 0.0

    def refusal(self, project: str) -> RedoRefused:
        """What the author is told instead of a run."""
        why = ", ".join(f"{count} for {cause}" for cause, count in self.causes.items())
        return RedoRefused(
            f"{self.count} of {self.finished} finished segments ({self.share:.0%}) would be spoken"
            f" again for no edit of the project: {why}; castbook make {project} --keep uses"
            f" {len(self.keepable)} of their takes as they are, --redo speaks all of them again"
        )


def weigh(
    plan: BookPlan,
    memory: Memory,
    now: Stamp,
    store: TakeStore,
    chosen: Collection[str] | None = None,
) -> Redoing:
    """What a run on the selected chapters would redo. Reads sidecars, changes nothing.

    Args:
        chosen: identities of the lines to be made; None: all that are missing.
    """
    finished = _Finished(plan, memory, store)
    causes: Counter[str] = Counter()
    keepable: dict[str, Kept] = {}
    moved: dict[int, int] = {}  # chapter -> finished segments that nothing stands for yet
    seen: set[str] = set()
    for chapter in plan.working:
        for line in chapter.open:
            if line.identity in seen or (chosen is not None and line.identity not in chosen):
                continue
            seen.add(line.identity)
            why = causes_of(line, memory, now)
            if not unasked(why):
                continue
            made = memory.of(chapter.number, line.segment.anchor)
            if made is None:  # cut elsewhere: it stands for a segment that is no more
                if chapter.number not in moved:
                    moved[chapter.number] = finished.vanished(chapter.number)
                moved[chapter.number] -= 1
                if moved[chapter.number] < 0:
                    continue
            elif finished.take(made) is None:
                continue
            elif same_text(line, made):
                keepable[line.identity] = Kept(
                    line.identity, why, made.spoken, made.replacements, made.ingredients
                )
            causes[" and ".join(why)] += 1
    kept = tuple(keepable.values())
    return Redoing(
        finished.count(), dict(causes.most_common()), kept, _calibration(plan, kept, store)
    )


def _calibration(plan: BookPlan, kept: Sequence[Kept], store: TakeStore) -> tuple[Kept, ...]:
    """The old calibration takes of the voices that keep takes, so that no gain moves a master."""
    revisions = {(k.ingredients.voice, k.ingredients.style, k.ingredients.engine): k for k in kept}
    found = []
    for line in plan.calibration:
        now = line.ingredients
        old = revisions.get((now.voice, now.style, now.engine))
        if old is None or not line.open:
            continue
        then = replace(now, fingerprint=old.ingredients.fingerprint)
        if finished_take(then, store) is not None:
            found.append(Kept(line.identity, (REVISION,), now.spoken, (), then))
    return tuple(found)


class _Finished:
    """Which remembered segments have a take."""

    def __init__(self, plan: BookPlan, memory: Memory, store: TakeStore) -> None:
        self._memory, self._store = memory, store
        self._plan = plan
        self._found: dict[str, bool] = {}
        self._done = {line.identity: line.take for line in plan.lines if line.take}

    def take(self, made: Made) -> Take | None:
        """The take of a remembered segment, good or doubtful."""
        key = take_key(made.ingredients, 0)
        return self._done.get(key) or finished_take(made.ingredients, self._store)

    def count(self) -> int:
        """Remembered segments with a take, equal ones once: they share it."""
        for made in self._memory.made:
            self._has(made)
        return sum(self._found.values())

    def vanished(self, chapter: int) -> int:
        """Finished segments of a chapter whose text no line has any more."""
        present = {
            (line.segment.anchor.text, line.segment.anchor.occurrence)
            for c in self._plan.chapters
            for line in c.lines
        }
        return sum(
            made.chapter == chapter
            and (made.anchor.text, made.anchor.occurrence) not in present
            and self._has(made)
            for made in self._memory.made
        )

    def _has(self, made: Made) -> bool:
        key = take_key(made.ingredients, 0)
        if key not in self._found:
            self._found[key] = key in self._done or self.take(made) is not None
        return self._found[key]


def finished_take(ingredients: Ingredients, store: TakeStore) -> Take | None:
    """The take that a segment of these ingredients has in the store, good or doubtful."""
    length = len(chain(seeds=True, cuttable=True))  # the longest there is
    keys = tuple(take_key(ingredients, attempt) for attempt in range(length))
    takes = [take for take in map(store.get, keys) if take is not None and take.verdict.usable]
    return next((take for take in takes if take.verdict.good), takes[0] if takes else None)
