"""Memory that is not needed any more goes back to the system at once.

glibc keeps what a thread frees for that thread's next need, in a heap for each thread, and
after the first large array it keeps large ones, too. Chapters are worked on by many threads one
after the other: half an hour of book grew to 167 MB where 121 to 140 are enough (2026-11-21), and
long books grew further. So: two heaps for all threads, and every block of a megabyte or more
is the system's again when it is freed. Other systems' libraries have no such switch.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys
from typing import Final

_MMAP_THRESHOLD: Final = -3  # the names of mallopt's settings, from glibc's malloc.h
_ARENA_MAX: Final = -8
_LARGE: Final = 1 << 20  # bytes
_HEAPS: Final = 2


@functools.cache
def keep_small() -> None:
    """Sets it for this process, once; nothing where there is no glibc."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):  # musl has no mallopt
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
        library.mallopt(_ARENA_MAX, _HEAPS)
