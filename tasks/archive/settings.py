"""What the archive is told by its environment.

| variable | meaning |
|---|---|
| CASTBOOK_ARCHIVE_BUCKET | the bucket; without one nothing is archived |
| CASTBOOK_ARCHIVE_ENDPOINT | ``https://…`` of an S3 server; AWS itself if absent |
| CASTBOOK_ARCHIVE_PREFIX | of all names in the bucket, such as ``castbook/`` |
| CASTBOOK_ARCHIVE_DAYS | days for which archived outputs stay on this disk; 7 if absent |
| CASTBOOK_ARCHIVE_BOOK_DAYS | the same for builds of books; 0 (if absent): for good |
| AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION … | as boto3 reads them |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from castbook.errors import InputError
from tasks.archive.plan import Retention


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """A snapshot of the environment."""

    bucket: str = ""  # "": no archive is configured
    endpoint: str = ""
    prefix: str = ""
    retention: Retention = field(default_factory=Retention)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> ArchiveSettings:
        """The settings that ``environ`` (default: this process's) asks for.

        Raises:
            InputError: a variable cannot be what it is.
        """
        env = os.environ if environ is None else environ
        endpoint = env.get("CASTBOOK_ARCHIVE_ENDPOINT", "")
        if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
            raise InputError(
                f"cannot be {endpoint!r}",
                place="CASTBOOK_ARCHIVE_ENDPOINT",
                expected="an address that begins with https://",
            )
        prefix = env.get("CASTBOOK_ARCHIVE_PREFIX", "").strip("/")
        return cls(
            bucket=env.get("CASTBOOK_ARCHIVE_BUCKET", ""),
            endpoint=endpoint,
            prefix=f"{prefix}/" if prefix else "",
            retention=Retention(
                outputs_days=_days(env, "CASTBOOK_ARCHIVE_DAYS", 7),
                books_days=_days(env, "CASTBOOK_ARCHIVE_BOOK_DAYS", 0),
            ),
        )


def _days(env: Mapping[str, str], name: str, default: int) -> int:
    written = env.get(name) or str(default)
    if not (written.isascii() and written.isdigit() and int(written) <= 36_500):
        raise InputError(f"cannot be {written!r}", place=name, expected="a number of days")
    return int(written)
