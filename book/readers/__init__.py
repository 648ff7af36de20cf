"""Manuscript files to a ``Manuscript``.

Nothing is dropped silently: every character is in a paragraph, in a recorded edit, in a
listed skip, or is white space between them. A format is a module here with one function
from ``Reading`` to ``Extract``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from book.languages import load_language
from book.manuscript import Manuscript, Source
from book.readers.blocks import Extract, Reading
from book.readers.chapters import assemble
from book.readers.decoding import decode
from book.readers.markdown import read_markdown
from book.readers.scriptform import looks_like_script, read_script
from book.readers.text import read_text
from castbook.canonical import text_digest
from castbook.errors import ManuscriptError

SUFFIXES = {".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown",
            ".script": "script"}  # fmt: skip
_READERS: Mapping[str, Callable[[Reading], Extract]] = {
    "text": read_text,
    "markdown": read_markdown,
    "script": read_script,
}
_NOT_YET = {".epub": "EPUB", ".docx": "Word", ".doc": "Word", ".odt": "OpenDocument",
            ".pdf": "PDF", ".html": "HTML", ".htm": "HTML", ".xhtml": "HTML", ".rtf": "RTF",
            ".mobi": "Kindle", ".azw3": "Kindle", ".fb2": "FictionBook"}  # fmt: skip
_LOST = re.compile("\ufffd+")


def read_manuscript(
    paths: Sequence[Path],
    *,
    names: Sequence[str] | None = None,
    language: str = "en",
    format: str = "auto",
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    known_speakers: Mapping[str, str] | Iterable[str] | None = None,
) -> Manuscript:
    """The manuscript in ``paths``, in reading order.

    Args:
        paths: the files.
        names: how messages call them (relative to the project); their file names by default.
        language: BCP 47 tag of the book.
        format: ``auto`` (by suffix and content), ``text``, ``markdown`` or ``script``.
        include: labels of parts to read although they are skipped by default.
        exclude: titles of chapters to skip.
        known_speakers: names and aliases of the cast, in any case, to keys of cast
            (``names.written_names``), or the keys alone; None when there is no cast yet:
            then any name may stand in a script.

    Raises:
        ManuscriptError: one line on why a file cannot be read as a book.
    """
    words = load_language(language)
    speakers = _speakers(known_speakers)
    sources, extracts = [], []
    for document, path in enumerate(paths):
        name = names[document] if names else path.name
        text = decode(_content(path, name), name)
        sources.append(Source(name, text, text_digest(text)))
        reading = Reading(document, name, text, words, speakers)
        extract = _READERS[_format_of(path, format, reading)](reading)
        if not any(block.heading is None and not block.skip for block in extract.blocks):
            raise ManuscriptError(
                "the file holds no text to read" + _what_instead(extract),
                path=name,
                expected="the text of a book",
            )
        extracts.append(extract)
    assembly = assemble(extracts, words, include, exclude)
    if not assembly.chapters:
        raise ManuscriptError(
            "nothing is left to read", path=sources[0].name, hint="take entries out of exclude:"
        )
    lost = (_lost_characters(source) for source in sources)
    return Manuscript(
        sources=tuple(sources),
        chapters=assembly.chapters,
        skips=assembly.skips,
        language=language,
        title=extracts[0].title if len(extracts) == 1 else None,
        author=next((e.author for e in extracts if e.author), None),
        warnings=(*assembly.warnings, *(warning for warning in lost if warning)),
    )


def _speakers(known: Mapping[str, str] | Iterable[str] | None) -> dict[str, str] | None:
    if known is None:
        return None
    pairs = known.items() if isinstance(known, Mapping) else ((key, key) for key in known)
    return {" ".join(name.split()).casefold(): key for name, key in pairs}


def _content(path: Path, name: str) -> bytes:
    kind = _NOT_YET.get(path.suffix.lower())
    if kind:
        raise ManuscriptError(
            f"{kind} files cannot be read yet",
            path=name,
            expected="plain text (.txt), Markdown (.md) or script format (.script)",
            hint="save it as plain text in UTF-8",
        )
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ManuscriptError(
            "there is no such file", path=name, hint="correct manuscript: in project.yaml"
        ) from error
    except IsADirectoryError as error:
        raise ManuscriptError(
            "it is a folder", path=name, expected="a file", hint="list its files in reading order"
        ) from error
    except OSError as error:
        raise ManuscriptError(f"cannot be read: {error.strerror}", path=name) from error


def _format_of(path: Path, format: str, reading: Reading) -> str:
    if format != "auto":
        return format
    by_suffix = SUFFIXES.get(path.suffix.lower(), "text")
    return "script" if by_suffix == "script" or looks_like_script(reading) else by_suffix


def _what_instead(extract: Extract) -> str:
    reasons = sorted(
        {skip.reason for skip in extract.skips} | {b.skip for b in extract.blocks} - {""}
    )
    return f": only {', '.join(reasons)}" if reasons else ""


def _lost_characters(source: Source) -> str | None:
    found = [m.end() - m.start() for m in _LOST.finditer(source.text)]
    if not found:
        return None
    line = source.text.count("\n", 0, source.text.index("\ufffd")) + 1
    return (
        f"{source.name}:{line}: {sum(found)} characters were lost before castbook got the file "
        "(U+FFFD): compare it with its original"
    )
