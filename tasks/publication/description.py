"""The project's words for shops and players."""

from __future__ import annotations

from audio.packaging.metadata import BookMetadata
from book.languages import load_language
from book.project import NoDisclosure, Project


def book_metadata(project: Project) -> BookMetadata:
    """What every file says about the book; the disclosure too, unless declined with a reason."""
    book, extra = project.book, project.book.metadata
    language = load_language(book.language)
    series, part = book.series, book.series.part if book.series else None
    return BookMetadata(
        title=book.title,
        subtitle=extra.subtitle,
        author=book.author,
        narrator=language.narrated_by,
        series=series.name if series else None,
        series_part=None if part is None else str(part),
        language=book.language,
        publisher=extra.publisher,
        year=extra.year,
        isbn=extra.isbn,
        genres=tuple(extra.genre),
        description=extra.description,
        disclosure=None if isinstance(book.disclosure, NoDisclosure) else language.disclosure,
    )
