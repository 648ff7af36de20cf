"""What stands beside a turn in its own paragraphs: its tags, and who acts there.

Each finding is a mark: characters, the name of a feature (``evidence.FEATURES``), its value.
"""

from __future__ import annotations

from collections.abc import Callable

from book.speakers.people import People
from book.speakers.relations import Relations
from book.speakers.turns import Talk

Mark = Callable[..., None]  # characters, name of a feature, value (1 if not given)


def read_tag(turn: Talk, people: People, relations: Relations, mark: Mark) -> None:
    """Marks whom the tags of a turn name or describe."""
    seen: set[tuple[str, tuple[int, ...]]] = set()
    for tag in turn.tags:
        phrase = tag.phrase
        if (phrase.kind, phrase.who) in seen:
            continue
        seen.add((phrase.kind, phrase.who))
        if phrase.kind == "name":
            name = "tag name"
            if len(phrase.who) > 1:
                name = "tag name shared"
            elif tag.where == "colon":
                name = "tag name colon"
            elif tag.where == "before":
                name = "tag name before"
            elif not tag.listed:
                name = "tag name unlisted"
            mark(phrase.who, name)
        elif phrase.kind == "I" and people.narrator is not None:
            mark((people.narrator,), "tag I")
        elif phrase.kind == "person":
            mark(
                [c for c in range(len(people.keys)) if phrase.noun in people.tokens[c]],
                "tag person word",
            )
            for c, share in relations.described(phrase.noun).items():
                mark((c,), "tag described", share)
            mark(relations.family(phrase.noun), "tag family")


def read_beats(turn: Talk, narrator: int | None, mark: Mark) -> None:
    """Marks who acts in the narration beside a turn."""
    tagged = {(t.phrase.start, t.phrase.end) for t in turn.tags}
    before = [p for p in turn.before if (p.start, p.end) not in tagged]
    after = [p for p in turn.after if (p.start, p.end) not in tagged]
    names = {w for p in (*before, *after) if p.kind == "name" for w in p.who}
    subjects = [p for p in before if p.subject]
    mark({w for p in subjects for w in p.who}, "beat before")
    if subjects:
        mark(subjects[-1].who, "beat before last")
    subjects = [p for p in after if p.subject]
    mark({w for p in subjects for w in p.who}, "beat after")
    if subjects:
        mark(subjects[0].who, "beat after first")
    acting = {w for p in (*before, *after) if p.subject for w in p.who}
    mark(names - acting, "beat object")
    if len(names) == 1 and names == acting:
        mark(names, "beat only")
    if narrator is not None and any(p.kind == "I" for p in (*before, *after)):
        mark((narrator,), "beat I")
