"""The ear that judges takes by a recogniser: asks it, and lives with its death.

An ear that dies or is missing never fails a book: it is said once, and takes go unheard. Which
takes are heard and what follows is decided in ``tasks/hearing.py``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np

from audio.hearing import transcripts
from audio.hearing.tokens import SINGLE, fold
from audio.hearing.transcripts import compare
from audio.pcm import FULL_SCALE, Pcm
from book.project import Hearing, Project
from book.spoken.lexiconfile import read_lexicon
from castbook.canonical import digest
from castbook.errors import MissingDependency, TransientFailure
from tasks.ears import models
from tasks.ears.listener import Listener, Recogniser
from tasks.hearing import after_hearing, is_heard
from tasks.takes import TakeVerdict

_LEAST_NAME: Final = 4  # letters
_LIVES: Final = 3  # deaths in one run after which a recogniser is left alone
_RATE: Final = 16000  # Hz, of what recognisers hear

_log = logging.getLogger("castbook.hearing")


class MachineEar:
    """Listens to takes with a recogniser (``tasks/judging.py`` asks it).

    Args:
        recogniser: what listens; closed with this.
        identity: of it and its model, for the sidecar.
        every: see ``is_heard``.
        names: words that it cannot know, folded.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        identity: str,
        *,
        every: int = 20,
        names: Collection[str] = (),
    ) -> None:
        self._recogniser = recogniser
        self._names = frozenset(names)
        self._every = every
        known = digest(sorted(self._names))[:8]
        self.identity = f"{identity}, policy {transcripts.POLICY_VERSION}, names {known}"
        self._lock = threading.Lock()
        self._lives = _LIVES
        self._said: set[str] = set()

    def heard(
        self, pcm: Pcm, rate: int, made_of: Mapping[str, Any], verdict: TakeVerdict
    ) -> TakeVerdict:
        """The verdict after listening; the same one when this take is not to be heard, or
        cannot be."""
        if self._lives <= 0 or not is_heard(made_of, verdict, self._every):
            return verdict
        language = str(made_of["language"])
        try:
            found = self._recogniser.hear(samples_for(pcm, rate), language)
        except TransientFailure as error:
            self._bury(1, str(error))
            return verdict
        except MissingDependency as error:
            self._bury(self._lives, str(error))
            return verdict
        if found is None:
            self._say(f"the recogniser does not know the language {language}")
            return verdict
        text = str(made_of["spoken"])
        comparison = compare(text, found, language, names=self._names)
        return after_hearing(verdict, comparison, self.identity)

    def close(self) -> None:
        """Ends the recogniser."""
        self._recogniser.close()

    def _bury(self, lives: int, reason: str) -> None:
        with self._lock:
            self._lives -= lives
            over = self._lives <= 0
        self._say(f"{reason}; {'no further take is heard' if over else 'this take is not heard'}")

    def _say(self, words: str) -> None:
        """Once: a book has thousands of takes."""
        with self._lock:
            new = words not in self._said
            self._said.add(words)
        if new:
            _log.warning("%s", words)


def open_ear(project: Project) -> MachineEar | None:
    """What listens to the takes of a book; None when nothing can or shall.

    Nothing is loaded before the first take is heard, and nothing is ever downloaded here.
    """
    wanted = project.book.hearing
    if wanted == "off":
        return None
    hearing = Hearing() if wanted == "auto" else wanted
    lacking = models.missing(hearing.model)
    model = None if lacking else models.find_model(hearing.model)
    if model is None:
        if wanted != "auto":
            _log.warning("%s; no take is heard", lacking)
        return None
    name = f"{model.name} {model.revision}".strip()
    return MachineEar(
        Listener(model.folder),
        f"faster-whisper {models.installed()}, {name}",
        every=hearing.every,
        names=unknowable(project),
    )


def unknowable(project: Project) -> frozenset[str]:
    """Words that a recogniser may spell in its own way: the cast's names, the lexicon's words."""
    book = project.book
    phrases = [name for key, who in book.cast.items() for name in (key, *who.aliases)]
    for entry in read_lexicon(project.lexicons, cast=tuple(book.cast), alphabets={}).entries:
        phrases += [entry.word, entry.say or ""]
    return frozenset(word for phrase in phrases for word in _folded(phrase))


def _folded(phrase: str) -> set[str]:
    """Its words from four letters, all of them as one word, and characters without spaces.

    Shorter words are common ones in a title ("the", "of"), and sound like too many others.
    """
    words = [fold(word) for word in phrase.replace("-", " ").split()]
    single = {c for word in words for c in word if SINGLE.match(c)}
    return single or {word for word in (*words, "".join(words)) if len(word) >= _LEAST_NAME}


def samples_for(pcm: Pcm, rate: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A take as recognisers take it: float32 (n,), full scale 1, at 16 kHz."""
    import soxr

    samples = pcm.astype(np.float32) / FULL_SCALE
    if rate == _RATE:
        return samples
    return np.asarray(soxr.resample(samples, rate, _RATE), np.float32)
