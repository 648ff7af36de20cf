"""What may be spoken in whose voice: asked before anything is ordered or synthesised.

Off until somebody says what is unwanted: terms in ``DATA/library/deny.txt``, or a service of
one's own that is asked over HTTP. The strictest answer counts. Every decision is logged, with
the text's hash and never the text.
"""

from __future__ import annotations

import json
import logging
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, get_args

from castbook.canonical import text_digest
from castbook.errors import StorageError
from castbook.tracing import current_trace

Verdict = Literal["allow", "review", "deny"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)  # milder first
DENY_FILE: Final = "deny.txt"
_MOST_ANSWER: Final = 64 * 1024  # bytes of a moderator's answer
_MOST_TERMS: Final = 4 * 2**20  # bytes of a deny list
_REVIEW: Final = "review:"

log = logging.getLogger("castbook.moderation")


@dataclass(frozen=True, slots=True)
class Decision:
    """A moderator's answer."""

    verdict: Verdict
    reason: str = ""  # for the one who asked; holds nothing of the text
    by: str = ""  # which moderator


class Moderator(Protocol):
    """Looks at a text before it is spoken."""

    def check(self, text: str, voice: str, principal: str) -> Decision:
        """May ``principal`` hear ``text`` in ``voice`` (its id)? May block for seconds."""
        ...


class DenyList:
    """Terms of a file, one in a line; ``#`` comments; ``review: TERM`` asks for a person's look.

    A term matches where it stands as a word or words (in scripts without spaces, anywhere),
    whatever its case, width or spacing. The file is read again when it changes; without one
    everything is allowed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._signature: tuple[int, int, int] | None = None
        self._terms: tuple[Term, ...] = ()
        self._lock = threading.Lock()

    def check(self, text: str, voice: str, principal: str) -> Decision:
        """See ``Moderator``.

        Raises:
            StorageError: the list cannot be read: nothing is spoken until it can.
        """
        folded = _folded(text)
        for verdict in reversed(VERDICTS):
            if any(term.stands_in(folded) for term in self._read() if term.verdict == verdict):
                return Decision(verdict, "the text holds a term that is not spoken here", "list")
        return Decision("allow", by="list")

    def _read(self) -> tuple[Term, ...]:
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            return ()
        signature = stat.st_mtime_ns, stat.st_size, stat.st_ino
        with self._lock:
            if signature != self._signature:
                self._terms = parse_terms(_text(self._file))
                self._signature = signature
            return self._terms


@dataclass(frozen=True, slots=True)
class Term:
    """A line of a deny list, folded."""

    text: str
    verdict: Verdict

    def stands_in(self, folded: str) -> bool:
        """Whether a folded text holds the term, not merely as a part of a longer word."""
        at = folded.find(self.text)
        while at >= 0:
            end = at + len(self.text)
            if not (_joined(folded[at - 1 : at + 1]) or _joined(folded[end - 1 : end + 1])):
                return True
            at = folded.find(self.text, at + 1)
        return False


def parse_terms(text: str) -> tuple[Term, ...]:
    """The terms of a deny list."""
    found = []
    for line in text.splitlines():
        term = line.partition("#")[0].strip()
        verdict: Verdict = "deny"
        if term.casefold().startswith(_REVIEW):
            verdict, term = "review", term[len(_REVIEW) :]
        if _folded(term):
            found.append(Term(_folded(term), verdict))
    return tuple(found)


class HttpModerator:
    """Asks a service: POST ``{"text", "voice", "principal", "trace"}``, answered by
    ``{"decision": "allow" | "review" | "deny", "reason": …}``.

    Args:
        on_failure: what counts when it does not answer, or not so: fail closed by ``deny``
            (the default of the settings), open by ``allow``, or ask a person by ``review``.
    """

    def __init__(self, url: str, *, on_failure: Verdict = "deny", timeout_s: float = 5.0) -> None:
        import httpx

        self._url = url
        self._on_failure = on_failure
        # addresses of the operator's own choosing; no proxy of the environment sees the texts
        self._client = httpx.Client(timeout=timeout_s, trust_env=False, follow_redirects=False)

    def check(self, text: str, voice: str, principal: str) -> Decision:
        """See ``Moderator``."""
        import httpx

        asked = {"text": text, "voice": voice, "principal": principal, "trace": current_trace()}
        try:
            with self._client.stream("POST", self._url, json=asked) as answer:
                answer.raise_for_status()
                content = b""
                for block in answer.iter_bytes():
                    content += block
                    if len(content) > _MOST_ANSWER:
                        raise ValueError("its answer is too long")
            return _decision(json.loads(content))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            log.error("the moderator does not answer: %s", type(error).__name__)
            return Decision(self._on_failure, "the moderator does not answer", "failure")

    def close(self) -> None:
        """Ends its connections."""
        self._client.close()


class Panel:
    """Several moderators as one: the strictest answer counts, and is logged."""

    def __init__(self, moderators: Sequence[Moderator]) -> None:
        self._moderators = tuple(moderators)

    def check(self, text: str, voice: str, principal: str) -> Decision:
        """See ``Moderator``. A denial ends the asking."""
        strictest = Decision("allow")
        for moderator in self._moderators:
            decision = moderator.check(text, voice, principal)
            if VERDICTS.index(decision.verdict) > VERDICTS.index(strictest.verdict):
                strictest = decision
            if strictest.verdict == "deny":
                break
        log.log(
            logging.INFO if strictest.verdict == "allow" else logging.WARNING,
            "moderation verdict=%s by=%s text_sha256=%s characters=%d voice=%s principal=%s "
            "trace=%s",
            strictest.verdict, strictest.by or "nobody", text_digest(text), len(text), voice,
            principal, current_trace(),
        )  # fmt: skip
        return strictest


def _decision(answer: object) -> Decision:
    if not isinstance(answer, Mapping):
        raise ValueError("its answer is no object")
    for verdict in VERDICTS:
        if answer.get("decision") == verdict:
            reason = answer.get("reason")
            return Decision(verdict, reason[:300] if isinstance(reason, str) else "", "service")
    raise ValueError("its answer has no decision")


def _folded(text: str) -> str:
    """A text as it is compared: form, width, case, invisible characters and spacing aside."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    seen = (c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join("".join(seen).split())


def _joined(pair: str) -> bool:
    """Whether two neighbours belong to one word: letters or digits of scripts that put spaces
    between words. Those from Thai (U+0E00) on mostly do not, and Korean joins its particles."""
    return len(pair) == 2 and all(c.isalnum() and ord(c) < 0x0E00 for c in pair)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as handle:
            content = handle.read(_MOST_TERMS + 1)
        if len(content) > _MOST_TERMS:
            raise StorageError(
                f"{file.name} is larger than 4 MiB: nothing is spoken until it is not"
            )
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        # the operator's to mend, and no fault of whoever sent a text
        raise StorageError(
            f"{file.name} cannot be read: nothing is spoken until it is UTF-8 text"
        ) from error
