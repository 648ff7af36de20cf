"""JSON Web Tokens: one algorithm, one use, one body; and the tricks others fell for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from gates import ask, gates

from castbook.errors import InputError
from castbook.replays import Replays
from castbook.tokens import TokenRefused, Tokens

KEY = "k" * 32
BODY = b'{"text": "hello"}'
NOW = int(time.time())
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()


def public(key: Any) -> str:
    pem: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode()


def private(key: Any) -> str:
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


def claims(**more: Any) -> dict[str, Any]:
    made = {
        "iat": NOW,
        "exp": NOW + 60,
        "jti": "n1",
        "body_sha256": hashlib.sha256(BODY).hexdigest(),
    } | more
    return {name: value for name, value in made.items() if value is not None}


def raw(header: dict[str, Any], payload: object, signature: bytes = b"") -> str:
    """A token that no library would make."""
    parts = [json.dumps(header).encode(), json.dumps(payload).encode()]
    head = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def hs256(header: dict[str, Any], payload: object, key: bytes) -> str:
    head = raw(header, payload).rstrip(".")
    mac = hmac.new(key, head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    ("sign_with", "check_with", "algorithm"),
    [(KEY, KEY, "HS256"), (RSA, public(RSA), "RS256"), (ED, public(ED), "EdDSA")],
    ids=["HS256", "RS256", "EdDSA"],
)
def test_a_good_token_is_good_once(sign_with: Any, check_with: str, algorithm: str) -> None:
    tokens = Tokens(check_with, algorithm)
    token = jwt.encode(claims(sub="crm"), sign_with, algorithm)
    found = tokens.check(token, BODY, NOW)
    assert found["sub"] == "crm"
    tokens.use(found, NOW)
    with pytest.raises(TokenRefused) as refused:
        tokens.use(tokens.check(token, BODY, NOW), NOW)
    assert refused.value.code == "replayed"


HS = {"alg": "HS256", "typ": "JWT"}
FORGED = {
    "none": raw({"alg": "none"}, claims()),
    "None": raw({"alg": "None"}, claims()),
    "nOnE": raw({"alg": "nOnE"}, claims(), b"x"),
    "no alg": raw({"typ": "JWT"}, claims()),
    "alg a list": raw({"alg": ["HS256"]}, claims()),
    "stripped": jwt.encode(claims(), KEY, "HS256").rpartition(".")[0] + ".",
    "other key": jwt.encode(claims(), "x" * 32, "HS256"),
    "HS512": jwt.encode(claims(), KEY * 2, "HS512"),
    "own jwk": hs256({**HS, "jwk": {"kty": "oct", "k": "eA"}}, claims(), b"x"),
    "kid path": hs256({**HS, "kid": "../../dev/null"}, claims(), b""),
    "jku": hs256({**HS, "jku": "http://evil.example/keys"}, claims(), b"x"),
    "crit": hs256({**HS, "crit": ["exp"]}, claims(), b"x"),
    "altered": jwt.encode(claims(), KEY, "HS256").replace(".", ".e", 1),
    "no exp": jwt.encode(claims(exp=None), KEY, "HS256"),
    "no iat": jwt.encode(claims(iat=None), KEY, "HS256"),
    "no jti": jwt.encode(claims(jti=None), KEY, "HS256"),
    "jti a number": hs256(HS, claims(jti=5), KEY.encode()),
    "jti empty": jwt.encode(claims(jti=""), KEY, "HS256"),
    "jti long": jwt.encode(claims(jti="x" * 201), KEY, "HS256"),
    "no digest": jwt.encode(claims(body_sha256=None), KEY, "HS256"),
    "other digest": jwt.encode(claims(body_sha256="0" * 64), KEY, "HS256"),
    "digest a list": jwt.encode(claims(body_sha256=["x"]), KEY, "HS256"),
    "digest unicode": jwt.encode(claims(body_sha256="é" * 64), KEY, "HS256"),
    "over": jwt.encode(claims(exp=NOW - 31), KEY, "HS256"),
    "exp a word": hs256(HS, claims(exp="never"), KEY.encode()),
    "exp true": hs256(HS, claims(exp=True), KEY.encode()),
    "exp infinite": hs256(HS, claims(exp=1e400), KEY.encode()),
    "exp far": jwt.encode(claims(exp=NOW + 3700), KEY, "HS256"),
    "long life": jwt.encode(claims(iat=NOW - 3600, exp=NOW + 3600), KEY, "HS256"),
    "from tomorrow": jwt.encode(claims(iat=NOW + 86400, exp=NOW + 86460), KEY, "HS256"),
    "not yet": jwt.encode(claims(nbf=NOW + 3600), KEY, "HS256"),
    "a list": hs256(HS, [1], KEY.encode()),
    "a word": hs256(HS, "x", KEY.encode()),
    "two parts": "a.b",
    "five parts": "a.b.c.d.e",
    "nothing": ".",
    "not base64": "é.é.é",
    "long": "a" * 9000,
    "deep": hs256(HS, None, KEY.encode()).split(".")[0] + "." + "W1tb" * 2000 + ".AA",
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_forged_tokens(token: str) -> None:
    with pytest.raises(TokenRefused):
        Tokens(KEY, "HS256").check(token, BODY, NOW)


def test_another_body() -> None:
    with pytest.raises(TokenRefused):
        Tokens(KEY, "HS256").check(jwt.encode(claims(), KEY, "HS256"), BODY + b" ", NOW)


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
def test_a_public_key_is_no_shared_secret(algorithm: str) -> None:
    """The classic confusion: an HS256 token made with the public key, which anybody has."""
    pem = public(RSA if algorithm == "RS256" else ED)
    forged = hs256(HS, claims(), pem.encode())
    with pytest.raises(TokenRefused):
        Tokens(pem, algorithm).check(forged, BODY, NOW)
    same_name = hs256({"alg": algorithm}, claims(), pem.encode())
    with pytest.raises(TokenRefused):
        Tokens(pem, algorithm).check(same_name, BODY, NOW)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (public(RSA), "HS256"),  # PEM as a shared secret
        (private(RSA), "RS256"),  # signs, and so could whoever reads our environment
        (public(ED), "RS256"),
        (public(RSA), "EdDSA"),
        (KEY, "RS256"),
        ("short", "HS256"),
        (KEY, "none"),
        (KEY, "HS384"),
    ],
)
def test_keys_of_the_wrong_kind_are_refused_at_the_start(key: str, algorithm: str) -> None:
    with pytest.raises(InputError) as refused:
        Tokens(key, algorithm)
    assert key[:20] not in str(refused.value) or key == "short"


def test_a_token_over_http(tmp_path: Path) -> None:
    app = gates(tmp_path, jwt_key=KEY, webhook_tokens=("another-way",))

    def post(token: str, body: bytes = BODY) -> tuple[int, str]:
        answer = ask(
            app, "POST", "/webhook/tts", content=body, headers={"Authorization": f"Bearer {token}"}
        )
        said = answer.json()
        return answer.status_code, said.get("code") or said["principal"]

    now = int(time.time())  # NOW is that of the collection, which may be minutes ago
    good = jwt.encode(claims(sub="crm", iat=now, exp=now + 60), KEY, "HS256")
    assert post(good, b"altered") == (401, "bad_token")  # is not spent by that
    assert post(good) == (200, "webhook:crm")
    assert post(good) == (401, "replayed")
    assert post(
        jwt.encode(claims(jti="n2", sub="a/../b", iat=now, exp=now + 60), KEY, "HS256")
    ) == (200, "webhook")


def test_what_is_remembered_is_bounded() -> None:
    replays = Replays(most=3)
    assert all(replays.first(str(number), 10, now=0) for number in range(5))
    assert not replays.first("4", 10, now=0)
    assert replays.first("4", 30, now=11)  # over anyway
    assert replays.same("a", "body", 30, now=11) and replays.same("a", "body", 30, now=12)
    assert not replays.same("a", "other", 30, now=12)
