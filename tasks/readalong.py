"""A finished chapter's words beside its sound: what read-along books and captions are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audio.packaging.sound import ChapterFile
from audio.readalong.binding import joined, part
from audio.readalong.captions import captions, srt_text, vtt_text
from audio.readalong.lyrics import lrc
from audio.readalong.passages import Cue, ReadAlong
from audio.readalong.words import timed_spans
from audio.timeline import Timeline
from book.script import Segment
from book.sentences import split_sentences
from tasks.assemble import ChapterFiles
from tasks.plan import Line
from tasks.quotations import ends_paragraph


def read_along(files: ChapterFiles, lines: Sequence[Line], language: str = "") -> ReadAlong:
    """A chapter's words as they were printed: the script knows paragraphs and scenes.

    Where the engine gave word times, a segment of several sentences is cut at them.

    Args:
        language: the book's; lines in another one say so.
    """
    timeline = chapter_timeline(files)
    cues: list[Cue] = []
    paragraph = scene = 0
    before: Segment | None = None
    for cue, line in zip(timeline.cues, lines, strict=True):
        segment = line.segment
        spans = split_sentences(cue.text, segment.language) if cue.words else []
        for number, (start, end, begin, stop) in enumerate(timed_spans(cue, spans)):
            apart = cue.text[start - 1 : start].isspace()
            alone = before is None or not touching(before, segment)
            cues.append(
                Cue(
                    cue.text[start:end],
                    begin,
                    stop,
                    cue.kind,
                    paragraph,
                    scene,
                    speaker="" if segment.speaker is None else cue.speaker,
                    character=segment.speaker or "",
                    joined=not (apart if number else alone),
                    language="" if segment.language == language else segment.language,
                )
            )
        paragraph += ends_paragraph(segment)
        scene += segment.pause_reason == "scene"
        before = segment
    chapter = ChapterFile(files.audio, files.title, files.frames, files.rate)
    return ReadAlong(chapter, tuple(cues))


def touching(before: Segment, after: Segment) -> bool:
    """Whether nothing is printed between two segments, not even a space."""
    if not before.slices or not after.slices:
        return False
    left, right = before.slices[-1], after.slices[0]
    return (left.document, left.end) == (right.document, right.start)


def chapter_timeline(files: ChapterFiles) -> Timeline:
    """Where everything sounds in a finished chapter.

    Raises:
        StorageError: the stored timeline is damaged.
    """
    return Timeline.from_json(files.timeline.read_bytes())


def book_captions(
    chapters: Sequence[ChapterFiles], title: str, *, disclosure: str | None = None
) -> Mapping[str, str]:
    """Captions of the whole book, for one file that holds all chapters without a gap.

    Returns:
        Text by suffix: ``vtt`` (with the disclosure as a note), ``srt``, and, when engines
        gave word times, ``words.vtt`` that has them too.

    Raises:
        StorageError: a stored timeline is damaged.
    """
    whole = joined([chapter_timeline(files) for files in chapters])
    shown = tuple(captions(whole))
    texts = {"vtt": vtt_text(shown, title, note=disclosure), "srt": srt_text(shown)}
    # a caption holds hardly ever more than three sentences, and some engines time only those
    if any(len(caption.words) > 2 for caption in shown):
        texts["words.vtt"] = vtt_text(shown, title, note=disclosure, words=True)
    return texts


def chapter_lyrics(
    files: ChapterFiles,
    *,
    title: str | None = None,
    artist: str = "",
    album: str = "",
    disclosure: str | None = None,
    start: int = 0,
    end: int | None = None,
    head: int = 0,
    tail: int = 0,
) -> str:
    """LRC of one audio file: a chapter, or the part of it in frames ``[start, end)``.

    Args:
        title: of the file; the chapter's if None.
        artist, album: author and book.
        head, tail: frames of room tone that the file has before and after the part.

    Raises:
        StorageError: the stored timeline is damaged.
    """
    end = files.frames if end is None else end
    timeline = part(chapter_timeline(files), start, end, head=head, tail=tail)
    name = files.title if title is None else title
    return lrc(timeline, name, artist=artist, album=album, note=disclosure)
