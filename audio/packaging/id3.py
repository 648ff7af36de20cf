"""ID3v2.3 tags, written by ourselves: names, cover, chapters.

ffmpeg 9.0.2 counts the entries of a table of contents in one byte and writes 300 of them as
44 (measured on 2026-11-21); it has no language of a comment and no
TIT1. Here a long table is split into tables of at most 255 entries, as ID3v2's chapter
addendum allows. Version 2.3, because Windows and many car radios read no 2.4.

Texts are ASCII where they can be and UTF-16 elsewhere: readers disagree about Latin-1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audio.packaging.metadata import printable
from castbook.errors import BrokenPromise

_MOST_ENTRIES: Final = 255
_MOST_BYTES: Final = (1 << 28) - 1  # sizes of the whole tag have 28 bits
_NO_OFFSET: Final = b"\xff\xff\xff\xff"  # byte places are not given: players use the times
_TOP: Final = 2
_ORDERED: Final = 1
_FRONT_COVER: Final = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A chapter or scene for the table of contents, in milliseconds."""

    title: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The cover: ``image/jpeg`` or ``image/png`` and the file's bytes."""

    mime: str
    content: bytes


def tag(
    texts: Mapping[str, str],
    *,
    comments: Mapping[str, str],
    language: str,
    spans: Sequence[Span] = (),
    picture: Picture | None = None,
) -> bytes:
    """A whole ID3v2.3 tag.

    Args:
        texts: four-letter text frames (``TIT2``), or ``TXXX:name`` for a text of our own.
        comments: by description; the one without is what players show as the comment.
        language: ISO 639-2, of the comments.
        spans: in order; ends may be followed by gaps.

    Raises:
        BrokenPromise: the tag would be larger than the format allows.
    """
    frames = [_text_frame(name, text) for name, text in texts.items()]
    frames += [_comment(name, text, language) for name, text in comments.items()]
    frames += _contents(spans)
    if picture is not None:
        cover = b"\0" + picture.mime.encode("ascii") + b"\0" + bytes([_FRONT_COVER])
        frames.append(_frame("APIC", cover + b"Cover\0" + picture.content))
    body = b"".join(frames)
    if len(body) > _MOST_BYTES:
        raise BrokenPromise(f"an ID3 tag of {len(body)} bytes")
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def _contents(spans: Sequence[Span]) -> list[bytes]:
    """Chapters, and the table or tables that list them."""
    if not spans:
        return []
    if len(spans) > _MOST_ENTRIES**2:
        raise BrokenPromise(f"{len(spans)} chapters are more than ID3 can list")
    names = [f"ch{number}" for number in range(len(spans))]
    frames = [_chapter(name, span) for name, span in zip(names, spans, strict=True)]
    parts = [names[at : at + _MOST_ENTRIES] for at in range(0, len(names), _MOST_ENTRIES)]
    if len(parts) == 1:
        return [_table("toc", names, top=True), *frames]
    lists = [f"toc{number}" for number in range(1, len(parts) + 1)]
    tables = [_table(name, part, top=False) for name, part in zip(lists, parts, strict=True)]
    return [_table("toc", lists, top=True), *tables, *frames]


def _table(name: str, entries: Sequence[str], *, top: bool) -> bytes:
    flags = _ORDERED | (_TOP if top else 0)
    head = name.encode("ascii") + b"\0" + bytes([flags, len(entries)])
    return _frame("CTOC", head + b"".join(entry.encode("ascii") + b"\0" for entry in entries))


def _chapter(name: str, span: Span) -> bytes:
    times = span.start_ms.to_bytes(4, "big") + span.end_ms.to_bytes(4, "big")
    head = name.encode("ascii") + b"\0" + times + _NO_OFFSET + _NO_OFFSET
    return _frame("CHAP", head + _text_frame("TIT2", span.title))


def _text_frame(name: str, text: str) -> bytes:
    own, _, description = name.partition(":")
    line = " ".join(printable(text).split("\n"))  # a text frame is one line
    if description:
        return _frame(own, _encoded(description, line))
    return _frame(own, _encoded(line))


def _comment(description: str, text: str, language: str) -> bytes:
    content = _encoded(description, printable(text))
    return _frame("COMM", content[:1] + language.encode("ascii")[:3] + content[1:])


def _encoded(*texts: str) -> bytes:
    """The encoding's byte, then the texts; every one but the last with its end mark."""
    plain = all(text.isascii() for text in texts)
    coded = [
        text.encode("ascii") if plain else b"\xff\xfe" + text.encode("utf-16-le") for text in texts
    ]
    mark = b"\0" if plain else b"\0\0"
    return (b"\0" if plain else b"\x01") + mark.join(coded)


def _frame(name: str, content: bytes) -> bytes:
    """Ten bytes of header, then the content: sizes of frames have all their 32 bits in 2.3."""
    return name.encode("ascii") + len(content).to_bytes(4, "big") + b"\0\0" + content
