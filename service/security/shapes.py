"""What no honest client sends: refused by its form, before anybody looks at its meaning."""

from __future__ import annotations

from starlette.types import Scope

from service.problems import Problem

MOST_URL = 8 * 1024  # bytes of path and query
MOST_HEADERS = 16 * 1024  # bytes of all names and values
MOST_HEADER_LINES = 100
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# of these a second line is a trick: which of the two counts depends on who reads
_ONCE = (b"host", b"authorization", b"x-api-key", b"content-type", b"content-length", b"origin")


def check_shape(scope: Scope) -> None:
    """Refuses a malformed request.

    Raises:
        Problem: 400, 405, 414, 415 or 431.
    """
    lines = scope["headers"]
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_URL:
        raise Problem(414, f"the URL is longer than {MOST_URL} bytes", code="url_too_long")
    size = sum(len(name) + len(value) + 4 for name, value in lines)
    if len(lines) > MOST_HEADER_LINES or size > MOST_HEADERS:
        raise Problem(
            431,
            f"more than {MOST_HEADERS} bytes or {MOST_HEADER_LINES} lines of headers",
            code="headers_too_large",
        )
    names = [name for name, _ in lines]
    for name in _ONCE:
        if names.count(name) > 1:
            raise Problem(400, f"the header {name.decode()} comes twice", code="repeated_header")
    for name, value in lines:
        if b"\0" in value or b"\r" in value or b"\n" in value:
            raise Problem(400, "a header holds a control character", code="bad_header")
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise Problem(415, "send the body as it is, not compressed", code="encoded_body")
    if b"content-length" in names and b"transfer-encoding" in names:
        raise Problem(
            400,
            "Content-Length and Transfer-Encoding contradict each other",
            code="ambiguous_length",
            headers={"Connection": "close"},
        )
    _check_path(scope["path"], scope.get("raw_path") or b"")
    if scope["type"] == "http" and scope["method"] not in METHODS:
        raise Problem(
            405, "no such method here", code="bad_method", headers={"Allow": ", ".join(METHODS)}
        )


def _check_path(path: str, raw: bytes) -> None:
    """The app and its folders see the path decoded once: in it, a dot segment, a backslash, a
    control character or a slash that was encoded can only be meant to lead elsewhere."""
    bad = (
        any(character < " " or character in "\\\x7f�" for character in path)
        or any(part in (".", "..") for part in path.split("/"))
        or "//" in path
        or b"%2f" in raw.lower()
    )
    if bad or not path.startswith("/"):
        raise Problem(400, "the path is malformed", code="bad_path")
