from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mastering_sounds import fake_ffmpeg

from audio import ffmpeg
from castbook.errors import CastbookError, MissingDependency, StorageError


def use(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("CASTBOOK_FFMPEG", path)


def test_the_setting_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = fake_ffmpeg(tmp_path, "echo ffmpeg version 6.0 fake; echo more")
    use(monkeypatch, fake)
    assert ffmpeg.program() == fake
    assert ffmpeg.version() == "ffmpeg version 6.0 fake"


def test_a_setting_that_names_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "/no/such/ffmpeg")
    with pytest.raises(MissingDependency, match=r"CASTBOOK_FFMPEG is '/no/such/ffmpeg'.*install"):
        ffmpeg.program()


def test_a_program_on_the_path_comes_before_the_wheel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CASTBOOK_FFMPEG", raising=False)
    fake = Path(fake_ffmpeg(tmp_path, "echo ffmpeg version n7.1 fake")).rename(tmp_path / "ffmpeg")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ffmpeg.program() == str(fake)


def test_a_program_too_old_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CASTBOOK_FFMPEG", raising=False)
    Path(fake_ffmpeg(tmp_path, "echo ffmpeg version 4.4.2-0ubuntu0")).rename(tmp_path / "ffmpeg")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not ffmpeg.program().startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ("ffmpeg version 4.4.2-0ubuntu0 Copyright", False),
        ("ffmpeg version 5.0.1 Copyright", False),
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright", True),
        ("ffmpeg version n9.0.2-17-g2a571b6068 Copyright", True),
        ("ffmpeg version N-118000-gabcdef Copyright", True),
        ("ffmpeg version 2026-01-01-git-abc Copyright", True),
    ],
)
def test_releases_new_enough(line: str, fits: bool) -> None:
    assert ffmpeg.new_enough(line) is fits


def test_bytes_and_blocks_go_in_and_samples_come_out() -> None:
    pipe = ["-f", "s16le", "-ar", "8000", "-ac", "1", "-i", "pipe:0", "-f", "s16le", "pipe:1"]
    sound = bytes(range(256)) * 400
    assert ffmpeg.run(pipe, timeout_s=60, stdin=sound).stdout == sound
    pieces = (sound[i : i + 999] for i in range(0, len(sound), 999))
    assert ffmpeg.run(pipe, timeout_s=60, stdin=pieces).stdout == sound


def test_decoding_streams_and_then_has_the_messages() -> None:
    arguments = ["-loglevel", "info", "-f", "lavfi", "-i", "sine=d=1:r=8000"]
    with ffmpeg.decoding([*arguments, "-f", "s16le", "pipe:1"], timeout_s=60) as decoded:
        assert sum(len(block) for block in decoded.blocks(1000)) == 16000
        assert "Stream #0:0" in decoded.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_a_storage_error() -> None:
    with pytest.raises(StorageError, match=r"disk is full.*free some space"):
        ffmpeg.run(
            ["-f", "lavfi", "-i", "sine=d=5", "-f", "s16le", "-y", "file:/dev/full"], timeout_s=60
        )


@pytest.mark.parametrize(
    ("code", "said", "kind", "words"),
    [
        (1, "x: Disk quota exceeded", StorageError, "disk is full"),
        (1, "out.m4b: Permission denied", StorageError, "--build"),
        (1, "Unknown encoder 'libmp3lame'", MissingDependency, "CASTBOOK_FFMPEG"),
        (8, "No such filter: 'alimiter'", MissingDependency, "lacks something"),
        (-9, "", CastbookError, "signal 9"),
        (1, "one\ntwo\nthree\nfour\n", CastbookError, r"two \| three \| four"),
    ],
)
def test_failures_say_what_to_do(
    code: int, said: str, kind: type[CastbookError], words: str
) -> None:
    error = ffmpeg.failure(code, said, "/bin/ffmpeg")
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error


def test_a_hung_program_is_stopped_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, fake_ffmpeg(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60"))
    with pytest.raises(CastbookError, match="was not done after 0 s"):
        ffmpeg.run([], timeout_s=0.3)
    assert gone(int((tmp_path / "pid").read_text()))


def test_an_error_of_the_feeder_ends_the_child(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, fake_ffmpeg(tmp_path, f"echo $$ > {tmp_path}/pid; exec cat > /dev/null"))

    def blocks() -> Iterator[bytes]:
        yield b"x" * 100_000
        wait_for(tmp_path / "pid")
        raise StorageError("a master is damaged")

    with pytest.raises(StorageError, match="a master is damaged"):
        ffmpeg.run([], timeout_s=60, stdin=blocks())
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_child_that_dies_while_fed_reports_its_own_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, fake_ffmpeg(tmp_path, "echo No space left on device >&2; exit 1"))
    with pytest.raises(StorageError, match="disk is full"):
        ffmpeg.run([], timeout_s=60, stdin=(b"x" * 65536 for _ in range(100)))


def test_endless_complaints_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use(monkeypatch, fake_ffmpeg(tmp_path, "yes complaint | head -c 4000000 >&2; echo last >&2"))
    output = ffmpeg.run([], timeout_s=60)
    assert len(output.stderr) <= 512 * 1024
    assert output.stderr.endswith("last\n")


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks into /proc")
def test_no_child_outlives_a_killed_castbook(tmp_path: Path) -> None:
    """The encoder reads our pipe: when we are gone, so is it."""
    script = (
        "import itertools, sys; from audio import ffmpeg\n"
        "def blocks():\n"
        "    for n in itertools.count():\n"
        "        yield bytes(65536)\n"
        "        if n == 20: print('fed', flush=True)\n"
        "ffmpeg.run(['-f','s16le','-ar','44100','-ac','1','-i','pipe:0','-f','mp3','-y',"
        f"'file:{tmp_path}' '/out.mp3'], timeout_s=60, stdin=blocks())\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"fed\n"
    assert writers(tmp_path / "out.mp3")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while writers(tmp_path / "out.mp3") and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not writers(tmp_path / "out.mp3")


def writers(path: Path) -> list[str]:
    """Processes that have ``path`` on their command line."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(path).encode() in line.read_bytes():
                found.append(line.parent.name)
        except OSError:
            continue
    return found


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not (path.exists() and path.read_text().strip()) and time.monotonic() < deadline:
        threading.Event().wait(0.01)


def test_names_never_become_options_or_protocols(tmp_path: Path) -> None:
    assert ffmpeg.url(Path("-y")) == f"file:{Path.cwd() / '-y'}"
    assert ffmpeg.url(Path("http:x.mp3")).startswith("file:/")
