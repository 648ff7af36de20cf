"""The review of a chapter: its lines, what a listener decides about them, and what is ordered.

Every action is a small POST. htmx gets the line as it stands afterwards; a browser without
programs is led back to the line's own page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from book.manuscript import NARRATOR
from castbook.errors import Unavailable
from service.desk import desk_of
from service.pages.books import open_book
from service.pages.chapterdata import (
    ChapterView,
    PanelView,
    chapter_of,
    chapter_view,
    line_of,
    panel_view,
)
from service.pages.rendering import answer, render, wants_fragment, words_for
from service.pages.runs import RunView, order_work, run_of
from service.pages.words import Words
from service.problems import Problem
from service.security.guard import Caller, CallerOf
from tasks.plan import BookPlan, Line
from tasks.reviewing.bookcase import OpenBook
from tasks.reviewing.edits import cast_line, give_voice, say, write_text_of
from tasks.reviewing.judgements import accept_take, ask_again, mark_bad
from tasks.reviewing.rows import FILTERS, Filter, line_rows

router = APIRouter()

Change = Callable[[BookPlan, Line], None]
_GROUPS = ("selected", "failed", "flagged", "bad")
_MOST_SEARCH = 200  # characters


def chapter_html(words: Words, view: ChapterView, run: RunView | None, jobs: bool) -> str:
    """The page of a chapter. Pure."""
    return render("chapter.html", words, tab="books", view=view, run=run, jobs=jobs)


def lines_html(words: Words, view: ChapterView) -> str:
    """The list of lines alone, or further lines of it. Pure."""
    return render("_lines.html" if not view.start else "_rows.html", words, view=view)


def line_html(words: Words, panel: PanelView, jobs: bool) -> str:
    """A line with all about it. Pure."""
    return render("_line.html", words, panel=panel, jobs=jobs)


@router.get("/books/{slug}/chapters/{number}", name="chapter")
async def chapter(
    request: Request,
    slug: str,
    number: int,
    state: str = "all",
    character: str = "",
    text: str = "",
    start: int = 0,
) -> HTMLResponse:
    """A chapter's lines, as the filter asks; for htmx the list alone."""
    book = await run_sync(open_book, request, slug)
    chosen = Filter(state if state in FILTERS else "all", character, text.strip()[:_MOST_SEARCH])
    view = await run_sync(chapter_view, book, number, chosen, max(0, start))
    words = words_for(request)
    if wants_fragment(request):
        return answer(request, lines_html(words, view))
    orders = desk_of(request).orders
    run = await run_of(orders, book.folder)
    return answer(request, chapter_html(words, view, run, orders is not None))


@router.get("/books/{slug}/run", name="run")
async def run(request: Request, slug: str) -> HTMLResponse:
    """The run of a book, while it works; lines are asked for again each time."""
    book = await run_sync(open_book, request, slug)
    found = await run_of(desk_of(request).orders, book.folder)
    words = words_for(request)
    made = answer(request, render("_chapterstate.html", words, slug=slug, run=found))
    made.headers["HX-Trigger"] = "castbook:lines"
    return made


@router.get("/books/{slug}/lines/{anchor}", name="line")
async def line(request: Request, slug: str, anchor: str) -> HTMLResponse:
    """All about a line: for htmx what goes into its row, else a page of its own."""
    book = await run_sync(open_book, request, slug)
    panel = await run_sync(panel_view, book, anchor)
    words = words_for(request)
    jobs = desk_of(request).orders is not None
    if wants_fragment(request):
        return answer(request, render("_panel.html", words, panel=panel, jobs=jobs))
    return answer(request, render("line.html", words, tab="books", panel=panel, jobs=jobs))


@router.post("/books/{slug}/lines/{anchor}/accept", name="accept")
async def accept(
    request: Request,
    slug: str,
    anchor: str,
    key: Annotated[str, Form()],
    picked: Annotated[str, Form()] = "",
) -> Response:
    """Puts a take into the book: the one that is there (approve), or another (pick)."""
    said = "panel.picked" if picked else "panel.approved"
    return await _changed(request, slug, anchor, lambda p, one: accept_take(p, one, key), said)


@router.post("/books/{slug}/lines/{anchor}/bad", name="bad")
async def bad(
    request: Request,
    slug: str,
    anchor: str,
    key: Annotated[str, Form()],
    note: Annotated[str, Form()] = "",
) -> Response:
    """Marks a take as bad, with what is wrong with it."""
    return await _changed(
        request, slug, anchor, lambda p, one: mark_bad(p, one, key, note), "panel.marked"
    )


