"""What a recogniser heard, judged against what was to be said: matches, differs, inconclusive.

Pure. Errors are counted in words, for Chinese, Japanese and other scripts without spaces in
characters. A share of errors alone says little: a dropped clause in a long sentence is a small
share, a misheard name in a short one a large. So the longest run that differs decides first.
A recogniser that is unsure, or that repeats itself, proves nothing: *inconclusive*, which is
no fault of the take. Between the shares that match and those that differ lies a margin that
is inconclusive, too. Thresholds: ``python -m benchmarks.hearing``, docs/hearing.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from audio.hearing.alignment import Run, align, without_islands
from audio.hearing.tokens import ANYTHING, SINGLE, Token, by_character, habits_of, tokens

POLICY_VERSION: Final = 1  # raise it when the same words may be judged otherwise

Outcome = Literal["matches", "differs", "inconclusive"]

_UNSURE_LOGPROB: Final = -1.0  # mean of its tokens; Whisper's own limits, and field.md's
_UNSURE_SPEECH: Final = 0.6  # probability that there is none
_LOOPING: Final = 2.4  # compression ratio of the transcript
_FASTEST: Final = 36.0  # letters a second that anybody can say; a character of Han counts three
_SHORT: Final = 12  # letters: of less, a recogniser has no context to know a word by
_QUOTED: Final = 60  # characters of a quotation in a reason


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recogniser made of a take."""

    text: str
    avg_logprob: float = 0.0  # mean log probability of its tokens
    no_speech: float = 0.0  # probability that nobody speaks
    compression: float = 1.0  # ratio of the text; high when it repeats itself
    seconds: float = 0.0  # of audio; 0 when unknown


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a text differs. Tokens are words or characters."""

    run: int  # tokens in one stretch that are missing or too many
    run_at_end: int  # the same for the last words, which a cut take lacks
    replaced: int  # tokens in one stretch that are others: misheard words come in twos and threes
    share: float  # errors per token that differ …
    clear: float  # … and with which a text still matches
    island: int  # tokens that agree by chance between two stretches
    added: int  # tokens beyond a short text that are no mishearing


WORDS: Final = Limits(run=4, run_at_end=3, replaced=6, share=0.4, clear=0.25, island=1, added=4)
CHARACTERS: Final = Limits(
    run=4, run_at_end=3, replaced=6, share=0.4, clear=0.25, island=1, added=6
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome, and why."""

    outcome: Outcome
    reason: str  # for people
    errors: int = 0
    length: int = 0  # tokens that were to be said
    missing: int = 0  # tokens in the stretch that lacks most
    added: int = 0  # tokens in the stretch that has most too many
    ended: bool = True  # the last token was heard

    @property
    def share(self) -> float:
        """Errors per token."""
        return self.errors / self.length if self.length else 0.0


def compare(
    text: str,
    heard: Heard,
    language: str,
    *,
    names: Collection[str] = (),
    limits: Limits | None = None,
) -> Comparison:
    """Whether what was heard is what was to be said.

    Args:
        text: what was to be said, as the engine was given it.
        language: BCP 47.
        names: words that a recogniser cannot know (names of the cast, the lexicon's), folded
            (``tokens.fold``): they may be heard as anything that sounds roughly like them.
        limits: other than those of the language.
    """
    limits = limits or (CHARACTERS if by_character(language) else WORDS)
    said = tokens(text, language)
    length = sum(token.form != ANYTHING for token in said)
    if not length:
        return Comparison("inconclusive", "the text has no words to compare")
    found = tokens(without_inventions(heard.text, text, language), language)
    if _looping(heard):
        return Comparison("inconclusive", "the recogniser repeated itself", length=length)
    if _other_script(said, found):
        return Comparison(
            "inconclusive", f"heard in another script: {_short(heard.text)}", length=length
        )
    runs = align(
        tuple(token.form for token in said),
        tuple(token.form for token in found),
        names=frozenset(names),
        counts=habits_of(language).counts,
    )
    different = without_islands(runs, limits.island)
    difference = _Differences(text, heard.text, said, found, different)
    outcome, reason = _judged(difference, heard, limits, length)
    return Comparison(
        outcome,
        reason,
        errors=difference.errors,
        length=length,
        missing=max([0, *(run.missing - run.added for run in different)]),
        added=max([0, *(run.added - run.missing for run in different)]),
        ended=not different or different[-1].said[1] < len(said) or not different[-1].missing,
    )


