"""Standard Webhooks: the signature of a message, made and checked.

``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``; the
secret is ``whsec_`` and the base64 of 24 to 64 bytes. Several secrets at once let a receiver
change its secret without losing a message. Whoever receives also remembers ids (``Replays``).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping

from castbook.errors import InputError

TOLERANCE_S = 300  # of the clock, before and after; the specification's five minutes
_PREFIX = "whsec_"
_ID = re.compile(r"[\x21-\x7e]{1,256}")
_MOST_SIGNATURES = 10  # in one header: more is no rotation


class SignatureRefused(InputError):
    """A message was not signed with one of our secrets, or not now."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code  # for programs: missing_signature, stale, bad_signature


def secret_bytes(secret: str) -> bytes:
    """The key behind a secret, with or without ``whsec_``.

    Raises:
        InputError: it is no such secret. The message does not show it.
    """
    written = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise InputError(
            "a secret is not one of Standard Webhooks",
            expected="whsec_ and the base64 of 24 to 64 bytes",
        )
    return key


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature`` for a body sent at ``timestamp`` (Unix seconds)."""
    return (
        "v1," + base64.b64encode(_mac(secret_bytes(secret), message_id, timestamp, body)).decode()
    )


def signed_headers(
    secrets: Iterable[str], message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The three headers of a message, signed with each secret (the new one and the old one)."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(s, message_id, timestamp, body) for s in secrets),
    }


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The id of a message that one of ``secrets`` signed within five minutes of ``now``.

    Args:
        headers: by lower-case name.

    Raises:
        SignatureRefused: it was not.
    """
    message_id = headers.get("webhook-id", "")
    written = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "").split(" ")
    if not _ID.fullmatch(message_id) or not written or not signatures[0]:
        raise SignatureRefused(
            "webhook-id, webhook-timestamp and webhook-signature are needed", "missing_signature"
        )
    if not re.fullmatch(r"[0-9]{1,12}", written):
        raise SignatureRefused("webhook-timestamp is not in Unix seconds", "stale")
    if abs(now - int(written)) > TOLERANCE_S:
        raise SignatureRefused("webhook-timestamp is not within five minutes of now", "stale")
    expected = [_mac(secret_bytes(s), message_id, int(written), body) for s in secrets]
    good = False
    for signature in signatures[:_MOST_SIGNATURES]:
        version, _, encoded = signature.partition(",")
        if version != "v1" or not encoded.isascii():
            continue
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        for mac in expected:  # all of them, so that time tells nothing
            good |= hmac.compare_digest(mac, given)
    if not good:
        raise SignatureRefused("webhook-signature is not by a known secret", "bad_signature")
    return message_id


def _mac(key: bytes, message_id: str, timestamp: int, body: bytes) -> bytes:
    return hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
