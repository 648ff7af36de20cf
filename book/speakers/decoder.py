"""Turns of talk to probabilities of their speakers: sum-product over a chapter's dialogue.

Knows no language. A turn has candidates with scores (log-linear: a difference of one makes one
``e`` times as likely as the other), and two weights that tie it to the turns before it: ``same``
for the speaker of the turn before, ``back`` for the one before that (A, B, A). Exact, over pairs
of neighbouring speakers: time grows with the turns, and with the cube of the candidates of one
turn, which the caller keeps few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NEVER = -1e6  # a score that no other can make up for


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says at a time, before it is known who."""

    candidates: tuple[int, ...]  # at least one; equal numbers are one person in all turns
    scores: Floats  # (candidates,)
    same: float = 0.0  # added if the speaker is that of the turn before
    back: float = 0.0  # added if it is that of two turns before, and another one spoke between


@dataclass(frozen=True, slots=True)
class Marginal:
    """Probabilities of one turn."""

    speakers: Floats  # (candidates,), sums to 1
    same: float  # that the speaker is that of the turn before
    back: float  # that it is that of two turns before, and another one spoke between


def decode(turns: Sequence[Turn]) -> tuple[list[Marginal], float]:
    """The probabilities of every turn, and the logarithm of the sum over all readings."""
    if not turns:
        return [], 0.0
    people = [np.array(turn.candidates) for turn in turns]
    nobody = np.array([-1])  # before the first turn
    around = [nobody, nobody, *people]
    # of turn t: [i, j] for its speaker i and the one before, j; [i, j, k] with the one before that
    pairs, triples = [], []
    for t, turn in enumerate(turns):
        k, j, i = around[t : t + 3]
        same = i[:, None] == j[None, :]
        pairs.append(turn.scores[:, None] + turn.same * same)
        triples.append(turn.back * ((i[:, None, None] == k[None, None, :]) & ~same[:, :, None]))
    forward = []
    alpha = np.zeros((1, 1))
    for pair, triple in zip(pairs, triples, strict=True):
        alpha = pair + _log_sum(triple + alpha[None, :, :], 2)
        forward.append(alpha)
    total = float(_log_sum(_log_sum(alpha, 1), 0))
    found = []
    beta = np.zeros_like(alpha)
    for t in range(len(turns) - 1, -1, -1):
        k, j, i = around[t : t + 3]
        joint = np.exp(forward[t] + beta - total)
        before = forward[t - 1] if t else np.zeros((1, 1))
        whole = (pairs[t] + beta)[:, :, None] + triples[t] + before[None, :, :]
        same = i[:, None] == j[None, :]
        back = (i[:, None, None] == k[None, None, :]) & ~same[:, :, None]
        found.append(
            Marginal(
                joint.sum(axis=1) / joint.sum(),
                float((joint * same).sum()),
                float((np.exp(whole - total) * back).sum()),
            )
        )
        beta = _log_sum((pairs[t] + beta)[:, :, None] + triples[t], 0)
    return found[::-1], total


def decode_bound(
    turns: Sequence[Turn], groups: Sequence[tuple[Sequence[int], float]], around: int = 8
) -> list[Marginal]:
    """Like ``decode``, with groups of turns that are probably one speaker's.

    A group: its turns, ascending, and what is added if all have one speaker, who speaks none
    of the turns between. Exact for one group within ``around`` turns before and after it; of
    two that overlap the later one counts.
    """
    found, _ = decode(turns)
    for members, pull in groups:
        begin = max(0, members[0] - around)
        window = list(turns[begin : members[-1] + around + 1])
        shared = set(turns[members[0]].candidates)
        shared.intersection_update(*(turns[m].candidates for m in members))
        free, total = decode(window)
        readings, worth = [free], [total]
        gain = float(np.log(np.expm1(pull)))
        for who in sorted(shared):
            bound = list(window)
            for t in range(members[0], members[-1] + 1):
                turn = turns[t]
                here = (np.array(turn.candidates) == who) == (t in members)
                if here.any():
                    bound[t - begin] = replace(turn, scores=np.where(here, turn.scores, _NEVER))
            marginals, total = decode(bound)
            readings.append(marginals)
            worth.append(total + gain)
        odds = np.exp(np.array(worth) - max(worth))
        odds /= odds.sum()
        low, high = members[0] - begin, members[-1] - begin
        for w in range(low, min(high + 2, len(window))):
            rows = [reading[w] for reading in readings]
            found[begin + w] = Marginal(
                sum((o * r.speakers for o, r in zip(odds, rows, strict=True)), np.zeros(1)),
                float(sum(o * r.same for o, r in zip(odds, rows, strict=True))),
                float(sum(o * r.back for o, r in zip(odds, rows, strict=True))),
            )
    return found


def _log_sum(values: Floats, axis: int) -> Floats:
    top = values.max(axis=axis, keepdims=True)
    summed: Floats = np.log(np.exp(values - top).sum(axis=axis)) + top.squeeze(axis)
    return summed
