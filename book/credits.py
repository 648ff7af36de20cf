"""The spoken credits before the first and after the last chapter.

Their wording is in ``configs/languages``. The disclosure says that the voices are synthetic.
It is spoken once: with the opening credits, or else with the closing ones, or else, in a
release, alone.
"""

from __future__ import annotations

from book.languages import Language, load_language
from book.project import Book, NoDisclosure


def opening_lines(book: Book) -> tuple[str, ...]:
    """What is said before the first chapter; nothing when the project wants none."""
    if book.credits.opening is False:
        return ()
    words = load_language(book.language)
    lines = [_fill(words.credits.opening, title=_named(book.title, words))]
    if book.metadata.subtitle:
        lines.append(_ended(book.metadata.subtitle, words))
    if book.series:
        template = (
            words.credits.series if book.series.part is not None else words.credits.series_only
        )
        lines.append(_fill(template, series=book.series.name, part=str(book.series.part)))
    lines.append(_fill(words.credits.author, author=book.author.rstrip(".")))
    if not isinstance(book.disclosure, NoDisclosure):
        lines.append(words.disclosure)
    return tuple(line for line in lines if line)


def closing_lines(book: Book, *, disclosed: bool = False) -> tuple[str, ...]:
    """What is said after the last chapter.

    Args:
        disclosed: the disclosure is spoken even where no credits are; only a reason in the
            project takes it away.
    """
    words = load_language(book.language)
    declined = isinstance(book.disclosure, NoDisclosure)
    unsaid = book.credits.opening is False and not declined  # nobody has said it yet
    if book.credits.closing is False:
        return (words.disclosure,) if disclosed and unsaid else ()
    title, author = _named(book.title, words), book.author.rstrip(".")
    lines = [_fill(words.credits.closing, title=title, author=author)]
    if book.metadata.publisher:
        lines.append(_fill(words.credits.publisher, publisher=book.metadata.publisher))
    if unsaid:
        lines.append(words.disclosure)
    lines.append(words.credits.end)
    return tuple(line for line in lines if line)


def _named(title: str, words: Language) -> str:
    """The title inside a sentence: without its own stop and without doubled brackets."""
    return title.strip().strip("《》" if words.han else "").rstrip(".。")


def _fill(template: str, **values: str) -> str:
    return template.format(**values) if template else ""


def _ended(line: str, words: Language) -> str:
    return line if line[-1] in words.end_marks else line + ("。" if words.han else ".")
