"""The page's login: a signed cookie that says which key opened it, and until when.

The cookie never holds the key. Its signature depends on a secret of the data folder, which all
processes that share the folder share, and on the key's digest: who takes a key out of
``CASTBOOK_API_KEYS`` ends its sessions. A logout is known to the process it was made in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from pathlib import Path

from castbook.files import publish, temporary_beside
from service.security.keys import KeyRing

COOKIE = "castbook_session"
LIFETIME_S = 12 * 3600
_MOST_ENDED = 10_000
_SECRET = "session.key"


def session_secret(data: Path) -> bytes:
    """32 random bytes that live in the data folder; the first to ask makes them."""
    path = data / _SECRET
    if not path.exists():
        with temporary_beside(path) as temporary:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(32))
            publish(temporary, path)  # another process may have been first: then its bytes count
    return path.read_bytes()


class Sessions:
    """Makes, reads and ends cookies."""

    def __init__(self, data: Path, keys: KeyRing) -> None:
        self._data = data
        self._keys = keys
        self._secret = b""
        self._ended: dict[str, float] = {}

    def load(self) -> None:
        """Reads the secret, or makes it: once, where nobody waits for the disk.

        Raises:
            StorageError: the data folder cannot be written.
        """
        self._secret = self._secret or session_secret(self._data)

    def open(self, name: str, now: float | None = None) -> str:
        """The cookie's value for the owner of a key."""
        until = int((time.time() if now is None else now) + LIFETIME_S)
        body = f"{name}|{until}|{secrets.token_urlsafe(12)}"
        return f"{base64.urlsafe_b64encode(body.encode()).decode()}.{self._mac(name, body)}"

    def owner(self, cookie: str, now: float | None = None) -> str | None:
        """Whose session it is; None if it is none, over, or ended."""
        encoded, _, mac = cookie.partition(".")
        if len(cookie) > 1000:
            return None
        try:
            body = base64.urlsafe_b64decode(encoded.encode("ascii")).decode()
            name, until, number = body.rsplit("|", 2)
            end = int(until)
        except ValueError:  # also UnicodeError and binascii.Error
            return None
        if not self._keys.digest(name) or not hmac.compare_digest(
            self._mac(name, body).encode(), mac.encode("utf-8", "surrogateescape")
        ):
            return None
        if end <= (time.time() if now is None else now) or number in self._ended:
            return None
        return name

    def end(self, cookie: str) -> None:
        """Logs out: the cookie is good no longer."""
        if self.owner(cookie) is None:
            return
        now = time.time()
        body = base64.urlsafe_b64decode(cookie.partition(".")[0]).decode()
        _, until, number = body.rsplit("|", 2)
        self._ended = {key: end for key, end in self._ended.items() if end > now}
        if len(self._ended) >= _MOST_ENDED:
            self._ended.pop(next(iter(self._ended)))
        self._ended[number] = float(until)

    def _mac(self, name: str, body: str) -> str:
        self.load()
        key = self._secret + self._keys.digest(name)
        return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
