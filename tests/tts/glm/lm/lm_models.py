"""The model of the golden set, and prompts for it."""

from __future__ import annotations

import functools
import json
import random
from pathlib import Path

from benchmarks.glm_parity_llm import load_model
from tts.glm.lm.llama import LanguageModel
from tts.glm.lm.prompts import Prompt

GOLDEN = Path(__file__).parent.parent / "golden" / "llm"


@functools.cache
def golden_model() -> LanguageModel:
    return load_model(GOLDEN, json.loads((GOLDEN / "golden.json").read_text()))


def prompts(count: int, longest: int = 32) -> list[Prompt]:
    """Prompts of mixed length, always the same ones."""
    chance = random.Random("prompts of the language model's tests")
    special = golden_model().special

    def ids(low: int, high: int, below: int) -> tuple[int, ...]:
        return tuple(chance.randrange(below) for _ in range(chance.randint(low, high)))

    return [
        Prompt(
            id=f"p{number}",
            prompt_text=ids(1, 20, special.pad),
            text=ids(1, 12, special.pad),
            prompt_speech=ids(1, 90, special.codes),
            seed=chance.getrandbits(63),
            min_tokens=chance.randint(0, 4),
            max_tokens=chance.randint(5, longest),
        )
        for number in range(count)
    ]
