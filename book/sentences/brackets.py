"""Brackets of a paragraph: a sentence inside one is no sentence of the paragraph."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

LONGEST = 300  # characters: a bracket open longer than this was never closed
SENTENCES = 120  # characters: a shorter aside is spoken in one breath
_HEAD = re.compile(r"(?:^|[.!?…。！？][^\w\s]*)\s*$")


@dataclass(frozen=True, slots=True)
class Brackets:
    """The outermost pairs, rising."""

    begins: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    def inside(self, at: int) -> bool:
        """Whether ``at`` lies behind an opening bracket and not behind its closing one."""
        i = bisect_right(self.begins, at) - 1
        return i >= 0 and self.begins[i] < at <= self.ends[i]

    def heads_sentence(self, text: str, end: int) -> bool:
        """Whether the pair that closes at ``end`` began a sentence, and so is one itself."""
        i = bisect_right(self.begins, end) - 1
        if i < 0 or self.ends[i] != end:
            return True  # never opened: no bracket of this sentence
        begin = self.begins[i]
        return _HEAD.search(text[max(0, begin - 12) : begin]) is not None


NONE = Brackets()


def find_brackets(text: str, pairs: str) -> Brackets:
    """The outermost closed brackets; ``pairs`` lists opening and closing ones by turns.

    A long one that begins a sentence holds sentences of its own and is left out.
    """
    closing = dict(zip(pairs[1::2], pairs[::2], strict=True))
    opened: list[tuple[str, int]] = []
    found: list[tuple[int, int]] = []
    for match in re.finditer(f"[{re.escape(pairs)}]", text):
        mark, at = match.group(), match.start()
        if mark not in closing:
            opened.append((mark, at))
            continue
        while opened and at - opened[0][1] >= LONGEST:
            opened.pop(0)
        for i in range(len(opened) - 1, -1, -1):
            if opened[i][0] == closing[mark]:
                begin = opened[i][1]
                del opened[i:]
                while found and found[-1][0] > begin:
                    found.pop()
                found.append((begin, at))
                break
    kept = [
        (begin, end)
        for begin, end in found
        if end - begin < SENTENCES or not _HEAD.search(text[max(0, begin - 12) : begin])
    ]
    return Brackets(tuple(begin for begin, _ in kept), tuple(end for _, end in kept))
