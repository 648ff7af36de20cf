"""What a book file says about the book, in the words each format understands.

Names of tags are those that players show and Audiobookshelf reads (its prober.js): the
narrator is the composer; a series is show and episode and, once more, grouping "Name #2". MP4
has no names for publisher and ISBN, so they go into metadata.json.
Knows no project file.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audio.packaging.sound import Sound

# ISO 639-2/T for the languages castbook reads, as MP4 and ID3 want it
_LANGUAGES: Final = {
    "ar": "ara", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa",
    "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hu": "hun", "it": "ita", "ja": "jpn",
    "ko": "kor", "la": "lat", "nl": "nld", "no": "nor", "pl": "pol", "pt": "por", "ro": "ron",
    "ru": "rus", "sv": "swe", "th": "tha", "tr": "tur", "uk": "ukr", "vi": "vie", "zh": "zho",
    "yue": "yue", "cmn": "zho",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BookMetadata:
    """A book as shops and players show it. Empty or None: not said."""

    title: str
    author: str
    narrator: str = ""  # a credit line: "espeak en-us and five other voices"
    subtitle: str | None = None
    series: str | None = None
    series_part: str | None = None  # "2", "2.5"
    language: str = "en"  # BCP 47
    publisher: str | None = None
    year: int | None = None
    isbn: str | None = None
    genres: tuple[str, ...] = ()
    description: str | None = None
    disclosure: str | None = None  # that the narration is synthetic

    @property
    def language3(self) -> str:
        """ISO 639-2 code, ``und`` for a language castbook has no code for."""
        return _LANGUAGES.get(self.language.split("-")[0].lower(), "und")

    @property
    def grouping(self) -> str | None:
        """``Name #2``: the form in which Audiobookshelf reads a series."""
        if not self.series:
            return None
        return f"{self.series} #{self.series_part}" if self.series_part else self.series


def itunes_texts(book: BookMetadata) -> dict[str, str]:
    """Texts of a file that holds the whole book, by the names of iTunes' list."""
    texts = {
        "©nam": book.title,
        "©ART": book.author,
        "aART": book.author,
        "©wrt": book.narrator,
        "©alb": book.title,
        "©day": f"{book.year:04d}" if book.year is not None else None,
        "©cmt": book.disclosure,
        "©gen": "; ".join(book.genres) or "Audiobook",
        "©grp": book.grouping,
        "desc": book.description,
        "ldes": book.description,
        "tvsh": book.series,
        "tven": book.series_part if book.series else None,
    }
    return {name: printable(text) for name, text in texts.items() if text}


def id3_texts(book: BookMetadata, title: str, *, place: str) -> dict[str, str]:
    """Text frames of an MP3 file, by ID3v2.3's names; ``place`` is "3/20".

    The names of our own (TXXX) are those under which Audiobookshelf looks for them.
    """
    frames = {
        "TIT2": title,
        "TIT3": book.subtitle,
        "TALB": book.title,
        "TPE1": book.author,
        "TPE2": book.author,
        "TCOM": book.narrator,
        "TRCK": place,
        "TYER": f"{book.year:04d}" if book.year is not None else None,
        "TCON": "; ".join(book.genres) or "Audiobook",
        "TPUB": book.publisher,
        "TLAN": book.language3,
        "TIT1": book.grouping,
        "TXXX:series": book.series,
        "TXXX:series-part": book.series_part if book.series else None,
        "TXXX:isbn": book.isbn,
    }
    return {name: text for name, text in frames.items() if text}


def id3_comments(book: BookMetadata) -> dict[str, str]:
    """Comments of an MP3 file by description: texts that may have several lines."""
    comments = {"": book.disclosure, "description": book.description}
    return {name: text for name, text in comments.items() if text}


