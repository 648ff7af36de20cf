"""Keys: the content hashes by which everything finished is found again.

A take's key is the sha256 of everything that decides its sound, and of nothing else: never
a path, an index, a date or a machine. Move the project, insert a paragraph, change the
number of workers: no key changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from castbook.canonical import canonical_json, digest, plain


@dataclass(frozen=True, slots=True)
class Ingredients:
    """Everything that decides a segment's sound, before retakes and attempts."""

    spoken: str  # what the engine hears
    language: str
    voice: str  # voice digest
    style: str  # "" for the default
    engine: str
    fingerprint: str  # of the engine: model revision, options that change the sound
    seed: int  # of the project
    retake: int = 0  # from retakes.yaml

    def plain(self) -> dict[str, str | int]:
        """As it enters the key and the sidecar (``asdict`` copies deeply: five times slower)."""
        return {name: getattr(self, name) for name in self.__slots__}


def take_key(ingredients: Ingredients, attempt: int) -> str:
    """The key of one attempt, 64 hex digits."""
    return digest({**ingredients.plain(), "attempt": attempt})


def sampling_key(ingredients: Ingredients, attempt: int, fingerprint: str) -> str:
    """The key of the speech tokens of one attempt, 64 hex digits.

    Args:
        fingerprint: what decides the tokens (``Engine.sampling_fingerprint``), a part of the
            engine's whole.
    """
    return take_key(replace(ingredients, fingerprint=fingerprint), attempt)


def seed_of(key: str, piece: int = 0) -> int:
    """63 bits: the first 8 bytes of the key, big-endian, shifted right by one.

    ``piece`` numbers the parts of an attempt that is spoken in shorter pieces; each part
    gets the seed of its own hash, so that equal pieces do not sound cloned.
    """
    if piece:
        key = hashlib.sha256(f"{key}#{piece}".encode()).hexdigest()
    return int(key[:16], 16) >> 1


def preset_digest(preset: str, parameters: Mapping[str, Any]) -> str:
    """What a preset contributes to the key."""
    return digest({"preset": preset, "parameters": plain(parameters)})


def reference_digest(pcm_sha256: str, rate: int, transcript: str | None, style: str) -> str:
    """What a reference clip contributes to the key: its samples, never the file's bytes."""
    return digest({"pcm": pcm_sha256, "rate": rate, "transcript": transcript or "", "style": style})


def jitter(before: str, after: str) -> float:
    """−1…1, from the keys on both sides of a pause: never from an index."""
    word = hashlib.sha256(f"{before}|{after}".encode()).digest()
    return int.from_bytes(word[:4], "big") / 0xFFFFFFFF * 2 - 1


def content_key(kind: str, parts: Mapping[str, Any] | Sequence[Any]) -> str:
    """sha256 over a named kind of product and what it is made of (masters, book files)."""
    return hashlib.sha256(kind.encode() + b"\0" + canonical_json(plain(parts))).hexdigest()
