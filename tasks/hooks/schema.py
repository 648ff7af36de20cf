"""What ``hooks/SOURCE.yaml`` says: how a source proves itself, and where its fields stand.

A field is found by a JSON Pointer (``/post/title``), is the same for every request (``=en``),
or is the first that is there of a list of these.

``python -m tasks.hooks.schema > configs/hooks.schema.json`` writes the schema for editors anew.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from book.yamlfile import shown
from tasks.hooks.pointers import POINTER

_LONGEST = 300  # characters of a name or pointer

_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,79}")
_PART = re.compile(r"[a-z0-9_]{1,20}")
_TEMPLATE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_SIGNED = re.compile(r"[^{}]{0,20}(\{(timestamp|body)\}[^{}]{0,20}){1,2}")
_POINTER = re.compile(POINTER)


def _fits(form: re.Pattern[str], expected: str) -> AfterValidator:
    """Text of one form; a mistake says what was expected, and not how we ask."""

    def check(value: str) -> str:
        if len(value) > _LONGEST or not form.fullmatch(value):
            raise ValueError(f"found {shown(value)}; expected {expected}")
        return value

    return AfterValidator(check)


def _find(value: str) -> str:
    if value.startswith("="):
        return value
    if len(value) > _LONGEST or not _POINTER.fullmatch(value):
        raise ValueError(
            f"found {shown(value)}; expected a JSON Pointer such as /post/title, or = and the"
            " value itself"
        )
    return value


HeaderName = Annotated[str, _fits(_HEADER, "the name of a header")]
Variable = Annotated[
    str,
    _fits(_VARIABLE, "the name of an environment variable, in capitals"),
    Field(description="an environment variable; several secrets in it stand between commas"),
]
Pointer = Annotated[str, _fits(_POINTER, "a JSON Pointer such as /post/title")]
Part = Annotated[str, _fits(_PART, "the name before a = in that header")]
Find = Annotated[str, AfterValidator(_find)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Standard(_Part):
    """Signed as Standard Webhooks say: webhook-id, webhook-timestamp, webhook-signature."""

    scheme: Literal["standard"]
    secret: Variable


class Hmac(_Part):
    """HMAC-SHA256 of the body in a header of the source's own."""

    scheme: Literal["hmac-sha256"]
    secret: Variable
    header: HeaderName = Field(description="where the signature stands")
    part: Part | None = Field(None, description="its name in a header like sha256=…, t=…")
    encoding: Literal["hex", "base64"] = "hex"
    signed: Annotated[str, _fits(_SIGNED, "{body}, with or without {timestamp}")] = Field(
        "{body}", description="what is signed, such as {timestamp}.{body}"
    )
    timestamp_header: HeaderName | None = Field(None, description="where the timestamp stands")
    timestamp_part: Part | None = Field(None, description="or its name in the signature's header")
    timestamp_unit: Literal["s", "ms"] = "s"
    tolerance_s: int = Field(300, ge=1, le=86_400, description="how old a request may be")

    @model_validator(mode="after")
    def _timestamp_is_somewhere(self) -> Hmac:
        if self.signed.count("{body}") != 1 or self.signed.count("{timestamp}") > 1:
            raise ValueError("signed has {body} once, and {timestamp} at most once")
        named = (self.timestamp_header is not None) + (self.timestamp_part is not None)
        if named > 1:
            raise ValueError("timestamp_header and timestamp_part: give one of them")
        if ("{timestamp}" in self.signed) != bool(named):
            raise ValueError("a timestamp proves nothing unless signed has {timestamp}, and where")
        return self


class Token(_Part):
    """A secret that comes along in a header. Proves who sends, not what: prefer another."""

    scheme: Literal["token"]
    secret: Variable
    header: HeaderName = "X-Webhook-Token"


class Jwt(_Part):
    """A JSON Web Token in Authorization: Bearer, with the claim body_sha256."""

    scheme: Literal["jwt"]
    secret: Variable = Field(description="the shared secret, or the public key in PEM")
    algorithm: Literal["HS256", "RS256", "EdDSA"] = "HS256"


class Filter(_Part):
    """Only requests with one of these values at a pointer, or in a header."""

    pointer: Pointer | None = None
    header: HeaderName | None = Field(
        None, description="most sources do not sign their headers: for the kind of event only"
    )
    any: tuple[str, ...] = Field((), strict=False, description="the values that are let in")

    @model_validator(mode="after")
    def _one_place(self) -> Filter:
        if (self.pointer is None) == (self.header is None):
            raise ValueError("give one of pointer and header")
        if not self.any:
            raise ValueError("give the values that are let in, such as any: [published]")
        return self


Where = Find | Annotated[list[Find], Field(min_length=1, max_length=8)]


class HookFile(_Part):
    """A source of webhooks."""

    version: Literal[1]
    about: str = Field("", max_length=300, description="for people")
    signature: Standard | Hmac | Token | Jwt = Field(discriminator="scheme")
    only: tuple[Filter, ...] = Field(
        (), strict=False, description="requests that do not fit are answered and ignored"
    )
    id: Where = Field(description="the same for every revision of a text or book")
    text: Where | None = Field(None, description="is spoken into one file")
    html: Where | None = Field(None, description="becomes a book")
    markdown: Where | None = Field(None, description="becomes a book")
    title: Where | None = None
    author: Where | None = None
    language: Where | None = Field(None, description="such as en or zh; told by the text if absent")
    voice: Where | None = Field(None, description="of a text; a book's voices are its template's")
    callback: Where | None = Field(None, description="an address that is told the end")
    template: Annotated[str, _fits(_TEMPLATE, "the name of a file or folder")] | None = Field(
        None,
        description="of a book: a project in the folder templates; absent: as of castbook new",
    )

    @model_validator(mode="after")
    def _one_content(self) -> HookFile:
        given = [name for name in ("text", "html", "markdown") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give one of text, html and markdown")
        if self.text is not None and self.template is not None:
            raise ValueError("template is for books: html or markdown")
        if self.text is None and self.voice is not None:
            raise ValueError("voice is for texts; the voices of a book are its template's")
        return self


def schema_text() -> str:
    """The JSON Schema (2020-12) of a source's file, as ``configs/hooks.schema.json`` holds it."""
    schema: dict[str, Any] = HookFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "castbook hook, version 1"
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
