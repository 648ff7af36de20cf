"""Speech tokens per second of the language model, slot by slot and together, random weights.

    python -m benchmarks.glm_lm [--hidden 256,512,1024] [--slots 1,16,64] [--device cpu] [--json]

64 segments of fixed token counts, 60 to 300, behind a prompt of five seconds. One slot is the
plain path: nothing is padded. For each size: tokens per second of wall clock and of processor
time (the machine may be shared), the share of the slots' rows that held a live segment, and how
many times the one-slot path each is. The limit printed beside it is what the matrices alone
would take: the larger of reading them once a step and multiplying by them, both measured here.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from tts.glm.checkpoint.configs import LmConfig, SpecialTokens
from tts.glm.lm.decoder import SlotDecoder
from tts.glm.lm.llama import LanguageModel
from tts.glm.lm.prompts import Prompt

TEXTS = 512  # ids below the speech tokens, the end among them


@dataclass(frozen=True, slots=True)
class Speed:
    """Of one model and one number of slots."""

    hidden: int
    layers: int
    codes: int
    slots: int
    tokens: int
    seconds: float
    processor_seconds: float
    occupied: float  # share of the rows of all steps that held a live segment
    times_one_slot: float | None  # by processor time
    limit: float  # tokens per second if only the matrices took time and every slot were live

    @property
    def rate(self) -> float:
        """Tokens per second."""
        return self.tokens / self.seconds

    def line(self) -> str:
        """For people."""
        times = "" if self.times_one_slot is None else f", {self.times_one_slot:.1f} x one slot"
        return (
            f"hidden {self.hidden:5} layers {self.layers} codes {self.codes} slots {self.slots:3}: "
            f"{self.rate:7.0f} tokens/s ({self.tokens / self.processor_seconds:7.0f} per "
            f"processor second), rows live {self.occupied:.0%}, limit of the matrices "
            f"{self.limit:.0f}{times}"
        )


def size(hidden: int, layers: int, codes: int) -> tuple[LmConfig, SpecialTokens]:
    """A model in the proportions of the published one: ffn 3 x hidden, 4 queries to a key."""
    heads = max(4, hidden // 64)
    config = LmConfig(
        vocab=TEXTS + codes,
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=heads // 4,
        head_dim=hidden // heads,
        ffn=3 * hidden,
        norm_eps=1e-5,
        rope_theta=10000.0,
        max_positions=8192,
    )
    special = SpecialTokens(
        pad=TEXTS - 3, eoa=TEXTS - 2, boa=TEXTS - 1, ats=TEXTS, ate=TEXTS + codes - 1
    )
    return config, special


def random_weights(config: LmConfig, seed: int = 0) -> dict[str, Tensor]:
    """By the names of the checkpoint, scaled so that rows keep their size."""
    chance = torch.Generator().manual_seed(seed)

    def matrix(rows: int, columns: int) -> Tensor:
        return torch.randn(rows, columns, generator=chance).mul_(1.0 / math.sqrt(columns))

    inner, shared = config.heads * config.head_dim, config.kv_heads * config.head_dim
    weights = {
        "model.embed_tokens.weight": matrix(config.vocab, config.hidden),
        "model.norm.weight": torch.ones(config.hidden),
    }
    for number in range(config.layers):
        at = f"model.layers.{number}."
        weights |= {
            f"{at}input_layernorm.weight": torch.ones(config.hidden),
            f"{at}post_attention_layernorm.weight": torch.ones(config.hidden),
            f"{at}self_attn.q_proj.weight": matrix(inner, config.hidden),
            f"{at}self_attn.k_proj.weight": matrix(shared, config.hidden),
            f"{at}self_attn.v_proj.weight": matrix(shared, config.hidden),
            f"{at}self_attn.o_proj.weight": matrix(config.hidden, inner),
            f"{at}mlp.gate_proj.weight": matrix(config.ffn, config.hidden),
            f"{at}mlp.up_proj.weight": matrix(config.ffn, config.hidden),
            f"{at}mlp.down_proj.weight": matrix(config.hidden, config.ffn),
        }
    return weights


def segments(count: int, codes: int) -> list[Prompt]:
    """Mixed lengths: 6 to 30 tokens of text, ten of speech to each, exactly."""
    chance = random.Random("segments of the language model's benchmark")
    found = []
    for number in range(count):
        text = chance.randint(6, 30)
        found.append(
            Prompt(
                id=f"{number}",
                prompt_text=tuple(chance.randrange(TEXTS - 3) for _ in range(20)),
                text=tuple(chance.randrange(TEXTS - 3) for _ in range(text)),
                prompt_speech=tuple(chance.randrange(codes) for _ in range(125)),
                seed=chance.getrandbits(63),
                min_tokens=10 * text,
                max_tokens=10 * text,
            )
        )
    return found


def measure(
    model: LanguageModel, slots: int, prompts: Sequence[Prompt], one_slot: float | None = None
) -> Speed:
    """Decode ``prompts``.

    Args:
        one_slot: tokens per processor second of the one-slot path, to compare with.
    """
    decoder = SlotDecoder(model, slots=slots, context=512)
    list(decoder.generate(prompts[:1]))  # packs, chooses kernels
    _synchronise(model)
    steps = 0
    wall, own = time.perf_counter(), time.process_time()
    for prompt in prompts:
        decoder.submit(prompt)
    while decoder.busy:
        decoder.step()
        steps += decoder.ticks
    _synchronise(model)
    seconds, processor = time.perf_counter() - wall, time.process_time() - own
    tokens = sum(prompt.max_tokens for prompt in prompts)
    return Speed(
        hidden=model.config.hidden,
        layers=model.config.layers,
        codes=model.codes,
        slots=slots,
        tokens=tokens,
        seconds=seconds,
        processor_seconds=processor,
        occupied=tokens / (steps * slots),
        times_one_slot=None if one_slot is None else tokens / processor / one_slot,
        limit=slots / matrices(model, slots),
    )


def matrices(model: LanguageModel, rows: int) -> float:
    """Seconds that all products of one step take, nothing between them; the best of five."""
    given = [
        (matrix, torch.randn(rows, columns, device=model.device, dtype=matrix.dtype))
        for matrix, columns in model.products()
    ]
    best = float("inf")
    with torch.inference_mode():
        for _ in range(5):
            _synchronise(model)
            start = time.perf_counter()
            for matrix, row in given:
                matrix(row)
            _synchronise(model)
            best = min(best, time.perf_counter() - start)
    return best


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hidden", default="256,512,1024")
    parser.add_argument("--slots", default="1,16,64")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--codes", type=int, default=2048)
    parser.add_argument("--segments", type=int, default=64)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    if given.threads:
        torch.set_num_threads(given.threads)
    results: list[Speed] = []
    for hidden in (int(part) for part in given.hidden.split(",")):
        config, special = size(hidden, given.layers, given.codes)
        model = LanguageModel(
            config,
            random_weights(config),
            special,
            device=given.device,
            dtype=getattr(torch, given.dtype),
        )
        prompts = segments(given.segments, given.codes)
        one: float | None = None
        for slots in (int(part) for part in given.slots.split(",")):
            # one slot is slow and needs no mixture to be measured
            few = prompts if slots > 1 else prompts[: max(4, len(prompts) // 8)]
            speed = measure(model, slots, few, one)
            if slots == 1:
                one = speed.tokens / speed.processor_seconds
            results.append(speed)
            if not given.json:
                print(speed.line(), flush=True)
    if given.json:
        about = {"device": given.device, "dtype": given.dtype, "threads": torch.get_num_threads()}
        print(json.dumps({**about, "speeds": [asdict(speed) for speed in results]}))
    return 0


def _synchronise(model: LanguageModel) -> None:
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)


if __name__ == "__main__":
    raise SystemExit(main())
