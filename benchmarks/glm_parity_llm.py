"""The language model against upstream's numbers: logits, every sampled sequence, long runs.

Called by ``python -m benchmarks.glm_parity GOLDEN_DIR``; reads the folder ``llm`` of it:
``golden.json`` names the cases, ``golden.safetensors`` holds them, the model lies beside them
in one file or in shards with an index.

A run's seed may be told wrong: the set of 2026-11 says 6007 for ``long1``, whose 920 tokens are
those of 5007, every one of them. Its makers tried seeds a thousand apart until no draw was
close. So a sequence that the stated seed does not give is looked for under its neighbours, and
the row says under which it was found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from benchmarks.parityrows import Row
from tts.glm.checkpoint.configs import LmConfig, SpecialTokens
from tts.glm.lm.chain import Chain, Spoken
from tts.glm.lm.compat import Replay, Tokens, sample, seeded
from tts.glm.lm.llama import LanguageModel
from tts.glm.lm.prompts import layout
from tts.glm.lm.sampling import Sampler

STAGE = "llm"
LOGITS = 1e-4
NEIGHBOUR = 1000
CLOSE = 1e-5  # a draw of upstream's nearer than this to another outcome may flip by rounding


def compare(folder: Path) -> list[Row]:
    """Every case of ``folder``; sizes, cases and seeds are read from its files."""
    meta = json.loads((folder / "golden.json").read_text())
    golden = load_file(folder / "golden.safetensors")
    model = load_model(folder, meta)
    rows: list[Row] = []
    for case in meta.get("cases", []):
        rows.extend(_case(model, golden, case))
    for run in meta.get("long", []):
        rows.extend(_long(model, golden, run))
    return rows


def load_model(
    folder: Path, meta: Mapping[str, Any], dtype: torch.dtype = torch.float32
) -> LanguageModel:
    """The model beside the golden numbers, on the CPU."""
    config = LmConfig.from_json(json.loads((folder / "config.json").read_text()))
    special = SpecialTokens.from_mapping(meta["special_token_ids"])
    return LanguageModel(config, _weights(folder), special, device="cpu", dtype=dtype)


def _weights(folder: Path) -> dict[str, Tensor]:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        names = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    else:
        names = sorted(path.name for path in folder.glob("model*.safetensors"))
    weights: dict[str, Tensor] = {}
    for name in names:
        weights.update(load_file(folder / name))
    return weights


def _case(
    model: LanguageModel, golden: Mapping[str, Tensor], case: Mapping[str, Any]
) -> Iterator[Row]:
    name = case["name"]
    text = _ids(golden[f"{name}.text"])
    ids = layout(
        _ids(golden[f"{name}.prompt_text"]),
        text,
        _ids(golden[f"{name}.prompt_speech"]),
        model.special,
    )
    stored = _ids(golden[f"{name}.input_ids"])
    yield _exact(name, "input ids", ids, stored)
    wanted = golden[f"{name}.logits"]
    wanted = wanted.reshape(-1, wanted.shape[-1])
    found = model.logits(torch.tensor(stored))[-len(wanted) :]
    worst = float((found - wanted).abs().max())
    yield Row(STAGE, name, "logits", worst, LOGITS, f"{len(wanted)} positions")
    for run in case.get("samples", []):
        at = f"{name}.{run['method']}.seed{run['seed']}"
        yield from _sampled(model, golden, at, stored, len(text), run)


def _sampled(
    model: LanguageModel,
    golden: Mapping[str, Tensor],
    at: str,
    ids: tuple[int, ...],
    text: int,
    run: Mapping[str, Any],
) -> Iterator[Row]:
    method: Sampler = run["method"]
    wanted = _ids(golden[f"{at}.tokens"])
    margins = (run.get("min_argmax_margin"), run.get("min_nucleus_cutoff_margin"))
    margin = min((value for value in margins if value is not None), default=1.0)
    detail = f"{len(wanted)} tokens, closest draw {margin:.1e}"
    if margin < CLOSE:
        detail += ": a flip here may be rounding"
    replay = Replay(golden[f"{at}.exp_noise"], golden[f"{at}.exp_len"].tolist())
    told, failure = _tried(lambda: sample(model, ids, text, method, replay))
    tokens = told.tokens if told else ()
    wrong = failure or f"{detail}, {replay.left} draws left"
    yield _exact(at, "tokens by recorded noise", tokens, wanted, wrong, extra=replay.left)
    result, seed, after = _seeded(model, ids, text, method, wanted, run["seed"])
    detail += _told(seed, run["seed"])
    yield _exact(at, "tokens by seeded generator", result.tokens, wanted, detail)
    if "ended_by_eoa" in run:
        same = result.ended == run["ended_by_eoa"]
        yield Row(STAGE, at, "ended by the end token", 0.0 if same else 1.0, 0.0)
    if "next_torch_rand_after" in run:
        error = abs(after - run["next_torch_rand_after"])
        yield Row(STAGE, at, "generator's position", error, 0.0)


def _long(
    model: LanguageModel, golden: Mapping[str, Tensor], run: Mapping[str, Any]
) -> Iterator[Row]:
    name = run["name"]
    reference = Spoken(_ids(golden[f"{name}.prompt_text"]), _ids(golden[f"{name}.prompt_speech"]))
    chain, seed = Chain(reference), run["seed"]
    for number, segment in enumerate(run["segments"]):
        at = f"{name}.seg{number}"
        text = _ids(golden[f"{at}.text"])
        chain = chain.pruned(len(text))
        shape = (len(chain.text), len(chain.speech), 1 + len(chain.said))
        keys = ("prompt_text_len", "prompt_speech_len", "cache_entries_after_prune")
        wanted_shape = tuple(segment[key] for key in keys)
        yield _exact(at, "prompt lengths", shape, wanted_shape)
        ids = layout(chain.text, text, chain.speech, model.special)
        wanted = _ids(golden[f"{at}.tokens"])
        result, seed, _ = _seeded(model, ids, len(text), run["method"], wanted, seed)
        detail = f"{len(wanted)} tokens" + _told(seed, run["seed"])
        yield _exact(at, "tokens by seeded generator", result.tokens, wanted, detail)
        chain = chain.followed(text, result.tokens)
    if "final_cache_entries" in run:
        entries = (1 + len(chain.said),)
        yield _exact(name, "entries at the end", entries, (run["final_cache_entries"],))


def _seeded(
    model: LanguageModel,
    ids: tuple[int, ...],
    text: int,
    method: Sampler,
    wanted: tuple[int, ...],
    stated: int,
) -> tuple[Tokens, int, float]:
    """The tokens by the stated seed, or by a neighbour that gives ``wanted``; the seed, and
    the number that its generator draws next."""
    first: tuple[Tokens, int, float] | None = None
    for seed in (stated, *range(stated % NEIGHBOUR, 10 * NEIGHBOUR, NEIGHBOUR)):
        generator = torch.Generator().manual_seed(seed)
        result = sample(model, ids, text, method, seeded(generator))
        found = (result, seed, float(torch.rand(1, generator=generator)))
        if result.tokens == wanted:
            return found
        first = first or found
    assert first is not None
    return first


def _told(seed: int, stated: int) -> str:
    return "" if seed == stated else f"; made with seed {seed}, not {stated} as golden.json says"


def _tried(work: Callable[[], Tokens]) -> tuple[Tokens | None, str]:
    """A replay that asks for other draws than were recorded has already gone wrong."""
    try:
        return work(), ""
    except ValueError as error:
        return None, str(error)


def _exact(
    case: str,
    quantity: str,
    found: tuple[int, ...],
    wanted: tuple[int, ...],
    detail: str = "",
    extra: int = 0,
) -> Row:
    pairs = zip(found, wanted, strict=False)
    wrong = sum(a != b for a, b in pairs) + abs(len(found) - len(wanted)) + extra
    return Row(STAGE, case, quantity, float(wrong), 0.0, detail)


def _ids(tensor: Tensor) -> tuple[int, ...]:
    return tuple(int(value) for value in tensor.reshape(-1).tolist())
