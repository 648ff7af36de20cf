"""One call of a speech endpoint: ``POST …/v1/audio/speech``, with retries and limits.

Promises: every call ends, within ``tries`` times the time-outs and pauses; no more than
``largest`` bytes are read; the key appears in no message. What may work later (no connection,
time-outs, 408, 409, 425, 429, 5xx) is tried again after a growing pause, or after the one the
server asks for; everything else fails at once with what the server said.
"""

from __future__ import annotations

import email.utils
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tts.engine import EngineError

if TYPE_CHECKING:
    import httpx

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})
_LONGEST_PAUSE_S = 60.0  # a server that asks for more gets a failure to be tried much later
_QUOTED = 300  # characters of the server's own words


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often."""

    connect_s: float
    read_s: float  # between two pieces of an answer
    total_s: float  # for one try
    tries: int
    pause_s: float  # before the second try; doubles with each further one


class _TryAgain(Exception):
    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class SpeechApi:
    """A connection pool to one endpoint. Threads may share it.

    Args:
        url: complete, of the endpoint.
        key: sent as bearer token, or None.
        connections: at once.
        wait: sleeps the given seconds; False when the engine is closing.
        transport_from_environment: whether proxies of the environment are used.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        limits: Limits,
        connections: int,
        *,
        wait: Callable[[float], bool],
        transport_from_environment: bool,
    ) -> None:
        import httpx  # 100 ms: not for the light half of an engine

        self._url, self._key, self._limits, self._wait = url, key, limits, wait
        self._errors = (httpx.TransportError, httpx.DecodingError)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(limits.read_s, connect=limits.connect_s, pool=None),
            limits=httpx.Limits(max_connections=connections),
            follow_redirects=False,  # the key would follow, too
            trust_env=transport_from_environment,
        )

    def close(self) -> None:
        """Ends all connections."""
        self._client.close()

    def speak(
        self, body: Mapping[str, Any], largest: int, progress: Callable[[], None]
    ) -> tuple[bytes, str]:
        """(answer, its content type).

        Args:
            body: the request, JSON.
            largest: bytes that are believed.
            progress: called at each try and for each piece that arrives.

        Raises:
            EngineError: ``permanent`` when the server refuses this request, ``transient`` when
                all tries are used up.
        """
        content = json.dumps(body).encode()
        reason = ""
        for number in range(self._limits.tries):
            progress()
            try:
                return self._try(content, largest, progress)
            except _TryAgain as error:
                reason = str(error)
                pause = self._pause(number, content, error.pause_s)
            if pause > _LONGEST_PAUSE_S:
                raise EngineError(f"{reason}; the server asks to wait for {pause:.0f} s")
            if number + 1 < self._limits.tries and not self._wait(pause):
                raise EngineError("the engine was closed")
        tries = f" ({self._limits.tries} tries)" if self._limits.tries > 1 else ""
        raise EngineError(reason + tries)

    def _try(self, content: bytes, largest: int, progress: Callable[[], None]) -> tuple[bytes, str]:
        until = time.monotonic() + self._limits.total_s
        headers = {"Content-Type": "application/json"}
        answer = bytearray()
        try:
            with self._client.stream(
                "POST", self._url, content=content, headers=headers
            ) as response:
                for piece in response.iter_bytes():
                    answer += piece
                    progress()
                    if len(answer) > largest:
                        raise EngineError(
                            f"the answer has more than {largest} bytes, which is more audio "
                            "than the text can need"
                        )
                    if time.monotonic() > until:
                        raise _TryAgain(f"no complete answer within {self._limits.total_s:g} s")
        except self._errors as error:
            raise _TryAgain(self._connection_problem(error)) from error
        if response.status_code != 200:
            self._refuse(response, bytes(answer))
        return bytes(answer), response.headers.get("content-type", "").lower()

    def _refuse(self, response: httpx.Response, answer: bytes) -> None:
        status = response.status_code
        said = self.words(answer)
        sentence = f"the server answered {status} {response.reason_phrase}".rstrip()
        if 300 <= status < 400:
            sentence += "; redirects are not followed: put the final address into base_url"
        if said:
            sentence += f": {said}"
        if status in _AGAIN:
            raise _TryAgain(sentence, retry_after(response.headers.get("retry-after"), time.time()))
        if status in (401, 403):
            sentence += "; check the key in the variable that api_key_env names"
        if status == 404:
            sentence += "; check base_url and model"
        raise EngineError(sentence, "permanent")

    def words(self, answer: bytes) -> str:
        """What the server says in an answer that is no audio, shortened, without the key."""
        text = answer.decode("utf-8", "replace")
        try:
            text = _message(json.loads(text))
        except ValueError:
            pass
        text = " ".join(text.split())
        if self._key:
            text = text.replace(self._key, "…")
        return text if len(text) <= _QUOTED else text[:_QUOTED] + "…"

    def _connection_problem(self, error: Exception) -> str:
        import httpx

        if isinstance(error, httpx.ConnectTimeout):
            return f"no connection to the server within {self._limits.connect_s:g} s"
        if isinstance(error, httpx.TimeoutException):
            return f"the server was silent for {self._limits.read_s:g} s"
        if isinstance(error, httpx.ConnectError):
            return f"no connection to the server: {error}"
        return f"the connection broke: {error}"

    def _pause(self, number: int, content: bytes, asked: float | None) -> float:
        """Seconds before the next try. Doubling, spread by a hash of the request, so that
        requests that were refused together do not come back together."""
        if asked is not None:
            return asked
        spread = hashlib.sha256(content + bytes([number])).digest()[0] / 255
        return min(_LONGEST_PAUSE_S, self._limits.pause_s * 2.0**number * (0.5 + spread))


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (a number, or a date), None without one.

    Args:
        now: seconds since 1970, for dates.
    """
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - now)
    except ValueError:
        return None


def _message(answer: Any) -> str:
    """The message in the error shapes in use: ``{error: {message}}``, ``{error}``,
    ``{detail}``, ``{message}``."""
    if isinstance(answer, Mapping):
        for key in ("error", "detail", "message", "msg"):
            if answer.get(key):
                return _message(answer[key])
    if isinstance(answer, list) and answer:
        return _message(answer[0])
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
