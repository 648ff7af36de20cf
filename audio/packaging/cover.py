"""A cover picture that every player shows: a whole JPEG or PNG, recognised by its bytes.

The name does not count: a WebP called cover.jpg would make a file that no player opens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from castbook.errors import ProjectError

MAX_BYTES: Final = 16 * 1024 * 1024  # ID3 and MP4 hold more, phones do not
_JPEG: Final = (b"\xff\xd8\xff", b"\xff\xd9")
_PNG: Final = (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82")
_OTHERS: Final = {
    b"GIF8": "a GIF picture",
    b"RIFF": "a WebP picture",
    b"%PDF": "a PDF document",
    b"<svg": "an SVG drawing",
    b"<?xm": "an SVG drawing",
    b"BM": "a BMP picture",
}


def picture_type(path: Path) -> str:
    """``jpeg`` or ``png``.

    Raises:
        ProjectError: missing, another format, cut short, or larger than 16 MiB.
    """
    wanted = "a JPEG or PNG picture of at most 16 MiB"
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise ProjectError(
            f"the cover cannot be read ({error.strerror})", path=path, expected=wanted
        ) from error
    if size > MAX_BYTES:
        raise ProjectError(f"the cover has {size >> 20} MiB", path=path, expected=wanted)
    # some cameras and editors leave zeros or text after the end mark
    for kind, (start, end) in {"jpeg": _JPEG, "png": _PNG}.items():
        if content.startswith(start):
            if end in content[-65536:]:
                return kind
            raise ProjectError(
                f"the cover is a {kind.upper()} that is cut short",
                path=path,
                expected=wanted,
                hint="save it again",
            )
    found = next((name for magic, name in _OTHERS.items() if content.startswith(magic)), None)
    raise ProjectError(
        f"the cover is {found or 'no picture that castbook knows'}",
        path=path,
        expected=wanted,
        hint="convert it and name the new file in project.yaml",
    )


def input_arguments(cover: Path) -> list[str]:
    """ffmpeg's input options for a checked cover: a fixed format, the name never a pattern."""
    return ["-f", f"{picture_type(cover)}_pipe"]
