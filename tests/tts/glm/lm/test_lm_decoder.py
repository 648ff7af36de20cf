"""Slots: the same tokens, to the bit, alone, in any batch, order, slot and number of threads."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from lm_models import golden_model, prompts

from castbook.errors import PermanentFailure
from tts.glm.lm.cache import BLOCK, SlotCache
from tts.glm.lm.decoder import SlotDecoder
from tts.glm.lm.prompts import Generated, Prompt, layout
from tts.glm.lm.sampling import WINDOW, Noise, Sampler, noise, ras

MANY = prompts(64, longest=20)
SLOTS = 16
CONTEXT = 192


def decoder(slots: int = SLOTS, sampler: Sampler = "ras") -> SlotDecoder:
    return SlotDecoder(golden_model(), slots=slots, context=CONTEXT, sampler=sampler)


def run(chosen: list[Prompt], batch: int | None = None) -> dict[str, Generated]:
    one, size = decoder(), batch or len(chosen)
    return {
        done.id: done
        for at in range(0, len(chosen), size)
        for done in one.generate(chosen[at : at + size])
    }


@pytest.fixture(scope="module")
def together() -> dict[str, Generated]:
    """All 64 at once in 16 slots, each refilled while the others run."""
    return run(MANY)


def test_every_prompt_is_answered(together: dict[str, Generated]) -> None:
    assert set(together) == {prompt.id for prompt in MANY}
    for prompt in MANY:
        done = together[prompt.id]
        assert prompt.min_tokens <= len(done.tokens) <= prompt.max_tokens
        assert done.ended or len(done.tokens) == prompt.max_tokens
        assert all(0 <= token < golden_model().codes for token in done.tokens)
        assert done.log_prob < 0
    assert any(done.ended for done in together.values())
    assert any(done.resampled for done in together.values())


def test_the_same_in_batches_of_seven_and_in_another_order(
    together: dict[str, Generated],
) -> None:
    assert run(MANY, 7) == together
    shuffled = MANY[:]
    random.Random(4).shuffle(shuffled)
    assert run(shuffled) == together


def test_the_same_alone(together: dict[str, Generated]) -> None:
    for prompt in MANY[:4]:
        assert run([prompt]) == {prompt.id: together[prompt.id]}


def test_the_same_after_a_stop_in_the_middle(together: dict[str, Generated]) -> None:
    first, kept = decoder(), dict[str, Generated]()
    for prompt in MANY[:40]:
        first.submit(prompt)
    for _ in range(3):
        kept |= {done.id: done for done in first.step()}
    again = [prompt for prompt in MANY[:40] if prompt.id not in kept]
    assert kept and again
    assert kept | run(again) == {prompt.id: together[prompt.id] for prompt in MANY[:40]}


def test_the_same_on_two_threads() -> None:
    few = [replace(prompt, min_tokens=0, max_tokens=6) for prompt in MANY[:6]]
    alone = run(few)
    torch.set_num_threads(2)
    try:
        assert run(few) == alone
    finally:
        torch.set_num_threads(1)


def test_slots_give_what_the_plain_model_gives() -> None:
    model, prompt = golden_model(), replace(MANY[3], max_tokens=12)
    (done,) = SlotDecoder(model, slots=3, context=CONTEXT).generate([prompt])
    special = model.special
    ids = list(layout(prompt.prompt_text, prompt.text, prompt.prompt_speech, special))
    found: list[int] = []
    seeds = torch.tensor([prompt.seed])
    for step in range(prompt.max_tokens):
        scores = torch.full((1, model.width), -torch.inf)
        plain = model.logits(torch.tensor(ids))[-1]
        scores[0, : model.codes] = plain[special.ats : special.ate + 1]
        scores[0, model.codes] = plain[special.eoa]
        recent = torch.tensor([([-1] * WINDOW + found)[-WINDOW:]])
        ahead = noise(seeds, torch.tensor([step]), 1, model.width)
        variates = Noise(ahead.nucleus[:, 0], ahead.full[:, 0])
        early = torch.tensor([step < prompt.min_tokens])
        token = int(ras(scores, model.codes, early, recent, variates).token)
        if token == model.codes:
            break
        found.append(token)
        ids.append(token + special.ats)
    assert list(done.tokens) == found


def test_longest_text_first_and_its_tokens_are_seen_while_it_runs() -> None:
    one = decoder(slots=1, sampler="topk")
    one.ticks = 4
    short, long = replace(MANY[0], text=(1,)), replace(MANY[1], text=(1, 2, 3), max_tokens=30)
    long = replace(long, min_tokens=30)
    one.submit(short)
    one.submit(long)
    assert one.free == 0
    one.step()
    early = one.so_far(long.id)
    assert early and one.so_far(short.id) == ()
    results = list(one.generate([]))
    assert [done.id for done in results] == [long.id, short.id]
    assert results[0].tokens[: len(early)] == early
    assert len(results[0].tokens) == 30
    assert not one.busy and one.free == 1


def test_cancelled_prompts_leave_the_others_alone(together: dict[str, Generated]) -> None:
    one = decoder()
    one.ticks = 2  # so that nobody has finished after one step
    for prompt in MANY[:20]:
        one.submit(prompt)
    one.step()
    running = next(prompt.id for prompt in MANY[:20] if one.so_far(prompt.id))
    waiting = next(p.id for p in MANY[:20] if not one.so_far(p.id))
    assert one.cancel(running) and one.cancel(waiting)
    assert not one.cancel("nobody") and not one.cancel(waiting)
    rest = {done.id: done for done in one.generate([])}
    assert running not in rest and waiting not in rest
    assert rest.items() <= together.items()


def test_a_prompt_that_does_not_fit_is_refused() -> None:
    with pytest.raises(PermanentFailure, match=r"p0: .* do not fit into the 192 positions"):
        decoder().submit(replace(MANY[0], max_tokens=192))
    with pytest.raises(PermanentFailure, match="max_tokens is 0"):
        decoder().submit(replace(MANY[0], max_tokens=0))


def test_attention_in_blocks_is_attention() -> None:
    model = golden_model()
    caches = [
        SlotCache(
            model.config, 3, 2 * BLOCK, device=model.device, dtype=torch.float32, blocked=blocked
        )
        for blocked in (True, False)
    ]
    chance = torch.Generator().manual_seed(1)
    shape = (3 * 100, model.config.kv_heads, model.config.head_dim)
    keys, values = torch.randn(shape, generator=chance), torch.randn(shape, generator=chance)
    slots = torch.arange(3).repeat_interleave(100)
    queries = torch.randn(3, model.config.heads, model.config.head_dim, generator=chance)
    positions = torch.tensor([0, 40, 60])  # all in the first block
    seen = []
    for cache in caches:
        cache.write(1, cache.rows(slots, torch.arange(100).repeat(3)), keys, values)
        for blocks in range(1, cache.blocks + 1):
            mask = cache.mask(positions, blocks, torch.float32)
            seen.append(cache.attend(1, queries, mask, blocks))
    assert torch.equal(seen[0], seen[1])  # a block that nobody sees adds nothing, to the bit
    torch.testing.assert_close(seen[0], seen[2], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(seen[0][0].view(2, -1, 16)[0, 0], values[0, 0])
