"""From a recording of any length to one clip and the words that are spoken in it.

The words are never guessed: they are given for the clip, or the clip is the whole recording
whose words are given, or a recogniser hears them (spelled as the recording's transcript
spells them, where there is one). How long the parts of a text take says too little: a clip
with a word too many teaches a voice to swallow words.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from audio.pcm import Pcm
from audio.recordings.course import Course, read_stretches, trace_course
from audio.recordings.proposals import LEAST_S, MOST_S, Proposal, propose_clips
from book.project import Hearing, Project
from castbook.errors import VoiceError
from castbook.files import write_bytes

if TYPE_CHECKING:
    from tasks.ears.listener import Recogniser

TRANSCRIPT_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recording offers."""

    path: Path
    seconds: float
    rate: int
    proposals: tuple[Proposal, ...]  # best first, at least one
    clips: tuple[Pcm, ...]  # of each, mono
    whole: bool  # the one proposal is all of it


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a clip, and how they are known."""

    text: str
    source: Literal["given", "heard", "found"]
    agreement: float = 1.0  # found: share of what was heard that the transcript has there

    @property
    def certain(self) -> bool:
        """Whether a person wrote them for this clip."""
        return self.source == "given"


def survey(path: Path, count: int = 3) -> Recording:
    """Reads a recording and cuts out its best clips.

    Raises:
        VoiceError: one line: it cannot be read, is too short, nobody speaks in it, or it has
            no pause to cut at.
    """
    course = trace_course(path)
    if course.seconds < LEAST_S:
        raise VoiceError(
            f"the recording has only {course.seconds:.1f} s",
            path=path,
            expected="3 to 10 seconds of speech, or more to choose from",
        )
    proposals = propose_clips(course, count)
    if not proposals:
        raise _nothing(path, course)
    stretches = [(proposal.start, proposal.end) for proposal in proposals]
    return Recording(
        path=path,
        seconds=course.seconds,
        rate=course.rate,
        proposals=proposals,
        clips=read_stretches(path, stretches),
        whole=stretches == [(0, course.samples)],
    )


def read_transcript(path: Path) -> str:
    """The text of a file.

    Raises:
        VoiceError: it is missing, no UTF-8 text, or too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(TRANSCRIPT_BYTES + 1)
    except OSError as error:
        raise VoiceError(
            f"the transcript cannot be opened: {error.strerror or error}", path=path
        ) from error
    if len(content) > TRANSCRIPT_BYTES:
        raise VoiceError("the transcript is larger than 4 MiB", path=path, expected="plain text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise VoiceError(
            "the transcript is not UTF-8 text",
            path=path,
            expected="plain text: save it again with that encoding",
        ) from error
    if not text.strip():
        raise VoiceError("the transcript is empty", path=path)
    return text


def find_words(
    recording: Recording,
    index: int,
    language: str,
    *,
    transcript: str | None = None,
    given: str | None = None,
    recogniser: Recogniser | None = None,
) -> Words | None:
    """The words of a clip; None when nobody knows them.

    Args:
        index: of the proposal.
        language: BCP 47, of the recording.
        transcript: of the whole recording.
        given: of the clip.
        recogniser: hears what the transcript does not settle.

    Raises:
        VoiceError: what is heard in the clip does not stand in the transcript.
        TransientFailure, MissingDependency: the recogniser cannot hear.
    """
    if given is not None:
        return Words(" ".join(given.split()), "given")
    if recording.whole and transcript is not None:
        return Words(" ".join(transcript.split()), "given")
    if recogniser is None:
        return None
    from audio.hearing.excerpts import find_excerpt
    from tasks.ears.machine import samples_for

    heard = recogniser.hear(samples_for(recording.clips[index], recording.rate), language)
    if heard is None or not heard.text.strip():
        return None
    if transcript is None:
        return Words(" ".join(heard.text.split()), "heard")
    excerpt = find_excerpt(transcript, heard.text, language)
    if excerpt is None:
        raise VoiceError(
            f"the transcript does not hold what is heard in the clip: {heard.text.strip()!r}",
            path=recording.path,
            expected="the words of this recording",
            hint="give the clip's own words with --clip-transcript",
        )
    return Words(excerpt.text, "found", excerpt.agreement)


def _nothing(path: Path, course: Course) -> VoiceError:
    from audio.recordings.speech import find_speech

    speech = find_speech(course.power)
    if not speech.heard:
        return VoiceError(
            "the recording is silent",
            path=path,
            expected="clear speech",
            hint="check which track or channel was exported, and its volume",
        )
    return VoiceError(
        "no clip of 3 to 10 s was found in the recording: nobody speaks in it, or without a pause",
        path=path,
        expected=f"speech with pauses, {LEAST_S:.0f} to {MOST_S:.0f} s apart at most",
        hint="cut out the best seconds by hand and give those",
    )


def open_recogniser(project: Project) -> Recogniser | None:
    """What the book's takes are heard with; None when nothing is installed or wanted.

    Nothing is loaded before it is asked, and nothing is downloaded.
    """
    from tasks.ears import models
    from tasks.ears.listener import Listener

    wanted = project.book.hearing
    if wanted == "off":
        return None
    name = Hearing().model if wanted == "auto" else wanted.model
    model = None if models.missing(name) else models.find_model(name)
    return None if model is None else Listener(model.folder)


def save_clips(recording: Recording, folder: Path, stem: str) -> tuple[Path, ...]:
    """Writes every proposal as ``STEM-1.wav`` and so on, to be listened to.

    Raises:
        StorageError: the folder cannot be written.
    """
    import io

    import soundfile

    written = []
    for number, clip in enumerate(recording.clips, 1):
        memory = io.BytesIO()
        soundfile.write(memory, clip, recording.rate, format="WAV", subtype="PCM_16")
        path = folder / f"{stem}-{number}.wav"
        write_bytes(path, memory.getvalue())
        written.append(path)
    return tuple(written)
