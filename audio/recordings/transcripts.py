"""Whether a transcript can be what is said in a clip, told from its length alone. Pure.

A model that clones from a clip and its words learns from both how text becomes sound: words
that are not in the clip, or are missing, come back as words swallowed or invented in every
line. What a letter takes at least and at most is the same as for takes (``verdicts/texts.py``),
by script and not by the book's language: a Chinese clip may lend its voice to an English book.
"""

from __future__ import annotations

import re
from typing import Final

from audio.recordings.checks import Refusal
from audio.verdicts.texts import length_bounds, measure, typical_seconds

# Ordinary readers stay within half and twice the typical pace; beyond it somebody should look.
_FAST: Final = 1.9
_SLOW: Final = 2.4
_SLACK_S: Final = 1.0
_NOT_SAID: Final = re.compile(r"\[[^\]]*\]|<[^>]*>|\{[^}]*\}|\*[^*\s][^*]*\*|https?://\S+|[♪♫]")
_FILE: Final = re.compile(r"\S+\.(?:txt|md|wav|flac|mp3|srt|json)", re.IGNORECASE)
_TIMES: Final = re.compile(r"\d\d?:\d\d(?::\d\d)?[.,]\d{3}|-->")


def check_transcript(
    transcript: str, language: str, speech_s: float, seconds: float
) -> tuple[Refusal | None, tuple[str, ...]]:
    """Why a transcript cannot belong to a clip, and what looks odd about it.

    Args:
        transcript: the words as the project has them.
        language: BCP 47, of the book.
        speech_s: of the clip, its long pauses left out.
        seconds: of the whole clip.
    """
    text = transcript.strip()
    if _FILE.fullmatch(text):
        return _refusal(f"{text!r} is the name of a file"), ()
    if _TIMES.search(text):
        return _refusal("it holds the times of subtitles"), ()
    if not any(map(str.isalnum, text)):
        return _refusal("it has no word"), ()
    least, most = length_bounds(text, language)
    if speech_s < least:
        return _refusal(
            f"{_size(text, language)} cannot be said in {speech_s:.1f} s of speech "
            f"(at least {least:.1f} s)",
            "cut the transcript to what is heard, or choose a longer clip",
        ), ()
    if speech_s > most:
        return _refusal(
            f"{_size(text, language)} cannot last {speech_s:.1f} s (at most {most:.1f} s)",
            "write down everything that is said in the clip",
        ), ()
    return None, tuple(_oddities(text, language, speech_s, seconds))


def _oddities(text: str, language: str, speech_s: float, seconds: float) -> list[str]:
    found = []
    typical = typical_seconds(text, language)
    if typical > _FAST * seconds + _SLACK_S:
        found.append(
            f"its transcript would usually take {typical:.0f} s, the clip has {seconds:.0f} s: "
            "is more written than said?"
        )
    elif speech_s > _SLOW * typical + _SLACK_S:
        found.append(
            f"its transcript would usually take {typical:.0f} s, the clip has {speech_s:.0f} s of "
            "speech: are words missing?"
        )
    odd = _NOT_SAID.search(text)
    if odd:
        found.append(f"its transcript holds {odd.group()!r}: write only what is said aloud")
    return found


def _refusal(message: str, hint: str | None = None) -> Refusal:
    return Refusal(
        f"the transcript does not belong to the clip: {message}",
        "the words spoken in the clip, all of them and no others",
        hint or "write down what is heard",
    )


def _size(text: str, language: str) -> str:
    counted = measure(text, language)
    characters = counted.han + counted.kana
    many, what = (
        (characters, "character") if characters > counted.letters else (counted.words, "word")
    )
    return f"{many} {what}" + "s" * (many != 1)
