"""Voices come to the shelf and leave it: clip, card, and last the entry in ``library.yaml``.

The entry is the commit mark. Whatever goes wrong before it, the library is as it was.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from audio.pcm import pcm_sha256, write_flac
from book.project import Consent
from book.yamlmaps import with_entry, without_entry
from castbook.canonical import text_digest
from castbook.errors import CastbookError, VoiceError
from castbook.files import replace as publish_over
from castbook.files import temporary_beside
from tasks.shelf.cards import (
    FOLDER,
    NEUTRAL,
    PREFIX,
    Card,
    card_path,
    id_of,
    read_cards,
    write_card,
)
from tasks.shelf.library import MOST_VOICES, Library
from tasks.shelf.samples import Sample

LONGEST_NAME: Final = 80
_MOST_STYLES: Final = 32
_STYLE: Final = re.compile(r"[^\W_][\w-]{0,63}")  # book.project.Slug
LONGEST_WORDS: Final = 2000  # of a transcript: book.project.Text


@dataclass(frozen=True, slots=True)
class Upload:
    """What somebody wants to put on the shelf; the sample is checked."""

    name: str
    sample: Sample
    engine: str
    consent: Mapping[str, str]  # basis, holder, record: as in a project.yaml
    consent_id: str = ""
    style: str = ""
    language: str = ""
    description: str = ""
    owner: str = ""
    shared: bool = False


def add_voice(library: Library, upload: Upload) -> tuple[Card, bool]:
    """Puts a voice on the shelf.

    Returns:
        Its card, and whether it is new: the same upload again finds the first one, and gives
        it the consent that came with it.

    Raises:
        VoiceError: another voice of that owner bears the name; the words cannot be kept.
        StorageError, Unavailable: see ``Library.change``.
    """
    check_names(upload.name, upload.style, upload.sample.transcript)
    style = upload.style or NEUTRAL
    sound = pcm_sha256(upload.sample.pcm)
    card = Card(
        id=id_of(upload.owner, upload.name, sound, f"{style}: {upload.sample.transcript}"),
        name=upload.name,
        created_at=int(time.time()),
        language=upload.language,
        description=" ".join(upload.description.split()),
        owner=upload.owner,
        consent=upload.consent_id,
        sample_sha256=sound,
        shared=upload.shared,
    )
    entry: dict[str, Any] = {
        "engine": upload.engine,
        "styles": {style: _said(card.id, style, upload.sample)},
        "consent": dict(upload.consent),
    }
    old: list[Card] = []

    def edit(text: str) -> str:
        there = library.read().voices
        cards = [c for key, c in read_cards(library.folder).items() if key in there]
        for other in cards:
            if other.id == card.id:
                old.append(replace(other, consent=card.consent))
                return _renewed(library.folder, text, old[0], there[card.id].consent, entry)
            if (other.owner, other.name) == (card.owner, card.name):
                raise VoiceError(
                    f"there is a voice called {card.name!r}", place="name",
                    expected="another name, or the old voice deleted first",
                )  # fmt: skip
        if len(there) >= MOST_VOICES:
            raise VoiceError(
                f"the library has {len(there)} voices", place="name",
                expected=f"at most {MOST_VOICES}", hint="delete voices that nobody uses",
            )  # fmt: skip
        _store(library.folder, card.id, style, upload.sample)
        write_card(library.folder, card)
        return with_entry(text, ("voices",), card.id, entry)

    _change(library, edit, card.id)
    return (old[0], False) if old else (card, True)


def _renewed(
    folder: Path, text: str, card: Card, standing: Consent | None, entry: Mapping[str, Any]
) -> str:
    """The library with the consent of an upload that came again."""
    if standing is not None and standing.model_dump(exclude_none=True) == entry["consent"]:
        return text
    write_card(folder, card)
    return with_entry(text, ("voices", card.id), "consent", entry["consent"])


def add_style(library: Library, voice_id: str, style: str, sample: Sample) -> bool:
    """Gives a voice one more mood.

    Returns:
        Whether it is new: the same sample and words again change nothing.

    Raises:
        VoiceError: it has that mood with another sample, or no moods at all, or very many.
    """
    check_names("voice", style or "?", sample.transcript)
    new: list[bool] = []

    def edit(text: str) -> str:
        voice = library.read().voices.get(voice_id)
        if voice is None or not voice.styles:
            raise VoiceError(
                f"voice {voice_id!r} has no styles", place="voice", expected="an uploaded voice"
            )
        said = _said(voice_id, style, sample)
        there = voice.styles.get(style)
        if there is not None:
            if there.reference == said["reference"] and there.transcript == said["transcript"]:
                return text
            raise VoiceError(
                f"there is a style {style!r}", place="style", expected="another word for the mood"
            )
        if len(voice.styles) >= _MOST_STYLES:
            raise VoiceError(
                f"the voice has {_MOST_STYLES} styles", place="style",
                expected="fewer, or another voice",
            )  # fmt: skip
        new.append(True)
        _store(library.folder, voice_id, style, sample)
        return with_entry(text, ("voices", voice_id, "styles"), style, said)

    _change(library, edit, voice_id)
    return bool(new)


def remove_voice(library: Library, voice_id: str) -> None:
    """Takes a voice off the shelf, its clips and card with it."""
    library.change(lambda text: without_entry(text, ("voices",), voice_id))
    if voice_id.startswith(PREFIX):
        _forget(library.folder, voice_id)


def check_names(name: str, style: str, transcript: str) -> None:
    """Refuses words that people could not tell apart or files could not hold.

    Raises:
        VoiceError: with the field at fault.
    """
    wrong = not name.isprintable() or name != " ".join(name.split()) or name.startswith(PREFIX)
    if wrong or not 0 < len(name) <= LONGEST_NAME:
        raise VoiceError(
            "this is no name for a voice", place="name",
            expected=f"1 to {LONGEST_NAME} printable characters in one line, not {PREFIX}…",
        )  # fmt: skip
    if style and not _STYLE.fullmatch(style):
        raise VoiceError(
            f"{style[:64]!r} is no name for a style", place="style",
            expected="letters, digits, '-' and '_', at most 64, the first a letter or digit",
        )  # fmt: skip
    if len(transcript) > LONGEST_WORDS or not transcript.isprintable():
        raise VoiceError(
            "the transcript cannot be kept", place="transcript",
            expected=f"at most {LONGEST_WORDS} printable characters",
        )  # fmt: skip


def _clip(voice_id: str, style: str, sample: Sample) -> str:
    """The name of a clip in the library: of its sound, so that no two uploads share one."""
    mark = text_digest(f"{style} {pcm_sha256(sample.pcm)}")[:12]
    return f"{FOLDER}/{voice_id}-{mark}.flac"


def _said(voice_id: str, style: str, sample: Sample) -> dict[str, str]:
    return {"reference": _clip(voice_id, style, sample), "transcript": sample.transcript}


def _store(folder: Path, voice_id: str, style: str, sample: Sample) -> None:
    final = folder / _clip(voice_id, style, sample)
    with temporary_beside(final) as temporary:
        write_flac(temporary, sample.pcm, sample.rate)
        publish_over(temporary, final)


def _change(library: Library, edit: Callable[[str], str], voice_id: str) -> None:
    """The edit under the lock; nothing of a voice is left whose entry was not written."""
    try:
        library.change(edit)
    except BaseException:
        with contextlib.suppress(CastbookError):
            if voice_id not in library.read().voices:
                _forget(library.folder, voice_id)
        raise


def _forget(folder: Path, voice_id: str) -> None:
    for path in [card_path(folder, voice_id), *(folder / FOLDER).glob(f"{voice_id}-*.flac")]:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
