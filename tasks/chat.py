"""One request to an OpenAI-compatible chat service, and the one form of answer we can use."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from book.project import Labeller
from book.yamltext import one_line
from castbook.errors import CastbookError

if TYPE_CHECKING:
    import httpx

_LARGEST_ANSWER = 1_000_000  # bytes


class Refused(CastbookError):
    """An answer that cannot be used, and why."""


class Truncated(Refused):
    """The answer did not come to its end."""


def open_client(settings: Labeller) -> httpx.Client:
    """A client for the configured service; its key comes from the environment, if it is there."""
    import httpx  # 100 ms: only where something is asked

    key = os.environ.get(settings.key_env)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(
        headers=headers,
        timeout=httpx.Timeout(settings.timeout_s, connect=min(10.0, settings.timeout_s)),
        follow_redirects=False,  # the key would follow, too
    )


def post(client: httpx.Client, settings: Labeller, body: Mapping[str, Any]) -> Any:
    """The service's reply to ``body``, decoded.

    Raises:
        Refused: no connection, no answer in time, not 200, too long, not JSON.
    """
    import httpx

    url = f"{settings.url.rstrip('/')}/chat/completions"
    try:
        with client.stream("POST", url, json=dict(body)) as response:
            content = b"".join(_limited(response.iter_bytes(), settings.timeout_s))
    except httpx.TimeoutException as error:
        raise Refused(f"no answer within {settings.timeout_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused(f"{settings.url}: {error}") from error
    if response.status_code != 200:
        said = one_line(content[:300].decode("utf-8", "replace"), 200)
        raise Refused(f"{settings.url} answers {response.status_code}: {said}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused("the service's answer is not JSON") from error


def _limited(chunks: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    """No more than is sensible, and not for ever: httpx limits the time of a chunk only."""
    size, end = 0, time.monotonic() + seconds
    for chunk in chunks:
        size += len(chunk)
        if time.monotonic() > end:
            raise Refused(f"the answer was not complete within {seconds:g} s")
        if size > _LARGEST_ANSWER:
            raise Refused(f"the answer is longer than {_LARGEST_ANSWER} bytes")
        yield chunk


def read_answers(reply: Any, numbers: Collection[str], names: Collection[str]) -> dict[str, str]:
    """The answers that are answers: known numbers, known names.

    Raises:
        Refused: the reply has another form; one invented name refuses them all.
    """
    try:
        choice = reply["choices"][0]
        content, reason = choice["message"]["content"], choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Refused("the service's answer has no choices[0].message.content") from error
    if reason == "length":
        raise Truncated("the model's answer is cut off: fewer casting.model.quotes")
    try:
        answers = json.loads(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(
            f"the model answers {one_line(str(content), 60)!r}, which is no JSON"
        ) from error
    if not isinstance(answers, Mapping):
        raise Refused("the model's answer is no object of numbers and names")
    for number, name in answers.items():
        if number not in numbers or name not in names:
            raise Refused(
                f"the model answers {one_line(f'{number}: {name}', 60)!r}, which nobody asked"
            )
    if not answers:
        raise Refused("the model answers nothing")
    return dict(answers)


def _quoted(text: str) -> str:
    return repr(one_line(text, 60))
