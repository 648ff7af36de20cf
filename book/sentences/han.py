"""Sentence ends in Chinese and Japanese: a scanner of end marks, quotes and brackets.

An end mark ends a sentence together with the quotes that close behind it, unless what
follows belongs to the quotation: a tag (``“站住！”她喊道。``), a particle (``“救命！”的喊声``), or
narration that goes on without a subject (``他说：“跟上！”接着上了车。``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

from book.languages import Language, load_language
from book.sentences.brackets import Brackets, find_brackets
from book.sentences.stops import stop_goes_on

_TAG_REACH = 6  # characters between a quotation and its verb
_LONGEST = 2000  # characters of a quotation whose beginning is looked for
_PHRASE = 10  # characters of a quotation that a clause may be built around
_PLAIN = r"[^，。！？：；、“”「」…—\s]"  # a character inside a clause
_SAYING = rf"(?:不(?=[住禁由慌耐高满安假屑])|没(?=好气)|(?![不没未无怎什何谁该想听]){_PLAIN})"
_OPENS = '“‘「『"＂'
_CLOSES = {"”": "“", "’": "‘", "」": "「", "』": "『", '"': '"', "＂": "＂"}
_ENDS = "。！？!?｡"
_STARTS_NOTHING = "，。、；：！？,;:!?…”’」』）)》】〉"
_MARK = re.compile(
    r"(?P<pause>。{3,}(?![！？!?]))"  # dots of an ellipsis, typed as stops
    rf"|(?P<end>[{_ENDS}]+(?:…+|[{_ENDS}])*|…+[{_ENDS}]+)"
    r"|(?P<trails>…+|\.{3,}|—+)"
    r"|(?P<stop>(?<=[a-z][a-z])\.(?=[”’\"]*\s+[“‘\"]?[A-Z]))"
    r"|(?P<meet>」(?=「))"
)
_CLOSERS = re.compile(r"[”’」』\"＂）)】》]*")
_STRAIGHT = re.compile('["＂]')
_OPENING = re.compile(r"[\s“‘\"]*")  # before an English word
_BRACKETS = "《》（）()【】〈〉〔〕［］"


def han_ends(text: str, language: Language) -> list[int]:
    """Offsets inside ``text`` before which a sentence ends and another begins, rising."""
    brackets = find_brackets(text, _BRACKETS)
    straight = [found.start() for found in _STRAIGHT.finditer(text)]
    ends: list[int] = []
    for match in _MARK.finditer(text):
        closers = _CLOSERS.match(text, match.end())
        closed = _closed(closers.group() if closers else "", match.end(), straight)
        at = match.end() + len(closed)
        begin = ends[-1] if ends else 0
        if at >= len(text) or brackets.inside(at):
            continue
        if _ends(text, match, at, closed, begin, brackets, language):
            ends.append(at)
    return ends


def _closed(closers: str, at: int, straight: Sequence[int]) -> str:
    """The closers at ``at``, up to a straight quote that opens: every other one does."""
    for i, character in enumerate(closers):
        if character in '"＂' and bisect_left(straight, at + i) % 2 == 0:
            return closers[:i]
    return closers


def _ends(
    text: str,
    match: re.Match[str],
    at: int,
    closed: str,
    begin: int,
    brackets: Brackets,
    language: Language,
) -> bool:
    """Whether the mark ``match`` ends a sentence at ``at``."""
    rest = text[at : at + 24].lstrip()
    if not rest or rest[0] in _STARTS_NOTHING:
        return False
    quotes = [c for c in closed if c in _CLOSES]
    if match["meet"]:
        return language.sentences.unmarked_quotes and _only_quotes(text, begin, match.end())
    if (
        match["pause"] or match["trails"]
    ):  # it trails off or is cut short: an end only before a new quotation
        return bool(quotes) and rest[0] in _OPENS
    if match["stop"]:  # English inside Chinese
        opening = _OPENING.match(text, at)
        following = opening.end() if opening else at
        return bool(quotes) or not stop_goes_on(
            text, match.start(), following, begin, load_language("en")
        )
    if match.group()[-1] in "!?" and rest[0].islower():
        return False  # "Jeopardy! fans"
    if any(c in "）)】》" for c in closed) and not brackets.heads_sentence(text, at - 1):
        return False  # 他（谁都这么说。）不肯进城。
    return not quotes or not _belongs(text, at, rest, quotes[-1], language)


def _belongs(text: str, at: int, rest: str, quote: str, language: Language) -> bool:
    """Whether narration behind a quotation belongs to its sentence."""
    rest = rest.lstrip("—")
    if not rest:
        return True
    if _follows(language.tag, "begins_anew").match(rest):
        return False
    if _follows(language.tag, "goes_on").match(rest):
        return True
    opened = text.rfind(_CLOSES[quote], max(0, at - _LONGEST), at - 1)
    before = text[max(0, opened - _TAG_REACH) : opened].rstrip() if opened >= 0 else ""
    led_up = before.rstrip("：:，,")
    if before[-1:] in tuple("：:") or _verb_at_end(language.tag).search(led_up):
        # its speaker is named already: 他说：“跟上！”接着上了车, but 他说：“跟上！”|她没有动
        return _follows(language.tag, "subjectless").match(rest) is not None
    if _tag(language.tag).match(rest) and not _follows(language.tag, "not_tags").match(rest):
        return True
    if not before or before[-1] in _ENDS + "”」』’":
        return False
    if before[-1] in "，,、—…":
        return _follows(language.tag, "subjectless").match(rest) is not None
    return rest[0] not in _OPENS and at - opened <= _PHRASE  # 一声“救命！”划破夜空


def _only_quotes(text: str, begin: int, end: int) -> bool:
    """Whether a sentence so far is one quotation: ``「はい」`` before ``「どうぞ」``."""
    sentence = text[begin:end].lstrip()
    return sentence[:1] == "「" and sentence.count("「") == 1


@cache
def _tag(tag: str) -> re.Pattern[str]:
    """A tag: within a few characters a verb of speech, and soon after it a mark or the end.

    Further away it must end its clause: 一个高个子的老头说. What is denied is no tag: 他没有再问.
    """
    language = load_language(tag)
    verbs = {*language.speech_verbs, *language.sentences.tag_verbs}
    long = "|".join(sorted(map(re.escape, verbs), key=len, reverse=True)) or "(?!)"
    sure = "|".join(sorted((re.escape(v) for v in verbs if len(v) > 1), key=len, reverse=True))
    single = "".join(sorted(re.escape(v) for v in verbs if len(v) == 1))
    pronouns = sorted({p for own in language.pronouns.values() for p in own if len(p) == 1})
    whom = "".join((*pronouns, *language.first_person, "你您们咱它"))
    others = sorted({*language.not_speech} - {*"着了起完过得"})  # 嘟囔着, 惊叫起来 do speak
    not_speech = "|".join(map(re.escape, others)) or "(?!)"
    mark = r"(?=[，。、：；！？…—“「]|$)"
    parts = [rf"{_PLAIN}{{0,{_TAG_REACH}}}?(?:{sure or '(?!)'})(?!{not_speech})"]
    if single:
        end = rf"(?:[{whom}]{{0,3}}{mark}|了?[一几两][声句]|[着完罢得]|起来|了{mark})"
        parts.append(rf"{_SAYING}{{0,{_TAG_REACH}}}?[{single}]{end}")
        parts.append(rf"{_SAYING}{{0,{2 * _TAG_REACH}}}?(?:{long}){mark}")
    return re.compile("|".join(parts))


@cache
def _follows(tag: str, which: str) -> re.Pattern[str]:
    """One of the language's words of a kind, at once; ``not_tags`` a little later, too."""
    words: tuple[str, ...] = getattr(load_language(tag).sentences, which)
    found = "|".join(sorted(map(re.escape, words), key=len, reverse=True)) or "(?!)"
    reach = rf"{_PLAIN}{{0,{2 * _TAG_REACH}}}?" if which == "not_tags" else ""
    return re.compile(rf"{reach}(?:{found})")


@cache
def _verb_at_end(tag: str) -> re.Pattern[str]:
    verbs = "|".join(map(re.escape, load_language(tag).speech_verbs)) or "(?!)"
    return re.compile(rf"(?:{verbs})$")
