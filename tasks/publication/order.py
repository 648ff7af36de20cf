"""The order in which a book's files are made, so that two cores are busy to the end.

First the chapters' AAC, which the M4B and the EPUB wait for. Then these two, which take seconds,
and the files of single chapters, of which there are many and each keeps one core busy. Long
ones go before short ones: the last to end is then a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from castbook.errors import CastbookError
from tasks.assemble import ChapterFiles
from tasks.publication.bookfiles import BookFile
from tasks.publication.proof import complaint
from tasks.publish import Publication, Published
from tasks.runners import Policy, Runner

_FILL = 2  # files of single chapters that keep the cores busy while the last AAC is encoded

Step = TypeVar("Step")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a book's files."""

    files: tuple[Published, ...] = ()  # as they stand
    problems: tuple[str, ...] = ()  # what went wrong, one line each
    remarks: tuple[str, ...] = ()  # what a listener should know, although nothing did


def publish_book(publication: Publication, runner: Runner) -> Result:
    """Makes what is missing, and tidies up when all of it stands.

    A file that misses its profile is kept, and named among the problems of every run.
    """
    problems: list[str] = []
    try:
        files = publication.files
        publication.make_sure_of_room()
    except CastbookError as error:
        return Result(problems=(str(error),))
    chapters = sorted(publication.to_encode, key=lambda chapter: -chapter.frames)
    encodings = _submit(runner, publication.encode, chapters, _encoding_name)
    single = sorted((f for f in files if not f.joined), key=lambda file: -file.need.bytes)
    futures = _submit(runner, publication.publish, single[:_FILL], _file_name)
    ready = len(_results(encodings, problems)) == len(encodings)
    joined = [file for file in files if file.joined] if ready else []
    last = [*joined, *single[_FILL:]]
    futures += _submit(runner, publication.publish, last, _file_name)
    by_path = {published.path: published for published in _results(futures, problems)}
    published = tuple(by_path[file.path] for file in files if file.path in by_path)
    if published and not problems:
        try:
            publication.finish(published)
        except CastbookError as error:
            problems.append(str(error))
    for file in published:
        wrong = complaint(file.path, file.check, file.corrected_db) if file.check else None
        problems += [wrong] if wrong else []
    return Result(published, tuple(dict.fromkeys(problems)), publication.remarks)


def _submit(
    runner: Runner,
    step: Callable[[Step], Made],
    arguments: Iterable[Step],
    name: Callable[[Step], str],
) -> list[Future[Made]]:
    return [runner.submit(step, one, Policy("publish", name(one))) for one in arguments]


def _results(futures: Sequence[Future[Made]], problems: list[str]) -> list[Made]:
    """What the steps gave, in their order; what they raised is said once."""
    found = []
    for future in futures:
        try:
            found.append(future.result())
        except CastbookError as error:
            problems.append(str(error))
    return found


def _encoding_name(chapter: ChapterFiles) -> str:
    return f"encode chapter {chapter.number}"


def _file_name(file: BookFile) -> str:
    return f"file {file.path.name}"
