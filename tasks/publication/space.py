"""Whether the disk has room for the book, asked before the first file is encoded.

A full disk in the tenth hour of an encode costs the hours before it. Old files stay until the
new ones are whole, so everything that is made needs its full size.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from castbook.errors import StorageError

_SLACK: Final = 1.03  # headers of packets, containers, tags
_ALWAYS: Final = 8 << 20  # cover, captions, report, and what else the file system needs
_GB: Final = 1e9


@dataclass(frozen=True, slots=True)
class Need:
    """What one file will take.

    Args:
        seconds: of sound in it.
        kbps: its bitrate; of FLAC, what the masters take.
        extra: bytes beside the sound: a cover, pages.
    """

    seconds: float
    kbps: float
    extra: int = 0

    @property
    def bytes(self) -> float:
        """At most."""
        return self.seconds * self.kbps * 125 * _SLACK + self.extra


def needed_bytes(needs: Iterable[Need]) -> int:
    """Bytes that all of these files take at most, the small ones beside them included. Pure."""
    files = sum(need.bytes for need in needs)
    return round(files) + _ALWAYS if files else 0


def make_sure(folder: Path, needed: int, free: int | None = None) -> None:
    """Nothing, if the disk of ``folder`` has so many bytes free.

    Args:
        free: for tests; else the disk is asked.

    Raises:
        StorageError: it has not; the line says how much is missing.
    """
    if free is None:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            return  # a disk that cannot be asked will say so itself when it is full
    if needed > free:
        raise StorageError(
            f"{folder}: the book files need {_size(needed)} and {_size(free)} are free: free"
            f" at least {_size(needed - free)} and run the same command again (finished work is"
            " kept), or ask for fewer outputs in project.yaml"
        )


def _size(count: int) -> str:
    return f"{count / _GB:.1f} GB" if count >= _GB / 10 else f"{count / 1e6:.1f} MB"
