"""What the script page is given: the whole script, who may speak what, and casting.yaml.

Plain values, as small as they may be, because a book has 10,000 segments: rows instead of
maps, and numbers that point into lists. Pure; ``configs/review/`` reads what stands here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from book.anchors import Anchor, looks_like_anchor
from book.languages import load_language
from book.manuscript import NARRATOR
from book.project import Project
from book.script import Script, Segment
from book.yamledit import Entries
from book.yamltext import scalar
from castbook.canonical import digest
from tasks.quotations import Places, conversations, doubt, ends_paragraph, units_of

_DOUBTS = {"none": 0, "doubtful": 1, "second": 2}
_NOTHING = -1

Part = str | list[Any]


def review_data(
    project: Project, script: Script, casting: str, chosen: Collection[int]
) -> dict[str, Any]:
    """Everything the page shows and writes.

    Args:
        script: of the whole book.
        casting: the text of ``casting.yaml``, of a new one when there is none.
        chosen: numbers of the chapters to show.
    """
    book = project.book
    speakers: dict[str | None, int] = {None: 0}
    speakers.update({key: i for i, key in enumerate(book.cast, 1)})
    rules: dict[str, int] = {}
    chapters: list[list[Any]] = []
    segments: list[list[Any]] = []
    rows: list[list[Any]] = []
    number_of: dict[str, int] = {}  # id of a segment -> row of its unit
    talks = 0
    places = Places(s for chapter in script.chapters for s in chapter.segments)
    for chapter in script.chapters:
        if chapter.number not in chosen:
            continue
        chapters.append([chapter.number, chapter.title, len(segments)])
        own = units_of(chapter.number, chapter.segments)
        talk_of = {}
        for talk in conversations(chapter, own):
            talk_of.update({unit.first.id: talks for unit in talk})
            talks += 1
        for unit in own:
            number_of.update({segment.id: len(rows) for segment in unit.segments})
            first = unit.first
            # credits stand in no manuscript, and castings reach the manuscript only
            anchor = None if first.kind == "credit" else places.name(unit)
            rows.append(
                [
                    str(anchor or ""),
                    speakers[first.speaker],
                    first.style,
                    rules.setdefault(first.rule, len(rules)),
                    round(first.confidence * 100),
                    _DOUBTS[doubt(unit, book.casting.confidence)],
                    [
                        [speakers[guess.speaker], round(guess.probability * 100)]
                        for guess in first.guesses[:3]
                        if guess.speaker in speakers
                    ],
                    talk_of.get(first.id, _NOTHING),
                    int(unit.spoken),
                ]
            )
        segments += [
            [s.printed, number_of[s.id], _end(s, following), s.kind == "heading"]
            for s, following in zip(chapter.segments, (*chapter.segments[1:], None), strict=True)
        ]
    values = {
        "title": book.title,
        "author": book.author,
        "language": book.language,
        "slug": project.slug,
        "cast": _cast(project, script),
        "rules": list(rules),
        "chapters": chapters,
        "segments": segments,
        "units": rows,
        "casting": casting_parts(casting, _entry_units(casting, places, number_of)),
    }
    return {**values, "digest": digest(values)[:16]}


def _end(segment: Segment, following: Segment | None) -> int:
    """What comes behind a segment: 0 nothing, 1 a space, 2 a paragraph's end, 3 a scene's."""
    if segment.pause_reason == "scene":
        return 3
    if ends_paragraph(segment) or following is None:
        return 2
    if not segment.slices or not following.slices:
        return 1
    return int(segment.slices[-1].end < following.slices[0].start)


def _cast(project: Project, script: Script) -> list[dict[str, Any]]:
    """The narrator and the cast, in the project's order: colours go by it."""
    lines = Counter(
        unit.first.speaker
        for chapter in script.chapters
        for unit in units_of(chapter.number, chapter.segments)
        if unit.spoken
    )
    everyone: list[str | None] = [None, *project.book.cast]
    rows = []
    for who in everyone:
        voice = project.book.voices[project.voice_of(who)]
        name = load_language(project.book.language).narrator
        aliases: list[str] = []
        if who is not None:
            aliases = project.book.cast[who].aliases
            name = aliases[0] if aliases else who
        rows.append(
            {
                "key": who or NARRATOR,
                "yaml": scalar(who or NARRATOR),
                "name": name,
                "aliases": aliases[1:],
                "lines": lines[who],
                "styles": [[style, scalar(style)] for style in voice.styles],
            }
        )
    return rows


# -- casting.yaml ---------------------------------------------------------------------------


def casting_parts(text: str, units: Mapping[int, int]) -> dict[str, Any]:
    """``casting.yaml`` cut where the page may write: all else stays as it is.

    Args:
        text: of the file.
        units: entry of the file -> row of the unit that it speaks for.

    Parts are text, or ``[place, what stands there, what goes before a new value]`` where a
    place is ``[unit, "speaker" | "style"]``, ``"gap"`` (taken away when entries are added)
    or ``"seat"`` (where they are added).
    """
    entries = Entries.find(text, "castings")
    cuts: list[tuple[int, int, Any, str]] = []
    for index, unit in units.items():
        for field in ("speaker", "style"):
            slot = entries.slot(index, field, "speaker")
            cuts.append((slot.start, slot.end, [unit, field], slot.before))
    seat = entries.seat()
    cuts += [(start, end, "gap", "") for start, end, _ in seat.edits]
    cuts.append((seat.position, seat.position, "seat", seat.before))
    parts: list[Part] = []
    at = 0
    for start, end, place, before in sorted(cuts, key=lambda cut: (cut[:2], cut[2] == "seat")):
        parts += [text[at:start], [place, text[start:end], before]]
        at = end
    parts.append(text[at:])
    return {"parts": parts, "flow": seat.flow, "indent": seat.indent}


def _entry_units(text: str, places: Places, number_of: Mapping[str, int]) -> dict[int, int]:
    """Entries that speak for a unit; of several the last, because it is the one that counts."""
    entries = Entries.find(text, "castings")
    last: dict[int, int] = {}
    for index in range(entries.count):
        written = entries.values(index).get("anchor", "")
        found = places.find(Anchor.parse(written)) if looks_like_anchor(written) else None
        if found is not None and found.id in number_of:
            last[number_of[found.id]] = index
    return {index: unit for unit, index in last.items()}
