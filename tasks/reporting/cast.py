"""Who speaks, how long and how loud. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from book.languages import load_language
from book.project import Project
from tasks.levels import Level, VoiceStyle, level_warning
from tasks.plan import Line


@dataclass(frozen=True, slots=True)
class CastRow:
    """One character in one voice and style."""

    character: str  # key of cast, or "narrator"
    name: str
    colour: int  # place in the project's order, the narrator is 0: its colour on every page
    voice: str
    style: str
    engine: str
    segments: int
    seconds: float  # of takes, without pauses
    share: float  # of all characters of text
    lufs: float | None  # of the calibration takes
    gain_db: float | None
    warning: str = ""


def cast_rows(
    project: Project, lines: Sequence[Line], levels: Mapping[VoiceStyle, Level]
) -> tuple[CastRow, ...]:
    """The narrator and the cast, who speaks most first; characters without a line last."""
    everyone: list[str | None] = [None, *project.book.cast]
    colours = {who: place for place, who in enumerate(everyone)}
    segments: Counter[tuple[str | None, str, str]] = Counter()
    letters: Counter[tuple[str | None, str, str]] = Counter()
    seconds: Counter[tuple[str | None, str, str]] = Counter()
    engines: dict[tuple[str, str], str] = {}
    for line in lines:
        voice = line.speaker.voice_name, line.speaker.style
        part = (line.segment.speaker, *voice)
        engines[voice] = line.speaker.setup.name
        segments[part] += 1
        letters[part] += len(line.segment.printed)
        if line.take is not None:
            # Counter counts whole things: milliseconds
            seconds[part] += round(1000 * line.take.frames / line.take.rate)
    speaking = {who for who, _, _ in segments}
    silent = [(who, project.voice_of(who), "") for who in everyone if who not in speaking]
    total = sum(letters.values()) or 1
    rows = []
    for part in (*sorted(segments, key=lambda p: (-letters[p], colours[p[0]], p[2])), *silent):
        who, voice_name, style = part
        level = levels.get((voice_name, style))
        rows.append(
            CastRow(
                character=who or "narrator",
                name=name_of(project, who),
                colour=colours[who],
                voice=voice_name,
                style=style,
                engine=engines.get((voice_name, style))
                or project.book.voices[voice_name].engine
                or project.book.engine,
                segments=segments[part],
                seconds=seconds[part] / 1000,
                share=letters[part] / total,
                lufs=None if level is None or level.loudness is None else round(level.loudness, 1),
                gain_db=None if level is None else level.gain_db,
                warning="" if level is None else level_warning((voice_name, style), level) or "",
            )
        )
    return tuple(rows)


def name_of(project: Project, who: str | None) -> str:
    """How a page calls a character."""
    if who is None:
        return load_language(project.book.language).narrator
    aliases = project.book.cast[who].aliases
    return aliases[0] if aliases else who
