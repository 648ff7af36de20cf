"""Depths of headings, as outlines and styles number them, to the ranks of a book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from book.readers.blocks import CHAPTER, PART, SECTION, Heading


def rank_depths(found: Sequence[tuple[int, Heading | None]]) -> Mapping[int, int]:
    """Which rank each depth has.

    Chapters are at the depth where most headings read like numbered chapters, else where most
    bare numbers stand, else at the shallowest depth with more than one heading.

    Args:
        found: for each heading its depth (0 or 1 is the highest), and what its words say.
    """
    depths = [depth for depth, _ in found]
    for rank in (CHAPTER, SECTION):
        pool = [depth for depth, known in found if known and known.rank == rank and known.number]
        if pool:
            chapter = max(set(pool), key=lambda d: (pool.count(d), -d))
            break
    else:
        several = sorted(d for d in set(depths) if depths.count(d) > 1)
        chapter = several[0] if several else min(depths, default=0)
    return {d: PART if d < chapter else CHAPTER if d == chapter else SECTION for d in set(depths)}
