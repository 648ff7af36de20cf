from __future__ import annotations

import base64
import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from castbook.errors import EnvironmentFault, InputError, SelectionError
from tasks.archive.facts import BookFact, Facts, FileFact, gather
from tasks.archive.plan import Member, Prune, Record, Retention, Upload, Wait, plan_archive
from tasks.archive.records import Records
from tasks.archive.restoring import restore
from tasks.archive.running import ArchiveReport, run_archive
from tasks.archive.settings import ArchiveSettings
from tasks.archive.store import S3Store, checksums
from tasks.archive.zips import write_zip

pytestmark = pytest.mark.xdist_group("s3")

DAY = 86_400.0
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
KEEP = Retention()


@pytest.fixture
def store(s3: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> S3Store:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    bucket = f"b{abs(hash(request.node.name))}"
    made = S3Store(bucket, s3, "castbook/", part=5 * 1024 * 1024)
    made._client.create_bucket(Bucket=bucket)
    return made


def put(data: Path, name: str, content: bytes, at: float) -> Path:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at, at))
    return path


def days_of_outputs(data: Path) -> None:
    """Two texts of eight days ago, one of yesterday, one of today, a batch of eight days ago."""
    for name, days in (("old", 8), ("older", 8.01), ("yesterday", 1), ("today", 0.1)):
        put(data, f"outputs/{name}.wav", name.encode() * 1000, NOON - days * DAY)
        put(data, f"outputs/{name}.json", b"{}", NOON - days * DAY)
    put(data, "outputs/batch/batch_output_20261113.zip", b"zip", NOON - 8 * DAY)
    put(data, "outputs/.tmp-1-2-3.wav", b"half", NOON - 8 * DAY)


def archive(data: Path, store: S3Store | None, now: float = NOON, **facts: Any) -> ArchiveReport:
    found = gather(data, is_finished=lambda folder: True, **facts)
    retention = facts.pop("retention", KEEP)
    actions = plan_archive(found, Records(data), now, retention)
    return run_archive(actions, store, data, clock=lambda: now)


def standing(data: Path) -> set[str]:
    return {
        str(p.relative_to(data)) for p in (data / "outputs").rglob("*") if p.is_file()
    }  # fmt: skip


def test_a_day_is_archived_when_it_is_over_and_goes_when_its_days_are_over(
    tmp_path: Path, store: S3Store
) -> None:
    days_of_outputs(tmp_path)
    before = standing(tmp_path)
    first = archive(tmp_path, store)
    assert [name.rpartition("-")[0] for name in first.uploaded] == [
        "outputs/2026-11-13",
        "outputs/2026-11-20",
    ]
    assert first.pruned == []  # no file goes in the run that archives it
    assert standing(tmp_path) == before
    second = archive(tmp_path, store)
    assert second.uploaded == []
    gone = {"old.wav", "old.json", "older.wav", "older.json", "batch/batch_output_20261113.zip"}
    assert set(second.pruned) == {f"outputs/{name}" for name in gone}
    assert before - standing(tmp_path) == {f"outputs/{name}" for name in gone}
    note = json.loads((tmp_path / "archive/last_success.json").read_text())
    assert note["at"] == int(NOON)
    third = archive(tmp_path, store)
    assert (third.uploaded, third.pruned) == ([], [])


def test_equal_files_make_equal_zips_whatever_their_times(tmp_path: Path) -> None:
    zips = []
    for number, at in enumerate((NOON - 2 * DAY, NOON - 2 * DAY + 60)):
        data = tmp_path / str(number)
        for name in ("b.wav", "a.wav", "语音.wav"):
            put(data, f"outputs/{name}", name.encode(), at)
        (upload,) = plan_archive(gather(data), (), NOON, KEEP)
        assert isinstance(upload, Upload)
        zips.append(write_zip(upload.bundle, data / "made.zip"))
    first, second = zips
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.name == second.name
    with zipfile.ZipFile(first.path) as opened:
        names = opened.namelist()
        assert names == [*sorted(names[:-1]), "MANIFEST.json"]
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert opened.testzip() is None


def test_a_dry_run_changes_nothing(tmp_path: Path, store: S3Store) -> None:
    days_of_outputs(tmp_path)
    report = archive(tmp_path, None)
    assert len(report.uploaded) == 2
    assert "would be" in report.message
    assert not (tmp_path / "archive").exists()
    assert list(store.list()) == []


