from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tts.glm import noise

# Known answers of Philox4x32-10, as published with Random123 (kat_vectors).
KNOWN = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_it_is_philox(counter: list[int], key: list[int], words: list[int]) -> None:
    c = tuple(torch.tensor(word) for word in counter)
    k0, k1 = (torch.tensor(word) for word in key)
    assert [int(word) for word in noise.philox(c, (k0, k1))] == words


@given(
    st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=9),
    st.integers(0, 5000),
    st.integers(1, 40),
)
def test_a_row_depends_on_its_seed_and_step_alone(seeds: list[int], step: int, count: int) -> None:
    steps = torch.arange(len(seeds)) + step
    together = noise.normals(torch.tensor(seeds), "flow", steps, count + 3)
    for row, seed in enumerate(seeds):
        alone = noise.normals(torch.tensor([seed]), "flow", step + row, count)
        assert torch.equal(together[row, :count], alone[0])


def test_stages_steps_and_seeds_share_nothing() -> None:
    drawn = [
        noise.uniforms(torch.tensor([seed]), stage, step, 64)[0]
        for seed in (0, 1, 2**32)
        for stage in ("nucleus", "full", "flow", "phase", "source")
        for step in (0, 1)
    ]
    numbers = torch.cat(drawn)
    assert len(numbers.unique()) > 0.999 * len(numbers)


def test_distributions() -> None:
    n = 400_000
    seeds = torch.tensor([7])
    normals = noise.normals(seeds, "flow", 0, n)[0].double()
    assert abs(float(normals.mean())) < 4 / math.sqrt(n)
    assert abs(float(normals.var()) - 1) < 4 * math.sqrt(2 / n)
    assert abs(float((normals**4).mean()) - 3) < 4 * math.sqrt(96 / n)
    waits = noise.exponentials(seeds, "full", 0, n)[0].double()
    assert abs(float(waits.mean()) - 1) < 4 / math.sqrt(n)
    assert float(waits.min()) > 0 and bool(torch.isfinite(waits).all())
