"""Word times of what was said, as times in what is printed.

An engine is given the spoken text, in which the lexicon and the normaliser have replaced
some of the printed one. Outside of what was replaced, a word is where it was, further on or
back; of a replaced stretch ("Mr.", "1890") only the moment it begins is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from audio.timeline import Cue, Word

Edit = tuple[int, int, str]  # printed[start:end] is said as this; in order, not overlapping


def printed_words(
    words: Iterable[Word], printed: str, spoken: str, edits: Sequence[Edit]
) -> tuple[Word, ...]:
    """Word times in ``spoken`` as word times in ``printed``, in order.

    Empty when ``spoken`` is not ``printed`` after ``edits``: then nobody knows where a word
    is. A word of which nothing is printed is left out.
    """
    stretches = _stretches(printed, edits)
    whole = "".join(said for _, _, said in stretches)
    if whole.strip() != spoken.strip():
        return ()
    found: list[Word] = []
    heard = list(words)
    at = len(spoken) - len(spoken.lstrip()) - (len(whole) - len(whole.lstrip()))  # in ``spoken``
    for begin, end, said in stretches:
        replaced = printed[begin:end] != said
        here = [word for word in heard if at <= word[0] < at + len(said)]
        if replaced:
            here = [(at, at + len(said), here[0][2])] if here and end > begin else []
        for start, stop, frame in here:
            left = begin if replaced else begin + start - at
            right = end if replaced else min(end, begin + stop - at)
            if left < right:
                found.append((left, right, frame))
        at += len(said)
    return tuple(found)


def timed_spans(
    cue: Cue, spans: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int, int, int], ...]:
    """Spans of a cue's text as (start, end, first frame, frame after the last).

    A span begins with its first word, as far as the engine said when that was; one it said
    nothing about stays with the span before. Without word times the cue stays whole: a guess
    from lengths is some 100 ms off, and who goes to that sentence would hear it cut.

    Args:
        spans: ``[start, end)`` code points, in order, not overlapping; none is the whole.
    """
    found = [(spans[0][0], cue.start)] if spans else [(0, cue.start)]
    for (start, _), following in pairwise([*spans[1:], (len(cue.text), 0)]):
        frames = (at for word, _, at in cue.words if start <= word < following[0])
        frame = next(frames, None)
        if frame is not None and found[-1][1] < frame < cue.end:
            found.append((start, frame))
    begins = {start for start, _ in found}
    ends = [before[1] for before, span in pairwise(spans) if span[0] in begins]
    ends.append(spans[-1][1] if spans else len(cue.text))
    stops = [*(frame for _, frame in found[1:]), cue.end]
    return tuple(
        (start, end, frame, stop)
        for (start, frame), end, stop in zip(found, ends, stops, strict=True)
    )


def _stretches(printed: str, edits: Sequence[Edit]) -> list[tuple[int, int, str]]:
    """All of ``printed``, each stretch with what is said of it."""
    parts = []
    at = 0
    for start, end, said in edits:
        parts += [(at, start, printed[at:start]), (start, end, said)]
        at = end
    return [*parts, (at, len(printed), printed[at:])]
