"""Vectorised draws: the textbook's distribution, and each row's own whatever stands beside it."""

from __future__ import annotations

import math
import random

import torch
from hypothesis import given
from hypothesis import strategies as st

from tts.glm.lm.sampling import (
    BLOCK,
    TOP_K,
    WINDOW,
    Drawn,
    Noise,
    candidates,
    from_all,
    noise,
    ras,
    topk,
)

WIDTH = 2 * BLOCK
END = 40  # column of the end; those behind it are never drawn
DRAWS = 20_000


def variates_of(seeds: torch.Tensor, step: int = 0) -> Noise:
    ahead = noise(seeds, torch.full((len(seeds),), step), 1, WIDTH)
    return Noise(ahead.nucleus[:, 0], ahead.full[:, 0])


def scores() -> torch.Tensor:
    out = torch.full((1, WIDTH), -torch.inf)
    out[0, : END + 1] = torch.randn(END + 1, generator=torch.Generator().manual_seed(3)) * 1.3
    return out


def textbook(weights: list[float], recent: set[int], least: bool, dice: random.Random) -> int:
    """The loop, one token, as the paper and upstream have it."""
    if least:
        weights = [0.0 if column == END else weight for column, weight in enumerate(weights)]
        weights = [weight / sum(weights) for weight in weights]
    order = sorted(range(len(weights)), key=lambda column: -weights[column])
    kept: list[int] = []
    total = 0.0
    while total < 0.8 and len(kept) < TOP_K:
        total += weights[order[len(kept)]]
        kept.append(order[len(kept)])
    token = dice.choices(kept, [weights[column] for column in kept])[0]
    if token in recent:
        return dice.choices(range(len(weights)), weights)[0]
    return token


def chi_squared(left: list[int], right: list[int]) -> tuple[float, int]:
    """Of two counts of equally many draws; rare columns are one."""
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a + b >= 20]
    rest = [(a, b) for a, b in zip(left, right, strict=True) if a + b < 20]
    pairs.append((sum(a for a, _ in rest), sum(b for _, b in rest)))
    value = sum((a - b) ** 2 / (a + b) for a, b in pairs if a + b)
    return value, len(pairs) - 1


