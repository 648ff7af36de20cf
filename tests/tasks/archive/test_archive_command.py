from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main

pytestmark = pytest.mark.xdist_group("s3")

EIGHT_DAYS = 8 * 86_400


@pytest.fixture
def data(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with one old output, an empty bucket, and no Prefect."""
    import boto3

    settings = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "CASTBOOK_DATA": str(tmp_path),
        "CASTBOOK_ARCHIVE_BUCKET": tmp_path.name.replace("_", "-"),
        "CASTBOOK_ARCHIVE_ENDPOINT": s3,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    bucket = settings["CASTBOOK_ARCHIVE_BUCKET"]
    boto3.client("s3", endpoint_url=s3).create_bucket(Bucket=bucket)
    old = tmp_path / "outputs" / "old.wav"
    old.parent.mkdir()
    old.write_bytes(b"sound")
    at = time.time() - EIGHT_DAYS
    os.utime(old, (at, at))
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["archive", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_archives_lists_removes_and_restores(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(told(capsys, "--dry-run")["uploaded"]) == 1
    assert told(capsys, "--list") == {"zips": []}
    (name,) = told(capsys)["uploaded"]
    assert told(capsys)["removed"] == ["outputs/old.wav"]
    assert [row["name"] for row in told(capsys, "--list")["zips"]] == [name]
    assert told(capsys, "--restore", name)["written"] == ["outputs/old.wav"]
    assert (data / "outputs" / "old.wav").read_bytes() == b"sound"


def test_a_prefect_that_is_away_lets_nothing_go(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import archives

    told(capsys)
    monkeypatch.setattr(archives, "unfinished_orders", lambda: ((), False))
    kept = told(capsys)
    assert kept["removed"] == []
    assert any("Prefect does not say" in line for line in kept["waiting"])
    assert (data / "outputs" / "old.wav").exists()


def test_without_a_bucket_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CASTBOOK_ARCHIVE_BUCKET", raising=False)
    assert main(["archive"]) == 2
    assert "CASTBOOK_ARCHIVE_BUCKET: is not set" in capsys.readouterr().err
