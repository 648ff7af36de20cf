"""How chapters are called, and whether their numbers rise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from book.readers.blocks import Heading


def chapter_title(heading: Heading | None, above: Sequence[Heading]) -> str:
    """``Book One, Chapter I: The Eve of the War``; empty without a heading."""
    if heading is None:
        return ", ".join(_named(part) for part in above)
    own = _named(heading)
    parts = [part.label or part.title for part in above]
    return ", ".join((*parts, own))


def _named(heading: Heading) -> str:
    title = heading.title.rstrip(" .。") or heading.title
    if heading.label and title:
        return f"{heading.label}{_colon(heading.label)}{title}"
    return heading.label or title


def _colon(label: str) -> str:
    return " " if any("\u3040" <= c <= "\u9fff" for c in label) else ": "


def irregular_numbers(
    drafts: Iterable[tuple[Heading | None, Sequence[Heading]]],
) -> Iterator[str]:
    """Chapter numbers that do not rise by one, word by word."""
    before: dict[str, tuple[int, str]] = {}
    parts: Sequence[Heading] = []
    for heading, above in drafts:
        new_part = list(above) != list(parts)
        parts = above
        if heading is None or heading.number is None:
            continue
        number, name = heading.number, _named(heading)
        last = before.get(heading.word)
        if last and number != last[0] + 1 and not (number == 1 and new_part):
            yield f"after {last[1]!r} comes {name!r}: a chapter is missing, doubled or misplaced"
        elif last is None and number > 1:
            yield f"the first numbered heading is {name!r}: earlier chapters may be missing"
        before[heading.word] = (number, name)
