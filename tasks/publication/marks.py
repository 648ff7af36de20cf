"""The commit marks of finished files: under which key a file was made, and what proved it.

``marks/`` mirrors ``out/``: the mark of ``out/A/B/B.m4b`` is ``marks/A/B/B.m4b.json``. It is
written last and taken away first, so it never speaks for a file that it never saw. What has
a mark is castbook's and may be removed when the book no longer has it; what has none is
the user's, and stays.
"""

from __future__ import annotations

import contextlib
import glob
import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from castbook.files import finished, storage_error, write_bytes, write_text

# The report is written behind our back, each time anew: it goes with the folder it tells of.
_REPORTS = ("report.json", "report.html")


class Marks:
    """The marks of one build.

    Args:
        folder: ``marks/`` of the build.
        out: ``out/`` of the build.
    """

    def __init__(self, folder: Path, out: Path) -> None:
        self._folder = folder
        self._out = out

    def of(self, path: Path) -> Path:
        """Where the mark of a file under ``out/`` is."""
        place = path.relative_to(self._out)
        return self._folder / place.parent / f"{place.name}.json"

    def read(self, path: Path, key: str) -> Mapping[str, Any] | None:
        """What is known of a file that was finished under ``key`` and still has its size."""
        try:
            written = json.loads(self.of(path).read_bytes())
            if written["key"] == key and path.stat().st_size == written["bytes"]:
                return dict(written)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return None

    def withdraw(self, path: Path) -> None:
        """Before the file changes: a kill in between would leave the old mark to speak for it."""
        self.of(path).unlink(missing_ok=True)

    def write(self, path: Path, key: str, facts: Mapping[str, Any]) -> None:
        """After the file stands."""
        content = {"key": key, "bytes": path.stat().st_size, **facts}
        write_text(self.of(path), json.dumps(content, ensure_ascii=False, indent=1))

    def put(self, path: Path, content: bytes, facts: Mapping[str, Any]) -> None:
        """A small file, left alone where it is equal, so that a second run touches nothing."""
        if not (path.is_file() and path.read_bytes() == content):
            self.withdraw(path)
            write_bytes(path, content)
        if self.read(path, "") != {"key": "", "bytes": len(content), **facts}:
            self.write(path, "", facts)

    def remove_others(self, keep: Collection[Path], may_go: Callable[[Path], bool]) -> None:
        """Removes marked files that are not to be kept, and the folders this empties.

        Args:
            may_go: whether a file that is not kept may be removed already.

        Raises:
            StorageError: a file cannot be removed.
        """
        try:
            self._adopt_older()
            self._adopt_reports(keep)
            for mark in finished(self._folder, "**/*.json"):
                path = self._out / mark.relative_to(self._folder).with_suffix("")
                if path in keep or not may_go(path):
                    continue
                path.unlink(missing_ok=True)
                mark.unlink(missing_ok=True)
                _tidy(path.parent, self._out)
                _tidy(mark.parent, self._folder)
        except OSError as error:
            raise storage_error(error, Path(error.filename or self._out)) from error

    def _adopt_reports(self, keep: Collection[Path]) -> None:
        """Marks reports in the folders of older books, to go with them."""
        books = {path.parent for path in keep}
        for mark in self._folder.rglob("metadata.json.json"):
            folder = self._out / mark.relative_to(self._folder).parent
            for name in _REPORTS:
                if folder not in books and (folder / name).is_file():
                    self.write(folder / name, "", {})

    def _adopt_older(self) -> None:
        """Marks of early builds lay side by side, their files in ``out/Author/Title/``."""
        for mark in finished(self._folder, "*.json"):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                older = json.loads(mark.read_bytes())
                for place in ("*/*", "*/*/mp3"):
                    for path in self._out.glob(f"{place}/{glob.escape(older['file'])}"):
                        if path.stat().st_size == older["bytes"] and not self.of(path).exists():
                            self.write(path, "", {})
            mark.unlink()


def _tidy(folder: Path, top: Path) -> None:
    """Removes ``folder`` and those above it, up to ``top``, as far as they are empty."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
