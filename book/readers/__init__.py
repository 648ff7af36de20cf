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
from book.manuscript import Facts, Manuscript, Source
from book.readers.assembly.chapters import assemble
from book.readers.blocks import Contents, Extract, File, Reading
from book.readers.decoding import READ_NOW, decode
from book.readers.plain.markdown import read_markdown
from book.readers.plain.scriptform import looks_like_script, read_script
from book.readers.plain.text import read_text
from castbook.canonical import text_digest
from castbook.errors import ManuscriptError

SUFFIXES = {
    ".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown",
    ".script": "script", ".docx": "docx", ".docm": "docx", ".pdf": "pdf", ".epub": "epub",
    ".html": "html", ".htm": "html", ".xhtml": "html", ".xht": "html",
}  # fmt: skip
_READERS: Mapping[str, Callable[[Reading], Extract]] = {
    "text": read_text,
    "markdown": read_markdown,
    "script": read_script,
}


def _docx(file: File) -> Contents:
    from book.readers.word.docx import read_docx

    return read_docx(file)


def _epub(file: File) -> Contents:
    from book.readers.xhtml.epub import read_epub

    return read_epub(file)


def _html(file: File) -> Contents:
    from book.readers.xhtml.html import read_html

    return read_html(file)


def _pdf(file: File) -> Contents:
    from book.readers.paged.pdf import read_pdf

    return read_pdf(file)


# Readers of files that are no plain text: bytes to source texts and blocks. They import their
# libraries when they are called, so that a plan of a text file does not wait for them.
_CONTAINERS: Mapping[str, Callable[[File], Contents]] = {
    "docx": _docx,
    "epub": _epub,
    "html": _html,
    "pdf": _pdf,
}
# Formats that are not read, and what to save them as.
_NOT_READ = {
    ".doc": ("Word 97", "Word document (.docx)"), ".odt": ("OpenDocument", ".docx or EPUB"),
    ".rtf": ("RTF", ".docx"), ".fb2": ("FictionBook", "EPUB"), ".mobi": ("Kindle", "EPUB"),
    ".azw": ("Kindle", "EPUB"), ".azw3": ("Kindle", "EPUB"),
}  # fmt: skip
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
    sources: list[Source] = []
    extracts = []
    for i, path in enumerate(paths):
        name = names[i] if names else path.name
        file = File(len(sources), name, _content(path, name), words, speakers)
        contents = _contents(file, path.suffix.lower(), format)
        sources.extend(contents.sources)
        extract = contents.extract
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
        facts=_facts(extracts),
        warnings=(*assembly.warnings, *(warning for warning in lost if warning)),
    )


def _speakers(known: Mapping[str, str] | Iterable[str] | None) -> dict[str, str] | None:
    if known is None:
        return None
    pairs = known.items() if isinstance(known, Mapping) else ((key, key) for key in known)
    return {" ".join(name.split()).casefold(): key for name, key in pairs}


def _content(path: Path, name: str) -> bytes:
    kind, instead = _NOT_READ.get(path.suffix.lower(), ("", ""))
    if kind:
        raise ManuscriptError(
            f"{kind} files are not read",
            path=name,
            expected=READ_NOW,
            hint=f"save it as {instead}, for example with LibreOffice or Calibre",
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


def _contents(file: File, suffix: str, format: str) -> Contents:
    kind = format if format != "auto" else SUFFIXES.get(suffix, "text")
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](file)
    text = decode(file.content, file.name)
    reading = Reading(file.document, file.name, text, file.language, file.speakers)
    if format == "auto" and looks_like_script(reading):
        kind = "script"
    return Contents((Source(file.name, text, text_digest(text)),), _READERS[kind](reading))


def _facts(extracts: Sequence[Extract]) -> Facts:
    """What the files say about the book; of several files no title is the book's."""
    if len(extracts) == 1:
        return extracts[0].facts
    author = next((e.facts.author for e in extracts if e.facts.author), None)
    return Facts(author=author, sounds=tuple(s for e in extracts for s in e.facts.sounds))


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
