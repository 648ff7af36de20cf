"""Faults in the middle of mastering and publishing: what stood still stands, one line says what
to do, and the same command completes the book when the cause is gone."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from audio import ffmpeg
from castbook.errors import CastbookError
from tasks.orchestration import ChapterReport
from tasks.outcome import BookReport
from tasks.plan import ChapterPlan
from tasks.production import Production
from tasks.publication.marks import Marks
from tasks.runners import LocalRunner
from tts.registry import make_engine

STORY = "# One\n\nThe house stood on the hill.\n\n# Two\n\nThey went in and shut the door.\n"


def png() -> bytes:
    """A picture of one grey dot."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = {b"IHDR": header, b"IDAT": zlib.compress(b"\0\x80"), b"IEND": b""}
    boxes = [
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts.items()
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(boxes)


COVER = png()


class Quiet:
    """Watches a run and says nothing."""

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None:
        """Ignored."""

    def chapter_finished(self, report: ChapterReport) -> None:
        """Ignored."""


class Killed(BaseException):
    """Stands for the moment at which the process is gone."""


@dataclass(frozen=True)
class Scene:
    """A finished book that a fault is about to meet, and how to end the fault."""

    project: Path
    patch: pytest.MonkeyPatch
    after: ExitStack

    @property
    def build(self) -> Path:
        return self.project / "build"

    def ffmpeg(self, condition: str, act: str) -> None:
        """An ffmpeg that acts when its arguments match a shell pattern, else the real one."""
        script = self.project.parent / "ffmpeg"
        real = ffmpeg.program()
        script.write_text(
            f'#!/bin/sh\ncase "$*" in {condition}) {act} ;; esac\nexec "{real}" "$@"\n'
        )
        script.chmod(0o755)
        self.patch.setenv("CASTBOOK_FFMPEG", str(script))


def make(project: Path) -> BookReport:
    """A run without its report, which is another file in every run."""
    with Production(project) as production, LocalRunner(2) as runner:
        return production.run(runner, Quiet())


def write_project(folder: Path, **changes: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "story.md").write_text(STORY)
    (folder / "cover.png").write_bytes(COVER)
    project = {
        "version": 1,
        "title": "The House",
        "author": "A. Nobody",
        "language": "en",
        "manuscript": "story.md",
        "engine": "tone",
        "engines": {"tone": {"rate": 16000}},
        "narrator": "calm",
        "voices": {"calm": {"preset": make_engine("tone", {}).presets()[0].name}},
        "credits": {"opening": False, "closing": False},
        "rate": 16000,
        "profile": "draft",
        "outputs": ["m4b", "mp3"],
        "cover": "cover.png",
        **changes,
    }
    (folder / "project.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
    return folder


def outputs(project: Path) -> dict[str, str]:
    """sha256 of every finished file under its name; the report is another one each time."""
    out = project / "build" / "out"
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith("report.")
    }


PUBLISHER = {"metadata": {"publisher": "Nobody & Sons"}}  # makes every book file anew, no master


@pytest.fixture(scope="module", autouse=True)
def no_report() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.production.write_reports", lambda *_: (None, None))
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_project(tmp_path_factory.mktemp("finished") / "book")
    report = make(project)
    assert report.clean, report.message
    return project


@pytest.fixture(scope="module")
def wanted(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the book is once its change has gone through."""
    project = tmp_path_factory.mktemp("wanted") / "book"
    shutil.copytree(finished, project)
    report = make(write_project(project, **PUBLISHER))
    assert report.clean, report.message
    return outputs(project)


@pytest.fixture
def scene(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    shutil.copytree(finished, tmp_path / "book")
    with ExitStack() as after:
        yield Scene(write_project(tmp_path / "book", **PUBLISHER), monkeypatch, after)


def disk_full(scene: Scene) -> None:
    scene.ffmpeg("*libmp3lame*", "echo av_write: No space left on device >&2; exit 1")


def disk_full_at_the_book(scene: Scene) -> None:
    """When the M4B's first packets are there."""

    def full(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(bytes(1000))
        raise OSError(errno.ENOSPC, "No space left on device")

    scene.patch.setattr("audio.packaging.m4b.write_mp4", full)


def killed_encoder(scene: Scene) -> None:
    """The one of the MP3 files, before it has written anything."""
    scene.ffmpeg("*libmp3lame*", "kill -9 $$")


def broken_encoder(scene: Scene) -> None:
    """It ends well and has written nothing that could be heard."""
    scene.ffmpeg("*libmp3lame*", 'for last; do :; done; echo no sound > "${last#file:}"; exit 0')


def no_ffmpeg(scene: Scene) -> None:
    scene.patch.setenv("CASTBOOK_FFMPEG", "/no/such/ffmpeg")


def no_room(scene: Scene) -> None:
    usage = shutil.disk_usage(scene.project)
    scene.patch.setattr(
        "tasks.publication.space.shutil.disk_usage", lambda _: usage._replace(free=100_000)
    )


def no_cover(scene: Scene) -> None:
    cover = scene.project / "cover.png"
    cover.rename(cover.with_name("mine.png"))
    scene.after.callback(lambda: cover.with_name("mine.png").rename(cover))


def text_for_cover(scene: Scene) -> None:
    cover = scene.project / "cover.png"
    cover.write_text("a poem about a house")
    scene.after.callback(lambda: cover.write_bytes(COVER))


def file_for_folder(scene: Scene) -> None:
    write_project(scene.project, title="The Hut")
    blocked = scene.build / "out" / "A. Nobody" / "The Hut"
    blocked.write_text("mine")
    scene.after.callback(write_project, scene.project, **PUBLISHER)
    scene.after.callback(blocked.unlink)


def a_take(scene: Scene) -> Path:
    """A take of the book, of a chapter that has to be stitched again."""
    next(scene.build.glob("chapters/02-*.flac")).unlink()
    with Production(scene.project) as production:
        take = production.plan.chapters[1].lines[-1].take
    assert take is not None
    return take.audio


def unreadable_take(scene: Scene) -> None:
    """Nothing that belongs to castbook, so nothing that castbook may remove."""
    take = a_take(scene)
    take.rename(take.with_suffix(".bak"))
    take.mkdir()
    scene.after.callback(take.with_suffix(".bak").rename, take)
    scene.after.callback(take.rmdir)


def damaged_take(scene: Scene) -> None:
    take = a_take(scene)
    take.write_bytes(take.read_bytes()[: take.stat().st_size // 2])


def cut_master(scene: Scene) -> None:
    master = next(scene.build.glob("chapters/02-*.flac"))
    master.write_bytes(master.read_bytes()[: master.stat().st_size // 2])


def damaged_packets(scene: Scene) -> None:
    encoded = sorted(scene.build.glob("encoded/*.aac"))[0]
    content = encoded.read_bytes()
    encoded.write_bytes(content[:4000] + bytes(400) + content[4400:])


def killed_before_the_mark(scene: Scene) -> None:
    write = Marks.write

    def killed(marks: Marks, path: Path, *rest: object) -> None:
        if path.suffix == ".m4b":
            raise Killed
        write(marks, path, *rest)  # type: ignore[arg-type]

    scene.patch.setattr(Marks, "write", killed)


Fault = Callable[[Scene], None]
BEFORE_ANY_WORK: dict[Fault, tuple[str, ...]] = {
    no_ffmpeg: ("CASTBOOK_FFMPEG", "install ffmpeg"),
    no_room: ("out: the book files need", "are free", "run the same command again"),
    no_cover: ("cover: no file 'cover.png'",),
    text_for_cover: ("cover.png", "JPEG or PNG"),
    file_for_folder: ("The Hut", "a file stands where a folder should be: move it away"),
}
IN_THE_MIDDLE: dict[Fault, tuple[str, ...]] = {
    disk_full: ("the disk is full", "run the same command again"),
    disk_full_at_the_book: ("The House.m4b: cannot write", "run the same command again"),
    killed_encoder: ("ended by signal 9", "run the same command again"),
    broken_encoder: (".mp3: what ffmpeg made of it is not whole", "run the same command again"),
    unreadable_take: (
        ".flac: cannot write",
        "a folder stands where a file should be: move it away",
    ),
    damaged_take: (".flac", "is set aside", "the same command makes it anew"),
    cut_master: ("02-Two.flac", "set aside", "run the same command again"),
    damaged_packets: (".aac", "set aside", "run the same command again"),
}


def line_said(project: Path) -> str:
    """The first line of a run that must not go well."""
    try:
        report = make(project)
    except CastbookError as error:
        return str(error)
    assert not report.clean
    return [*report.problems, *(c.problem for c in report.chapters if c.problem)][0]


def check_line(line: str, parts: tuple[str, ...]) -> None:
    assert "\n" not in line
    for part in parts:
        assert part in line, (part, line)


def test_faults_before_any_work_touch_nothing(scene: Scene, wanted: dict[str, str]) -> None:
    before = outputs(scene.project)
    for fault, parts in BEFORE_ANY_WORK.items():
        with pytest.MonkeyPatch.context() as patch, ExitStack() as after:
            fault(dataclasses.replace(scene, patch=patch, after=after))
            check_line(line_said(scene.project), parts)
        assert outputs(scene.project) == before
        assert not list(scene.build.rglob(".tmp-*"))
    mended = make(scene.project)
    assert mended.clean, mended.message
    assert outputs(scene.project) == wanted


@pytest.mark.parametrize("fault", IN_THE_MIDDLE, ids=lambda fault: fault.__name__)
def test_old_files_stay_whole_and_the_next_run_completes(
    fault: Fault, scene: Scene, wanted: dict[str, str]
) -> None:
    before = outputs(scene.project)
    fault(scene)
    check_line(line_said(scene.project), IN_THE_MIDDLE[fault])
    now = outputs(scene.project)
    for name, digest in before.items():
        assert now[name] in (digest, wanted.get(name)), f"{name} is neither the old nor the new"
    assert not list(scene.build.rglob(".tmp-*"))

    scene.patch.undo()
    scene.after.close()
    mended = make(scene.project)
    assert mended.clean, mended.message
    assert outputs(scene.project) == wanted


def test_a_kill_between_a_file_and_its_mark(scene: Scene, wanted: dict[str, str]) -> None:
    killed_before_the_mark(scene)
    with pytest.raises(Killed):
        make(scene.project)
    book = "A. Nobody/The House/The House.m4b"
    assert outputs(scene.project)[book] == wanted[book]
    scene.patch.undo()
    mended = make(scene.project)
    assert {file.path.suffix: file.made for file in mended.files}[".m4b"]  # nobody vouched for it
    assert mended.clean
    assert outputs(scene.project) == wanted


def test_a_damaged_timeline_is_only_a_cache(scene: Scene, wanted: dict[str, str]) -> None:
    for name in ("*.timeline.json", "01-*.vtt"):  # the captions have to be written again
        for path in (scene.build / "chapters").glob(name):
            path.write_text("{") if path.suffix == ".json" else path.unlink()
    report = make(scene.project)
    assert report.clean, report.message
    assert outputs(scene.project) == wanted
