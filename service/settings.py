"""What the service is told by its environment. Secrets come from there and from nowhere else.

| variable | meaning |
|---|---|
| CASTBOOK_DATA | voices, takes, outputs, uploads, projects of the service |
| CASTBOOK_HOST, CASTBOOK_PORT | where it listens; a public address needs authentication |
| CASTBOOK_API_KEYS | ``name:key`` pairs, comma separated; a key may be ``sha256:HEX`` |
| CASTBOOK_AUTH | ``any`` (default) or ``all`` of the ways below that are configured |
| CASTBOOK_WEBHOOK_TOKENS | of ``X-Webhook-Token``, comma separated: all are good |
| CASTBOOK_WEBHOOK_SECRETS | ``whsec_…`` of Standard Webhooks, comma separated: all are good |
| CASTBOOK_JWT_KEY, CASTBOOK_JWT_ALGORITHM | key (or PEM) and HS256, RS256 or EdDSA |
| CASTBOOK_ALLOW, CASTBOOK_TRUSTED_PROXIES | addresses, ``10.0.0.0/8,::1`` |
| CASTBOOK_HOSTS | names under which a proxy on this machine asks, ``books.example.org`` |
| CASTBOOK_CALLBACK_SECRET | ``whsec_…`` with which callbacks are signed |
| CASTBOOK_FETCH_HOSTS | hosts whose https addresses may be fetched; none by default |
| CASTBOOK_PUBLIC_VOICES | 1: the lists of voices and models need no key |
| CASTBOOK_RATE | requests a minute of one caller; 600 if absent, 0 for no bound |
| CASTBOOK_SLOTS | syntheses at once on one device, by API and jobs together; 1 if absent |
| CASTBOOK_ENGINE | speaks where a voice names no engine |
| CASTBOOK_UPLOAD_TYPES | of clips: of wav, mp3, flac, ogg, mp4, webm; all if absent |
| CASTBOOK_WATERMARK | 1: finished sounds bear an inaudible mark (extra ``watermark``) |
| CASTBOOK_MODERATOR_URL | is asked before a text is spoken (docs/voices.md) |
| CASTBOOK_MODERATOR_FAILURE | deny (default), review or allow, when it does not answer |
| PREFECT_API_URL | of the Prefect server; without one there are no jobs |
| CASTBOOK_HOOKS, CASTBOOK_HOOK_…_SECRET | sources of webhooks: see docs/webhooks.md |
| CASTBOOK_PUBLIC_URL | put before the paths in callbacks: see tasks/hooks/settings.py |
| CASTBOOK_ARCHIVE_… | the nightly archive: see tasks/archive/settings.py |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from castbook.errors import InputError
from castbook.settings import Settings

DEFAULT_PORT = 7860
MOST_BODY = 2 * 1024 * 1024  # bytes of a request that uploads nothing
MOST_UPLOAD = 10 * 1024 * 1024  # bytes of an uploaded clip or batch
UPLOAD_TYPES = ("wav", "mp3", "flac", "ogg", "mp4", "webm")  # audio/reference.py:sniff


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """A snapshot of the environment."""

    data: Path
    projects: tuple[Path, ...] = ()  # where books are looked for, beside those in ``data``
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # name -> key
    auth: Literal["any", "all"] = "any"
    webhook_tokens: tuple[str, ...] = field(default=(), repr=False)
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    jwt_key: str = field(default="", repr=False)
    jwt_algorithm: str = "HS256"
    allow: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()  # beside localhost, where a request arrives on a loopback address
    callback_secret: str = field(default="", repr=False)
    fetch_hosts: tuple[str, ...] = ()
    public_voices: bool = False
    rate: int = 600  # requests a minute of one caller
    slots: int = 1
    shares_slots: bool = False  # with the workers of a Prefect server that is not our own
    engine: str = ""  # "": the library's
    upload_types: tuple[str, ...] = UPLOAD_TYPES
    watermark: bool = False
    moderator_url: str = field(default="", repr=False)  # may hold a key
    moderator_failure: Literal["allow", "review", "deny"] = "deny"
    prefect_api_url: str = ""

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> ServiceSettings:
        """The settings that ``environ`` (default: this process's) asks for.

        Raises:
            InputError: a variable cannot be what it is.
        """
        env = os.environ if environ is None else environ
        shared = Settings.read(env)
        keys = {}
        for number, pair in enumerate(_list(env, "CASTBOOK_API_KEYS"), 1):
            name, colon, key = pair.partition(":")
            if not (name and colon and key):
                # says nothing of what stands there: it may be a key without its name
                raise InputError(
                    f"entry {number} is no pair", place="CASTBOOK_API_KEYS", expected="name:key"
                )
            keys[name] = key
        auth = env.get("CASTBOOK_AUTH", "any")
        if auth not in ("any", "all"):
            raise InputError(f"cannot be {auth!r}", place="CASTBOOK_AUTH", expected="any or all")
        return cls(
            data=shared.data,
            projects=shared.projects,
            host=env.get("CASTBOOK_HOST", "127.0.0.1"),
            port=_number(env, "CASTBOOK_PORT", DEFAULT_PORT, 0, 65535),
            api_keys=keys,
            auth="all" if auth == "all" else "any",
            webhook_tokens=_list(env, "CASTBOOK_WEBHOOK_TOKENS"),
            webhook_secrets=_list(env, "CASTBOOK_WEBHOOK_SECRETS"),
            jwt_key=env.get("CASTBOOK_JWT_KEY", ""),
            jwt_algorithm=env.get("CASTBOOK_JWT_ALGORITHM", "HS256"),
            allow=_list(env, "CASTBOOK_ALLOW"),
            trusted_proxies=_list(env, "CASTBOOK_TRUSTED_PROXIES"),
            hosts=tuple(name.lower() for name in _list(env, "CASTBOOK_HOSTS")),
            callback_secret=env.get("CASTBOOK_CALLBACK_SECRET", ""),
            fetch_hosts=_list(env, "CASTBOOK_FETCH_HOSTS"),
            public_voices=env.get("CASTBOOK_PUBLIC_VOICES", "") == "1",
            rate=_number(env, "CASTBOOK_RATE", 600, 0, 1_000_000),
            slots=_number(env, "CASTBOOK_SLOTS", 1, 1, 1024),
            shares_slots=bool(env.get("CASTBOOK_SLOTS")),
            engine=env.get("CASTBOOK_ENGINE", ""),
            upload_types=_words(env, "CASTBOOK_UPLOAD_TYPES", UPLOAD_TYPES),
            watermark=shared.watermark,
            moderator_url=env.get("CASTBOOK_MODERATOR_URL", ""),
            moderator_failure=_failure(env),
            prefect_api_url=env.get("PREFECT_API_URL", ""),
        )


def _list(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _words(env: Mapping[str, str], name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = _list(env, name) or known
    for word in found:
        if word not in known:
            raise InputError(f"cannot be {word!r}", place=name, expected="of " + ", ".join(known))
    return found


def _failure(env: Mapping[str, str]) -> Literal["allow", "review", "deny"]:
    match env.get("CASTBOOK_MODERATOR_FAILURE") or "deny":
        case "allow":
            return "allow"
        case "review":
            return "review"
        case "deny":
            return "deny"
    raise InputError(
        "cannot be that", place="CASTBOOK_MODERATOR_FAILURE", expected="deny, review or allow"
    )


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    written = env.get(name, "") or str(default)
    if not written.isascii() or not written.isdigit() or not low <= int(written) <= high:
        raise InputError(f"cannot be {written!r}", place=name, expected=f"{low} to {high}")
    return int(written)
