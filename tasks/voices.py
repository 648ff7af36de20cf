"""From the project's voices to what an engine is given.

A voice of the project names an engine and a preset, or reference clips; here it becomes a
``Speaker``: engine, engine voice, digest, style. Clips are decoded under limits by
``audio/reference.py``; engines get samples, rate, transcript and digest, never a file.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from book.project import Project
from book.project import Voice as ProjectVoice
from castbook.canonical import digest, plain
from castbook.errors import ConsentError, VoiceError
from tasks.keys import preset_digest, reference_digest
from tts.engine import Engine, Reference, Voice
from tts.registry import make_engine

if TYPE_CHECKING:
    from audio.reference import Clip


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """An engine with the project's options: one child process serves one setup."""

    name: str
    options: Mapping[str, object]
    identity: str  # equal setups share a process

    def __hash__(self) -> int:
        return hash(self.identity)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice in one style, ready to be asked for speech."""

    voice_name: str  # key of the project's voices
    style: str  # "" for the default
    setup: EngineSetup
    voice: Voice
    gain_db: float  # the project's own, added to the calibrated gain
    consent: Mapping[str, str] = field(default_factory=dict)  # basis, holder, record; no digest


class Voices:
    """All voices of a project, resolved once, on demand.

    Raises:
        VoiceError, ProjectError, MissingDependency: on the first use of a voice that cannot
            be used, before anything is synthesised.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._engines: dict[str, Engine] = {}
        self._speakers: dict[tuple[str, str], Speaker] = {}
        self._clips: dict[tuple[str, str], Clip] = {}

    def engine(self, name: str) -> Engine:
        """The light half of an engine, with the project's options."""
        if name not in self._engines:
            options = dict(self._project.book.engines.get(name, {}))
            options.pop("host", None)  # of the child process: tasks/engines.py
            self._engines[name] = make_engine(name, options)
        return self._engines[name]

    def engine_name(self, voice_name: str) -> str:
        """Which engine speaks a voice of the project."""
        return self._project.book.voices[voice_name].engine or self._project.book.engine

    def engine_of(self, speaker: str | None) -> str:
        """Which engine speaks for a character (None: the narrator)."""
        return self.engine_name(self._project.voice_of(speaker))

    def names(self) -> tuple[str, ...]:
        """The voices somebody uses: the narrator's first, then the cast's, without doubles."""
        book = self._project.book
        return tuple(dict.fromkeys([book.narrator, *(c.voice for c in book.cast.values())]))

    def speaker(self, voice_name: str, style: str | None = None) -> Speaker:
        """A voice in a style; a style the voice does not have is an error."""
        wanted = (voice_name, style or "")
        if wanted not in self._speakers:
            self._speakers[wanted] = self._resolve(*wanted)
        return self._speakers[wanted]

    def _resolve(self, name: str, style: str) -> Speaker:
        written = self._project.book.voices[name]
        self._check_consent(name, written)
        engine_name = self.engine_name(name)
        engine = self.engine(engine_name)
        voice = self._voice(name, written, style)
        try:
            engine.check_voice(voice, self._project.book.language)
        except VoiceError as error:
            raise VoiceError(
                error.message,
                path=self._project.file,
                place=f"voices.{name}",
                expected=error.expected,
                hint=error.hint,
            ) from error
        options = self._project.book.engines.get(engine_name, {})
        return Speaker(
            voice_name=name,
            style=style,
            setup=EngineSetup(
                engine_name,
                MappingProxyType(dict(options)),
                digest({"engine": engine_name, "options": plain(options)}),
            ),
            voice=voice,
            gain_db=written.gain_db,
            consent=written.consent.model_dump(exclude_none=True) if written.consent else {},
        )

    def _voice(self, name: str, written: ProjectVoice, style: str) -> Voice:
        if written.preset is not None:
            if style:
                raise self._no_style(name, style, ())
            return Voice(
                digest=preset_digest(written.preset, written.parameters),
                preset=written.preset,
                parameters=dict(written.parameters),
            )
        if written.styles:
            style = style or next(iter(written.styles))
            if style not in written.styles:
                raise self._no_style(name, style, tuple(written.styles))
            transcript: str | None = written.styles[style].transcript
        else:
            if style:
                raise self._no_style(name, style, ())
            transcript = written.transcript
        return self._cloned(name, style, transcript)

    def _check_consent(self, name: str, written: ProjectVoice) -> None:
        """Refuses a person's voice that a service's library records as withdrawn or expired."""
        if written.consent is None or written.consent.record is None:
            return
        from tasks.shelf.consents import check_book_record

        homes = [self._project.folder, self._project.folder / (self._project.book.library or ".")]
        for home in homes:
            path = home / written.consent.record
            if path.is_file():
                try:
                    check_book_record(path)
                except ConsentError as error:
                    raise ConsentError(
                        error.message,
                        path=self._project.file,
                        place=f"voices.{name}.consent",
                        expected=error.expected,
                        hint=error.hint,
                    ) from error
                return

    def _cloned(self, name: str, style: str, transcript: str | None) -> Voice:
        from audio.pcm import pcm_sha256
        from audio.recordings.transcripts import check_transcript

        clip = self._clip(name, style)
        if transcript is not None:
            refused, _ = check_transcript(
                transcript, self._project.book.language, clip.speech_s, clip.seconds
            )
            if refused is not None:
                place = f"voices.{name}.styles.{style}" if style else f"voices.{name}"
                raise VoiceError(
                    refused.message,
                    path=self._project.file,
                    place=f"{place}.transcript",
                    expected=refused.expected,
                    hint=refused.hint,
                )
        sound = reference_digest(pcm_sha256(clip.pcm), clip.rate, transcript, style)
        return Voice(
            digest=sound,
            reference=Reference(clip.pcm, clip.rate, transcript, sound),
            style=style or None,
        )

    def _clip(self, name: str, style: str) -> Clip:
        """A voice's clip, decoded once."""
        from audio.reference import read_reference

        if (name, style) not in self._clips:
            self._clips[name, style] = read_reference(self._project.references[name, style])
        return self._clips[name, style]

    def _no_style(self, name: str, style: str, known: tuple[str, ...]) -> VoiceError:
        return VoiceError(
            f"voice {name!r} has no style {style!r}",
            path=self._project.file,
            place=f"voices.{name}",
            expected="one of " + ", ".join(known) if known else "a voice with styles:",
            hint="add the style to project.yaml, or change the line's style in casting.yaml",
        )

    @functools.cached_property
    def clone_warnings(self) -> tuple[str, ...]:
        """What is weak about the project's clips and their transcripts, one line each."""
        from audio.pcm import pcm_sha256

        found: list[str] = []
        labels: dict[str, str] = {}  # by samples
        for name, style in self._project.references:
            label = f"{name} ({style})" if style else name
            first = labels.setdefault(pcm_sha256(self._clip(name, style).pcm), label)
            same = (f"its clip is that of voice {first}",) if first != label else ()
            found += [f"voice {label}: {text}" for text in (*self.warnings_of(name, style), *same)]
        return tuple(found)

    def warnings_of(self, name: str, style: str = "") -> tuple[str, ...]:
        """What is weak about one clip and its transcript."""
        from audio.recordings.transcripts import check_transcript

        clip = self._clip(name, style)
        written = self._project.book.voices[name]
        said = written.styles[style].transcript if style else written.transcript
        language = self._project.book.language
        return (
            *clip.warnings,
            *check_transcript(said or "", language, clip.speech_s, clip.seconds)[1],
        )