@router.post("/books/{slug}/lines/{anchor}/retake", name="retake")
async def retake(
    request: Request, slug: str, anchor: str, who: CallerOf, note: Annotated[str, Form()] = ""
) -> Response:
    """Asks for another take of a line and orders it."""
    book = await run_sync(open_book, request, slug)
    found = await run_sync(_retaken, book, [anchor], note)
    words = words_for(request)
    said = _said_of_retake(words, found, await _ordered(request, book, found, who))
    return await _line_answer(request, book, anchor, said)


@router.post("/books/{slug}/lines/{anchor}/cast", name="cast")
async def cast(
    request: Request,
    slug: str,
    anchor: str,
    who: CallerOf,
    speaker: Annotated[str, Form()],
    style: Annotated[str, Form()] = "",
    now: Annotated[str, Form()] = "",
) -> Response:
    """Says who speaks a quotation, and in which style."""
    return await _changed(
        request,
        slug,
        anchor,
        lambda p, one: cast_line(p, one, speaker, style),
        "panel.cast_done",
        others=True,
        order_for=who if now else None,
    )


@router.post("/books/{slug}/lines/{anchor}/voice", name="voice")
async def voice(
    request: Request, slug: str, anchor: str, voice: Annotated[str, Form()]
) -> Response:
    """Gives whoever speaks the line another voice, for all their lines."""
    book = await run_sync(open_book, request, slug)
    different = await run_sync(_voiced, book, anchor, voice)
    sentence = words_for(request)("panel.voice_done", n=different)
    return await _line_answer(request, book, anchor, sentence, others=True)


@router.post("/books/{slug}/lines/{anchor}/say", name="say")
async def say_words(
    request: Request,
    slug: str,
    anchor: str,
    who: CallerOf,
    word: Annotated[str, Form()],
    said: Annotated[str, Form()],
    now: Annotated[str, Form()] = "",
) -> Response:
    """Writes into the lexicon how words of a line are said."""
    book = await run_sync(open_book, request, slug)
    await run_sync(lambda: line_of(book.plan(), anchor))  # nothing is written for no line
    different = await run_sync(_said, book, word, said)
    words = words_for(request)
    sentence = words("panel.said_done", n=different)
    if now:
        plan = await run_sync(book.plan)
        await _ordered(request, book, [line_of(plan, anchor)], who)
    return await _line_answer(request, book, anchor, sentence, others=True)


@router.post("/books/{slug}/lines/{anchor}/text", name="text")
async def text(
    request: Request,
    slug: str,
    anchor: str,
    who: CallerOf,
    text: Annotated[str, Form()],
    now: Annotated[str, Form()] = "",
) -> Response:
    """Changes the text of a line in a plain manuscript."""
    book = await run_sync(open_book, request, slug)
    changed = await run_sync(_rewritten, book, anchor, text)
    if now:
        await _ordered(request, book, [changed], who)
    sentence = words_for(request)("panel.text_changed")
    return await _line_answer(request, book, str(changed.segment.anchor), sentence, others=True)


