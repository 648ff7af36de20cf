"""Which stretch of a chapter an MP3 holds: all of it, a part, or the retail sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audio.packaging.excerpt import Excerpt
from audio.packaging.sound import ChapterFile, Sound
from audio.packaging.stretches import Spoken, part_title, sample_stretch, split_points
from audio.profiles import Profile
from tasks.assemble import ChapterFiles
from tasks.plan import ChapterPlan
from tasks.readalong import chapter_timeline

_SPARE_S = 1  # a file ends this much before a limit: encoders pad


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a chapter as a file of its own.

    Args:
        sound: with its title, and with room tone around a part.
        start, end: frames of the chapter.
        head, tail: frames of room tone before and after them.
    """

    files: ChapterFiles
    sound: Sound
    start: int
    end: int
    head: int = 0
    tail: int = 0

    @property
    def place(self) -> tuple[int, int, int, int]:
        """What decides the samples, beside the master."""
        return self.start, self.end, self.head, self.tail


def sections_of(files: ChapterFiles, plan: ChapterPlan, profile: Profile) -> tuple[Section, ...]:
    """The chapter, or its parts where it is longer than the profile's files may be.

    Raises:
        StorageError: its timeline is damaged.
    """
    whole = _master(files)
    if profile.max_minutes is None:
        return (Section(files, whole, 0, files.frames),)
    most = (profile.max_minutes * 60 - _SPARE_S) * files.rate
    if files.frames <= most:
        return (Section(files, whole, 0, files.frames),)
    head, tail = _edges(files, profile)
    parts = split_points(spoken(files, plan), files.frames, most=most, head=head, tail=tail)
    return tuple(
        _section(files, part_title(files.title, number, len(parts)), part, head, tail)
        for number, part in enumerate(parts, 1)
    )


def sample_of(
    chapters: Sequence[ChapterFiles],
    plans: Mapping[int, ChapterPlan],
    profile: Profile,
    title: str,
) -> Section | None:
    """The retail sample, where the profile wants one and the book is long enough for it.

    Raises:
        StorageError: a timeline is damaged.
    """
    if profile.sample_max_s is None or not chapters:
        return None
    rate = chapters[0].rate
    head, tail = _edges(chapters[0], profile)
    most = (profile.sample_max_s - _SPARE_S) * rate - head - tail
    least = (profile.sample_min_s or 0) * rate
    cues = [spoken(files, plans[files.number]) for files in chapters]
    found = sample_stretch(cues, least=least, most=most)
    if found is None or found.end - found.start < least:
        return None
    stretch = found.start, found.end
    return _section(chapters[found.chapter], f"{title} - sample", stretch, head, tail)


def spoken(files: ChapterFiles, plan: ChapterPlan) -> tuple[Spoken, ...]:
    """Where every take of a chapter lies, and why there is a pause behind it.

    Raises:
        StorageError: the timeline is damaged.
    """
    pairs = zip(chapter_timeline(files).cues, plan.lines, strict=True)
    return tuple(
        Spoken(cue.start, cue.end, cue.kind, line.segment.pause_reason) for cue, line in pairs
    )


def _section(
    files: ChapterFiles, title: str, stretch: tuple[int, int], head: int, tail: int
) -> Section:
    start, end = stretch
    sound = Excerpt(_master(files), title, start, end, head, tail)
    behind = tail if end < files.frames else 0
    return Section(files, sound, start, end, sound.offset, behind)


def _edges(files: ChapterFiles, profile: Profile) -> tuple[int, int]:
    """Frames of room tone at both ends, as masters have them."""
    return profile.head_ms * files.rate // 1000, profile.tail_ms * files.rate // 1000


def _master(files: ChapterFiles) -> ChapterFile:
    return ChapterFile(files.audio, files.title, files.frames, files.rate)
