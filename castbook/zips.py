"""Entries of zips whose bytes follow from their content: no clock, no user, no machine."""

from __future__ import annotations

import stat
import zipfile

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold


def entry(name: str) -> zipfile.ZipInfo:
    """An entry that is stored and not deflated: sound hardly shrinks, and its bytes would be a
    matter of zlib's version.

    Args:
        name: in the zip, with "/".
    """
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_STORED
    info.create_system = 3  # Unix, on every system
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info