def test_a_failing_upload_removes_nothing(
    tmp_path: Path, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_of_outputs(tmp_path)
    archive(tmp_path, store)
    put(tmp_path, "outputs/late.wav", b"late", NOON - 9 * DAY)
    before = standing(tmp_path)
    monkeypatch.setattr(store, "bucket", "another")
    with pytest.raises(EnvironmentFault, match="refuses"):
        archive(tmp_path, store, NOON + DAY)
    assert standing(tmp_path) == before
    note = json.loads((tmp_path / "archive/last_success.json").read_text())
    assert note["at"] == int(NOON)  # of the run that went well


def test_a_server_that_is_away_removes_nothing(tmp_path: Path, store: S3Store) -> None:
    days_of_outputs(tmp_path)
    archive(tmp_path, store)
    before = standing(tmp_path)
    away = S3Store(store.bucket, "http://127.0.0.1:9", "castbook/")
    away._client.meta.config.retries = {"total_max_attempts": 1}
    with pytest.raises(EnvironmentFault):
        archive(tmp_path, away)
    assert standing(tmp_path) == before


@pytest.mark.parametrize("lie", ["checksum", "size", "gone"])
def test_a_server_that_has_something_else_is_caught_at_the_upload(
    tmp_path: Path, store: S3Store, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    days_of_outputs(tmp_path)
    honest = store._head
    lies: dict[str, Any] = {
        "checksum": {"ChecksumSHA256": "AAAA"},
        "size": {"ContentLength": 1},
    }

    def head(name: str) -> dict[str, Any] | None:
        found = honest(name)
        return None if found is None or lie == "gone" else {**found, **lies[lie]}

    monkeypatch.setattr(store, "_head", head)
    with pytest.raises(EnvironmentFault, match="not what was sent"):
        archive(tmp_path, store)
    assert list(Records(tmp_path)) == []


def test_a_zip_that_rotted_in_the_store_is_read_before_anything_goes(
    tmp_path: Path, store: S3Store
) -> None:
    days_of_outputs(tmp_path)
    report = archive(tmp_path, store)
    before = standing(tmp_path)
    name = report.uploaded[0]
    size = next(stored.size for stored in store.list() if stored.name == name)
    store._client.put_object(Bucket=store.bucket, Key=f"castbook/{name}", Body=b"\0" * size)
    with pytest.raises(EnvironmentFault, match="damaged"):
        archive(tmp_path, store)
    assert standing(tmp_path) == before


def test_a_file_that_changed_since_stays(tmp_path: Path, store: S3Store) -> None:
    days_of_outputs(tmp_path)
    archive(tmp_path, store)
    # same size and time, another content: only the digest can tell
    put(tmp_path, "outputs/old.wav", b"new" * 1000, NOON - 8 * DAY)
    report = archive(tmp_path, store)
    assert "outputs/old.wav" not in report.pruned
    assert "outputs/old.json" in report.pruned
    assert (tmp_path / "outputs/old.wav").read_bytes() == b"new" * 1000


def test_what_changes_or_goes_while_it_is_zipped_waits(tmp_path: Path, store: S3Store) -> None:
    growing = put(tmp_path, "outputs/growing.wav", b"half", NOON - 2 * DAY)
    going = put(tmp_path, "outputs/going.wav", b"gone", NOON - 3 * DAY)
    actions = plan_archive(gather(tmp_path), (), NOON, KEEP)
    growing.write_bytes(b"whole")
    going.unlink()
    left = put(tmp_path, "archive/.tmp-0000-1-1.zip", b"of a killed run", NOON - 2 * DAY)
    report = run_archive(actions, store, tmp_path, clock=lambda: NOON)
    assert report.uploaded == []
    assert len([line for line in report.waiting if "changed while" in line]) == 2
    assert list(Records(tmp_path)) == []
    assert not left.exists()


def test_a_lost_record_costs_a_comparison_not_an_upload(tmp_path: Path, store: S3Store) -> None:
    days_of_outputs(tmp_path)
    archive(tmp_path, store)
    for path in (tmp_path / "archive/records").iterdir():
        path.unlink()
    report = archive(tmp_path, store)
    assert (report.uploaded, len(report.present), report.pruned) == ([], 2, [])


def test_a_large_zip_goes_in_parts_and_comes_back(tmp_path: Path, store: S3Store) -> None:
    content = os.urandom(1 << 20) * 11  # three parts of 5 MiB
    put(tmp_path, "outputs/long.wav", content, NOON - 8 * DAY)
    (name,) = archive(tmp_path, store).uploaded
    assert len(checksums(tmp_path / "outputs/long.wav", 5 * 1024 * 1024)[1]) == 3
    assert archive(tmp_path, store).pruned == ["outputs/long.wav"]
    assert restore(store, name, tmp_path).written == ("outputs/long.wav",)
    assert (tmp_path / "outputs/long.wav").read_bytes() == content
    (tmp_path / "outputs/long.wav").write_bytes(b"mine")
    assert restore(store, name, tmp_path).different == ("outputs/long.wav",)
    assert (tmp_path / "outputs/long.wav").read_bytes() == b"mine"
    with pytest.raises(SelectionError, match="--list"):
        restore(store, "outputs/no.zip", tmp_path)


def test_one_part_and_many_have_the_checksums_of_s3(tmp_path: Path) -> None:
    path = put(tmp_path, "f", b"abcdef", NOON)
    known = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721"  # sha256sum
    whole, sums = checksums(path, 6)
    assert base64.b64decode(whole).hex() == known
    assert sums == [whole]
    together, sums = checksums(path, 4)
    assert len(sums) == 2
    assert together.endswith("-2")


def test_books_wait_until_they_are_finished_and_quiet(tmp_path: Path) -> None:
    def book(slug: str, **changes: Any) -> BookFact:
        row: dict[str, Any] = {"finished": True, "claimed": False, **changes}
        at = int((NOON - row.pop("days", 3) * DAY) * 1e9)
        own = FileFact(f"projects/{slug}/project.yaml", tmp_path / "p", 3, at)
        built = FileFact(f"projects/{slug}/build/takes/a.flac", tmp_path / "t", 5, at)
        return BookFact(slug, (own,), (built,), **row)

    books = (
        book("done"),
        book("half", finished=False),
        book("busy", claimed=True),
        book("ordered"),
        book("fresh", days=0.5),
    )
    facts = Facts(books=books, ordered=frozenset({"/srv/projects/ordered"}))
    actions = plan_archive(facts, (), NOON, KEEP)
    assert [a.bundle.subject for a in actions if isinstance(a, Upload)] == ["done"]
    waiting = {a.subject: a.reason for a in actions if isinstance(a, Wait)}
    assert sorted(waiting) == [f"projects/{s}" for s in ("busy", "fresh", "half", "ordered")]

    done = books[0]
    members = tuple(
        Member(f.name, f.size, f.mtime_ns, "0" * 64) for f in (*done.files, *done.built)
    )
    record = Record("books", "books/done/2026-11-18-1.zip", 9, "0" * 64, members)
    later = NOON + 30 * DAY
    assert plan_archive(Facts(books=(done,)), (record,), later, KEEP) == ()
    (prune,) = plan_archive(Facts(books=(done,)), (record,), later, Retention(books_days=30))
    assert isinstance(prune, Prune)
    assert prune.files == done.built  # the project itself never goes


def test_unfinished_orders_hold_back_what_is_younger_and_silence_holds_all(
    tmp_path: Path, store: S3Store
) -> None:
    days_of_outputs(tmp_path)
    archive(tmp_path, store)
    held = archive(tmp_path, store, oldest_order=NOON - 9 * DAY)
    assert held.pruned == []
    assert archive(tmp_path, store, orders_known=False).pruned == []
    assert archive(tmp_path, store, oldest_order=NOON - 2 * DAY).pruned != []


FILES = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.floats(-1, 20), st.booleans()),
    unique_by=lambda row: row[0],
)


