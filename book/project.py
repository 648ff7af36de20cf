"""The project: what ``project.yaml`` says, validated and frozen.

One schema, in code, with a sentence for each key; ``book/projectfile.py`` reads the file
into it and turns every mistake into one line (file, line, key path, what was expected).
Unknown keys are errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[^\W_][\w-]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]
Output = Literal["m4b", "mp3", "epub"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Series(_Part):
    """The series a book belongs to."""

    name: Text
    part: int | float | str | None = None


class Consent(_Part):
    """On what ground a cloned voice may be used."""

    basis: Literal["self", "licensed", "public-domain", "synthetic"]
    holder: Text | None = Field(None, description="who gave the permission")
    record: str | None = Field(None, description="a file in the project that proves it")


class Style(_Part):
    """One mood of a voice: a clip and what is said in it."""

    reference: str = Field(description="an audio file in the project or its library")
    transcript: Text


class Voice(_Part):
    """How someone sounds: an engine's preset, a reference clip, or several styles of one."""

    engine: Slug | None = Field(None, description="overrides the project's engine")
    preset: Text | None = Field(None, description="a voice that the engine brings")
    parameters: dict[str, int | float | str | bool] = Field(
        default_factory=dict, description="of the preset: speed, pitch; part of the sound"
    )
    reference: str | None = Field(None, description="an audio file of 3-10 s of speech")
    transcript: Text | None = None
    styles: dict[Slug, Style] = Field(default_factory=dict)
    consent: Consent | None = None
    gain_db: float = Field(0.0, ge=-24, le=24, description="added to the calibrated gain")


class Character(_Part):
    """Someone who speaks."""

    voice: Slug = Field(description="a key of voices")
    aliases: list[Text] = Field(default_factory=list, description="other names in the text")
    gender: Literal["m", "f", "x"] | None = None


class Casting(_Part):
    """What to do with a line whose speaker is not sure."""

    confidence: float = Field(0.8, ge=0, le=1)
    unsure: Literal["narrator", "guess"] = "narrator"


class Pauses(_Part):
    """Silence after a segment, by reason, in milliseconds."""

    sentence: Milliseconds = 350
    paragraph: Milliseconds = 650
    speaker: Milliseconds = 450
    scene: Milliseconds = 1400
    title: Milliseconds = 1200


class Credits(_Part):
    """Spoken credits before the first and after the last chapter."""

    opening: bool = True
    closing: bool = True


class NoDisclosure(_Part):
    """Why this book does not say that its narration is synthetic."""

    none: Text = Field(description="the reason")


class Metadata(_Part):
    """What shops and players show."""

    publisher: Text | None = None
    year: int | None = Field(None, ge=0, le=9999)
    isbn: Text | None = None
    genre: list[Text] = Field(default_factory=list)
    description: Annotated[str, Field(max_length=20_000)] | None = None
    subtitle: Text | None = None


class Book(_Part):
    """``project.yaml``, version 1."""

    version: Literal[1]
    title: Text
    author: Text
    language: str = Field(description="BCP 47, such as en or zh; segments may differ")
    series: Series | None = None
    manuscript: str | list[str] = Field(description="a file, or files in reading order")
    format: Literal["auto", "text", "markdown", "script"] = "auto"
    include: list[Text] = Field(default_factory=list)
    exclude: list[Text] = Field(default_factory=list)
    library: str | None = Field(None, description="a folder of shared voices and defaults")
    engine: Slug = "espeak"
    engines: dict[Slug, dict[str, Any]] = Field(default_factory=dict)
    seed: int = Field(42, ge=0, le=2**53)
    narrator: Slug = Field(description="the voice of the narration: a key of voices")
    narrator_character: Slug | None = Field(None, description="who says I: a key of cast")
    voices: dict[Slug, Voice] = Field(min_length=1)
    cast: dict[Slug, Character] = Field(default_factory=dict)
    casting: Casting = Casting()
    pauses: Pauses = Pauses()
    lexicon: str | None = None
    rate: Literal[16000, 22050, 24000, 32000, 44100, 48000] = 44100
    profile: Slug = "acx"
    outputs: list[Output] = Field(default_factory=lambda: ["m4b", "mp3"], min_length=1)
    cover: str | None = None
    credits: Credits = Credits()
    disclosure: Literal["default"] | NoDisclosure = "default"
    metadata: Metadata = Metadata()


class Project(_Part):
    """A validated project on this machine: the book, and where its files really are.

    ``book`` already holds the library's defaults; every path below was checked to exist and
    to lie inside the project or its library.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    folder: Path  # absolute
    slug: str  # the folder's name, made safe: names the build and the Prefect run
    book: Book
    manuscripts: tuple[Path, ...]
    references: Mapping[tuple[str, str], Path]  # (voice, style) -> clip; style "" when single
    lexicons: tuple[Path, ...]  # library first, project last (the last one wins)
    cover: Path | None = None

    @property
    def file(self) -> Path:
        """``project.yaml``."""
        return self.folder / "project.yaml"

    def voice_of(self, speaker: str | None) -> str:
        """The key of ``voices`` for a character, or the narrator's for None."""
        if speaker is None:
            return self.book.narrator
        return self.book.cast[speaker].voice
