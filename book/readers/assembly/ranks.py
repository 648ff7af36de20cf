"""Which numbers alone begin chapters, and which of two kinds of them the parts.

``I``, ``[ 4 ]``, ``一``, ``V. The Prison-Door`` may be chapters, sections of a chapter, stanzas or
entries of a list: only their sequence in the whole book tells.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from book.languages import Language
from book.readers.blocks import CHAPTER, PART, SECTION, Block, Heading

# Bare numbers begin chapters only when the parts are long enough: the six stanzas of a poem in
# The Fall of the House of Usher have about 350 characters each, the four parts of 药 about
# 1,000 Chinese ones.
SHORTEST_NUMBERED = {False: 1200, True: 300}  # median characters of a part; True for Han


def settle_ranks(blocks: Sequence[Block], language: Language) -> list[Block]:
    """Numbers become chapters where nothing else is one and they count up from 1.

    Of two kinds, the outer is the parts if most of its spans hold the inner (Ulysses:
    ``— II —`` above ``[ 4 ]``), else the chapters (``I. A SCANDAL IN BOHEMIA`` with ``I.``,
    ``II.`` inside). Numbers with a title that go on where numbered chapters stop are chapters.
    """
    ranks = {b.heading.rank for b in blocks if b.heading and not b.skip and _numbered(b, language)}
    kinds = Counter(b.heading.word for b in blocks if b.heading and _is_section(b))
    new: dict[str, int] = {}
    words: dict[str, str] = {}  # the word that a kind's numbers belong to
    if CHAPTER in ranks:
        for kind in kinds:
            word = _goes_on(blocks, kind, language) if kind.endswith(".") else None
            if word is not None:
                new[kind], words[kind] = CHAPTER, word
    else:
        shortest = SHORTEST_NUMBERED[language.han]
        rising = [kind for kind in kinds if _counts_up(blocks, kind, shortest)]
        if len(rising) > 1 and PART not in ranks:
            outer, inner = sorted(rising, key=lambda kind: _first(blocks, kind))[:2]
            deep = _spans_with(blocks, outer, inner) > kinds[outer] / 2
            new = {outer: PART, inner: CHAPTER} if deep else {outer: CHAPTER}
        elif rising:
            new = {max(rising, key=lambda kind: kinds[kind]): CHAPTER}
            new |= _parts_over(blocks, kinds, new) if PART not in ranks else {}
    return [_settled(block, new, words) for block in blocks]


def _settled(block: Block, new: dict[str, int], words: dict[str, str]) -> Block:
    heading = block.heading
    if heading is None or not _is_section(block):
        return block
    if heading.word in new:
        word = words.get(heading.word, heading.word)
        return replace(block, heading=replace(heading, rank=new[heading.word], word=word))
    if heading.word.endswith("."):  # an entry of a list, a sentence: text after all
        return replace(block, heading=None, paragraph=replace(block.paragraph, kind="body"))
    return block


def _numbered(block: Block, language: Language) -> bool:
    """A heading with a word that numbers chapters or parts, not "Preface"."""
    heading = block.heading
    if heading is None or heading.word in language.headings.named:
        return False
    return bool(heading.label) and heading.rank <= CHAPTER


def _is_section(block: Block) -> bool:
    heading = block.heading
    return (
        heading is not None
        and not block.skip
        and heading.rank == SECTION
        and heading.word.startswith("#")
    )


def _places(blocks: Sequence[Block], kind: str) -> list[int]:
    return [
        i
        for i, b in enumerate(blocks)
        if b.heading and not b.skip and b.heading.word == kind and b.heading.label
    ]


def _first(blocks: Sequence[Block], kind: str) -> int:
    return _places(blocks, kind)[0]


def _counts_up(blocks: Sequence[Block], kind: str, shortest: int) -> bool:
    """Whether the numbers of one kind rise from 1 (again in each part) over long parts.

    Of many numbers one in eight may be missing or doubled: books are damaged, and a gap is
    a warning later.
    """
    places = _places(blocks, kind)
    if len(places) < 2:
        return False
    numbers = [_of(blocks[i]).number or 0 for i in places]
    faults = (numbers[0] != 1) * len(numbers) + sum(
        b not in (1, a + 1) for a, b in itertools.pairwise(numbers)
    )
    if faults * 8 > len(numbers) or all(number == 1 for number in numbers):
        return False
    sizes = [0] * len(places)
    at = -1
    starts = set(places)
    for i, block in enumerate(blocks):
        if i in starts:
            at += 1
        elif at >= 0 and not block.skip:
            sizes[at] += len(block.paragraph.printed)
    return median(sizes) >= shortest


def _of(block: Block) -> Heading:
    if block.heading is None:
        raise ValueError("the block is no heading")
    return block.heading


def _spans_with(blocks: Sequence[Block], outer: str, inner: str) -> int:
    """How many spans of the outer kind hold one of the inner."""
    inside = sorted(_places(blocks, inner))
    starts = [*_places(blocks, outer), len(blocks)]
    spans = itertools.pairwise(starts)
    return sum(any(a < i < b for i in inside) for a, b in spans)


def _parts_over(
    blocks: Sequence[Block], kinds: Counter[str], new: dict[str, int]
) -> dict[str, int]:
    """A rarer kind that counts up, each directly above one of the chapters: the parts."""
    chapter = next(iter(new))
    for kind in kinds:
        if kind == chapter or kinds[kind] >= kinds[chapter] or not _counts_up(blocks, kind, 0):
            continue
        after = [blocks[i + 1].heading for i in _places(blocks, kind) if i + 1 < len(blocks)]
        if all(heading is not None and heading.word == chapter for heading in after):
            return {kind: PART}
    return {}


def _goes_on(blocks: Sequence[Block], kind: str, language: Language) -> str | None:
    """The word of the chapters whose numbers stop where these numbered titles begin."""
    places = _places(blocks, kind)
    numbers = [_of(blocks[i]).number or 0 for i in places]
    if any(b != a + 1 for a, b in itertools.pairwise(numbers)):
        return None
    before = [
        b.heading
        for b in blocks[: places[0]]
        if b.heading and not b.skip and b.heading.rank == CHAPTER and _numbered(b, language)
    ]
    last = before[-1] if before else None
    return last.word if last and last.number is not None and numbers[0] == last.number + 1 else None
