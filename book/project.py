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
Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]  # more than spaces
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]
Output = Literal["m4b", "mp3", "epub", "mp3-book", "opus", "flac", "captions"]
_OUTPUTS: tuple[Output, ...] = ("m4b", "mp3")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Series(_Part):
    """The series a book belongs to."""

    name: Text = Field(description="the name of the series")
    part: int | float | str | None = Field(None, description="which part of it this book is")


class Consent(_Part):
    """On what ground a cloned voice may be used."""

    basis: Literal["self", "licensed", "public-domain", "synthetic"] = Field(
        description="self: it is your own voice"
    )
    holder: Text | None = Field(None, description="who gave the permission")
    record: str | None = Field(None, description="a file in the project that proves it")


class Style(_Part):
    """One mood of a voice: a clip and what is said in it."""

    reference: str = Field(description="an audio file in the project or its library")
    transcript: Text = Field(description="the words spoken in the reference")


class Voice(_Part):
    """How someone sounds: an engine's preset, a reference clip, or several styles of one."""

    engine: Slug | None = Field(None, description="overrides the project's engine")
    preset: Text | None = Field(None, description="a voice that the engine brings")
    parameters: dict[str, int | float | str | bool] = Field(
        default_factory=dict, description="of the preset: speed, pitch; part of the sound"
    )
    reference: str | None = Field(None, description="an audio file of 3-10 s of speech")
    transcript: Text | None = Field(None, description="the words spoken in the reference")
    styles: dict[Slug, Style] = Field(
        default_factory=dict, description="moods of one person; the first is the default"
    )
    consent: Consent | None = Field(None, description="needed for a reference or styles")
    gain_db: float = Field(0.0, ge=-24, le=24, description="added to the calibrated gain")


class Character(_Part):
    """Someone who speaks."""

    voice: Slug = Field(description="a key of voices")
    aliases: list[Text] = Field(default_factory=list, description="other names in the text")
    gender: Literal["m", "f", "x"] | None = Field(None, description="who 'he' and 'she' may be")


class Labeller(_Part):
    """A language model that is asked who says the lines of which the rules are unsure."""

    url: Text = Field(description="of an OpenAI-compatible service, such as http://host:8000/v1")
    model: Text = Field(description="its name at that service")
    key_env: Text = Field("OPENAI_API_KEY", description="environment variable with the key")
    quotes: int = Field(40, ge=5, le=100, description="quotations in one request")
    timeout_s: float = Field(60.0, ge=1, le=600, description="of one request, in seconds")
    confidence: float = Field(
        0.85, ge=0, le=1, description="how sure its answers count; nothing measures it for you"
    )


class Casting(_Part):
    """What to do with a line whose speaker is not sure."""

    # at most 5 % of quotations in a wrong character's voice on books that the rules had not seen
    # begins at 0.67 (scripts.speaker_weights, 2026-11-21)
    confidence: float = Field(0.7, ge=0, le=1, description="below it a speaker is unsure")
    unsure: Literal["narrator", "guess"] = Field(
        "narrator", description="who speaks an unsure line: the narrator, or the likeliest"
    )
    model: Labeller | None = Field(None, description="a language model to ask; none is asked")


class Pauses(_Part):
    """Silence after a segment, by reason, in milliseconds."""

    sentence: Milliseconds = Field(350, description="between sentences")
    comma: Milliseconds = Field(130, description="where a sentence goes on in the same voice")
    paragraph: Milliseconds = Field(650, description="between paragraphs")
    speaker: Milliseconds = Field(450, description="before another speaks")
    scene: Milliseconds = Field(1400, description="at a scene break")
    title: Milliseconds = Field(1200, description="after a heading")


class Credits(_Part):
    """Spoken credits before the first and after the last chapter.

    Left out, the profile decides.
    """

    opening: bool | None = Field(None, description="title and author, before chapter one")
    closing: bool | None = Field(None, description="the end, after the last chapter")


class Hearing(_Part):
    """A speech recogniser that listens to takes and compares what it hears with the text."""

    model: Text = Field("small", description="of faster-whisper: a name, or a folder")
    every: int = Field(
        20, ge=0, le=10_000, description="one take in so many is heard, beside the doubtful ones"
    )


class NoDisclosure(_Part):
    """Why this book does not say that its narration is synthetic."""

    none: Text = Field(description="the reason")


class Metadata(_Part):
    """What shops and players show."""

    publisher: Text | None = Field(None, description="who publishes the audiobook")
    year: int | None = Field(None, ge=0, le=9999, description="of the book's first publication")
    isbn: Text | None = Field(None, description="of the audiobook, in quotes")
    genre: list[Text] = Field(default_factory=list, description="one or more genres")
    description: Annotated[str, Field(max_length=20_000)] | None = Field(
        None, description="the blurb"
    )
    subtitle: Text | None = Field(None, description="the second title")


class Book(_Part):
    """``project.yaml``, version 1."""

    version: Literal[1] = Field(description="of this file's form: 1")
    title: Text = Field(description="the book's title")
    author: Text = Field(description="who wrote it")
    language: str = Field(description="BCP 47, such as en or zh; segments may differ")
    series: Series | None = Field(None, description="the series the book belongs to")
    manuscript: str | list[str] = Field(description="a file, or files in reading order")
    format: Literal["auto", "text", "markdown", "script", "epub", "docx", "html", "pdf"] = Field(
        "auto", description="of the manuscript; auto goes by the file's name"
    )
    normaliser: Literal["fiction", "general", "off"] = Field(
        "fiction", description="how numbers and abbreviations are spoken; off leaves it to engines"
    )
    include: list[Text] = Field(
        default_factory=list, description="parts to read although skipped by default"
    )
    exclude: list[Text] = Field(
        default_factory=list, description="parts to skip although read by default"
    )
    library: str | None = Field(None, description="a folder of shared voices and defaults")
    engine: Slug = Field("espeak", description="speaks every voice that names no other")
    engines: dict[Slug, dict[str, Any]] = Field(
        default_factory=dict, description="options of each engine; part of the sound"
    )
    seed: int = Field(42, ge=0, le=2**53, description="another seed, another performance")
    narrator: Slug = Field(description="the voice of the narration: a key of voices")
    narrator_character: Slug | None = Field(None, description="who says I: a key of cast")
    voices: dict[Slug, Voice] = Field(min_length=1, description="at least the narrator's voice")
    cast: dict[Slug, Character] = Field(default_factory=dict, description="who speaks")
    casting: Casting = Field(Casting(), description="lines whose speaker is not sure")
    pauses: Pauses = Field(Pauses(), description="silence after a segment, in milliseconds")
    lexicon: str | list[str] | None = Field(
        None, description="a file, or files, that say how words are pronounced; the last one wins"
    )
    rate: Literal[16000, 22050, 24000, 32000, 44100, 48000] = Field(
        44100, description="of the masters, in Hz"
    )
    profile: Slug = Field("acx", description="the shop or player the audio is mastered for")
    outputs: list[Output] = Field(
        default_factory=lambda: list(_OUTPUTS), min_length=1, description="book files to make"
    )
    hearing: Literal["auto", "off"] | Hearing = Field(
        "auto", description="a recogniser listens to some takes, where one is installed"
    )
    cover: str | None = Field(None, description="a picture, JPEG or PNG")
    credits: Credits = Field(Credits(), description="which credits are spoken")
    disclosure: Literal["default"] | NoDisclosure = Field(
        "default", description="that the narration is synthetic: spoken and in the metadata"
    )
    metadata: Metadata = Field(Metadata(), description="what shops and players show")


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
