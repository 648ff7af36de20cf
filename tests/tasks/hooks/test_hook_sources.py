"""Sources: their files, where values stand, and how they prove themselves."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from hooked import SECRET, ghost_headers, github_headers, recorded
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from castbook.errors import InputError, ProjectError
from castbook.resources import list_configs, read_config
from castbook.signatures import SignatureRefused
from tasks.hooks.mapping import Hooked, Ignored, map_payload, payload_digest, read_payload
from tasks.hooks.pointers import MISSING, resolve, steps_of
from tasks.hooks.proofs import NoSecret, check
from tasks.hooks.schema import schema_text
from tasks.hooks.sources import Source, UnknownSource, find_source, hooks_folder, read_hook

NOWHERE = Path("/nonexistent")
NOW = 1_795_000_000.0
WHSEC = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BASE = "version: 1\nsignature: {scheme: standard, secret: ABC}\nid: /a\ntext: /b\n"

# RFC 6901, section 5
DOCUMENT = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6,
    " ": 7, "m~n": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1),
        ("/c%d", 2), ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
    ],
)  # fmt: skip
def test_pointers_of_the_rfc(pointer: str, value: object) -> None:
    assert resolve(DOCUMENT, pointer) == value


@pytest.mark.parametrize(
    "pointer", ["/foo/2", "/foo/-", "/foo/01", "/foo/+1", "/foo/bar", "/x", "/foo/0/0", "/~01"]
)
def test_pointers_that_lead_nowhere(pointer: str) -> None:
    assert resolve(DOCUMENT, pointer) is MISSING


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_any_key_has_a_pointer(keys: list[str]) -> None:
    pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
    document: Any = "there"
    for key in reversed(keys):
        document = {key: document}
    assert steps_of(pointer) == tuple(keys)
    assert resolve(document, pointer) == "there"


@pytest.mark.parametrize("pointer", ["foo", "/~", "/~2", "#/foo"])
def test_what_is_no_pointer(pointer: str) -> None:
    with pytest.raises(InputError, match="no JSON Pointer"):
        resolve({}, pointer)


@pytest.mark.parametrize("name", list_configs("hooks"))
def test_a_shipped_source_is_read(name: str) -> None:
    source = find_source(name, NOWHERE)
    assert source.file.about
    assert source.file.signature.secret == f"CASTBOOK_HOOK_{name.upper()}_SECRET"


def test_the_schema_for_editors_is_up_to_date() -> None:
    assert read_config("hooks.schema.json") == schema_text(), (
        "run: python -m tasks.hooks.schema > configs/hooks.schema.json"
    )


HMAC = "{scheme: hmac-sha256, secret: ABC, header: X-S%s}"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (BASE.replace("ABC", "abc"), 2, "signature.secret: found 'abc'; expected the name of an"),
        (BASE.replace("standard", "standart"), 2, "signature.scheme: no such scheme; expected st"),
        (BASE + "titel: /x\n", 5, "titel: unknown key; did you mean 'title'?"),
        (BASE + "title: x\n", 5, "title: found 'x'; expected a JSON Pointer such as /post/title"),
        (BASE + "title: [/x, y]\n", 5, "title[2]: found 'y'; expected a JSON Pointer"),
        (BASE + "only: [{pointer: /x}]\n", 5, "only[1]: give the values that are let in"),
        (BASE + "only: [{pointer: /x, header: y, any: [a]}]\n", 5, "only[1]: give one of pointer"),
        (BASE + "template: ../x\n", 5, "template: found '../x'; expected the name of a file"),
        (BASE + "html: /x\n", None, "give one of text, html and markdown"),
        (BASE.replace("text", "html") + "voice: /v\n", None, "voice is for texts"),
        (BASE.replace("id: /a\n", ""), None, "id: is missing"),
        (
            BASE.replace("{scheme: standard, secret: ABC}", HMAC % ", signed: '{timestamp}{body}'"),
            2,
            "signature: a timestamp proves nothing",
        ),
        (
            BASE.replace("{scheme: standard, secret: ABC}", HMAC % ", signed: '{body}{body}'"),
            2,
            "signature: signed has {body} once",
        ),
    ],
)
def test_mistakes_have_a_line(tmp_path: Path, text: str, line: int | None, says: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ProjectError) as error:
        read_hook(file)
    (only,) = str(error.value).splitlines()
    assert only.startswith(f"{file}:{line}: {says}" if line else f"{file}: {says}")


def test_the_users_source_counts_first(tmp_path: Path) -> None:
    (tmp_path / "ghost.yaml").write_text(BASE, "utf-8")
    assert find_source("ghost", tmp_path).file.text == "/b"
    assert find_source("github", tmp_path).file.markdown == "/release/body"
    for wrong in ("tts", "..", "../ghost", "x" * 31, "", "gh\0st", "none"):
        with pytest.raises(UnknownSource):
            find_source(wrong, tmp_path)
    assert hooks_folder(Path("/d"), {}) == Path("/d/hooks")
    assert hooks_folder(Path("/d"), {"CASTBOOK_HOOKS": "/h"}) == Path("/h")


def proof(name: str, headers: dict[str, str], body: bytes, **environ: str) -> str:
    """ "" for a good request, else the code of the refusal."""
    try:
        check(find_source(name, NOWHERE).file, headers, body, NOW, environ)
    except SignatureRefused as refused:
        assert SECRET not in str(refused)
        return refused.code
    return ""


def test_ghost_proves_itself() -> None:
    body, secret = b'{"post": {}}', {"CASTBOOK_HOOK_GHOST_SECRET": SECRET}
    good = ghost_headers(body, NOW)
    assert proof("ghost", good, body, **secret) == ""
    assert (
        proof("ghost", good, body, CASTBOOK_HOOK_GHOST_SECRET=f"another-secret-123,{SECRET}") == ""
    )
    assert proof("ghost", good, body + b" ", **secret) == "bad_signature"
    assert proof("ghost", ghost_headers(body, NOW, "x" * 20), body, **secret) == "bad_signature"
    for late in (-301, 301):
        assert proof("ghost", ghost_headers(body, NOW + late), body, **secret) == "stale"
    value = good["x-ghost-signature"]
    # a timestamp that is not the signed one; twice; none; not hex
    moved = value.replace(f"t={int(NOW * 1000)}", f"t={int(NOW * 1000) + 1}")
    for wrong, code in (
        (moved, "bad_signature"),
        (f"{value}, t={int(NOW * 1000)}", "stale"),
        (value.partition(",")[0], "stale"),
        (value.replace("sha256=", "sha256=zz"), "bad_signature"),
        ("t=1", "missing_signature"),
        ("", "missing_signature"),
        ("x" * 5000, "missing_signature"),
    ):
        assert proof("ghost", {"x-ghost-signature": wrong}, body, **secret) == code, wrong
    assert proof("ghost", good, body) == "no_secret"
    assert proof("ghost", good, body, CASTBOOK_HOOK_GHOST_SECRET="short") == "no_secret"
    assert issubclass(NoSecret, SignatureRefused)


def test_the_signature_that_ghost_shows_in_its_change_is_of_this_form() -> None:
    # TryGhost/Ghost pull request 20500: sha256=…, t=MILLISECONDS, over body then timestamp
    source = find_source("ghost", NOWHERE).file.signature
    assert (source.scheme, getattr(source, "signed", "")) == ("hmac-sha256", "{body}{timestamp}")


def test_github_proves_itself() -> None:
    # the example of GitHub's own documentation, "Validating webhook deliveries"
    known = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret = {"CASTBOOK_HOOK_GITHUB_SECRET": "It's a Secret to Everybody"}
    assert proof("github", {"x-hub-signature-256": known}, b"Hello, World!", **secret) == ""
    assert proof("github", {"x-hub-signature-256": known}, b"Hello", **secret) == "bad_signature"


def test_standard_webhooks_prove_themselves() -> None:
    body, secret = '{"type": "text.ready"}', {"CASTBOOK_HOOK_STANDARD_SECRET": WHSEC}
    at = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": Webhook(WHSEC).sign("m1", at, body),
    }
    assert proof("standard", headers, body.encode(), **secret) == ""
    assert proof("standard", headers, b"{}", **secret) == "bad_signature"


def test_tokens_and_base64(tmp_path: Path) -> None:
    def read(signature: str) -> Any:
        file = tmp_path / "own.yaml"
        file.write_text(BASE.replace("{scheme: standard, secret: ABC}", signature), "utf-8")
        return read_hook(file)

    body = b'{"a": 1}'
    token = read("{scheme: token, secret: ABC}")
    check(token, {"x-webhook-token": SECRET}, body, NOW, {"ABC": SECRET})
    with pytest.raises(SignatureRefused, match="not one of ours"):
        check(token, {"x-webhook-token": "x"}, body, NOW, {"ABC": SECRET})

    shop = read("{scheme: hmac-sha256, secret: ABC, header: X-WC, encoding: base64}")
    signed = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
    check(shop, {"x-wc": signed}, body, NOW, {"ABC": SECRET})
    with pytest.raises(SignatureRefused):
        check(shop, {"x-wc": signed[:-4] + "AAA="}, body, NOW, {"ABC": SECRET})

    stripe = read(
        "{scheme: hmac-sha256, secret: ABC, header: X-St, part: v1, timestamp_part: t,"
        " signed: '{timestamp}.{body}', tolerance_s: 60}"
    )
    made = hmac.digest(SECRET.encode(), b"1795000000." + body, "sha256").hex()
    check(stripe, {"x-st": f"t=1795000000,v1={made}"}, body, NOW + 59, {"ABC": SECRET})
    with pytest.raises(SignatureRefused, match="60 s"):
        check(stripe, {"x-st": f"t=1795000000,v1={made}"}, body, NOW + 61, {"ABC": SECRET})


def test_json_web_tokens(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(BASE.replace("standard", "jwt"), "utf-8")
    source, key, body, now = read_hook(file), "k" * 32, b"{}", time.time()
    claims = {
        "exp": now + 60, "iat": now, "jti": "1",
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }  # fmt: skip
    token = jwt.encode(claims, key, "HS256")
    check(source, {"authorization": f"Bearer {token}"}, body, now, {"ABC": key})
    for headers, sent in (
        ({"authorization": f"Bearer {token}"}, b"[]"),
        ({"authorization": f"Basic {token}"}, body),
        ({}, body),
    ):
        with pytest.raises(SignatureRefused):
            check(source, headers, sent, now, {"ABC": key})


def mapped(name: str, payload: Any, headers: dict[str, str] | None = None) -> Hooked | Ignored:
    return map_payload(find_source(name, NOWHERE), payload, headers or {})


def test_recorded_payloads_are_mapped() -> None:
    ghost = mapped("ghost", read_payload(recorded("ghost_post_published")))
    assert isinstance(ghost, Hooked)
    assert (ghost.kind, ghost.name) == ("book", "ghost-67447438e61fb200012f48e0")
    assert (ghost.title, ghost.author) == ("The Door & the Key", "A. Nobody")
    body = recorded("github_release_published")
    github = mapped("github", read_payload(body), github_headers(body))
    assert isinstance(github, Hooked)
    assert (github.name, github.title, github.form) == ("github-17372790", "Tales 1.2", "markdown")
    text = mapped("standard", read_payload(recorded("standard_text_ready")))
    assert isinstance(text, Hooked)
    assert (text.kind, text.content, text.voice) == ("speech", "Good morning.", "oak")


def test_what_does_not_fit_is_ignored() -> None:
    payload = read_payload(recorded("ghost_post_published"))
    payload["post"]["current"]["status"] = "draft"
    assert mapped("ghost", payload) == Ignored("/post/current/status is not published")
    assert isinstance(mapped("ghost", {}), Ignored)
    release = read_payload(recorded("github_release_published"))
    assert isinstance(mapped("github", release, {"x-github-event": "ping"}), Ignored)
    assert isinstance(mapped("github", release), Ignored)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"html": None}, "/post/current/html"),
        ({"html": "  "}, "/post/current/html"),
        ({"html": ["a"]}, "/post/current/html"),
        ({"id": ""}, "/post/current/id"),
        ({"id": "x" * 201}, "/post/current/id"),
        ({"title": {"a": 1}}, "/post/current/title"),
        ({"title": "\ud800"}, "/post/current/title"),
    ],
)
def test_mistakes_of_a_payload_name_the_place(change: dict[str, Any], place: str) -> None:
    payload = read_payload(recorded("ghost_post_published"))
    payload["post"]["current"].update(change)
    with pytest.raises(InputError) as error:
        mapped("ghost", payload)
    assert error.value.place == place


def test_names_of_books_are_names_of_files() -> None:
    payload = read_payload(recorded("ghost_post_published"))
    seen = set()
    for id in ("../../etc", "a/b", "文", "con", "x" * 200, 17):
        payload["post"]["current"]["id"] = id
        found = mapped("ghost", payload)
        assert isinstance(found, Hooked)
        assert found.name.isascii()
        assert "/" not in found.name
        seen.add(found.name)
    assert len(seen) == 6
    assert "ghost-17" in seen


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[NaN]", b"[" * 100_000, b'{"a": Infinity}', b"1" * 5000]
)
def test_what_is_no_payload(body: bytes) -> None:
    with pytest.raises(InputError, match="body"):
        read_payload(body)


def test_the_digest_is_of_the_meaning() -> None:
    assert payload_digest({"a": 1, "b": "é"}) == payload_digest(
        json.loads('{"b":"\\u00e9", "a":1}')
    )
    assert payload_digest({"a": 1}) != payload_digest({"a": "1"})


def test_a_constant_and_a_language(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(BASE + "language: [/lang, '=zh']\n", "utf-8")
    source = Source("own", read_hook(file))
    for payload, language in (({}, "zh"), ({"lang": "en_GB"}, "en-GB")):
        found = map_payload(source, {"a": "1", "b": "x", **payload}, {})
        assert isinstance(found, Hooked)
        assert found.language == language
    with pytest.raises(InputError, match="language"):
        map_payload(source, {"a": "1", "b": "x", "lang": "English, please"}, {})