def vorbis_tags(
    book: BookMetadata, title: str, *, track: int | None = None, tracks: int | None = None
) -> dict[str, str]:
    """Comments of an Opus or FLAC file, by the names Xiph recommends and libraries read.

    ffmpeg writes its ``comment`` as DESCRIPTION: what the book is and that its narration is
    synthetic share that field.
    """
    tags = {
        "TITLE": title,
        "SUBTITLE": book.subtitle,
        "ALBUM": book.title,
        "ARTIST": book.author,
        "ALBUMARTIST": book.author,
        "COMPOSER": book.narrator,
        "PERFORMER": book.narrator,
        "TRACKNUMBER": str(track) if track is not None else None,
        "TRACKTOTAL": str(tracks) if tracks is not None else None,
        "DATE": f"{book.year:04d}" if book.year is not None else None,
        "GENRE": "; ".join(book.genres) or "Audiobook",
        "PUBLISHER": book.publisher,
        "LANGUAGE": book.language3,
        "ISBN": book.isbn,
        "GROUPING": book.grouping,
        "SERIES": book.series,
        "SERIES-PART": book.series_part if book.series else None,
        "DESCRIPTION": "\n\n".join(t for t in (book.description, book.disclosure) if t),
    }
    return {name: value for name, value in tags.items() if value}


def ffmetadata(tags: Mapping[str, str]) -> str:
    """An FFMETADATA file."""
    return (
        "\n".join([";FFMETADATA1", *(f"{_escape(k)}={_escape(v)}" for k, v in tags.items())]) + "\n"
    )


def _escape(text: str) -> str:
    """``\\ = ; #`` and newlines escaped.

    ffmpeg 9 takes any backslash before a newline for a continued line, escaped or not, so a
    value that ends with one gets a space after it.
    """
    clean = printable(text)
    escaped = re.sub(r"([\\=;#\n])", r"\\\1", clean)
    return f"{escaped} " if clean.endswith("\\") else escaped


def printable(text: str) -> str:
    """``text`` with newlines as they are and without what would end a value in a tag."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))


def metadata_json(book: BookMetadata, chapters: Sequence[Sound] = ()) -> str:
    """Audiobookshelf's metadata.json: the last word in its scanner, so all fields are here."""
    description = "\n\n".join(part for part in (book.description, book.disclosure) if part)
    content = {
        "tags": ["Synthetic narration"] if book.disclosure else [],
        "chapters": _chapter_list(chapters),
        "title": book.title,
        "subtitle": book.subtitle,
        "authors": [book.author],
        "narrators": [book.narrator] if book.narrator else [],
        "series": [book.grouping] if book.grouping else [],
        "genres": list(book.genres),
        "publishedYear": str(book.year) if book.year is not None else None,
        "publisher": book.publisher,
        "description": description or None,
        "isbn": book.isbn,
        "asin": None,
        "language": book.language,
        "explicit": False,
        "abridged": False,
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _chapter_list(chapters: Sequence[Sound]) -> list[dict[str, int | float | str]]:
    """Times in seconds to the millisecond, from sums of frames."""
    found: list[dict[str, int | float | str]] = []
    done = 0
    for number, chapter in enumerate(chapters):
        start, done = done, done + chapter.frames
        times = {"start": round(start / chapter.rate, 3), "end": round(done / chapter.rate, 3)}
        found.append({"id": number, **times, "title": chapter.title})
    return found


_FORBIDDEN: Final = {
    **{ord(c): None for c in '?"*<>|'},
    ord("/"): "-",
    ord("\\"): "-",
    ord(":"): " -",
}
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
# joiners stay (Persian, Hindi and emoji need them); marks that turn text around do not
_INVISIBLE: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def safe_name(title: str, limit: int = 160) -> str:
    """``title`` as a file or folder name on every platform, without extension.

    Args:
        limit: UTF-8 bytes; the default leaves room for "(incomplete …)", a number and an
            extension in the 255 that file systems allow.
    """
    text = unicodedata.normalize("NFC", title)
    text = " ".join(_INVISIBLE.sub("", text).split())
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp"))
    text = _trim(re.sub(r"\s+", " ", text.translate(_FORBIDDEN)))
    if _RESERVED.fullmatch(text):
        text = f"_{text}"
    if len(text.encode()) > limit:
        text = _trim(text.encode()[:limit].decode("utf-8", "ignore"))
    return text or "untitled"


def _trim(text: str) -> str:
    """No leading dot (hidden) or dash, no trailing dot or space (Windows drops them)."""
    return text.lstrip(" .-").rstrip(" .\u200c\u200d")
