"""Who may post to a webhook: the ways that are configured, any of them or all.

A token in ``X-Webhook-Token``, a JSON Web Token in ``Authorization: Bearer``, a signature of
Standard Webhooks, an address. Numbers that count once (``jti``, ``webhook-id``) are spent only
when the posting as a whole is let in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from castbook.replays import Replays
from castbook.signatures import TOLERANCE_S, SignatureRefused, secret_bytes, verify
from castbook.tokens import TokenRefused, Tokens
from service.problems import Problem
from service.security.addresses import Address, networks, within
from service.security.keys import KeyRing
from service.security.origins import is_foreign
from service.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Posting:
    """A request to a webhook, as far as its sender is concerned."""

    headers: Mapping[str, str]  # by lower-case name
    body: bytes
    address: Address | None
    now: float  # Unix seconds


@dataclass(frozen=True, slots=True)
class Pass:
    """One way was content: whom it saw, and what is spent if the posting is let in."""

    way: str
    subject: str = ""
    spend: Callable[[], None] | None = None


class Ways:
    """The configured ways.

    Raises:
        InputError: a secret, key or address of the settings cannot be one.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._all = settings.auth == "all"
        self._tokens = KeyRing.of(settings.webhook_tokens, "CASTBOOK_WEBHOOK_TOKENS")
        self._secrets = settings.webhook_secrets
        for secret in self._secrets:
            secret_bytes(secret)
        self._jwt = Tokens(settings.jwt_key, settings.jwt_algorithm) if settings.jwt_key else None
        self._allow = networks(settings.allow, "CASTBOOK_ALLOW")
        self._ids = Replays()
        self._checks: list[Callable[[Posting], Pass]] = [
            check
            for configured, check in (
                (bool(self._secrets), self._signature),
                (self._jwt is not None, self._token),
                (bool(self._tokens), self._header),
                (bool(self._allow), self._address),
            )
            if configured
        ]

    def __bool__(self) -> bool:
        """Whether any way is configured."""
        return bool(self._checks)

    def admit(self, posting: Posting) -> Pass:
        """Lets a posting in.

        Raises:
            Problem: 401, or 403 where only the address is wrong; the first way that was tried
                and failed says why.
        """
        passes, refusals = [], []
        for check in self._checks:
            try:
                passes.append(check(posting))
            except (SignatureRefused, TokenRefused) as refused:
                refusals.append(Problem(401, refused.message, code=refused.code))
            except Problem as refused:
                refusals.append(refused)
        if refusals and (self._all or not passes):
            tried = [r for r in refusals if not r.code.startswith("missing_")]
            raise (tried or refusals)[0]
        try:
            for done in passes if self._all else passes[:1]:
                if done.spend is not None:
                    done.spend()
        except TokenRefused as refused:
            raise Problem(401, refused.message, code=refused.code) from refused
        return next((done for done in passes if done.subject), passes[0])

    def _signature(self, posting: Posting) -> Pass:
        number = verify(self._secrets, posting.headers, posting.body, posting.now)

        def spend() -> None:
            digest = hashlib.sha256(posting.body).hexdigest()
            until = posting.now + 2 * TOLERANCE_S
            if not self._ids.same(number, digest, until, posting.now):
                raise TokenRefused("this webhook-id came before with another body", "replayed")

        return Pass("signature", spend=spend)

    def _token(self, posting: Posting) -> Pass:
        assert self._jwt is not None
        kind, _, token = posting.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise Problem(401, "a token in Authorization: Bearer is needed", code="missing_token")
        claims: dict[str, Any] = self._jwt.check(token.strip(), posting.body, posting.now)
        keep, now = self._jwt, posting.now
        return Pass("jwt", str(claims.get("sub", ""))[:100], lambda: keep.use(claims, now))

    def _header(self, posting: Posting) -> Pass:
        given = posting.headers.get("x-webhook-token", "")
        if not given:
            raise Problem(401, "X-Webhook-Token is needed", code="missing_token")
        if self._tokens.owner(given) is None:
            raise Problem(401, "X-Webhook-Token is not one of ours", code="bad_token")
        return Pass("token")

    def _address(self, posting: Posting) -> Pass:
        if is_foreign(posting.headers):  # an address is no proof of who sits behind its browser
            raise Problem(403, "a page of another site asks this", code="foreign_origin")
        if not within(posting.address, self._allow):
            raise Problem(403, "this address may not post here", code="address_not_allowed")
        return Pass("address")
