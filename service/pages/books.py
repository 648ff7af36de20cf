"""The list of books and the page of one: how far it is, what it needs, what can be had of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from castbook.errors import CastbookError, SelectionError
from service.desk import desk_of
from service.pages.rendering import answer, render, wants_fragment, words_for
from service.pages.runs import RunView, newest_orders, order_work, run_of, run_view
from service.pages.words import Words
from service.problems import Problem, problem_of
from service.security.guard import CallerOf
from tasks.plan import BookPlan
from tasks.reviewing.bookcase import Bookcase, OpenBook
from tasks.reviewing.rows import ChapterRow, chapter_rows

router = APIRouter()

_FILES = (".m4b", ".epub", ".mp3", ".opus", ".flac", ".zip", ".srt", ".vtt", ".html", ".json")
_MOST_FILES = 500


@dataclass(frozen=True, slots=True)
class BookView:
    """What the pages say of a book. Error is set, and all else empty, where it cannot be read."""

    slug: str
    folder: str
    title: str
    author: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()
    chapters: tuple[ChapterRow, ...] = ()
    files: tuple[tuple[str, int], ...] = ()  # (path below out/, bytes)

    @property
    def lines(self) -> int:
        """All lines."""
        return sum(chapter.lines for chapter in self.chapters)

    @property
    def spoken(self) -> int:
        """Lines with a take."""
        return sum(chapter.spoken for chapter in self.chapters)

    @property
    def complete(self) -> int:
        """Chapters with a take for every line."""
        return sum(chapter.complete for chapter in self.chapters)

    @property
    def failed(self) -> int:
        """Lines that failed in the last run."""
        return sum(chapter.failed for chapter in self.chapters)

    @property
    def doubtful(self) -> int:
        """Lines whose take the verdict complains about."""
        return sum(chapter.doubtful for chapter in self.chapters)

    @property
    def bad(self) -> int:
        """Lines whose take a person marked."""
        return sum(chapter.bad for chapter in self.chapters)

    @property
    def seconds(self) -> float:
        """Of all takes."""
        return sum(chapter.seconds for chapter in self.chapters)


def book_view(book: OpenBook) -> BookView:
    """A book as it stands on disk; takes seconds when it is opened first."""
    try:
        plan = book.plan()
    except CastbookError as error:
        return BookView(
            book.slug, str(book.folder), book.folder.name, error=problem_of(error).detail
        )
    return BookView(
        book.slug,
        str(book.folder),
        plan.project.book.title,
        plan.project.book.author or "",
        "",
        (*plan.warnings, *plan.orphans),
        chapter_rows(plan),
        book_files(plan),
    )


def book_files(plan: BookPlan) -> tuple[tuple[str, int], ...]:
    """(path below ``out/``, bytes) of the book's finished files."""
    out = plan.build.out
    if not out.is_dir():
        return ()
    found = [
        (path.relative_to(out).as_posix(), path.stat().st_size)
        for path in sorted(out.rglob("*"))
        if path.suffix in _FILES and path.is_file() and not path.name.startswith(".")
    ]
    return tuple(found[:_MOST_FILES])


def list_html(words: Words, slugs: Sequence[str], runs: dict[str, RunView]) -> str:
    """The list of books; each row asks for what takes time to find out. Pure."""
    return render("books.html", words, tab="books", slugs=slugs, runs=runs)


def book_html(words: Words, view: BookView, run: RunView | None, jobs: bool) -> str:
    """The page of one book. Pure."""
    return render("book.html", words, tab="books", book=view, run=run, jobs=jobs)


def open_book(request: Request, slug: str) -> OpenBook:
    """The book that a request names.

    Raises:
        Problem: 404.
    """
    try:
        return desk_of(request).part(Bookcase).open(slug)
    except SelectionError as error:
        raise Problem(404, str(error), code="unknown_book") from error


@router.get("/books", name="books")
async def books(request: Request) -> HTMLResponse:
    """The list."""
    desk = desk_of(request)
    folders = await run_sync(desk.part(Bookcase).folders)
    orders = await newest_orders(desk.orders)
    now = datetime.now(UTC)
    runs = {slug: run for slug, folder in folders.items() if (run := run_view(orders, folder, now))}
    return answer(request, list_html(words_for(request), list(folders), runs))


@router.get("/books/{slug}", name="book")
async def book(request: Request, slug: str) -> HTMLResponse:
    """One book; for htmx its row in the list (``?row=1``) or its changing part."""
    opened = await run_sync(open_book, request, slug)
    view = await run_sync(book_view, opened)
    words = words_for(request)
    if wants_fragment(request) and request.query_params.get("row"):
        return answer(request, render("_bookrow.html", words, book=view))
    desk = desk_of(request)
    run = await run_of(desk.orders, opened.folder)
    if wants_fragment(request):
        jobs = desk.orders is not None
        return answer(request, render("_bookstate.html", words, book=view, run=run, jobs=jobs))
    return answer(request, book_html(words, view, run, desk.orders is not None))


@router.post("/books/{slug}/make", name="make")
async def make(
    request: Request, slug: str, who: CallerOf, chapter: Annotated[int | None, Form()] = None
) -> Response:
    """Orders the book or one chapter of it."""
    opened = await run_sync(open_book, request, slug)
    if chapter is not None:
        plan = await run_sync(opened.plan)
        if chapter not in {known.number for known in plan.chapters}:
            raise Problem(404, f"the book has no chapter {chapter}", code="unknown_chapter")
    await order_work(desk_of(request).orders, opened.folder, slug, who.principal, chapter=chapter)
    return await _state(request, opened, "book.ordered")


@router.post("/books/{slug}/cancel/{order}", name="cancel")
async def cancel(request: Request, slug: str, order: str) -> Response:
    """Asks a run of this book to stop."""
    desk = desk_of(request)
    opened = await run_sync(open_book, request, slug)
    known = await desk.orders.get(order) if desk.orders is not None else None
    if known is None or str(known.parameters.get("project", "")) != str(opened.folder):
        raise Problem(404, "this book has no such run", code="unknown_run")
    assert desk.orders is not None
    await desk.orders.cancel(order)
    return await _state(request, opened, "book.cancelled")


async def _state(request: Request, opened: OpenBook, said: str) -> Response:
    if not wants_fragment(request):
        return RedirectResponse(f"/books/{opened.slug}", 303)
    words = words_for(request)
    desk = desk_of(request)
    view = await run_sync(book_view, opened)
    run = await run_of(desk.orders, opened.folder)
    jobs = desk.orders is not None
    html = render("_bookstate.html", words, book=view, run=run, jobs=jobs)
    return answer(request, html + render("_notice.html", words, said=words(said)))


@router.get("/books/{slug}/files/{name:path}", name="file")
async def file(request: Request, slug: str, name: str) -> FileResponse:
    """One of the book's finished files, of those that are listed and of no others."""
    opened = await run_sync(open_book, request, slug)
    path = await run_sync(_listed_file, opened, name)
    return FileResponse(path, filename=path.name, headers={"Cache-Control": "no-cache"})


def _listed_file(opened: OpenBook, name: str) -> Path:
    plan = opened.plan()
    if name not in {listed for listed, _ in book_files(plan)}:
        raise Problem(404, f"the book has no file {name[:200]!r}", code="unknown_file")
    return plan.build.out / name
