"""Logits, every kind of sampled sequence and the rolling prompt are upstream's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lm_models import GOLDEN, golden_model
from safetensors.torch import load_file, save_file

from benchmarks.glm_parity_llm import compare
from tts.glm.lm.chain import LIMIT, Chain, Spoken
from tts.glm.lm.compat import Replay
from tts.glm.lm.prompts import layout


def test_golden_numbers() -> None:
    rows = compare(GOLDEN)
    assert [row for row in rows if not row.passed] == []
    quantities = [row.quantity for row in rows]
    assert quantities.count("tokens by recorded noise") == 4
    assert quantities.count("tokens by seeded generator") == 4
    assert quantities.count("generator's position") == 4
    assert quantities.count("logits") == 2


def test_other_weights_are_found_out(tmp_path: Path) -> None:
    for path in GOLDEN.iterdir():
        shutil.copy(path, tmp_path / path.name)
    for shard in tmp_path.glob("model-*.safetensors"):
        weights = load_file(shard)
        name = next((n for n in weights if n.endswith("layers.1.mlp.up_proj.weight")), None)
        if name:
            weights[name] = weights[name] * 1.01
            save_file(weights, shard)
    meta = json.loads((tmp_path / "golden.json").read_text())
    meta["cases"] = [{**case, "samples": []} for case in meta["cases"]]
    (tmp_path / "golden.json").write_text(json.dumps(meta))
    failed = {row.quantity for row in compare(tmp_path) if not row.passed}
    assert failed == {"logits"}


def test_a_replay_notices_another_draw() -> None:
    replay = Replay(torch.ones(5), [2, 3])
    replay(2)
    with pytest.raises(ValueError, match="draw 1: 2 candidates; 3 were recorded"):
        replay(2)
    replay(3)
    with pytest.raises(ValueError, match="draw 2 was not recorded"):
        replay(1)


def test_layout_shifts_speech_only_beside_text() -> None:
    special = golden_model().special
    assert layout((5,), (6, 7), (0, 3), special) == (
        5,
        6,
        7,
        special.boa,
        special.ats,
        special.ats + 3,
    )
    assert layout((), (6,), (2,), special) == (6, special.boa, 2)


# text and speech of the segments of the golden run long0, and the prompt that each was given
LONG = [(6, 25), (9, 180), (7, 140), (12, 240), (8, 61), (10, 23)]
SEEN = [(12, 150, 1), (18, 175, 2), (27, 355, 3), (34, 495, 4), (31, 530, 3), (39, 591, 4)]


def test_rolling_prompt_is_upstreams() -> None:
    chain = Chain(Spoken((0,) * 12, (0,) * 150))
    for (text, speech), seen in zip(LONG, SEEN, strict=True):
        chain = chain.pruned(text)
        assert (len(chain.text), len(chain.speech), 1 + len(chain.said)) == seen
        chain = chain.followed((1,) * text, (1,) * speech)
    assert 1 + len(chain.said) == 5


sizes = st.tuples(st.integers(0, 20), st.integers(0, 400))


@given(sizes, st.lists(sizes, max_size=6), st.integers(0, 30))
def test_pruning_forgets_the_oldest_and_no_more(
    first: tuple[int, int], rest: list[tuple[int, int]], text: int
) -> None:
    said = tuple(Spoken((n,) * a, (n,) * b) for n, (a, b) in enumerate(rest))
    whole = Chain(Spoken((-1,) * first[0], (-1,) * first[1]), said)
    kept = whole.pruned(text)
    assert kept.reference == whole.reference
    assert kept.said == said[len(said) - len(kept.said) :]
    if len(kept.said) == len(said):
        return
    # one fewer forgotten would have been too many
    expected = int(len(whole.speech) / (len(whole.text) or 1) * text) if said else 0
    before = Chain(whole.reference, said[len(said) - len(kept.said) - 1 :])
    assert len(before.speech) + expected > LIMIT
