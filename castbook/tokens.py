"""JSON Web Tokens of webhooks: one algorithm, one key, one use, one body.

A token proves its sender only for the body whose SHA-256 it claims (``body_sha256``), for at
most an hour, once. The algorithm comes from the settings and never from the token.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from castbook.errors import InputError, MissingDependency
from castbook.replays import Replays

ALGORITHMS = ("HS256", "RS256", "EdDSA")
LEEWAY_S = 30
LIFETIME_S = 3600  # bounds what has to be remembered against replays
_MOST_TOKEN = 8192  # characters


class TokenRefused(InputError):
    """A token is not one of ours, not for this body, not for now, or was used before."""

    def __init__(self, message: str, code: str = "bad_token") -> None:
        super().__init__(message)
        self.code = code


class Tokens:
    """Checks tokens with one key.

    Args:
        key: a shared secret of 32 bytes or more (HS256), or a public key in PEM.
        place: of the key, for messages.

    Raises:
        InputError: the algorithm is none of ours, or the key is not of its kind.
    """

    def __init__(
        self,
        key: str,
        algorithm: str,
        replays: Replays | None = None,
        place: str = "CASTBOOK_JWT_KEY",
    ) -> None:
        if algorithm not in ALGORITHMS:
            raise InputError(
                f"cannot be {algorithm!r}",
                place="CASTBOOK_JWT_ALGORITHM",
                expected=", ".join(ALGORITHMS),
            )
        self._algorithm = algorithm
        self._key = _prepared(key, algorithm, place)
        self._replays = Replays() if replays is None else replays

    def check(self, token: str, body: bytes, now: float) -> dict[str, Any]:
        """The claims of a token that is good for ``body``.

        Raises:
            TokenRefused: it is not.
        """
        import jwt  # of the extra ``service``; 40 ms that only those with tokens pay

        if len(token) > _MOST_TOKEN:
            raise TokenRefused("the token is too long")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[self._algorithm],
                # times are looked at below, by the one clock that the caller has
                options={
                    "require": ["exp", "iat", "jti"],
                    "verify_aud": False,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise TokenRefused("the token is not valid") from error
        issued, expires, number = claims["iat"], claims["exp"], claims["jti"]
        begins = claims.get("nbf", issued)
        if not all(map(_is_number, (issued, expires, begins))) or not 0 < len(str(number)) <= 200:
            raise TokenRefused("exp, iat, nbf or jti is malformed")
        if expires + LEEWAY_S <= now:
            raise TokenRefused("the token is over", "stale")
        if max(issued, begins) - LEEWAY_S > now:
            raise TokenRefused("the token is not good yet")
        if expires - min(issued, now) > LIFETIME_S + LEEWAY_S:
            raise TokenRefused("the token is good for more than an hour")
        claimed = str(claims.get("body_sha256", "")).lower().encode("utf-8", "replace")
        if not hmac.compare_digest(claimed, hashlib.sha256(body).hexdigest().encode()):
            raise TokenRefused("body_sha256 is not of this body")
        return claims

    def use(self, claims: dict[str, Any], now: float) -> None:
        """Spends a token.

        Raises:
            TokenRefused: it was spent before.
        """
        if not self._replays.first(str(claims["jti"]), claims["exp"] + LEEWAY_S, now):
            raise TokenRefused("the token was used before", "replayed")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _prepared(key: str, algorithm: str, place: str) -> Any:
    try:
        import jwt
        from jwt.algorithms import get_default_algorithms
    except ModuleNotFoundError as error:
        raise MissingDependency("tokens need PyJWT: pip install 'castbook[service]'") from error
    if algorithm == "HS256" and len(key.encode()) < 32:  # RFC 7518 §3.2
        raise InputError("is too short for HS256", place=place, expected="32 bytes or more")
    try:
        prepared = get_default_algorithms()[algorithm].prepare_key(key)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise InputError(
            f"is no key for {algorithm}",
            place=place,
            expected="a secret" if algorithm == "HS256" else "a public key in PEM",
        ) from error
    if hasattr(prepared, "private_bytes"):
        raise InputError("is a private key", place=place, expected="the public half in PEM")
    return prepared
