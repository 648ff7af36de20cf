"""The nightly run on a real Prefect server and a real S3 server."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from flows.server import Server

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300), pytest.mark.xdist_group("prefect")]


def test_the_nightly_run_says_how_it_ended(
    tmp_path: Path, on_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.server import ThreadedMotoServer
    from prefect.logging.handlers import APILogHandler

    from flows.archives import archive

    old = tmp_path / "outputs" / "old.wav"
    old.parent.mkdir()
    old.write_bytes(b"sound")
    at = time.time() - 8 * 86_400
    os.utime(old, (at, at))
    s3 = ThreadedMotoServer(port=0, verbose=False)
    s3.start()
    host, port = s3.get_host_and_port()
    settings = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "CASTBOOK_DATA": str(tmp_path),
        "CASTBOOK_ARCHIVE_BUCKET": "castbook",
        "CASTBOOK_ARCHIVE_ENDPOINT": f"http://{host}:{port}",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    try:
        refused = archive(return_state=True)  # there is no such bucket
        assert refused.is_failed()
        assert "NoSuchBucket" in str(refused.message)
        assert not (tmp_path / "archive/last_success.json").exists()

        from flows.archives import open_store
        from tasks.archive.settings import ArchiveSettings

        open_store(ArchiveSettings.read())._client.create_bucket(Bucket="castbook")
        first, second = archive(return_state=True), archive(return_state=True)
        assert first.is_completed(), first.message
        assert str(first.message).startswith("1 zips archived")
        assert "1 files removed" in str(second.message)
        assert not old.exists()
        assert (tmp_path / "archive/last_success.json").exists()
    finally:
        s3.stop()
        APILogHandler().flush()
