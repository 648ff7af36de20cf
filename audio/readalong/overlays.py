"""The media overlays of a read-along book: which words sound when. Pure text.

A clip lasts until the next one begins, so that a player which goes from clip to clip plays
the pauses too; the first begins with the chapter, the last ends with it, and their sum is
the chapter's length to the millisecond.

Clips are sentences, or what of a sentence one speaker says. Clips of single words would be
possible where an engine gives word times, but players stop and seek from clip to clip:
captions carry the words instead (``audio/readalong/captions.py``).

Sequences are nested as the page is (chapter, heading or scene, paragraph), each with the
place in the text that it belongs to, so that a reader can skip one and go on after it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audio.readalong.markup import OPS, XML, attributes
from audio.readalong.passages import Cue, Division, Passage, structure

SECTION_TYPES: dict[Division, str] = {
    "frontmatter": "titlepage",
    "bodymatter": "chapter",
    "backmatter": "colophon",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Where the parts of chapter ``number`` (from 1) lie, from the package's folder."""

    number: int

    @property
    def text(self) -> str:
        return f"text/{self.number:04d}.xhtml"

    @property
    def overlay(self) -> str:
        return f"overlay/{self.number:04d}.smil"

    @property
    def audio(self) -> str:
        return f"audio/{self.number:04d}.m4a"


def clips(cues: Sequence[Cue], frames: int, rate: int) -> list[tuple[int, int]]:
    """Begin and end of each cue's clip in milliseconds, seamless from 0 to the end."""
    begins = [0, *(cue.start_frame * 1000 // rate for cue in cues[1:]), frames * 1000 // rate]
    return list(itertools.pairwise(begins))


def clock(milliseconds: int) -> str:
    """``0:00:00.000``."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def overlay(
    names: Names,
    cues: Sequence[Cue],
    frames: int,
    rate: int,
    division: Division = "bodymatter",
) -> str:
    """One chapter's media overlay."""
    content = structure(cues)
    sounds = clips(cues, frames, rate)

    def played(passage: Passage) -> Iterator[str]:
        for n, _ in passage.cues:
            begin, end = sounds[n - 1]
            if end > begin:  # less than a millisecond is no clip
                clip = f'clipBegin="{clock(begin)}" clipEnd="{clock(end)}"'
                yield (
                    f'<par id="c{n}"><text src="../{names.text}#c{n}"/>'
                    f'<audio src="../{names.audio}" {clip}/></par>\n'
                )

    def sequence(place: str, kind: str, inside: str) -> str:
        where = attributes(id=place, epub_type=kind, epub_textref=f"../{names.text}#{place}")
        return f"<seq{where}>\n{inside}</seq>\n" if inside else ""

    def passages(group: Sequence[Passage]) -> str:
        return "".join(
            sequence(p.id, "title" if p.kind == "heading" else "", "".join(played(p)))
            for p in group
        )

    scenes = [(scene.id, passages(scene.passages)) for scene in content.scenes]
    if len(scenes) > 1:
        scenes = [(place, sequence(place, "", inside)) for place, inside in scenes]
    inside = passages(content.headings) + "".join(text for _, text in scenes)
    return (
        f'{XML}<smil xmlns="http://www.w3.org/ns/SMIL" {OPS} version="3.0">\n<body>\n'
        f"{sequence('chapter', SECTION_TYPES[division], inside)}</body>\n</smil>\n"
    )
