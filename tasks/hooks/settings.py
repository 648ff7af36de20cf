"""What deliveries are told by the environment.

| variable | meaning |
|---|---|
| CASTBOOK_CALLBACK_SECRET | ``whsec_…``; several between commas: all of them sign |
| CASTBOOK_FETCH_HOSTS | hosts or origins that may be told |
| CASTBOOK_PUBLIC_URL | put before the paths in callbacks, ``https://books.example.org`` |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from castbook.errors import InputError
from castbook.signatures import secret_bytes


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """A snapshot of the environment."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    hosts: tuple[str, ...] = ()

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> DeliverySettings:
        """The settings that ``environ`` (default: this process's) asks for.

        Raises:
            InputError: a secret is none.
        """
        env = os.environ if environ is None else environ
        secrets = _list(env.get("CASTBOOK_CALLBACK_SECRET", ""))
        for secret in secrets:
            try:
                secret_bytes(secret)
            except InputError as error:
                raise InputError(
                    error.message, place="CASTBOOK_CALLBACK_SECRET", expected=error.expected
                ) from error
        return cls(secrets, _list(env.get("CASTBOOK_FETCH_HOSTS", "")))

    def signing(self) -> tuple[str, ...]:
        """The secrets, of which there must be one.

        Raises:
            InputError: none is set: what is not signed is not sent.
        """
        if not self.secrets:
            raise InputError(
                "is not set: no callback is sent", place="CASTBOOK_CALLBACK_SECRET",
                expected="whsec_ and the base64 of 24 to 64 bytes",
            )  # fmt: skip
        return self.secrets


def _list(written: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in written.split(",") if entry.strip())