def test_ras_draws_as_the_textbook_loop_does() -> None:
    variates = variates_of(torch.arange(DRAWS))
    weights = scores().softmax(-1)[0]
    likely = weights.argsort(descending=True)[:4].tolist()
    recent = torch.full((DRAWS, WINDOW), -1)
    recent[:, 2], recent[:, 7] = likely[0], likely[3]
    early = torch.arange(DRAWS) % 2 == 0
    drawn = ras(scores().repeat(DRAWS, 1), END, early, recent, variates)
    dice = random.Random("textbook")
    plain = weights[: END + 1].tolist()
    for least in (True, False):
        ours = drawn.token[early == least].bincount(minlength=END + 1).tolist()
        barred = {likely[0], likely[3]}
        loop = [textbook(plain, barred, least, dice) for _ in range(DRAWS // 2)]
        theirs = torch.tensor(loop).bincount(minlength=END + 1).tolist()
        value, freedom = chi_squared(ours, theirs)
        assert freedom > 15
        assert value < freedom + 3.5 * math.sqrt(2 * freedom)  # passes by chance but for 1 in 1000
        assert (ours[END] == 0) == least
    repeated = float(weights[likely[0]] + weights[likely[3]])
    assert abs(drawn.again.float().mean() - repeated / 0.8) < 0.05
    assert drawn.again.any()


def test_the_second_race_draws_from_everything() -> None:
    variates = variates_of(torch.arange(DRAWS), step=9)
    weights = scores().softmax(-1)
    weights = (weights + weights.roll(BLOCK, 1)) / 2  # two blocks with something in them
    found = from_all(weights.expand(DRAWS, -1).contiguous(), variates.full)
    counts = found.bincount(minlength=WIDTH)
    expected = weights[0] * DRAWS
    some = expected > 5
    value = float(((counts - expected) ** 2 / expected)[some].sum())
    freedom = int(some.sum()) - 1
    assert value < freedom + 3.5 * math.sqrt(2 * freedom)
    assert not counts[weights[0] == 0].any()


def test_rows_are_the_same_at_any_batch_size() -> None:
    rows = 70
    seeds = torch.arange(rows) * 7_654_321_987 + 5
    many = torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(8)) * 2
    many[:, END + 1 :] = -torch.inf
    recent = torch.randint(0, END, (rows, WINDOW), generator=torch.Generator().manual_seed(9))
    early = torch.arange(rows) % 3 == 0

    def drawn(at: slice) -> Drawn:
        part = variates_of(seeds[at], step=4)
        return ras(many[at].clone(), END, early[at], recent[at], part)

    whole = drawn(slice(0, rows))
    assert whole.again.any() and not whole.again.all()
    for size in (1, 7, 64):
        parts = [drawn(slice(at, at + size)) for at in range(0, rows, size)]
        assert torch.equal(torch.cat([part.token for part in parts]), whole.token)
        assert torch.equal(torch.cat([part.probability for part in parts]), whole.probability)
        assert torch.equal(torch.cat([part.again for part in parts]), whole.again)


def test_noise_of_a_step_does_not_depend_on_where_the_steps_began() -> None:
    seeds = torch.tensor([3, 1 << 62])
    long = noise(seeds, torch.tensor([0, 5]), 8, WIDTH)
    late = noise(seeds, torch.tensor([6, 11]), 2, WIDTH)
    assert torch.equal(long.nucleus[:, 6:], late.nucleus)
    assert torch.equal(long.full[:, 6:], late.full)


def test_the_token_that_crosses_the_bound_is_in() -> None:
    # the first alone is not enough; a race that the second always wins must be able to draw it
    row = torch.full((1, WIDTH), -torch.inf)
    row[0, :3] = torch.tensor([0.79, 0.2, 0.01]).log()
    ahead = Noise(torch.full((1, TOP_K), 1.0), torch.ones(1, WIDTH // BLOCK + BLOCK))
    ahead.nucleus[0, 0], ahead.nucleus[0, 2] = 100.0, 1e-6
    none = torch.full((1, WINDOW), -1)
    late = torch.zeros(1, dtype=torch.bool)
    assert int(ras(row.clone(), END, late, none, ahead).token) == 1
    row[0, :3] = torch.tensor([0.81, 0.18, 0.01]).log()  # the first alone is enough
    assert int(ras(row.clone(), END, late, none, ahead).token) == 0


def test_topk_draws_again_while_no_end_is_allowed() -> None:
    row = torch.full((2, WIDTH), -torch.inf)
    row[:, END], row[:, 4], row[:, 9] = 30.0, 1.0, 0.0
    ahead = Noise(torch.ones(2, TOP_K), torch.ones(2, WIDTH // BLOCK + BLOCK))
    early = torch.tensor([True, False])
    drawn = topk(row, END, early, torch.full((2, WINDOW), END), ahead)
    assert drawn.token.tolist() == [4, END]
    assert not drawn.again.any()


@given(st.lists(st.integers(0, 6), min_size=3, max_size=60))
def test_candidates_are_a_stable_sort(values: list[int]) -> None:
    weights = torch.tensor([values], dtype=torch.float32)
    found, columns = candidates(weights)
    order = sorted(range(len(values)), key=lambda column: (-values[column], column))
    # more than seven equal values across the cut: which of them are in is left open
    cut = values[order[min(TOP_K, len(values)) - 1]]
    sure = sum(value > cut for value in values) if values.count(cut) > 7 else TOP_K
    assert columns[0, :sure].tolist() == order[: min(sure, TOP_K)]
    assert found[0].tolist() == [values[column] for column in order[:TOP_K]]
