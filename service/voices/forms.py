"""Multipart forms with one file, read as they arrive.

Bytes of the file are counted while they come, so that one byte too many is refused at that
byte; what is no file is short. Nothing is believed of names and types that a client gives to
its file: the name is not even read.
"""

from __future__ import annotations

import email.message
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from audio.reference import sniff
from service.problems import Problem
from service.settings import MOST_UPLOAD, ServiceSettings

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MOST_FIELDS: Final = 24
_MOST_FIELD: Final = 16 * 1024  # bytes: a transcript of 2000 characters has 8 kB at the most
_MOST_HEADERS: Final = 4 * 1024  # bytes of one part's


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was read whole."""

    file: bytes  # empty: there was none
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """A field without the white space around it; "" if it is not there."""
        return self.fields.get(name, "").strip()

    def needed(self, name: str) -> str:
        """A field that must say something.

        Raises:
            Problem: 422.
        """
        found = self.text(name)
        if not found:
            raise Problem(422, f"{name}: is missing", code="missing", param=name)
        return found


async def read_form(request: Request, file: str, settings: ServiceSettings) -> Form:
    """Reads a form whose part ``file`` is an audio file of at most 10 MiB.

    Raises:
        Problem: 413 for too much, 415 for what is no such form or no such file, 422 for a
            form that is broken or lacks the file.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary or len(boundary) > 200:
        raise Problem(
            415, "the body is no form with a file; expected multipart/form-data", code="no_form"
        )
    gathering = _Gathering(file)
    parser = MultipartParser(boundary, gathering.callbacks())
    try:
        async for block in request.stream():
            parser.write(block)
        parser.finalize()
    except FormParserError as error:
        raise Problem(422, "the form is broken: its parts do not end", code="no_form") from error
    form = gathering.form()
    _check_type(form.file, file, settings.upload_types)
    return form


def _check_type(content: bytes, file: str, allowed: tuple[str, ...]) -> None:
    if not content:
        raise Problem(422, f"{file}: is missing; expected an audio file", param=file)
    kind = sniff(content)
    if kind not in allowed:
        what = f"{kind} is not taken here" if kind else "this is no audio file"
        raise Problem(
            415,
            f"{file}: {what}; expected {', '.join(allowed)}, told by its content and not its name",
            code="unsupported_audio",
            param=file,
        )


@dataclass(slots=True)
class _Gathering:
    """The parts as the parser tells of them."""

    file: str
    content: bytearray = field(default_factory=bytearray)
    fields: dict[str, str] = field(default_factory=dict)
    _name: str = ""
    _header: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _key: bytes = b""
    _value: bytearray = field(default_factory=bytearray)
    _seen: set[str] = field(default_factory=set)

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._take_header,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._name_part,
            "on_part_data": self._take,
            "on_part_end": self._end,
        }

    def form(self) -> Form:
        return Form(bytes(self.content), self.fields)

    def _begin(self) -> None:
        self._name, self._disposition = "", b""
        self._value.clear()

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._key = (self._key + data[start:end])[:_MOST_HEADERS]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        if len(self._header) > _MOST_HEADERS:
            raise Problem(413, "the form's headers are too long", code="too_large")

    def _end_header(self) -> None:
        if self._key.lower() == b"content-disposition":
            self._disposition = bytes(self._header)
        self._key = b""
        self._header.clear()

    def _name_part(self) -> None:
        message = email.message.Message()
        message["content-disposition"] = self._disposition.decode("utf-8", "replace")
        name = message.get_param("name", "", "content-disposition")
        self._name = name if isinstance(name, str) else ""
        if not self._name or self._name in self._seen:
            raise Problem(422, f"{self._name or 'a part'}: comes twice, or has no name")
        self._seen.add(self._name)
        if len(self._seen) > _MOST_FIELDS:
            raise Problem(413, f"the form has more than {_MOST_FIELDS} parts", code="too_large")

    def _take(self, data: bytes, start: int, end: int) -> None:
        is_file = self._name == self.file
        taken, most = (self.content, MOST_UPLOAD) if is_file else (self._value, _MOST_FIELD)
        if len(taken) + end - start > most:
            allowed = f"{most // 2**20} MiB" if is_file else f"{most // 1024} KiB"
            raise Problem(
                413,
                f"{self._name}: is too large; expected at most {allowed}",
                code="too_large",
                param=self._name,
            )
        taken += data[start:end]

    def _end(self) -> None:
        if self._name == self.file:
            return
        try:
            self.fields[self._name] = self._value.decode()
        except UnicodeDecodeError as error:
            raise Problem(422, f"{self._name}: is no UTF-8 text", param=self._name) from error
