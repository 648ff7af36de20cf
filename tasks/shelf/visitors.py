"""Voices for one request: a clip and its words that came with the text and are not kept.

They live in the memory of this process, the newest 64 of them, under a name made of what they
are; nothing of them reaches the disk but what was said with them.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from audio.pcm import pcm_sha256
from castbook.canonical import digest, plain
from castbook.errors import ConsentError
from tasks.keys import reference_digest
from tasks.shelf.consents import BASES
from tasks.shelf.samples import Sample, read_bytes
from tasks.voices import EngineSetup, Speaker
from tts.engine import Reference, Voice
from tts.registry import make_engine

PREFIX: Final = "visitor_"
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Visitor:
    """A clip that may be spoken with."""

    id: str
    voice: Voice
    consent: Mapping[str, str]  # basis, holder
    engine: str

    def speaker(self, engine: str, options: Mapping[str, object], language: str) -> Speaker:
        """Ready to be asked for speech.

        Raises:
            VoiceError: the engine cannot clone it, or does not speak the language.
        """
        light = {key: value for key, value in options.items() if key != "host"}
        make_engine(engine, light).check_voice(self.voice, language)
        identity = digest({"engine": engine, "options": plain(options)})
        setup = EngineSetup(engine, MappingProxyType(dict(options)), identity)
        return Speaker(self.id, "", setup, self.voice, 0.0, self.consent)


class Visitors:
    """Those of this process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder  # where a temporary file may be
        self._known: OrderedDict[str, Visitor] = OrderedDict()
        self._lock = threading.Lock()

    def add(
        self,
        clip: bytes,
        transcript: str,
        consent: Mapping[str, str],
        engine: str,
        options: Mapping[str, object],
        language: str,
    ) -> str:
        """Takes a clip in; its id. Without a transcript where the engine needs none.

        Raises:
            VoiceError: the clip or its words cannot be used.
            ConsentError: no basis that we know.
        """
        if consent.get("basis") not in BASES:
            raise ConsentError(
                "nobody says on what ground this person's voice may be used", place="consent",
                expected="one of " + ", ".join(BASES),
            )  # fmt: skip
        said = {key: str(value) for key, value in consent.items() if value}
        key = PREFIX + digest([hashlib.sha256(clip).hexdigest(), transcript, said, engine])[:32]
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return key
        wordless = not make_engine(engine, options).capabilities.needs_transcript
        sample = read_bytes(clip, self._folder, transcript, language, wordless=wordless)
        visitor = Visitor(key, _voice(sample), said, engine)
        with self._lock:
            self._known[key] = visitor
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return key

    def get(self, name: str) -> Visitor | None:
        """The visitor of that id, while it is remembered."""
        return self._known.get(name) if name.startswith(PREFIX) else None


def _voice(sample: Sample) -> Voice:
    words = sample.transcript or None
    sound = reference_digest(pcm_sha256(sample.pcm), sample.rate, words, "")
    return Voice(sound, reference=Reference(sample.pcm, sample.rate, words, sound))