@given(FILES, st.floats(0, 20) | st.none())
@settings(max_examples=60, deadline=None)
def test_nothing_goes_that_no_verified_zip_holds(
    rows: list[tuple[str, float, bool]], order_days: float | None
) -> None:
    files, members = [], []
    for name, days, archived in rows:
        at = int((NOON - days * DAY) * 1e9)
        files.append(FileFact(f"outputs/{name}.wav", Path(name), 1, at))
        if archived:
            members.append(Member(f"outputs/{name}.wav", 1, at, "0" * 64))
    record = Record("outputs", "outputs/x.zip", 1, "0" * 64, tuple(members))
    oldest = None if order_days is None else NOON - order_days * DAY
    facts = Facts(outputs=tuple(files), oldest_order=oldest)
    actions = plan_archive(facts, (record,), NOON, KEEP)
    going = {f for a in actions if isinstance(a, Prune) for f in a.files}
    up = {f for a in actions if isinstance(a, Upload) for f in a.bundle.files}
    held = {(m.name, m.mtime_ns) for m in members}
    for file in files:
        age = NOON - file.mtime_ns / 1e9
        old = age > 7 * DAY and (oldest is None or file.mtime_ns / 1e9 < oldest)
        assert (file in going) is (old and (file.name, file.mtime_ns) in held)
        assert not (file in up and (file.name, file.mtime_ns) in held)


def test_settings_say_what_is_wrong_with_them() -> None:
    name = "CASTBOOK_ARCHIVE_"
    told = ArchiveSettings.read({f"{name}BUCKET": "b", f"{name}PREFIX": "/x/", f"{name}DAYS": "3"})
    assert (told.prefix, told.retention) == ("x/", Retention(3, 0))
    for name, value in (("DAYS", "-1"), ("BOOK_DAYS", "soon"), ("ENDPOINT", "minio:9000")):
        with pytest.raises(InputError, match=f"CASTBOOK_ARCHIVE_{name}"):
            ArchiveSettings.read({f"CASTBOOK_ARCHIVE_{name}": value})
