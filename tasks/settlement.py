"""What becomes of finished takes that only an update would make anew: asked before any work."""

from __future__ import annotations

from collections.abc import Collection

from castbook.errors import InputError
from tasks.guard import SHARE, weigh
from tasks.keeping import store_kept
from tasks.memory import recall
from tasks.plan import BookPlan, kept_lines
from tasks.stamps import take_stamp
from tasks.takes import TakeStore


def settle(
    plan: BookPlan,
    store: TakeStore,
    chosen: Collection[str] | None,
    *,
    redo: bool = False,
    keep: bool = False,
) -> bool:
    """Redoes, keeps or refuses; returns whether the plan has to be made again.

    Args:
        chosen: identities of the lines the run is to make; None: all that are missing.
        redo: such takes are made anew, those too that were kept before.
        keep: they are used as they are; the build remembers it.

    Raises:
        RedoRefused: they are too many to do either without being asked.
    """
    if redo and keep:
        raise InputError("redo and keep exclude each other", expected="one of them")
    if redo:
        return _forget(plan, chosen)
    if not any(chapter.open for chapter in plan.working):
        return False
    redoing = weigh(plan, recall(plan.build), take_stamp(plan.project), store, chosen)
    if keep and redoing.keepable:
        old = kept_lines((*plan.lines, *plan.calibration))
        store_kept(plan.build, (*old, *redoing.keepable, *redoing.calibration))
        return True
    if not keep and redoing.share > SHARE:
        raise redoing.refusal(str(plan.project.folder))
    return False


def _forget(plan: BookPlan, chosen: Collection[str] | None) -> bool:
    """What was kept of the lines of this run is made anew; so are the calibration takes of
    voices that keep nothing else."""
    left = kept_lines(
        line
        for line in plan.lines
        if line.segment.chapter not in plan.selected
        or (chosen is not None and line.identity not in chosen)
    )
    if len(left) == len(kept_lines(plan.lines)):
        return False
    voices = {(k.ingredients.voice, k.ingredients.style) for k in left}
    calibration = [
        k
        for k in kept_lines(plan.calibration)
        if (k.ingredients.voice, k.ingredients.style) in voices
    ]
    store_kept(plan.build, (*left, *calibration))
    return True
