"""A zip file that strangers made: names and bytes of its members, under limits.

EPUB and DOCX are such archives. Nothing is ever written to disk; a member is unpacked when it
is asked for, and no further than it says it is long.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from castbook.errors import ManuscriptError

# An illustrated EPUB of 1,900 pages has about 5,000 members; the largest sample at hand unpacks
# to 5 MB. Books with sound and film stay below the total because only text is ever unpacked.
MOST_MEMBERS = 20_000
LARGEST_MEMBER = 64 * 2**20  # bytes unpacked: one chapter of 10 MB is already absurd
LARGEST_TOTAL = 256 * 2**20  # bytes unpacked by one reader, all members together
# Deflate cannot do better than 1032:1; XML of real books stays below 30:1. Small members are
# let through at any ratio: a table of empty cells does no harm.
WORST_RATIO = 200
RATIO_MATTERS = 2**20  # bytes unpacked
LARGEST_ARCHIVE = 512 * 2**20  # bytes of the file itself
LONGEST_NAME = 1024

_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError,
    NotImplementedError, RuntimeError, OverflowError, IndexError, KeyError,
)  # fmt: skip


@dataclass(slots=True)
class Archive:
    """The members of an archive, by name; reading one may be refused."""

    path: str  # how messages call the file
    _file: zipfile.ZipFile
    _members: Mapping[str, zipfile.ZipInfo]
    _unpacked: dict[str, int] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all members with content, as written, in the order of the archive."""
        return tuple(self._members)

    def __contains__(self, member: object) -> bool:
        return member in self._members

    def read(self, member: str) -> bytes:
        """The bytes of ``member``.

        Raises:
            ManuscriptError: no such member, damaged, encrypted, or larger than a book can be.
        """
        info = self._members.get(member)
        if info is None:
            raise ManuscriptError(
                f"the archive has no member {member!r}",
                path=self.path,
                hint="the file is incomplete: get it again",
            )
        self._refuse(info)
        try:
            with self._file.open(info) as stream:
                content = stream.read(info.file_size + 1)
        except _DAMAGE as error:
            raise self._damaged(member) from error
        if len(content) != info.file_size:
            raise self._damaged(member)
        self._unpacked[member] = len(content)
        return content

    def _damaged(self, member: str) -> ManuscriptError:
        return ManuscriptError(
            f"the archive is damaged at {member!r}", path=self.path, hint="get the file again"
        )

    def _refuse(self, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise ManuscriptError(
                f"{info.filename!r} is encrypted",
                path=self.path,
                expected="a book without a password",
                hint="unpack it with its password and save it again without",
            )
        if info.compress_type not in _METHODS:
            raise ManuscriptError(
                f"{info.filename!r} is packed by an unknown method ({info.compress_type})",
                path=self.path,
                hint="unpack the file and zip it again",
            )
        size, others = info.file_size, sum(self._unpacked.values())
        others -= self._unpacked.get(info.filename, 0)
        if size > LARGEST_MEMBER or size + others > LARGEST_TOTAL:
            raise ManuscriptError(
                f"{info.filename!r} unpacks to {size:,} bytes",
                path=self.path,
                expected=f"at most {LARGEST_MEMBER:,} a member and {LARGEST_TOTAL:,} in all",
                hint="the file is no book, or holds many: split it",
            )
        if size > RATIO_MATTERS and size > WORST_RATIO * max(info.compress_size, 1):
            raise ManuscriptError(
                f"{info.filename!r} unpacks to {size // max(info.compress_size, 1):,} times of it",
                path=self.path,
                expected=f"at most {WORST_RATIO}",
                hint="the file is made to harm those who open it: do not use it",
            )


def open_archive(content: bytes, name: str) -> Archive:
    """The archive in ``content``; ``name`` is for messages.

    Folders are left out. Of two members with one name the last counts, as in every unpacker.

    Raises:
        ManuscriptError: no zip file, damaged, too many members, a name that leaves the archive.
    """
    if len(content) > LARGEST_ARCHIVE:
        raise ManuscriptError(
            f"the file has {len(content):,} bytes",
            path=name,
            expected=f"at most {LARGEST_ARCHIVE:,}",
            hint="split the book and list the parts under manuscript:",
        )
    try:
        file = zipfile.ZipFile(io.BytesIO(content))
        infos = file.infolist()
    except _DAMAGE as error:
        raise ManuscriptError(
            "the file is no zip archive, or a damaged one",
            path=name,
            expected="a whole EPUB or Word document",
            hint="get the file again, or save it again from the program that made it",
        ) from error
    if len(infos) > MOST_MEMBERS:
        raise ManuscriptError(
            f"the archive has {len(infos):,} members",
            path=name,
            expected=f"at most {MOST_MEMBERS:,}",
            hint="split the book and list the parts under manuscript:",
        )
    members = {}
    for info in infos:
        if _leaves(info.filename):
            raise ManuscriptError(
                f"the archive holds a file that would lie outside of it: {info.filename[:80]!r}",
                path=name,
                hint="the file is damaged or made to harm: get it from another source",
            )
        if not info.is_dir():
            members[info.filename] = info
    return Archive(name, file, members)


def _leaves(member: str) -> bool:
    """Whether a member's name points out of the archive."""
    path = member.replace("\\", "/")
    drive = len(path) > 1 and path[1] == ":" and path[0].isalpha()
    return (
        path.startswith("/")
        or drive
        or ".." in path.split("/")
        or len(path) > LONGEST_NAME
        or "\x00" in path
    )
