"""What someone says, and what is merely named: titles, signs over doors, words as words.

A quoted fragment inside narration stays narration, so that no sentence is torn between two
voices. The signs of speech: an end mark or comma inside, a speech verb, comma or colon before,
and its mere length. Also finds tags that stand inside speech without a mark of their own.
"""

from __future__ import annotations

import re
from functools import cache

from book.languages import Language, load_language
from book.manuscript import speakable

_ENDED = re.compile(r"[.!?…。！？,，—–~～][’'」』\"）)]*$|[.!?…。！？][^\w]*[’』]?$")
_HAN_ENDED = re.compile(r"[。！？!?…—～]$")
# “X”二字, “X”的一声, “X”这话: words named, and sounds
_HAN_NAMED = re.compile(
    r"(?:[这這那一二两兩三四五六七八九十几幾个個]{0,3}[字词詞句语語话話]"
    r"|之[类類称稱]|的[^，。！？]{0,3}[声聲])"
)
_JA_SAID = re.compile(r"(?:と(?!い[うっ]た?[^、。]|呼)|って)")
_SHORT = 6  # Han characters: a quoted fragment longer than this is rarely a mere word
_NEAR = 60  # characters around a quotation that are looked at


def is_speech(text: str, start: int, end: int, language: Language) -> bool:
    """Whether someone says ``text[start:end]`` (quotes included), and not merely its word."""
    inside = text[start + 1 : end].rstrip("\"”’'»«›‹」』＂“‘ \u00a0\u202f")
    before = text[max(0, start - _NEAR) : start].rstrip()
    after = text[end : end + _NEAR].lstrip()
    if not speakable(inside):
        return False
    if not before:
        return True
    if language.tag == "ja":
        return _said_in_japanese(inside, before, after)
    if language.han:
        return _said_in_chinese(inside, before, after, language)
    if _ENDED.search(inside) and (inside[-1:] not in ",，" or before[-1] in ",:"):
        return True
    words = inside.split()
    if before[-1] in ",:—" and (inside[:1].isupper() or len(words) > 3):
        return True
    if before[-1] in '.!?”"' and inside[:1].isupper():
        return len(words) > 3 or inside[-1:] == "," or after.startswith(("--", "—"))
    verb = _verb_at_end(language.tag).search(before[-24:])
    return len(words) > 6 or (verb is not None and (before[-1] in ",:" or len(words) > 3))


def _said_in_chinese(inside: str, before: str, after: str, language: Language) -> bool:
    if len(inside) <= _SHORT and _HAN_NAMED.match(after):
        return False
    if before[-1] in "：:" or _HAN_ENDED.search(inside):
        return True
    verb = _verb_at_end(language.tag).search(before[-16:])
    if verb is None:
        return False
    if before[-1] in "，,、":
        return True
    # 说道“请请”，: speech; 叫他“囚徒”, 称为“贤人”: names
    ended = not after or after[0] in "。，！？；,;"
    return ended and (len(inside) > _SHORT or before[-1] in "道着著说說喊问問答")


def _said_in_japanese(inside: str, before: str, after: str) -> bool:
    return (
        before[-1] in "。！？…」』："
        or not after
        or _JA_SAID.match(after) is not None
        or _HAN_ENDED.search(inside) is not None
    )


def begins_with_tag(text: str, language: Language) -> bool:
    """Whether narration after a quotation says at once who spoke: ``said he``, ``I asked``."""
    return _verb_at_start(language.tag).match(text) is not None


def inner_tags(
    text: str, start: int, end: int, language: Language, *, first_person: bool = True
) -> list[tuple[int, int]]:
    """Tags within speech that no mark sets apart, as after a dash: ``—Thanks, he cried. Go.``

    Each goes to the end of its sentence, or to the comma right after it where the speech
    goes on (``—Look at yourself, he said, you dreadful bard!``).

    Args:
        text: of the paragraph.
        start: where the speech begins in it.
        end: where it ends.
        language: with its verbs of speech and pronouns.
        first_person: whether ``I said`` is a tag too.
    """
    pattern = _inner_tag(language.tag, first_person)
    if pattern is None:
        return []
    found: list[tuple[int, int]] = []
    at = start
    while match := pattern.search(text, at, end):
        at = match.end()
        if text[at : at + 1] == "," and not _GOES_ON.match(text, at + 1):
            at += 1
        else:
            stop = _SENTENCE_END.search(text, at, end)
            at = stop.end() if stop else end
        found.append((match.start(), at))
    return found


_GOES_ON = re.compile(r"\s*(?:\w+(?:ing|ant|ando|endo)\b|(?:with|as|and|in|his|her|en|avec|con)\b)")
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)")


@cache
def _inner_tag(tag: str, first_person: bool) -> re.Pattern[str] | None:
    language = load_language(tag)
    if language.han or not language.speech_verbs:
        return None
    verb = "|".join(map(re.escape, language.speech_verbs))
    known = [*language.first_person] if first_person else []
    known.extend(p.lower() for row in language.pronouns.values() for p in row)
    who = "|".join(map(re.escape, sorted(set(known), key=lambda p: (-len(p), p)))) or "(?!)"
    name = r"[A-ZÀ-Þ][\w’'-]+(?:\s+[A-ZÀ-Þ][\w’'-]+){0,2}"
    return re.compile(
        rf"(?<=[,.!?…;])[\s\u00a0\u202f]+(?:(?:{verb})(?:\s+|-(?:t-)?)"
        rf"(?:(?:{who})\b|(?:[a-z]+\s+){{0,2}}{name})"
        # after a full stop this would be a sentence of a story: He said nothing
        rf"|(?<=[,!?…;]\s)(?:(?:{who})|{name})\s+(?:\w+ly\s+)?(?:{verb})\b)"
    )


@cache
def _verb_at_start(tag: str) -> re.Pattern[str]:
    language = load_language(tag)
    verbs = "|".join(map(re.escape, language.speech_verbs)) or "(?!)"
    if language.han:
        return re.compile(rf"[\s，,]*[^，。！？“”]{{0,8}}?(?<![不没有未])(?:{verbs})")
    return re.compile(rf"\s*(?:[\w.’'-]+\s+){{0,3}}?(?:{verbs})\b", re.I)


@cache
def _verb_at_end(tag: str) -> re.Pattern[str]:
    language = load_language(tag)
    verbs = "|".join(map(re.escape, language.speech_verbs)) or "(?!)"
    if language.han:
        return re.compile(rf"(?:{verbs})[^。！？”」]{{0,2}}[，,：:、]?$")
    return re.compile(rf"\b(?:{verbs})[,:]?$", re.I)