def _judged(
    difference: _Differences, heard: Heard, limits: Limits, length: int
) -> tuple[Outcome, str]:
    """The outcome, and why."""
    errors, long = difference.errors, difference.long(limits)
    if errors <= limits.clear * length and not long:
        few = f"heard with {errors} of {length} otherwise" if errors else "heard as it is written"
        return "matches", few
    doubt = _doubt(difference, heard, limits)
    if doubt:
        return "inconclusive", doubt
    if long or errors > limits.share * length:
        return "differs", difference.sentence()
    return "inconclusive", f"{errors} of {length} differ here and there"


@dataclass(frozen=True, slots=True)
class _Differences:
    """The stretches in which two texts differ."""

    text: str
    heard_text: str
    said: Sequence[Token]
    heard: Sequence[Token]
    runs: Sequence[Run]

    @property
    def errors(self) -> int:
        """Of all stretches."""
        return sum(run.errors for run in self.runs)

    def long(self, limits: Limits) -> bool:
        """Whether a stretch is too long for a mishearing."""
        return any(
            run.size >= limits.replaced
            or abs(run.missing - run.added)
            >= (limits.run_at_end if self._missing_end(run) else limits.run)
            for run in self.runs
        )

    def _missing_end(self, run: Run) -> bool:
        """Whether the text's last words were not heard, nor others in their place."""
        return run.said[1] == len(self.said) and run.missing > run.added

    def sentence(self) -> str:
        """What went missing or was added, quoted."""
        run = max(self.runs, key=lambda run: run.size)
        missing = _quoted(self.text, self.said[slice(*run.said)])
        added = _quoted(self.heard_text, self.heard[slice(*run.heard)])
        if missing and added:
            return f"heard {added} instead of {missing}"
        if missing:
            return f"{missing} was not heard"
        return f"heard {added}, which is not in the text"


def _doubt(difference: _Differences, heard: Heard, limits: Limits) -> str:
    """Why a difference may be the recogniser's; "" when it is the take's."""
    if heard.no_speech > _UNSURE_SPEECH or heard.avg_logprob < _UNSURE_LOGPROB:
        return f"the recogniser was unsure: {_short(heard.text)}"
    if _letters(difference.text) < _SHORT:
        beyond = len(difference.heard) - len(difference.said)
        if beyond < limits.added:
            return f"too short to be sure: heard {_short(heard.text) or 'nothing'}"
    return ""


def _looping(heard: Heard) -> bool:
    """More than anybody could say in the time: a take that loops stays below."""
    return heard.compression > _LOOPING and (
        not heard.seconds or _letters(heard.text) > _FASTEST * heard.seconds
    )


def _other_script(said: Sequence[Token], heard: Sequence[Token]) -> bool:
    """Characters of Han where an alphabet was to be heard, or the other way round."""
    if len(heard) < 2:
        return False
    share = [sum(bool(SINGLE.match(t.form)) for t in row) / len(row) for row in (said, heard)]
    return abs(share[0] - share[1]) > 0.8


def without_inventions(heard: str, text: str, language: str) -> str:
    """A transcript without the words of subtitles that recognisers end unclear audio with."""
    kept = heard.rstrip()
    for phrase in habits_of(language).invented:
        bare = phrase.rstrip(".")
        if bare.casefold() not in text.casefold():
            ending = kept.rstrip(" .!。！")
            if ending.casefold().endswith(bare.casefold()):
                kept = ending[: len(ending) - len(bare)].rstrip()
    return kept


def _letters(text: str) -> int:
    return sum(3 if SINGLE.match(c) else 1 for c in text if c.isalnum())


def _quoted(text: str, part: Sequence[Token]) -> str:
    return f"“{_short(text[part[0].start : part[-1].end])}”" if part else ""


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"
