"""Bodies and files that hostile requests bring, made when they are asked for."""

from __future__ import annotations

import io
import json
import wave
import zipfile
from collections.abc import Callable
from functools import cache

import numpy as np
import soundfile

MEBI = 1024 * 1024


def sound(seconds: float, level: float = 0.3) -> bytes:
    """A 16-bit WAV at 24 kHz: a tone that swells and falls like syllables."""
    time = np.arange(int(24000 * seconds)) / 24000
    samples = level * np.sin(2 * np.pi * 160 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))
    file = io.BytesIO()
    soundfile.write(file, samples, 24000, format="WAV", subtype="PCM_16")
    return file.getvalue()


def flac_bomb() -> bytes:
    """An hour of silence, 90 kB of FLAC."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8000, 1, format="FLAC") as out:
        minute = np.zeros(8000 * 60, dtype=np.int16)
        for _ in range(60):
            out.write(minute)
    return file.getvalue()


def zip_bomb(name: str = "content.opf") -> bytes:
    """An EPUB's beginning, and 20 MB of zeros in 20 kB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(name, bytes(20 * MEBI))
    return file.getvalue()


def yaml_bomb() -> bytes:
    """Nine lines that mean 9^9 words."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for above, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{above}'] * 9)}]")
    return "\n".join(lines).encode()


def xml_bomb() -> bytes:
    """Entities of entities, and one that is a file of this machine."""
    entities = ['<!ENTITY a "aaaaaaaaaa">', '<!ENTITY f SYSTEM "file:///etc/passwd">']
    for above, name in zip("abcdefgh", "bcdefghi", strict=True):
        entities.append(f'<!ENTITY {name} "{f"&{above};" * 10}">')
    head = f'<?xml version="1.0"?><!DOCTYPE html [{"".join(entities)}]>'
    return f"{head}<html><body><h1>One</h1><p>Said &f; and &i;.</p></body></html>".encode()


def wav_that_lies() -> bytes:
    """A header that promises 4 GB."""
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + sound(0.1)[16:40] + b"\xff\xff\xff\xff" + b"\0" * 64


def silence() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 24000, 0, "NONE", ""))
        out.writeframes(bytes(24000 * 2 * 5))
    return file.getvalue()


def part(head: str, content: str) -> str:
    return f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n"


MADE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"this is no sound",
    "ffconcat": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "hls": lambda: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(200),
    "elf": lambda: b"\x7fELF" + bytes(200),
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "riff_only": lambda: b"RIFF\x24\0\0\0WAVE",
    "wav_that_lies": wav_that_lies,
    "ogg_noise": lambda: b"OggS" + b"\xff" * 4000,
    "mp4_noise": lambda: b"\0\0\0\x20ftypM4A " + b"\xff" * 4000,
    "silence": silence,
    "too_short": lambda: sound(0.4),
    "tone": lambda: sound(5.0),
    "flac_bomb": flac_bomb,
    "zip_bomb": zip_bomb,
    "zip_slip": lambda: zip_bomb("../../etc/cron.d/x"),
    "yaml_bomb": yaml_bomb,
    "xml_bomb": xml_bomb,
    "deep_json": lambda: b"[" * 200_000 + b"]" * 200_000,
    "long_number": lambda: b'{"input": "a", "seed": ' + b"9" * 20_000 + b"}",
    "three_mebibytes": lambda: b"x" * 3 * MEBI,
    "ten_mebibytes": lambda: b"x" * 10 * MEBI,
    "ten_mebibytes_and_one": lambda: sound(5.0).ljust(10 * MEBI + 1, b"\0"),
    "sixteen_mebibytes": lambda: b"x" * 16 * MEBI,
    "eleven_thousand_rows": lambda: b'{"text":"a"}\n' * 11_000,
    "many_fields": lambda: (
        "".join(part(f'name="f{n}"', "x") for n in range(2000)) + "--x--"
    ).encode(),
    "many_files": lambda: (
        "".join(part(f'name="f{n}"; filename="f"', "x") for n in range(200)) + "--x--"
    ).encode(),
    "long_part_header": lambda: (part(f'name="{"a" * 100_000}"', "x") + "--x--").encode(),
}


@cache
def made(name: str) -> bytes:
    """A payload by its name in the table."""
    return MADE[name]()


def form(fields: dict[str, str], file: tuple[str, str, str] | None) -> bytes:
    """A form with the boundary ``x``; the file is (field, file name, payload)."""
    body = b"".join(part(f"name={json.dumps(k)}", v).encode() for k, v in fields.items())
    if file is not None:
        field, name, payload = file
        head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        body += head.encode() + b"Content-Type: audio/wav\r\n\r\n" + made(payload) + b"\r\n"
    return body + b"--x--\r\n"
