"""What every file of a book is made from: the finished chapters, the words, the cover.

Nothing is written here. A file's key holds everything that decides its bytes (sound, words,
metadata, cover, encoder, the rules of its correction), so that an equal key means: nothing
to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from audio.ffmpeg import version
from audio.packaging.cover import picture_type
from audio.packaging.metadata import BookMetadata
from audio.packaging.sound import ChapterFile
from audio.profiles import Profile
from castbook.errors import ProjectError
from castbook.files import write_text
from tasks.assemble import ChapterFiles
from tasks.keys import content_key
from tasks.plan import ChapterPlan
from tasks.publication.encodings import Encodings
from tasks.publication.layout import Layout
from tasks.publication.proof import Make, correction_rules, rules_for
from tasks.publication.space import Need


@dataclass(frozen=True, slots=True)
class BookFile:
    """One file of the finished book and how to make it."""

    path: Path
    key: str
    output: str  # a name of outputs, or "sample"
    make: Make
    need: Need
    of: tuple[ChapterFiles, ...]  # the chapters it is made of
    chapter: int | None = None  # the one chapter it holds, or a part of it
    joined: bool = False  # made of the encoded chapters, which are made before it
    sound: bool = True  # False: captions
    corrected: bool = True  # whether another gain may correct it
    frames: int | None = None  # of its sound; None: its format has another rate


@dataclass(frozen=True)
class Blueprint:
    """A book in its present state.

    Args:
        out: ``out/`` of the build.
        chapters: finished chapters in order.
        plans: every chapter of the whole book, by number.
        picture: the project's cover.
    """

    out: Path
    profile: Profile
    outputs: tuple[str, ...]
    chapters: tuple[ChapterFiles, ...]
    plans: Mapping[int, ChapterPlan]
    metadata: BookMetadata
    picture: Path | None
    layout: Layout
    encodings: Encodings

    @cached_property
    def sounds(self) -> tuple[ChapterFile, ...]:
        """The masters, as the writers take them."""
        return tuple(ChapterFile(c.audio, c.title, c.frames, c.rate) for c in self.chapters)

    @property
    def titles(self) -> list[str]:
        """Of the finished chapters."""
        return [c.title for c in self.chapters]

    @cached_property
    def cover(self) -> tuple[str, bytes] | None:
        """(``cover.jpg`` or ``cover.png``, the picture).

        Raises:
            ProjectError: it is gone, or no whole JPEG or PNG.
        """
        if self.picture is None:
            return None
        kind = "png" if picture_type(self.picture) == "png" else "jpg"
        try:
            return f"cover.{kind}", self.picture.read_bytes()
        except OSError as error:
            raise ProjectError(
                f"cannot be read: {error.strerror or error}",
                path=self.picture,
                place="cover",
                hint="put it back, or take cover out of project.yaml",
            ) from error

    def file(
        self,
        output: str,
        place: PurePosixPath,
        key: str,
        make: Make,
        *,
        kbps: float,
        of: ChapterFiles | None = None,
        chapter: int | None = None,
        frames: int | None = None,
        joined: bool = False,
        corrected: bool = True,
        extra: int = 0,
    ) -> BookFile:
        """A file with sound.

        Args:
            kbps, seconds, extra: what decides its size (``seconds``: all of it if None).
            of: the one chapter that is in it.
        """
        made_of = self.chapters if of is None else (of,)
        seconds = sum(c.frames / c.rate for c in made_of)
        if frames is not None:
            seconds = frames / made_of[0].rate
        picture = len(self.cover[1]) if self.cover else 0
        return BookFile(
            path=self.out / place,
            key=key,
            output=output,
            make=make,
            need=Need(seconds, kbps, extra + picture),
            of=made_of,
            chapter=chapter,
            joined=joined,
            corrected=corrected and not joined,
            frames=frames,
        )

    def words(self, place: PurePosixPath, text: str) -> BookFile:
        """A file of text: captions, lyrics. Its key is its content."""

        def make(path: Path, gain_db: float) -> None:
            write_text(path, text)

        content = text.encode("utf-8")
        return BookFile(
            path=self.out / place,
            key=content_key("captions", [hashlib.sha256(content).hexdigest()]),
            output="captions",
            make=make,
            need=Need(0, 0, len(content)),
            of=(),
            sound=False,
        )

    def encoded_keys(self) -> list[str]:
        """Keys of the AAC of all chapters."""
        return [self.encodings.key(c) for c in self.chapters]

    def key(self, output: str, stage: int, sounds: Sequence[str], extra: Sequence[Any]) -> str:
        """The key of a file.

        Args:
            stage: version of its writer.
            sounds: keys of the masters, or of the encoded chapters, in it.
            extra: what else decides its bytes.
        """
        return content_key(
            output,
            {
                "sounds": list(sounds),
                "metadata": asdict(self.metadata),
                "cover": hashlib.sha256(self.cover[1]).hexdigest() if self.cover else "",
                "encoder": [stage, self.profile.digest(), version()],
                "rules": correction_rules(rules_for(self.profile, output)),
                "extra": list(extra),
            },
        )
