"""What is known of an uploaded voice beyond what a book needs: ``voices/voice_….yaml``.

The sound itself is an ordinary voice of ``library.yaml``; the card lies beside its clips. A
voice without a card was put there by hand.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from castbook.canonical import digest
from tasks.shelf.papers import papers, write_paper

FOLDER: Final = "voices"
PREFIX: Final = "voice_"
NEUTRAL: Final = "neutral"  # the style of a voice that came with one clip and no word for it


@dataclass(frozen=True, slots=True)
class Card:
    """Of one voice."""

    id: str  # the key of ``voices`` in the library
    name: str  # for people; one of its owner's has it
    created_at: int  # Unix seconds
    language: str = ""  # BCP 47, of the first clip; "" is not said
    description: str = ""
    owner: str = ""  # the principal who uploaded it
    consent: str = ""  # id of its consent; "" where a basis was declared
    sample_sha256: str = ""  # of the first clip's samples
    shared: bool = False  # with every principal


def id_of(owner: str, name: str, sample_sha256: str, transcript: str) -> str:
    """The id of an upload: the same upload again is the same voice."""
    return PREFIX + digest([owner, name, sample_sha256, transcript])[:24]


def card_path(library: Path, voice_id: str) -> Path:
    """Where a card is."""
    return library / FOLDER / f"{voice_id}.yaml"


def write_card(library: Path, card: Card) -> None:
    """Writes a card.

    Raises:
        StorageError: the folder cannot be written.
    """
    write_paper(card_path(library, card.id), asdict(card))


def read_cards(library: Path) -> dict[str, Card]:
    """All cards, by id."""
    found = (_card(fields) for _, fields in papers(library / FOLDER))
    return {card.id: card for card in found if card is not None}


def _card(fields: Any) -> Card | None:
    try:
        return Card(**{key: fields[key] for key in fields if key in Card.__slots__})
    except TypeError:
        return None
