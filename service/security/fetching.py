"""Clips that a request points at: in a ``data:`` URL, or at an allowed https address."""

from __future__ import annotations

import base64
import binascii
import re

from castbook.fetching import Fetcher, FetchRefused
from service.problems import Problem
from service.settings import MOST_UPLOAD, ServiceSettings

_DATA = re.compile(
    r"data:(?P<kind>[A-Za-z0-9.+-]{1,64}/[A-Za-z0-9.+-]{1,64})?"
    r"(?P<parameters>(;[A-Za-z0-9.+-]{1,64}=[^;,\s]{1,128}){0,4})(?P<base64>;base64)?,"
)


def fetcher_of(settings: ServiceSettings) -> Fetcher:
    """The fetcher that the settings allow; by default it refuses everything."""
    return Fetcher(settings.fetch_hosts, most_bytes=MOST_UPLOAD)


async def clip_at(url: str, fetcher: Fetcher, param: str = "ref_audio") -> bytes:
    """The bytes a request points at. What they are is for ``audio.reference`` to find out.

    Raises:
        Problem: 422 for an address that is not asked or answers wrongly, 413 for too much.
        Unavailable: the server is away.
    """
    if url[:5].lower() == "data:":
        return data_bytes(url, param)
    try:
        return (await fetcher.get(url)).content
    except FetchRefused as refused:
        status = 413 if refused.code == "fetch_too_large" else 422
        raise Problem(status, f"{param}: {refused}", code=refused.code, param=param) from refused


def data_bytes(url: str, param: str = "ref_audio", most: int = MOST_UPLOAD) -> bytes:
    """The content of a ``data:`` URL in base64.

    Raises:
        Problem: 422 if it is none, 413 if it holds more than ``most`` bytes.
    """
    head = _DATA.match(url[:1024])
    if head is None or not head["base64"]:
        raise Problem(
            422,
            f"{param}: not a data: URL in base64, such as data:audio/wav;base64,UklG…",
            code="bad_data_url",
            param=param,
        )
    if len(url) - head.end() > (most + 2) // 3 * 4:
        raise Problem(413, f"{param}: more than {most} bytes", code="body_too_large", param=param)
    try:
        content = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(
            422, f"{param}: what follows the comma is not base64", code="bad_data_url", param=param
        ) from error
    if len(content) > most:  # the last quad holds one to three bytes
        raise Problem(413, f"{param}: more than {most} bytes", code="body_too_large", param=param)
    return content
