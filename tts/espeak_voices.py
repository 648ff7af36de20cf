"""Names of espeak-ng's voices, read from its data folder; the library is never loaded here.

A preset is ``LANGUAGE`` or ``LANGUAGE+VARIANT`` (``en-us``, ``cmn+f2``). Languages are the
files under ``lang/``, which the library finds by name whatever their case, and the tags
inside them (``zh`` is ``cmn``), which it does not find by itself; variants are the files
under ``voices/!v``. Languages whose dictionary is not in the package are left out: the
library accepts them and says nothing intelligible (``xex``, ``fo``, ``kaa`` in 1.52).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from castbook.errors import VoiceError


@dataclass(frozen=True, slots=True)
class Names:
    """What the data folder has. Keys are lower case, values what the library takes."""

    languages: Mapping[str, str]  # file names
    aliases: Mapping[str, str]  # tags → file names
    variants: Mapping[str, str]

    def language(self, tag: str) -> str | None:
        """The voice file for a BCP 47 tag, shortened until one fits: ``zh-Hans-CN`` → ``cmn``."""
        parts = tag.lower().replace("_", "-").split("-")
        for count in range(len(parts), 0, -1):
            key = "-".join(parts[:count])
            found = self.languages.get(key) or self.aliases.get(key)
            if found is not None:
                return found
        return None

    def split(self, preset: str) -> tuple[str, str | None]:
        """(voice file, variant or None) of a preset.

        Raises:
            VoiceError: espeak-ng has no such language or variant; with the nearest match.
        """
        language, plus, variant = preset.partition("+")
        key = language.lower()
        file = self.languages.get(key) or self.aliases.get(key)
        if file is None:
            known = [*self.languages, *self.aliases]
            raise _unknown(preset, f"no voice {language!r}", _near(key, known, f"{plus}{variant}"))
        if not plus:
            return file, None
        found = self.variants.get(variant.lower())
        if found is None:
            near = _near(variant.lower(), list(self.variants))
            known_as = self.variants[near] if near is not None else None
            raise _unknown(
                preset, f"no variant {variant!r}", f"{language}+{known_as}" if known_as else None
            )
        return file, found

    def voice(self, preset: str, language: str) -> str:
        """What the library is asked for when a preset speaks ``language``.

        A preset speaks its own language in its own accent, and any other with that
        language's voice file and its own variant: ``en-us+m3`` says French as ``fr+m3``.
        """
        file, variant = self.split(preset)
        wanted = self.language(language) if language else None
        if wanted is not None and not self._speaks(file, language):
            file = wanted
        return f"{file}+{variant}" if variant else file

    def _speaks(self, file: str, language: str) -> bool:
        """Whether a voice file is one of this language: ``en-gb-x-rp`` of ``en-US``."""
        default = self.language(language.split("-")[0])
        return default == file or _primary(file) == _primary(default or language)


def package_folder() -> Path | None:
    """Where espeakng_loader lies, None when it is not installed; imports nothing."""
    spec = find_spec("espeakng_loader")
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(folders))) if folders else None


@cache
def read_names(data: Path) -> Names:
    """The names in one ``espeak-ng-data`` folder (about 230 file names, 130 short files)."""
    languages: dict[str, str] = {}
    tags: list[tuple[int, int, str, str, str]] = []
    for file in sorted((data / "lang").rglob("*")):
        if not file.is_file():
            continue
        entries = [line.split() for line in file.read_text("utf-8", "replace").splitlines()]
        own = [e[1].lower() for e in entries if len(e) > 1 and e[0] == "language"]
        dictionary = [e[1] for e in entries if len(e) > 1 and e[0] == "dictionary"]
        stem = dictionary[0] if dictionary else _primary(own[0] if own else file.name)
        if not (data / f"{stem}_dict").is_file():
            continue
        name = file.name.lower()
        languages[name] = file.name
        for place, tag in enumerate(own):
            tags.append((place, len(name), name, tag, file.name))
    aliases: dict[str, str] = {}
    for _, _, _, tag, file_name in sorted(tags):
        if tag not in languages:
            aliases.setdefault(tag, file_name)
    variants = {f.name.lower(): f.name for f in (data / "voices/!v").iterdir() if f.is_file()}
    return Names(languages, aliases, variants)


def _primary(tag: str) -> str:
    return tag.lower().partition("-")[0]


def _near(name: str, known: list[str], suffix: str = "") -> str | None:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return near[0] + suffix if near else None


def _unknown(preset: str, what: str, near: str | None) -> VoiceError:
    return VoiceError(
        f"engine espeak has no preset {preset!r}: espeak-ng has {what}",
        expected="LANGUAGE or LANGUAGE+VARIANT, as in en-us or en-gb-x-rp+f2",
        hint=f"did you mean {near}?" if near else None,
    )
