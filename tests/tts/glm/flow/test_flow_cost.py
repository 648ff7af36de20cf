"""What the flow is said to calculate."""

from __future__ import annotations

import pytest

from tts.glm.checkpoint.configs import FlowConfig
from tts.glm.flow.cost import operations

OFFICIAL = FlowConfig(
    width=768, depth=18, heads=12, ff_mult=2, text_width=512, text_blocks=4, vocab=100001
)


def test_a_second_of_the_published_model() -> None:
    # 5 s of reference and 10 s of segment: 326 GFLOP a second in the table of what is possible
    assert operations(OFFICIAL, 750) / 10 == pytest.approx(326e9, rel=0.1)


def test_growth() -> None:
    one, two, three = (operations(OFFICIAL, 500, steps) for steps in (1, 2, 3))
    assert three - two == two - one > 0
    # twice the frames: twice the products, four times the attention
    rest = operations(OFFICIAL, 1000) - 2 * operations(OFFICIAL, 500)
    assert rest == 10 * 2 * 18 * 4 * 768 * (1000**2 - 2 * 500**2)
