"""The pronunciations of single texts: the library's lexicon and dictionaries, as they are now.

``lexicon.yaml`` and every ``*.json`` and ``*.jsonl`` dictionary of the library's folder, read
again when one of them changes; the longest word wins, and of equal ones the last file's. What
cannot be read any more after a change does not silence the service: the last good state speaks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from pathlib import Path

from book.projectfile import LEXICON_FILE
from book.spoken.dictionaries import DICTIONARIES
from book.spoken.lexicon import Lexicon
from book.spoken.lexiconfile import read_lexicon
from castbook.errors import CastbookError
from tasks.shelf.shelf import Shelf

_log = logging.getLogger("castbook.speech")

_Signature = tuple[tuple[str, int, int], ...]


class Words:
    """The lexicon of a shelf, for each engine. Any number of threads may ask."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._read: dict[str, tuple[_Signature, Lexicon]] = {}  # by engine

    def lexicon(self, engine: str, alphabets: Collection[str]) -> Lexicon:
        """What is in the files now, as an engine that reads ``alphabets`` gets it.

        Raises:
            ProjectError: a file is wrong, and was so from the start.
        """
        paths = lexicon_files(self._shelf)
        signature = tuple(_signed(path) for path in paths)
        with self._lock:
            known = self._read.get(engine)
            if known is not None and known[0] == signature:
                return known[1]
            try:
                lexicon = read_lexicon(paths, alphabets={engine: alphabets})
            except CastbookError as error:
                if known is None:
                    raise
                _log.error("pronunciations stay as they were: %s", error)
                lexicon = known[1]
            self._read[engine] = signature, lexicon
            return lexicon


def lexicon_files(shelf: Shelf) -> tuple[Path, ...]:
    """The files of a shelf's pronunciations, the last one wins; some may be gone by now."""
    folder = shelf.folder
    written = shelf.lexicons or (folder / LEXICON_FILE,)  # one may come any time
    named = [path for path in written if path.is_file()]
    beside = sorted(p for p in folder.glob("*.json*") if p.suffix.lower() in DICTIONARIES)
    return tuple(dict.fromkeys([*beside, *named]))


def _signed(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:  # gone between the two looks
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size