@router.post("/books/{slug}/chapters/{number}/retake", name="retakes")
async def retakes(
    request: Request,
    slug: str,
    number: int,
    who: CallerOf,
    which: Annotated[str, Form()] = "selected",
    anchor: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Asks for other takes of the selected, flagged or bad lines of a chapter, or tries those
    that failed again, and orders them in one run."""
    if which not in _GROUPS:
        raise Problem(422, f"which: one of {', '.join(_GROUPS)}", code="invalid", param="which")
    book = await run_sync(open_book, request, slug)
    anchors = await run_sync(_group, book, number, which, anchor or [])
    words = words_for(request)
    if not anchors:
        said = words("review.none_selected" if which == "selected" else "review.nothing")
    else:
        again = _found if which == "failed" else _retaken
        found = await run_sync(again, book, anchors, "")
        said = _said_of_retake(words, found, await _ordered(request, book, found, who))
    if not wants_fragment(request):
        return RedirectResponse(f"/books/{slug}/chapters/{number}", 303)
    made = answer(request, await _beside(request, book, words, said))
    made.headers["HX-Trigger"] = "castbook:lines"
    return made


# -- in threads -----------------------------------------------------------------------------


def _retaken(book: OpenBook, anchors: list[str], note: str) -> list[Line]:
    with book.changing:
        plan = book.plan()
        found = [line_of(plan, anchor) for anchor in anchors]
        ask_again(plan, found, note)
        return found


def _found(book: OpenBook, anchors: list[str], _note: str) -> list[Line]:
    plan = book.plan()
    return [line_of(plan, anchor) for anchor in anchors]


def _judged(book: OpenBook, anchor: str, change: Change) -> Line:
    with book.changing:
        plan = book.plan()
        found = line_of(plan, anchor)
        change(plan, found)
        return found


def _voiced(book: OpenBook, anchor: str, voice: str) -> int:
    """How many lines of the book need another take now."""
    with book.changing:
        before = {str(one.segment.anchor): one.identity for one in book.plan().lines}
        speaker = line_of(book.plan(), anchor).segment.speaker
        give_voice(book.plan(), speaker or NARRATOR, voice)
        after = book.plan().lines
    return sum(before.get(str(one.segment.anchor)) != one.identity for one in after)


def _said(book: OpenBook, word: str, said: str) -> int:
    """How many lines of the book sound different now."""
    with book.changing:
        before = {str(one.segment.anchor): one.segment.spoken for one in book.plan().lines}
        say(book.plan(), word, said)
        after = book.plan().lines
    return sum(before.get(str(one.segment.anchor)) != one.segment.spoken for one in after)


def _rewritten(book: OpenBook, anchor: str, text: str) -> Line:
    """The line under its new name; a person's word on who speaks it goes along."""
    with book.changing:
        plan = book.plan()
        old = line_of(plan, anchor)
        write_text_of(plan, old, text)
        after = book.plan()
        new = next((one for one in after.lines if one.segment.id == old.segment.id), None)
        if new is None:
            raise Problem(404, "the line is gone: load the page again", code="unknown_line")
        if old.segment.rule == "casting" != new.segment.rule:
            cast_line(after, new, old.segment.speaker or NARRATOR, old.segment.style or "")
        return new


def _group(book: OpenBook, number: int, which: str, anchors: list[str]) -> list[str]:
    plan = book.plan()
    rows = line_rows(plan, chapter_of(plan, number), book.flags())
    if which == "selected":
        wanted = set(anchors)
        return [row.anchor for row in rows if row.anchor in wanted]
    return [row.anchor for row in rows if Filter(which).keeps(row)]


# -- answers --------------------------------------------------------------------------------


async def _changed(
    request: Request,
    slug: str,
    anchor: str,
    change: Change,
    said: str,
    *,
    others: bool = False,
    order_for: Caller | None = None,
) -> Response:
    """Makes a change to a line and answers with how it stands then."""
    book = await run_sync(open_book, request, slug)
    changed = await run_sync(_judged, book, anchor, change)
    if order_for is not None:
        await _ordered(request, book, [changed], order_for)
    return await _line_answer(request, book, anchor, words_for(request)(said), others=others)


async def _ordered(request: Request, book: OpenBook, lines: list[Line], who: Caller) -> bool:
    """Orders a run for these lines of one chapter; False where no jobs are run or none can be
    ordered now: what was decided is written down all the same."""
    orders = desk_of(request).orders
    if orders is None or not lines:
        return False
    try:
        await order_work(
            orders,
            book.folder,
            book.slug,
            who.principal,
            chapter=lines[0].segment.chapter,
            only=[str(one.segment.anchor) for one in lines],
        )
    except Unavailable:
        return False
    return True


def _said_of_retake(words: Words, lines: list[Line], ordered: bool) -> str:
    sentences = [words("review.retook", n=len(lines))]
    if not ordered:
        sentences.append(words("review.recorded_only"))
    # an engine without seeds says the same text in the same way again
    silent = sorted({one.speaker.setup.name for one in lines if "seed" not in one.changes})
    if silent:
        sentences.append(words("review.same_engine", engines=", ".join(silent)))
    return " ".join(sentences)


async def _line_answer(
    request: Request, book: OpenBook, anchor: str, said: str, *, others: bool = False
) -> Response:
    """The line with its panel.

    Args:
        others: other lines may have changed with it, so the page asks for all again.
    """
    if not wants_fragment(request):
        return RedirectResponse(f"/books/{book.slug}/lines/{anchor}", 303)
    panel = await run_sync(panel_view, book, anchor)
    words = words_for(request)
    jobs = desk_of(request).orders is not None
    html = line_html(words, panel, jobs) + await _beside(request, book, words, said)
    made = answer(request, html)
    if others:
        made.headers["HX-Trigger"] = "castbook:lines"
    return made


async def _beside(request: Request, book: OpenBook, words: Words, said: str) -> str:
    """What changes beside the line: the notice, and the run, which the action may have ordered."""
    found = await run_of(desk_of(request).orders, book.folder)
    state = render("_chapterstate.html", words, slug=book.slug, run=found, oob=True)
    return state + render("_notice.html", words, said=said)
