"""The diffusion transformer: the velocity of a noisy mel, for both guidance branches at once.

What does not change from step to step is calculated once for a batch (``condition``): the token
path, the projection of tokens and reference mel, the speaker's part of every modulation. What
does not depend on the request at all, the time's part of every modulation, is a table for each
number of steps (``Modulation``): the modulating layers are linear behind a SiLU that acts on
time and speaker separately, so the two parts add. The branch without guidance has speaker zero,
whose part is zero.

Rows of a batch never touch: keys behind a row's last frame are masked, and convolutions see
zeros there (between the two of the position embedding as well, since Mish of a bias is not 0).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from tts.glm.checkpoint.configs import FlowConfig
from tts.glm.flow.precision import Arithmetic
from tts.glm.flow.rope import Rotation, rotate_first_head
from tts.glm.flow.tokens import TokenPath

_EPSILON: Final = 1e-6
_WAVES: Final = 128  # frequencies of the time embedding, sines and cosines each
_GROUPS: Final = 16  # of the position convolutions
_PARTS: Final = 6  # shift, scale, gate of the attention and of the feed-forward part


@dataclass(frozen=True, slots=True)
class Linear:
    """A layer that calculates in the type of its weight."""

    weight: Tensor
    bias: Tensor

    def __call__(self, value: Tensor) -> Tensor:
        return functional.linear(value.to(self.weight.dtype), self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class Block:
    """One transformer block."""

    attend: Linear  # queries, keys and values in one product
    leave: Linear
    widen: Linear
    narrow: Linear


@dataclass(frozen=True, slots=True)
class Conditions:
    """What holds for all steps of a batch. B rows: R with guidance, then the same R without."""

    base: Tensor  # [B, T, width]: tokens, reference mel and bias, projected
    speaker: Tensor  # [B, modulations]
    valid: Tensor | None  # [B, T, 1], 1 for frames of the row; None: all are
    keys: Tensor | None  # bool, of a shape that broadcasts to [B, 1, T, T]: who is seen
    cos: Tensor  # [T, head_dim / 2]
    sin: Tensor


class Dit:
    """The estimator of the published flow.

    Args:
        weights: by their stored names, of any type, on any device; nothing of them is kept
            but what is copied to ``device``.
        compiled: whether the blocks go through ``torch.compile``, which joins what stands
            between their matrix products: fewer passes over memory, other rounding.
    """

    def __init__(
        self,
        config: FlowConfig,
        weights: Mapping[str, Tensor],
        *,
        device: torch.device,
        arithmetic: Arithmetic,
        compiled: bool = False,
    ) -> None:
        self.config, self.device, self.dtype = config, device, arithmetic.rest

        def take(name: str, dtype: torch.dtype = arithmetic.rest) -> Tensor:
            return weights[f"estimator.{name}"].to(device, dtype)

        def linear(name: str, dtype: torch.dtype = arithmetic.rest) -> Linear:
            return Linear(take(f"{name}.weight", dtype), take(f"{name}.bias", dtype))

        def block(number: int) -> Block:
            at, kind = f"transformer_blocks.{number}", arithmetic.products
            parts = [linear(f"{at}.attn.to_{part}", kind) for part in "qkv"]
            return Block(
                attend=Linear(
                    torch.cat([part.weight for part in parts]),
                    torch.cat([part.bias for part in parts]),
                ),
                leave=linear(f"{at}.attn.to_out.0", kind),
                widen=linear(f"{at}.ff.ff.0.0", kind),
                narrow=linear(f"{at}.ff.ff.2", kind),
            )

        self._token_path = TokenPath(config, weights, device=device, dtype=arithmetic.rest)
        self._time = (linear("time_embed.time_mlp.0"), linear("time_embed.time_mlp.2"))
        joined = linear("emb_concator.proj")
        # its columns: noisy mel, reference mel, tokens
        self._enter = joined.weight[:, : config.mel].contiguous()
        self._join = Linear(joined.weight[:, config.mel :].contiguous(), joined.bias)
        self._convolutions = tuple(
            linear(f"emb_concator.conv_pos_embed.conv1d.{number}") for number in (0, 2)
        )
        self._rotation = Rotation(take("rotary_embed.inv_freq"))
        self._blocks = [block(number) for number in range(config.depth)]
        modulators = [linear(f"transformer_blocks.{n}.attn_norm.linear") for n in self._numbers()]
        modulators.append(linear("norm_out.linear"))
        self._modulate = Linear(
            torch.cat([one.weight for one in modulators]),
            torch.cat([one.bias for one in modulators]) + self._ones(),
        )
        self._leave = linear("proj_out")
        self._compiled = compiled
        self._block = self._transform
        if compiled:
            self._block = torch.compile(self._transform, dynamic=True, fullgraph=True)

    def _numbers(self) -> range:
        return range(self.config.depth)

    def _ones(self) -> Tensor:
        """1 where a modulation is a scale: norm * (1 + scale) then needs no addition."""
        width = self.config.width
        part = torch.zeros(_PARTS, width, device=self.device, dtype=self.dtype)
        part[1], part[4] = 1, 1
        last = torch.zeros(2, width, device=self.device, dtype=self.dtype)
        last[0] = 1  # the last norm has its scale first
        return torch.cat((part.flatten().repeat(self.config.depth), last.flatten()))

    def time_embedding(self, times: Tensor) -> Tensor:
        """[K, width] of times [K] in 0..1; never below float32."""
        steps = torch.arange(_WAVES, device=self.device, dtype=torch.float32)
        rates = torch.exp(steps * (-math.log(10000.0) / (_WAVES - 1))).to(self.dtype)
        angles = 1000.0 * times.to(self.device, self.dtype)[:, None] * rates
        first, second = self._time
        return second(functional.silu(first(torch.cat((angles.sin(), angles.cos()), -1))))

    def time_modulation(self, times: Tensor) -> Tensor:
        """The part of every modulation that the time makes, bias included, [K, modulations]."""
        embedded = functional.silu(self.time_embedding(times))
        return functional.linear(
            embedded, self._modulate.weight[:, : self.config.width], self._modulate.bias
        )

    def speaker_modulation(self, speakers: Tensor) -> Tensor:
        """The part that speakers [R, 192] of unit length make, [R, modulations]."""
        shown = functional.silu(speakers.to(self.device, self.dtype))
        return functional.linear(shown, self._modulate.weight[:, self.config.width :])

    def tokens(self, ids: Tensor, valid: Tensor | None) -> Tensor:
        """Features of the tokens of each frame; see ``TokenPath``."""
        return self._token_path(ids, valid)

    def condition(
        self,
        ids: Tensor,
        mel: Tensor,
        speakers: Tensor,
        lengths: Tensor | None,
        seen: Tensor | None = None,
    ) -> Conditions:
        """Prepares a batch of R rows for all its steps.

        Args:
            ids: int64 [R, T], the token of each frame.
            mel: [R, T, 80], the reference's at the start and zeros behind it.
            speakers: [R, 192], of unit length.
            lengths: int64 [R], frames of each row; None when all are full.
            seen: bool [T, T] (row sees column) for block-causal attention; only without
                ``lengths``.
        """
        frames = ids.shape[1]
        valid = keys = None
        if lengths is not None:
            own = torch.arange(frames, device=self.device) < lengths.to(self.device)[:, None]
            valid, keys = own[..., None].to(self.dtype), own[:, None, None].repeat(2, 1, 1, 1)
        features = self.tokens(ids, valid)
        bare = features
        if self.config.speech_token_cfg:
            bare = self.tokens(torch.zeros_like(ids), valid)
        mel = mel.to(self.device, self.dtype)
        base = self._join(
            torch.cat(
                (torch.cat((mel, features), -1), torch.cat((torch.zeros_like(mel), bare), -1))
            )
        )
        speaker = self.speaker_modulation(speakers)
        cos, sin = self._rotation.table(frames)
        return Conditions(
            base=base,
            speaker=torch.cat((speaker, torch.zeros_like(speaker))),
            valid=None if valid is None else valid.repeat(2, 1, 1),
            keys=keys if seen is None else seen[None, None].to(self.device),
            cos=cos,
            sin=sin,
        )

    def enter(self, noisy: Tensor, conditions: Conditions) -> Tensor:
        """What the first block reads, [B, T, width], of noisy mels [R, T, 80]."""
        entered = functional.linear(noisy, self._enter)
        hidden = conditions.base + torch.cat((entered, entered))
        valid = None if conditions.valid is None else conditions.valid.transpose(1, 2)
        placed = hidden.transpose(1, 2)
        for layer in self._convolutions:
            shown = placed if valid is None else placed * valid
            half = layer.weight.shape[-1] // 2
            placed = functional.mish(
                functional.conv1d(shown, layer.weight, layer.bias, padding=half, groups=_GROUPS)
            )
        return hidden + placed.transpose(1, 2)

    def __call__(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        """Velocities of both branches.

        Args:
            noisy: [R, T, 80].
            time: one row of ``time_modulation``.

        Returns:
            [2R, T, 80]: with guidance, then without.
        """
        width, depth = self.config.width, self.config.depth
        modulations = conditions.speaker + time
        last = modulations[:, depth * _PARTS * width :].view(-1, 2, 1, width).unbind(1)
        parts = modulations[:, : depth * _PARTS * width].view(-1, depth, _PARTS, 1, width)
        hidden = self.enter(noisy, conditions)
        for block, part in zip(self._blocks, parts.unbind(1), strict=True):
            # a copy begins at the start of its memory: compiled blocks are all of one kind then
            shown = part.clone() if self._compiled else part
            hidden = self._block(block, hidden, shown, conditions)
        return self._leave(torch.addcmul(last[1], self._norm(hidden), last[0]))

    def _transform(
        self, block: Block, hidden: Tensor, part: Tensor, conditions: Conditions
    ) -> Tensor:
        shift, scale, gate, shift_feed, scale_feed, gate_feed = part.unbind(1)
        attended = self._attend(block, torch.addcmul(shift, self._norm(hidden), scale), conditions)
        hidden = torch.addcmul(hidden, gate, attended.to(self.dtype))
        wide = block.widen(torch.addcmul(shift_feed, self._norm(hidden), scale_feed))
        fed = block.narrow(functional.gelu(wide, approximate="tanh"))
        return torch.addcmul(hidden, gate_feed, fed.to(self.dtype))

    def _attend(self, block: Block, shown: Tensor, conditions: Conditions) -> Tensor:
        heads, size = self.config.heads, self.config.head_dim
        projected = block.attend(shown).view(*shown.shape[:2], 3, heads, size)
        rotate_first_head(projected, conditions.cos, conditions.sin)
        queries, keys, values = projected.transpose(1, 3).unbind(2)
        attended = functional.scaled_dot_product_attention(
            queries, keys, values, attn_mask=conditions.keys, scale=size**-0.5
        )
        return block.leave(attended.transpose(1, 2).flatten(-2))

    def _norm(self, hidden: Tensor) -> Tensor:
        return functional.layer_norm(hidden, (self.config.width,), eps=_EPSILON)
