"""From a chapter's lines to what is joined: each take with its gain, its pause and its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from audio.joins.stitch import Piece
from audio.readalong.words import printed_words
from audio.timeline import Timeline, Word
from book.script import Segment
from book.sentences import split_sentences
from castbook.errors import BrokenPromise, PermanentFailure
from tasks.keys import jitter
from tasks.levels import Level, VoiceStyle
from tasks.plan import ChapterPlan, Line
from tasks.takes import Take

JITTER = 0.1  # pauses vary by up to a tenth, so that the rhythm is not a machine's


def chapter_pieces(
    chapter: ChapterPlan,
    levels: Mapping[VoiceStyle, Level],
    names: Mapping[str | None, str],
) -> tuple[Piece, ...]:
    """The pieces of a complete chapter, in order.

    Args:
        levels: the gain of every voice and style.
        names: display names of characters (None is the narrator).

    Raises:
        BrokenPromise: a line has no take.
        PermanentFailure: a voice has no level, because its calibration failed.
    """
    return tuple(_pieces(chapter, levels, names))


def _pieces(
    chapter: ChapterPlan,
    levels: Mapping[VoiceStyle, Level],
    names: Mapping[str | None, str],
) -> Iterator[Piece]:
    lines = chapter.lines
    for line, following in zip(lines, (*lines[1:], None), strict=True):
        take = line.take
        if take is None:
            raise BrokenPromise(f"{line.segment.id} has no take, yet its chapter is assembled")
        voice = line.speaker.voice_name, line.speaker.style
        if voice not in levels:
            raise PermanentFailure(
                f"voice {' '.join(voice).strip()!r} has no calibration takes: see its failures"
            )
        yield Piece(
            path=take.audio,
            pcm_sha256=take.pcm_sha256,
            gain_db=levels[voice].gain_db,
            pause_ms=_pause_ms(line, following),
            anchor=str(line.segment.anchor),
            speaker=names[line.segment.speaker],
            text=line.segment.printed,
            kind=line.segment.kind,
            words=_printed_words(line.segment, take),
        )


def with_sentences(chapter: ChapterPlan, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The pieces about to be joined; those without word times know their sentences."""
    return tuple(
        piece
        if piece.words
        else replace(piece, sentences=tuple(split_sentences(piece.text, line.segment.language)))
        for line, piece in zip(chapter.lines, pieces, strict=True)
    )


def _pause_ms(line: Line, following: Line | None) -> int:
    """As the script has it, swung by the identities on both sides; none after the last line."""
    if following is None:
        return 0
    swing = jitter(line.identity, following.identity) * JITTER
    return round(line.segment.pause_ms * (1 + swing))


def _printed_words(segment: Segment, take: Take) -> tuple[Word, ...]:
    """The engine's word times, which are of the spoken text, in the printed one."""
    edits = [(item.start, item.end, item.spoken) for item in segment.replacements]
    return printed_words(take.words, segment.printed, segment.spoken, edits)


def shown(pieces: Sequence[Piece]) -> list[list[str]]:
    """What captions show of the pieces, and masters do not depend on."""
    return [[p.anchor, p.speaker, p.text, p.kind] for p in pieces]


def relabel(timeline: Timeline, pieces: Sequence[Piece]) -> Timeline:
    """Equal audio under new texts: a renamed character changes captions, never the master.

    Word times point into the text they were made for, and go with it.
    """
    cues = tuple(
        replace(
            cue,
            anchor=p.anchor,
            speaker=p.speaker,
            text=p.text,
            kind=p.kind,
            words=cue.words if cue.text == p.text else (),
        )
        for cue, p in zip(timeline.cues, pieces, strict=True)
    )
    return replace(timeline, cues=cues)
