"""From noise to mel: Euler steps along the velocity, denser at the start, with guidance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tts.glm.flow.dit import Conditions, Dit


@dataclass(frozen=True, slots=True)
class Schedule:
    """The steps of a solution and what the model makes of their times."""

    sizes: tuple[float, ...]  # of the steps
    times: Tensor  # [steps, modulations]


@dataclass(frozen=True, slots=True)
class Solution:
    """A solved batch: the mel, and the state before every step if it was asked for."""

    mel: Tensor  # [R, T, 80]
    path: tuple[Tensor, ...] = ()  # each [R, T, 80]


def moments(steps: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Times before each step and sizes of the steps, in single precision as the model has them.

    >>> [round(time, 3) for time in moments(4)[0]]
    [0.0, 0.076, 0.293, 0.617]
    """
    marks = 1 - torch.cos(torch.linspace(0, 1, steps + 1, dtype=torch.float32) * 0.5 * math.pi)
    time, times, sizes = marks[0], [], []
    for mark in marks[1:]:
        size = mark - time
        times.append(float(time))
        sizes.append(float(size))
        time = time + size
    return tuple(times), tuple(sizes)


def schedule(dit: Dit, steps: int) -> Schedule:
    """The schedule of so many steps for this model; the same for every request."""
    times, sizes = moments(steps)
    return Schedule(sizes, dit.time_modulation(torch.tensor(times, dtype=torch.float32)))


def solve(
    dit: Dit,
    conditions: Conditions,
    noise: Tensor,
    plan: Schedule,
    guidance: float,
    *,
    fixed: tuple[Tensor, ...] = (),
    keep: bool = False,
) -> Solution:
    """Integrates a batch.

    Args:
        noise: [R, T, 80], the state at time 0.
        guidance: how far to go beyond the guided velocity, away from the unguided one.
        fixed: for every step a state [R, n, 80] that the first n frames are held at: frames
            that an earlier solution has given away already.
        keep: also return the state before every step.
    """
    rows = len(noise)
    state = noise.to(dit.device, dit.dtype)
    path: list[Tensor] = []
    for number, size in enumerate(plan.sizes):
        if fixed:
            held = fixed[number]
            state = torch.cat((held, state[:, held.shape[1] :]), 1)
        if keep:
            path.append(state)
        velocities = dit(state, plan.times[number], conditions)
        velocity = (1 + guidance) * velocities[:rows] - guidance * velocities[rows:]
        state = state + size * velocity
    return Solution(state, tuple(path))
