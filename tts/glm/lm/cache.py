"""Keys and values of every slot, in one allocation that never grows.

The positions are cut in blocks, and the blocks come before the slots: [layers, blocks, slots,
kv_heads, block, head_dim]. On a CPU a block is 64 positions. The products are taken block by
block, always in the same shape, and the blocks' results are added one after the other, so that
a block beyond a row's end adds an exact zero. How many blocks are read may therefore follow the
longest row of the moment, and no row's bits change. On a GPU there is one block, the whole
context, in which [slots, kv_heads, context, head_dim] is what torch's fused attention reads; its
shape is fixed, as a CUDA graph wants it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's manual gives it
from torch import Tensor

from tts.glm.checkpoint.configs import LmConfig

BLOCK = 64  # positions; 32 costs a tenth more, 128 reads more than is needed


class SlotCache:
    """Room for ``slots`` sequences of up to ``context`` positions.

    Args:
        context: rounded up to whole blocks.
        dtype: of what is stored; the products are taken in the dtype of the queries.
        blocked: cut in blocks of 64; otherwise one block.
    """

    def __init__(
        self,
        config: LmConfig,
        slots: int,
        context: int,
        *,
        device: torch.device,
        dtype: torch.dtype,
        blocked: bool,
    ) -> None:
        self.context = -(-context // BLOCK) * BLOCK
        self.block = BLOCK if blocked else self.context
        self.slots, self.heads = slots, config.kv_heads
        self.blocks = self.context // self.block
        shape = (config.layers, self.blocks, slots, self.heads, self.block, config.head_dim)
        # zeros: a position that is masked must hold a finite number
        self.keys = torch.zeros(shape, device=device, dtype=dtype)
        self.values = torch.zeros(shape, device=device, dtype=dtype)
        self._head = torch.arange(self.heads, device=device)
        self._position = torch.arange(self.context, device=device).view(self.blocks, 1, self.block)

    def rows(self, slots: Tensor, positions: Tensor) -> Tensor:
        """Where the heads of these positions stand: int64 [n * kv_heads] for int64 [n] each."""
        outer = (positions // self.block) * self.slots + slots
        inner = positions % self.block
        return ((outer[:, None] * self.heads + self._head) * self.block + inner[:, None]).view(-1)

    def write(self, layer: int, rows: Tensor, keys: Tensor, values: Tensor) -> None:
        """Store [n, kv_heads, head_dim] at ``rows``."""
        width = self.keys.shape[-1]
        for store, new in ((self.keys, keys), (self.values, values)):
            store[layer].view(-1, width).index_copy_(
                0, rows, new.reshape(-1, width).to(store.dtype)
            )

    def mask(self, positions: Tensor, blocks: int, dtype: torch.dtype) -> Tensor:
        """What each slot's query at ``positions`` [slots] may see, as ``attend`` wants it."""
        seen = self._position[:blocks] <= positions[None, :, None]
        if self.blocks == 1:
            return seen.view(self.slots, 1, 1, self.block)
        bias = torch.zeros((), dtype=dtype, device=seen.device).masked_fill(~seen, -torch.inf)
        wide = bias[:, :, None].expand(blocks, self.slots, self.heads, self.block)
        return wide.reshape(-1, 1, self.block)

    def attend(self, layer: int, queries: Tensor, mask: Tensor, blocks: int) -> Tensor:
        """One query position for each slot.

        Args:
            queries: [slots, heads, head_dim].
            mask: of ``mask`` with the same ``blocks``.
            blocks: read so many of them: enough for every row's position.

        Returns:
            [slots, heads * head_dim].
        """
        slots, heads, width = queries.shape
        group = heads // self.heads  # query heads that share one head of keys
        keys = self.keys[layer, :blocks].to(queries.dtype)
        values = self.values[layer, :blocks].to(queries.dtype)
        if self.blocks == 1:
            # the group stands where a sequence of queries would: no head is read twice
            found = F.scaled_dot_product_attention(
                queries.view(slots, self.heads, group, width),
                keys[0],
                values[0],
                attn_mask=mask.expand(slots, self.heads, group, self.block),
            )
            return found.reshape(slots, -1)
        pairs = slots * self.heads
        wide = queries.reshape(pairs, group, width).expand(blocks, pairs, group, width)
        scores = torch.baddbmm(
            mask,
            wide.reshape(-1, group, width),
            keys.view(-1, self.block, width).transpose(1, 2),
            alpha=width**-0.5,
        )
        by_block = scores.view(blocks, pairs, group, self.block)
        by_block.sub_(by_block.amax(3).amax(0)[..., None]).exp_()
        found = torch.bmm(scores, values.view(-1, self.block, width))
        parts = found.view(blocks, pairs, group, width)
        masses = by_block.sum(3, keepdim=True)
        total, mass = parts[0], masses[0]
        for number in range(1, blocks):  # in order: a sum over the blocks may take another
            total.add_(parts[number])
            mass.add_(masses[number])
        return total.div_(mass).view(slots, -1)
