"""Whether a request comes from its source: by the scheme and the secret that are configured.

Stateless. A request that is sent again proves itself again, and then is the same order: the
key of an order is made of what was signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping

from castbook.signatures import SignatureRefused, verify
from castbook.tokens import TokenRefused, Tokens
from tasks.hooks.schema import Hmac, HookFile, Jwt, Standard, Token

_MOST_HEADER = 4096  # characters
_LEAST_SECRET = 16  # characters of a token or a key of HMAC


class NoSecret(SignatureRefused):
    """The source is closed: its secret is not configured."""


def secrets_of(file: HookFile, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The secrets of a source.

    Raises:
        NoSecret: there is none, or one too short to be one. The message shows none.
    """
    variable = file.signature.secret
    env = os.environ if environ is None else environ
    written = env.get(variable, "")
    # a key in PEM has no commas but may have line ends
    entries = [written] if isinstance(file.signature, Jwt) else written.split(",")
    found = tuple(entry.strip() for entry in entries if entry.strip())
    if not found:
        raise NoSecret(f"this source is closed: {variable} is not set", "no_secret")
    if isinstance(file.signature, Hmac | Token) and min(map(len, found)) < _LEAST_SECRET:
        raise NoSecret(
            f"this source is closed: {variable} is shorter than {_LEAST_SECRET} characters",
            "no_secret",
        )
    return found


def check(
    file: HookFile,
    headers: Mapping[str, str],
    body: bytes,
    now: float,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Lets a request pass.

    Args:
        headers: by lower-case name; one that came twice is not among them.
        now: Unix seconds.

    Raises:
        SignatureRefused: it does not prove itself; ``NoSecret``, nobody could.
        InputError: the configured secret is of another kind.
    """
    secrets = secrets_of(file, environ)
    match file.signature:
        case Standard():
            verify(secrets, headers, body, now)
        case Hmac() as scheme:
            _check_hmac(scheme, secrets, headers, body, now)
        case Token(header=header):
            given = hashlib.sha256(_header(headers, header).encode("utf-8", "replace")).digest()
            known = [hashlib.sha256(secret.encode()).digest() for secret in secrets]
            if not _is_one_of(given, known):
                raise SignatureRefused(f"{header} is not one of ours", "bad_token")
        case Jwt() as scheme:
            kind, _, token = _header(headers, "Authorization").partition(" ")
            if kind.lower() != "bearer":
                raise SignatureRefused("Authorization: Bearer is needed", "missing_token")
            try:
                Tokens(secrets[0], scheme.algorithm, place=scheme.secret).check(
                    token.strip(), body, now
                )
            except TokenRefused as refused:
                raise SignatureRefused(refused.message, refused.code) from refused


def _check_hmac(
    scheme: Hmac, secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes, now: float
) -> None:
    written = _header(headers, scheme.header)
    parts = _parts(written)
    given = parts.get(scheme.part, "") if scheme.part else written.strip()
    if not given:
        raise SignatureRefused(f"{scheme.header} has no {scheme.part}=…", "missing_signature")
    timestamp = ""
    if scheme.timestamp_part:
        timestamp = parts.get(scheme.timestamp_part, "")
    elif scheme.timestamp_header:
        timestamp = _header(headers, scheme.timestamp_header).strip()
    if "{timestamp}" in scheme.signed:
        if not re.fullmatch(r"[0-9]{1,16}", timestamp):
            raise SignatureRefused("the timestamp is no number", "stale")
        seconds = int(timestamp) / (1000 if scheme.timestamp_unit == "ms" else 1)
        if abs(now - seconds) > scheme.tolerance_s:
            raise SignatureRefused(
                f"the timestamp is not within {scheme.tolerance_s} s of now", "stale"
            )
    before, _, after = scheme.signed.replace("{timestamp}", timestamp).partition("{body}")
    signed = before.encode() + body + after.encode()
    digest = _decoded(given, scheme.encoding)
    expected = [hmac.digest(secret.encode(), signed, "sha256") for secret in secrets]
    if not _is_one_of(digest, expected):
        raise SignatureRefused(f"{scheme.header} is not by a known secret", "bad_signature")


def _is_one_of(given: bytes, known: list[bytes]) -> bool:
    """Compares with all of them, so that time tells nothing."""
    good = False
    for one in known:
        good |= hmac.compare_digest(given, one)
    return good


def _header(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name.lower(), "")
    if not found or len(found) > _MOST_HEADER:
        raise SignatureRefused(f"{name} is needed, once", "missing_signature")
    return found


def _parts(written: str) -> dict[str, str]:
    """``sha256=ab, t=12``; of a name that comes twice, nothing."""
    pairs = [part.strip().partition("=") for part in written.split(",")[:10]]
    names = [name for name, _, _ in pairs]
    return {name: value for name, _, value in pairs if names.count(name) == 1}


def _decoded(written: str, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(written)
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return b""
