"""GPU slots shared by all processes: global concurrency limits ``gpu:DEVICE`` on the server.

Whoever holds a slot renews its lease. A process that dies stops renewing, and its slot is free
again a minute later. Nobody waits in line: those who wait ask again, each after a random pause.

Prefect's own ``concurrency()`` does the same at 258-368 ms for taking and giving back (founding
measurements) and cannot be left on another thread than it was entered on, which is how a
response is streamed. This one asks the same routes of Prefect's client directly.

The server must keep leases on disk (``configs/prefect/server.env``): one that forgets them in
a restart never frees their slots.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from uuid import UUID

import httpx
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from castbook.errors import EnvironmentFault, Unavailable

LEASE_S = 60.0  # the shortest that the server allows
RENEW_S = 20.0  # two renewals may fail before the lease does
PAUSE_S = (0.05, 1.0)  # between tries: from the first to the longest
AWAY_S = 600.0  # how long a server may be away before waiting for it ends

_log = logging.getLogger("castbook.orders")


class Slots:
    """The slots of one device. Any number of threads may share it.

    Args:
        api_url: of the Prefect server.
        limit: name of the global concurrency limit.
        patience_s: how long ``one`` waits for a slot; None: as long as it takes.
    """

    def __init__(self, api_url: str, limit: str, *, patience_s: float | None = None) -> None:
        self.limit = limit
        self._patience_s = patience_s
        # the tries are ours: an answer must come at once
        with temporary_settings({PREFECT_API_URL: api_url, PREFECT_CLIENT_MAX_RETRIES: 0}):
            self._client: SyncPrefectClient = get_client(sync_client=True)
        self._client.__enter__()

    def ensure(self, slots: int) -> None:
        """Creates the limit, or brings it to ``slots``.

        Raises:
            Unavailable: the server does not answer.
        """
        try:
            self._client.upsert_global_concurrency_limit_by_name(self.limit, slots)
        except httpx.HTTPError as error:
            raise Unavailable(f"the limit {self.limit} cannot be set: {error}") from error

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Holds a slot. May be left on another thread than it was entered on.

        Raises:
            Unavailable: none was free in time, or the server does not answer.
            EnvironmentFault: there is no such limit: not limiting would be worse.
        """
        lease = self._take()
        ended = threading.Event()
        keeper = threading.Thread(
            target=self._keep, args=(lease, ended), name=f"slot {self.limit}", daemon=True
        )
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            self._give_back(lease)

    def close(self) -> None:
        """Ends the connections."""
        self._client.__exit__(None, None, None)

    def _take(self) -> UUID:
        begun = heard = time.monotonic()
        pause = PAUSE_S[0]
        while True:
            try:
                answer = self._client.increment_concurrency_slots_with_lease(
                    [self.limit], 1, "concurrency", LEASE_S
                ).json()
                if not answer["limits"]:
                    raise EnvironmentFault(
                        f"the Prefect server has no limit {self.limit}: castbook up and castbook"
                        " serve create it; or unset CASTBOOK_SLOTS"
                    )
                return UUID(answer["id"] if "id" in answer else answer["lease_id"])
            except PrefectHTTPStatusError as error:
                if error.response.status_code == httpx.codes.LOCKED:  # all are taken
                    heard = time.monotonic()
                elif error.response.status_code < 500:
                    raise EnvironmentFault(f"no slot of {self.limit}: {error}") from error
            except httpx.HTTPError as error:
                _log.debug("no answer about %s: %s", self.limit, error)
            now = time.monotonic()
            if self._patience_s is not None and now - begun >= self._patience_s:
                raise Unavailable(
                    f"all slots of {self.limit} are busy: ask again later", retry_after_s=5
                )
            if now - heard > AWAY_S:
                raise Unavailable(f"the Prefect server is away, no slot of {self.limit}")
            time.sleep(random.uniform(0.5, 1.0) * pause)
            pause = min(2 * pause, PAUSE_S[1])

    def _keep(self, lease: UUID, ended: threading.Event) -> None:
        while not ended.wait(RENEW_S):
            try:
                self._client.renew_concurrency_lease(lease, LEASE_S)
            except httpx.HTTPError as error:
                # what is being spoken is finished: a limit passed for seconds beats a lost take
                _log.warning("the lease on %s was not renewed: %s", self.limit, error)

    def _give_back(self, lease: UUID) -> None:
        try:
            self._client.release_concurrency_slots_with_lease(lease)
        except httpx.HTTPError as error:
            _log.warning("a slot of %s is free only in a minute: %s", self.limit, error)


def limit_name(environ: Mapping[str, str] | None = None) -> str:
    """``gpu:0``: the limit of this process's device (CASTBOOK_DEVICE names it, else 0).

    Devices of several machines need names of their own, such as ``gpu:tower-1``.
    """
    env = os.environ if environ is None else environ
    return f"gpu:{env.get('CASTBOOK_DEVICE') or '0'}"


def configured_slots(api_url: str, environ: Mapping[str, str] | None = None) -> Slots | None:
    """The slots that CASTBOOK_SLOTS asks for; None, and no cost, where it is not set."""
    env = os.environ if environ is None else environ
    if not env.get("CASTBOOK_SLOTS") or not api_url:
        return None
    return Slots(api_url, limit_name(env))
