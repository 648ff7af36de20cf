"""Which takes a machine listens to, and what that does to their verdicts.

Heard are: takes that a complaint makes doubtful, takes of under three words (four characters
of Han), which the length of the audio says nothing about, and one in so many of all others.
The choice is a pure function of what the take's key is made of, its attempt left out: when a
take of a chain is chosen by chance, so are those that replace it, and the order of work
changes nothing.

- *differs*: a complaint of the kind ``heard``; the chain of attempts goes on as after any other.
- *matches*: complaints that only guess at the text (short, long, repeats, cut) are withdrawn if
  the words refute them, and kept as a note; those about the sound stay.
- *inconclusive*: nothing changes.

An ear that dies or is missing never fails a book: it is said once, and takes go unheard. Takes
that stand are not heard again when a recogniser is installed later: nothing finished is done
twice (``castbook retake`` asks for it).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from audio.hearing import transcripts
from audio.hearing.tokens import SINGLE, fold
from audio.hearing.transcripts import Comparison, compare
from audio.pcm import FULL_SCALE, Pcm
from audio.verdicts.findings import COSTS
from book.project import Hearing, Project
from book.spoken.lexiconfile import read_lexicon
from castbook.canonical import digest, plain
from castbook.errors import MissingDependency, TransientFailure
from tasks.ears import models
from tasks.ears.listener import Listener, Recogniser
from tasks.plan import Line
from tasks.takes import TakeVerdict

HEARD: Final = "heard"  # the kind of complaint
SPEECHLESS: Final = frozenset({"tone"})  # engines that speak no words
_FEW_WORDS: Final = 3
_FEW_CHARACTERS: Final = 4  # of Han and other scripts without spaces
_LEAST_NAME: Final = 4  # letters
_COST: Final = 45_000  # worse than saying something twice, better than lacking words
_LIVES: Final = 3  # deaths in one run after which a recogniser is left alone
_RATE: Final = 16000  # Hz, of what recognisers hear

_log = logging.getLogger("castbook.hearing")


def is_heard(made_of: Mapping[str, Any], verdict: TakeVerdict, every: int) -> bool:
    """Whether a take is listened to.

    Args:
        made_of: the ingredients of its key.
        verdict: what the signals say.
        every: one in so many of the takes that nothing is wrong with; 0: none of them.
    """
    if not verdict.usable or made_of["engine"] in SPEECHLESS:
        return False
    if not verdict.good or is_short(str(made_of["spoken"])):
        return True
    chain = plain({name: value for name, value in made_of.items() if name != "attempt"})
    return every > 0 and int(digest({"heard": chain})[:12], 16) % every == 0


def is_short(spoken: str) -> bool:
    """Whether a text has too few words for its length in seconds to say anything."""
    characters = sum(bool(SINGLE.match(c)) for c in spoken)
    if characters:
        return characters < _FEW_CHARACTERS
    return len(spoken.split()) < _FEW_WORDS


def after_hearing(verdict: TakeVerdict, found: Comparison, by: str) -> TakeVerdict:
    """The verdict on a take that was listened to.

    Args:
        by: who listened.
    """
    heard = replace(verdict, heard=found.outcome, heard_note=found.reason, heard_by=by)
    if found.outcome == "differs":
        return replace(
            heard,
            good=False,
            complaints=(*verdict.complaints, found.reason),
            kinds=(*verdict.kinds, HEARD),
            score=verdict.score + _COST + min(999, round(1000 * found.share)),
        )
    if found.outcome != "matches" or verdict.good or not verdict.usable:
        return heard
    named = list(zip(verdict.kinds, verdict.complaints, strict=False))
    cleared = [words for kind, words in named if _clears(kind, found)]
    left = [(kind, words) for kind, words in named if not _clears(kind, found)]
    if not cleared or len(named) < len(verdict.complaints):
        return heard  # nothing to clear, or complaints without a kind: they stand
    return replace(
        heard,
        good=not left,
        complaints=tuple(words for _, words in left),
        kinds=tuple(kind for kind, _ in left),
        score=sum(COSTS.get(kind, 0) for kind, _ in left),
        heard_note=f"{found.reason}; cleared: {'; '.join(cleared)}",
    )


def _clears(kind: str, found: Comparison) -> bool:
    """Whether a text that matches refutes a complaint: what the complaint suspects must have
    been heard not to be so. A single word is a recogniser's own error, except the last one."""
    match kind:
        case "short":
            return found.missing <= 1 and found.ended
        case "cut":
            return found.ended
        case "long" | "repeats":
            return found.added <= 1
    return False


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
            found = self._recogniser.hear(_samples(pcm, rate), language)
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


def hearing_row(lines: Iterable[Line]) -> dict[str, Any]:
    """How many takes of a book a machine has heard, and what it said.

    Returns:
        takes: takes in use, equal ones once; heard: of these; share: heard of takes, 0…1;
        matches, differs, inconclusive: outcomes; cleared: takes whose complaints it withdrew;
        by: who listened, sorted.
    """
    verdicts = {line.take.key: line.take.verdict for line in lines if line.take is not None}
    outcomes = Counter(verdict.heard for verdict in verdicts.values() if verdict.heard)
    heard = sum(outcomes.values())
    return {
        "takes": len(verdicts),
        "heard": heard,
        "share": round(heard / len(verdicts), 4) if verdicts else 0.0,
        "matches": outcomes["matches"],
        "differs": outcomes["differs"],
        "inconclusive": outcomes["inconclusive"],
        "cleared": sum("; cleared: " in verdict.heard_note for verdict in verdicts.values()),
        "by": sorted({verdict.heard_by for verdict in verdicts.values() if verdict.heard_by}),
    }


def _folded(phrase: str) -> set[str]:
    """Its words from four letters, all of them as one word, and characters without spaces.

    Shorter words are common ones in a title ("the", "of"), and sound like too many others.
    """
    words = [fold(word) for word in phrase.replace("-", " ").split()]
    single = {c for word in words for c in word if SINGLE.match(c)}
    return single or {word for word in (*words, "".join(words)) if len(word) >= _LEAST_NAME}


def _samples(pcm: Pcm, rate: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    import soxr

    samples = pcm.astype(np.float32) / FULL_SCALE
    if rate == _RATE:
        return samples
    return np.asarray(soxr.resample(samples, rate, _RATE), np.float32)
