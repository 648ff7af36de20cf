"""The object store: any server that speaks S3, through plain boto3 (extra ``s3``).

Names are content names, so an object is never replaced: what stands there under our name is
either ours already or a fault that is reported.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from castbook.errors import EnvironmentFault, MissingDependency, Unavailable

PART = 16 * 1024 * 1024  # bytes; at most 10,000 parts: 160 GB
_TIMEOUT_S = 60
_SHA256 = "castbook-sha256"  # metadata of each object: of the whole zip


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the server describes it."""

    name: str
    size: int
    sha256: str = ""  # as we had noted it


class ObjectStore(Protocol):
    """What the archive needs of a store. Every method raises ``EnvironmentFault`` (the store
    refuses) or its branch ``Unavailable`` (it does not answer)."""

    def upload(self, path: Path, name: str, sha256: str) -> bool:
        """Brings a file there and verifies size and checksum; False: it was there already."""

    def digest(self, name: str) -> tuple[int, str]:
        """Reads an object back: its size, and sha256 of what came."""

    def download(self, name: str, path: Path) -> None:
        """Writes an object to ``path``."""

    def list(self) -> Iterator[Stored]:
        """All objects below our prefix, by name."""


class S3Store:
    """A bucket.

    Args:
        endpoint: of the server; "" is AWS. Credentials and region are boto3's business: the
            AWS_* variables, never a file of ours.
    """

    def __init__(self, bucket: str, endpoint: str = "", prefix: str = "", part: int = PART) -> None:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            raise MissingDependency(
                "the archive needs boto3: pip install 'castbook[s3]'"
            ) from error
        self.bucket = bucket
        self._prefix = prefix
        self._part = part
        with _faults(bucket):
            self._client: Any = boto3.client(
                "s3",
                endpoint_url=endpoint or None,
                config=Config(
                    # boto3 would presign by version 2 at an endpoint that is not AWS's, and
                    # most servers know no buckets as host names
                    signature_version="s3v4",
                    s3={"addressing_style": "path"},
                    connect_timeout=10,
                    read_timeout=_TIMEOUT_S,
                    retries={"mode": "standard", "max_attempts": 4},
                ),
            )

    def upload(self, path: Path, name: str, sha256: str) -> bool:
        """See ``ObjectStore.upload``. In parts where the file is larger than one."""
        size = path.stat().st_size
        whole, sums = checksums(path, self._part)
        new = False
        with _faults(self.bucket):
            if self._head(name) is None:
                new = self._put(path, name, sha256, whole, sums)
            self._verify(name, size, whole)
        return new

    def _put(self, path: Path, name: str, sha256: str, whole: str, sums: list[str]) -> bool:
        facts = {
            "Bucket": self.bucket,
            "Key": self._prefix + name,
            "Metadata": {_SHA256: sha256},
            "ContentType": "application/zip",
        }
        with path.open("rb") as source, _Existed() as existed:
            if len(sums) == 1:
                self._client.put_object(
                    **facts, Body=source, ChecksumSHA256=sums[0], IfNoneMatch="*"
                )
            else:
                self._put_parts(source, facts, sums)
        return not existed.happened

    def _put_parts(self, source: Any, facts: dict[str, Any], sums: list[str]) -> None:
        place = {"Bucket": facts["Bucket"], "Key": facts["Key"]}
        begun = self._client.create_multipart_upload(**facts, ChecksumAlgorithm="SHA256")
        upload = {**place, "UploadId": begun["UploadId"]}
        try:
            parts = []
            for number, checksum in enumerate(sums, 1):
                sent = self._client.upload_part(
                    **upload,
                    PartNumber=number,
                    Body=source.read(self._part),
                    ChecksumSHA256=checksum,
                )
                parts.append(
                    {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": checksum}
                )
            self._client.complete_multipart_upload(
                **upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )
        except BaseException:
            # parts of an upload that never ends cost money and show in no list
            with contextlib.suppress(Exception):
                self._client.abort_multipart_upload(**upload)
            raise

    def _head(self, name: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        try:
            found: dict[str, Any] = self._client.head_object(
                Bucket=self.bucket, Key=self._prefix + name, ChecksumMode="ENABLED"
            )
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                return None
            raise
        return found

    def _verify(self, name: str, size: int, checksum: str) -> None:
        """Size and checksum as the server has them; where it keeps none, the object is read
        back before anything is removed (``ObjectStore.digest``)."""
        found = self._head(name)
        told = None if found is None else (found["ContentLength"], found.get("ChecksumSHA256"))
        # some servers leave out the number of parts
        expected = checksum.partition("-")[0]
        if told is None or told[0] != size or (told[1] or expected).partition("-")[0] != expected:
            raise EnvironmentFault(
                f"{self.bucket}/{self._prefix}{name} is not what was sent:"
                f" {size} bytes with sha256 {checksum} went there, the server has {told}"
            )

    def digest(self, name: str) -> tuple[int, str]:
        """See ``ObjectStore.digest``."""
        found, size = hashlib.sha256(), 0
        with _faults(self.bucket):
            for block in self._read(name):
                found.update(block)
                size += len(block)
        return size, found.hexdigest()

    def download(self, name: str, path: Path) -> None:
        """See ``ObjectStore.download``."""
        with _faults(self.bucket), path.open("wb") as target:
            for block in self._read(name):
                target.write(block)

    def _read(self, name: str) -> Iterator[bytes]:
        answer = self._client.get_object(Bucket=self.bucket, Key=self._prefix + name)
        yield from answer["Body"].iter_chunks(1 << 20)

    def list(self) -> Iterator[Stored]:
        """See ``ObjectStore.list``."""
        with _faults(self.bucket):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self._prefix
            )
            for page in pages:
                for row in page.get("Contents", ()):
                    yield Stored(row["Key"].removeprefix(self._prefix), int(row["Size"]))


def checksums(path: Path, part: int) -> tuple[str, list[str]]:
    """The checksum S3 gives an object, and those of its parts; base64 of sha256.

    One part: of the content. Several: of the digests of the parts, and their number.
    """
    digests = []
    with path.open("rb") as source:
        while block := source.read(part):
            digests.append(hashlib.sha256(block).digest())
    sums = [base64.b64encode(digest).decode() for digest in digests]
    if len(sums) == 1:
        return sums[0], sums
    together = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode()
    return f"{together}-{len(sums)}", sums


class _Existed:
    """Swallows the store's word that the object stands there already."""

    def __init__(self) -> None:
        self.happened = False

    def __enter__(self) -> _Existed:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        from botocore.exceptions import ClientError

        if isinstance(error, ClientError):
            # 412: it is there; 409: another upload of the same name is under way
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            self.happened = status in (409, 412)
        return self.happened


@contextlib.contextmanager
def _faults(bucket: str) -> Iterator[None]:
    """Errors of boto3 in our words."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        sentence = f"the object store refuses bucket {bucket}: {error}"
        if status >= 500 or status == 429:
            raise Unavailable(sentence, 60) from error
        raise EnvironmentFault(f"{sentence}; look at the bucket and the AWS_* keys") from error
    except BotoCoreError as error:
        raise Unavailable(f"the object store does not answer: {error}", 60) from error
