"""Our signatures against the library's, both ways, and against everything that is none."""

from __future__ import annotations

import base64
import datetime
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from castbook.errors import InputError
from castbook.signatures import SignatureRefused, secret_bytes, sign, signed_headers, verify

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLD = "whsec_" + base64.b64encode(bytes(range(1, 25))).decode()
BODY = json.dumps({"text": "Grüße, 你好"}, ensure_ascii=False).encode()
NOW = 1_795_000_000
GOOD = sign(SECRET, "msg_1", NOW, BODY)


def signed(now: int = NOW, body: bytes = BODY, *secrets: str) -> dict[str, str]:
    return signed_headers(secrets or (SECRET,), "msg_1", now, body)


def code(headers: dict[str, str], body: bytes = BODY, now: float = NOW) -> str:
    with pytest.raises(SignatureRefused) as refused:
        verify((SECRET, OLD), headers, body, now)
    return refused.value.code


def test_the_example_of_the_specification() -> None:
    """The one with a known answer, of the libraries' own tests."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    found = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_library_accepts_ours() -> None:
    now = int(time.time())
    assert Webhook(SECRET).verify(BODY, signed(now)) == json.loads(BODY)
    assert Webhook(OLD).verify(BODY, signed(now, BODY, SECRET, OLD)) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", signed(now))


def test_we_accept_the_library() -> None:
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    made = Webhook(SECRET).sign("msg_1", moment, BODY.decode())
    headers = {**signed(), "webhook-signature": made}
    assert verify((OLD, SECRET), headers, BODY, NOW) == "msg_1"


@given(st.binary(max_size=200), st.binary(min_size=24, max_size=64))
def test_every_text_both_ways(body: bytes, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    headers = signed_headers((secret,), "m", NOW, body)
    assert verify((secret,), headers, body, NOW) == "m"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return  # the library signs texts only
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    assert Webhook(secret).sign("m", moment, text) == headers["webhook-signature"]


@pytest.mark.parametrize(
    ("age", "good"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_five_minutes(age: int, good: bool) -> None:
    if good:
        assert verify((SECRET,), signed(NOW - age), BODY, NOW) == "msg_1"
    else:
        assert code(signed(NOW - age)) == "stale"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"webhook-id": ""}, "missing_signature"),
        ({"webhook-id": "msg_2"}, "bad_signature"),
        ({"webhook-id": "a b"}, "missing_signature"),
        ({"webhook-id": "x" * 257}, "missing_signature"),
        ({"webhook-timestamp": ""}, "missing_signature"),
        ({"webhook-timestamp": "now"}, "stale"),
        ({"webhook-timestamp": "1e9"}, "stale"),
        ({"webhook-timestamp": "-1"}, "stale"),
        ({"webhook-timestamp": "9" * 400}, "stale"),
        ({"webhook-timestamp": f"{NOW}.5"}, "stale"),
        ({"webhook-timestamp": "١٧٩٥٠٠٠٠٠٠"}, "stale"),
        ({"webhook-timestamp": str(NOW + 1)}, "bad_signature"),
        ({"webhook-signature": ""}, "missing_signature"),
        ({"webhook-signature": "v1"}, "bad_signature"),
        ({"webhook-signature": "v1,"}, "bad_signature"),
        ({"webhook-signature": "v1,%%%"}, "bad_signature"),
        ({"webhook-signature": "v1,é"}, "bad_signature"),
        ({"webhook-signature": "v1,AAAA"}, "bad_signature"),
        ({"webhook-signature": "v1,a,b"}, "bad_signature"),
        ({"webhook-signature": GOOD.replace("v1", "v2")}, "bad_signature"),
        ({"webhook-signature": GOOD.replace("v1", "v1a")}, "bad_signature"),
        ({"webhook-signature": "v1,x " * 20 + GOOD}, "bad_signature"),
    ],
)  # fmt: skip
def test_what_is_no_signature(change: dict[str, str], expected: str) -> None:
    assert code({**signed(), **change}) == expected


def test_an_altered_body() -> None:
    assert code(signed(), BODY[:-1]) == "bad_signature"


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_AAAA", "password", "whsec_" + "A" * 200, "whsec_é"]
)
def test_what_is_no_secret(secret: str) -> None:
    with pytest.raises(InputError) as refused:
        secret_bytes(secret)
    assert not secret or secret.removeprefix("whsec_") not in str(refused.value) or len(secret) < 7
