"""Keys and tokens: compared by their SHA-256, all of them, in constant time."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from castbook.errors import InputError

_HASHED = re.compile(r"[0-9a-fA-F]{64}")
_LEAST = 8  # characters: shorter ones are guessed


def digest_of(secret: str, place: str) -> bytes:
    """SHA-256 of a key, or the one that stands in its place as ``sha256:HEX``.

    Raises:
        InputError: too short, or no digest. The message does not show it.
    """
    if secret.startswith("sha256:"):
        if not _HASHED.fullmatch(secret[7:]):
            raise InputError("a digest is malformed", place=place, expected="sha256: and 64 hex")
        return bytes.fromhex(secret[7:])
    if len(secret) < _LEAST:
        raise InputError("a secret is too short", place=place, expected=f"{_LEAST} characters")
    return hashlib.sha256(secret.encode()).digest()


class KeyRing:
    """Named keys. Several may be good at once, so that one can replace another."""

    def __init__(self, keys: Mapping[str, str], place: str) -> None:
        self._digests = {name: digest_of(key, place) for name, key in keys.items()}

    @classmethod
    def of(cls, tokens: Iterable[str], place: str) -> KeyRing:
        """A ring of tokens that need no names."""
        return cls({str(number): token for number, token in enumerate(tokens)}, place)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def __repr__(self) -> str:
        return f"KeyRing({len(self._digests)} keys)"

    def owner(self, given: str) -> str | None:
        """The name of the key that was given; None if it is none of ours."""
        digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
        found = None
        for name, known in self._digests.items():  # to the end: time does not tell which
            if hmac.compare_digest(known, digest):
                found = name
        return found

    def digest(self, name: str) -> bytes:
        """SHA-256 of a key of this ring; b"" for a name it does not hold."""
        return self._digests.get(name, b"")
