"""A good project that uses every key, and what a fault in it is.

``build(folder, fault)`` writes ``folder/project``, ``folder/library`` and a file outside both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = """\
version: 1
title: The Lamp
author: A. Writer
language: en
series: {name: Lamps, part: 2}
manuscript: [text/one.md, text/two.md]
library: ../library
engine: tone
engines: {tone: {speed: 1.5}}
seed: 42
narrator: reader
narrator_character: anna
voices:
  reader: {preset: reed, gain_db: -1.5}
  anna:
    reference: voices/anna.wav
    transcript: Come at once.
    consent: {basis: self}
  boris:
    styles:
      calm: {reference: voices/boris-calm.wav, transcript: All is well.}
      alarm: {reference: voices/boris-alarm.wav, transcript: Fire!}
    consent: {basis: licensed, holder: B. Boris, record: consents/boris.yaml}
cast:
  anna: {voice: anna, aliases: [Anna, Miss Anna], gender: f}
  boris: {voice: boris, aliases: [Mr. Boris], gender: m}
casting: {confidence: 0.8, unsure: narrator}
pauses: {sentence: 300}
lexicon: lexicon.yaml
rate: 44100
profile: draft
outputs: [m4b]
cover: cover.jpg
credits: {opening: true}
disclosure: default
metadata: {year: 1890, genre: [Mystery]}
"""
LIBRARY = """\
version: 1
voices:
  host: {preset: oak}
  guest: {reference: clips/guest.wav, transcript: Good evening., consent: {basis: synthetic}}
lexicon: words.yaml
"""
ANCHOR = "3f2a9c1b0d.1.5be0c9.88d1f0"
OTHER = "aaaaaaaaaa.2.-.bbbbbb"
CASTING = f"""\
version: 1
castings:
  - {{anchor: {ANCHOR}, speaker: boris, style: alarm, text: Fire in the hall}}
  - {{anchor: {OTHER}, speaker: narrator}}
"""
RETAKES = f"""\
version: 1
retakes:
  - {{anchor: {ANCHOR}, count: 2, note: too fast}}
accepted:
  - {{anchor: {OTHER}, key: {"ab" * 32}}}
"""
LEXICON = """\
version: 1
words:
  Thaddeus: THAD-ee-us
entries:
  - {word: Lestrade, say: luh-STRAHD, language: en}
"""
GOOD: Mapping[str, str | bytes] = {
    "project/project.yaml": PROJECT,
    "project/casting.yaml": CASTING,
    "project/retakes.yaml": RETAKES,
    "project/lexicon.yaml": LEXICON,
    "project/text/one.md": "# One\n\n“Fire!” said Boris.\n",
    "project/text/two.md": "# Two\n\n“Where?” said Anna.\n",
    "project/voices/anna.wav": b"RIFF",
    "project/voices/boris-calm.wav": b"RIFF",
    "project/voices/boris-alarm.wav": b"RIFF",
    "project/consents/boris.yaml": "signed: yes\n",
    "project/cover.jpg": b"\xff\xd8",
    "library/library.yaml": LIBRARY,
    "library/words.yaml": "version: 1\nwords: {Irene: eye-REEN}\n",
    "library/clips/guest.wav": b"RIFF",
    "outside/secret.md": "# Secret\n",
}


@dataclass(frozen=True)
class Fault:
    """One change to the good project, and the one error it must give."""

    name: str
    error: str  # how the line begins after the folder: "project/project.yaml:2: titel: unknown key"
    says: tuple[str, ...] = ()  # further fragments, in order
    files: Mapping[str, str | bytes | None] = field(default_factory=dict)  # None: not there
    links: Mapping[str, str] = field(default_factory=dict)  # path -> what it points to


def build(folder: Path, fault: Fault | None = None) -> Path:
    """Writes the project and its surroundings; returns the project's folder."""
    files = {**GOOD, **(fault.files if fault else {})}
    for name, content in files.items():
        if content is None or (fault and name in fault.links):
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    for name, target in (fault.links if fault else {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)
    return folder / "project"


def tree(folder: Path) -> dict[str, bytes | str]:
    """Everything under ``folder``: contents of files, targets of links."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink())
        else:
            found[name] = path.read_bytes() if path.is_file() else "folder"
    return found


def swap(
    old: str, new: str, place: str, message: str, *says: str, file: str = "project/project.yaml"
) -> Fault:
    """A fault in one file: ``old`` is written as ``new``; the error is on the changed line."""
    good = str(GOOD[file])
    assert good.count(old) == 1, (file, old)
    line = good[: good.index(old)].count("\n") + 1
    where = f"{file}:{line}: " + (f"{place}: " if place else "")
    name = f"{file.rpartition('/')[2]}: {place}: {new[:30].strip()!r}"
    return Fault(name, where + message, says, {file: good.replace(old, new)})


def whole(name: str, content: str | bytes, error: str, *says: str) -> Fault:
    """A fault of the whole ``project.yaml``."""
    return Fault(name, f"project/project.yaml{error}", says, {"project/project.yaml": content})
