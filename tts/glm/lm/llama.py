"""A Llama without biases, its output layer tied to its embedding, for three uses.

``logits`` is the plain forward over the whole vocabulary. ``prefill`` and ``step`` fill and
follow a ``SlotCache``. All share ``_through``, the layers themselves; they differ in who may
see whom. The weights of the norms are multiplied into the matrices behind them when the model
is loaded, so that a norm is one division by the row's size.

Decoding looks at the speech tokens and at the end alone: a head of their rows, filled up to
whole blocks of 128 with rows that are never drawn. Upstream keeps the whole vocabulary, and
ids outside the speech tokens with it; such a token has no sound. The head is float32 whatever
the layers are: in bfloat16 many of the likeliest tokens would score the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's manual gives it
from torch import Tensor

from tts.glm.checkpoint.configs import LmConfig, SpecialTokens
from tts.glm.lm.cache import BLOCK, SlotCache
from tts.glm.lm.matrices import Matrix

HEAD_BLOCK = 128

Attention = Callable[[int, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class _Layer:
    qkv: Matrix
    out: Matrix
    gate: Matrix
    up: Matrix
    down: Matrix


class LanguageModel:
    """The weights on their device, and the three ways through them.

    Args:
        weights: by their stored names; none is kept.
        special: which rows of the embedding are speech, and which is the end.
    """

    def __init__(
        self,
        config: LmConfig,
        weights: Mapping[str, Tensor],
        special: SpecialTokens,
        *,
        device: torch.device | str,
        dtype: torch.dtype,
    ) -> None:
        self.config, self.special = config, special
        self.device, self.dtype = torch.device(device), dtype
        self.codes = special.codes
        self.embedding = weights["model.embed_tokens.weight"].to(self.device, dtype, copy=True)
        self._norm = weights["model.norm.weight"].to(self.device, torch.float32, copy=True)
        self._layers = [self._layer(weights, number) for number in range(config.layers)]
        self._head = self._speech_head(weights["model.embed_tokens.weight"])
        self._cos, self._sin = _rotations(config, self.device, dtype)

    @property
    def width(self) -> int:
        """Columns of the logits of ``step``: speech tokens, then the end, then never drawn."""
        return -(-(self.codes + 1) // HEAD_BLOCK) * HEAD_BLOCK

    @torch.inference_mode()
    def logits(self, ids: Tensor) -> Tensor:
        """Scores of every id of the vocabulary after each of ``ids`` [n]: float32 [n, vocab]."""
        positions = torch.arange(len(ids), device=self.device)
        return self.anything(self._through(ids.to(self.device), positions, _causal(1)))

    @torch.inference_mode()
    def prefill(self, ids: Tensor, slots: Tensor, cache: SlotCache) -> None:
        """Store the keys and values of prompts.

        Args:
            ids: [rows, n] of positions 0..n-1, filled up on the right with any id: what stands
                there is masked, until the sequence itself overwrites it.
            slots: int64 [rows]; a slot twice must have the same ids twice.
        """
        rows, length = ids.shape
        positions = torch.arange(length, device=self.device).repeat(rows)
        places = cache.rows(slots.repeat_interleave(length), positions)
        seen = _causal(rows)

        def attend(layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            cache.write(layer, places, keys, values)
            return seen(layer, queries, keys, values)

        self._through(ids.reshape(-1), positions, attend)

    @torch.inference_mode()
    def step(self, ids: Tensor, positions: Tensor, cache: SlotCache, blocks: int) -> Tensor:
        """Store one more position of every slot and read what it sees.

        Args:
            ids: [slots].
            positions: [slots], of these ids.
            blocks: see ``SlotCache.attend``.

        Returns:
            The last hidden rows float32 [slots, hidden], for ``speech`` or ``anything``.
        """
        places = cache.rows(torch.arange(len(ids), device=self.device), positions)
        mask = cache.mask(positions, blocks, self.dtype)

        def attend(layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
            cache.write(layer, places, keys, values)
            return cache.attend(layer, queries, mask, blocks)

        return self._through(ids, positions, attend)

    def speech(self, rows: Tensor) -> Tensor:
        """Scores of the speech tokens and, at ``codes``, of the end: float32 [n, width]."""
        return self._head(rows)

    @torch.inference_mode()
    def anything(self, rows: Tensor) -> Tensor:
        """Scores of the whole vocabulary: float32 [n, vocab]."""
        return F.linear((rows * self._norm).to(self.dtype), self.embedding).float()

    def products(self) -> list[tuple[Matrix, int]]:
        """Every matrix that a step multiplies by, with its columns: for measurements."""
        config = self.config
        inner = config.heads * config.head_dim
        found = []
        for layer in self._layers:
            found += [(layer.qkv, config.hidden), (layer.out, inner)]
            found += [(layer.gate, config.hidden), (layer.up, config.hidden)]
            found += [(layer.down, config.ffn)]
        return [*found, (self._head, config.hidden)]

    def _through(self, ids: Tensor, positions: Tensor, attend: Attention) -> Tensor:
        """The hidden rows of ids [n] at positions [n], divided by their size: float32."""
        config = self.config
        turned = config.heads + config.kv_heads
        cos, sin = self._cos[positions], self._sin[positions]  # [n, 1, head_dim]
        rows = self.embedding[ids]
        for number, layer in enumerate(self._layers):
            heads = layer.qkv(self._sized(rows)).view(len(rows), -1, config.head_dim)
            both = heads[:, :turned]
            swapped = both.roll(config.head_dim // 2, -1)
            both = (both * cos).add_(swapped.mul_(sin))
            seen = attend(
                number, both[:, : config.heads], both[:, config.heads :], heads[:, turned:]
            )
            rows = layer.out.plus(seen, rows)
            sized = self._sized(rows)
            rows = layer.down.plus(layer.up.times(sized, layer.gate.silu(sized)), rows)
        return self._sized(rows.float())

    def _sized(self, rows: Tensor) -> Tensor:
        return F.rms_norm(rows, (self.config.hidden,), None, self.config.norm_eps)

    def _layer(self, weights: Mapping[str, Tensor], number: int) -> _Layer:
        at = f"model.layers.{number}."

        def scaled(norm: str, *names: str) -> Matrix:
            scale = weights[f"{at}{norm}.weight"].to(self.device, torch.float32)
            parts = [weights[f"{at}{name}.weight"].to(self.device) for name in names]
            return self._matrix(torch.cat(parts).to(torch.float32) * scale)

        return _Layer(
            qkv=scaled("input_layernorm", *(f"self_attn.{part}_proj" for part in "qkv")),
            out=self._matrix(weights[f"{at}self_attn.o_proj.weight"]),
            gate=scaled("post_attention_layernorm", "mlp.gate_proj"),
            up=scaled("post_attention_layernorm", "mlp.up_proj"),
            down=self._matrix(weights[f"{at}mlp.down_proj.weight"]),
        )

    def _speech_head(self, embedding: Tensor) -> Matrix:
        special, width = self.special, self.width
        rows = torch.zeros(width, self.config.hidden, device=self.device)
        rows[: self.codes] = embedding[special.ats : special.ate + 1].to(self.device)
        rows[self.codes] = embedding[special.eoa].to(self.device)
        bias = torch.zeros(width, device=self.device)
        bias[self.codes + 1 :] = -torch.inf
        return Matrix(rows * self._norm, device=self.device, dtype=torch.float32, bias=bias)

    def _matrix(self, weight: Tensor) -> Matrix:
        return Matrix(weight, device=self.device, dtype=self.dtype)


def _causal(rows: int) -> Attention:
    """Each position of a row sees itself and those before it."""

    def attend(layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        q, k, v = (
            part.reshape(rows, -1, *part.shape[1:]).transpose(1, 2)
            for part in (queries, keys, values)
        )
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return seen.transpose(1, 2).reshape(len(queries), -1)

    return attend


def _rotations(config: LmConfig, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Cosines and signed sines [positions, 1, head_dim]: x cos + swapped halves of x times sin."""
    half = torch.arange(0, config.head_dim, 2, dtype=torch.int64).float() / config.head_dim
    positions = -(-config.max_positions // BLOCK) * BLOCK  # a cache's context is whole blocks
    angle = torch.arange(positions).float()[:, None] * config.rope_theta**-half
    cos, sin = angle.cos(), angle.sin()
    both = torch.cat((cos, cos), dim=1), torch.cat((-sin, sin), dim=1)
    return both[0][:, None].to(device, dtype), both[1][:, None].to(device, dtype)
