"""Off a GPU nothing is recorded, and the fixed-shape path of a GPU gives the CPU's tokens."""

from __future__ import annotations

import json

import pytest
import torch
from lm_models import GOLDEN, golden_model, prompts

from benchmarks.glm_parity_llm import load_model
from tts.glm.lm import decoder as room
from tts.glm.lm import matrices
from tts.glm.lm.cache import SlotCache
from tts.glm.lm.decoder import SlotDecoder
from tts.glm.lm.graphs import recorded


def test_work_on_a_cpu_is_called_as_it_is() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)

    assert recorded(work, torch.device("cpu")) is work
    assert calls == []


def test_one_block_and_prompts_read_in_fours(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a GPU runs, eagerly: the whole context in one block, four prompts to a prefill."""
    chosen = prompts(7, longest=10)
    usual = {
        done.id: done.tokens
        for done in SlotDecoder(golden_model(), slots=4, context=192).generate(chosen)
    }

    class Whole(SlotCache):
        def __init__(self, *given: object, **named: object) -> None:
            super().__init__(*given, **{**named, "blocked": False})  # type: ignore[arg-type]

    monkeypatch.setattr(room, "SlotCache", Whole)
    monkeypatch.setitem(room.ROWS, "cpu", 4)
    fixed = SlotDecoder(golden_model(), slots=4, context=192)
    assert {done.id: done.tokens for done in fixed.generate(chosen)} == usual


def test_layers_and_cache_in_half_precision_are_close() -> None:
    whole = golden_model()
    meta = json.loads((GOLDEN / "golden.json").read_text())
    half = load_model(GOLDEN, meta, dtype=torch.bfloat16)
    ids = torch.arange(20)
    exact, rough = whole.logits(ids), half.logits(ids)
    assert 0 < float((exact - rough).abs().mean()) < 0.05 * float(exact.abs().mean())
    chosen = prompts(3, longest=6)
    one = SlotDecoder(half, slots=2, context=192, cache_dtype=torch.float16)
    assert {done.id for done in one.generate(chosen)} == {prompt.id for prompt in chosen}


def test_without_packed_weights_rows_are_as_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrices, "packs", lambda device, dtype: False)
    plain = load_model(GOLDEN, json.loads((GOLDEN / "golden.json").read_text()))
    ids = torch.arange(20)
    torch.testing.assert_close(plain.logits(ids), golden_model().logits(ids), rtol=0, atol=1e-4)
    few = prompts(6, longest=6)
    together = {done.id: done for done in SlotDecoder(plain, slots=8, context=192).generate(few)}
    one = SlotDecoder(plain, slots=8, context=192)
    assert {p.id: done for p in few for done in one.generate([p])} == together
