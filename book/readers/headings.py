"""Which lines are headings, and which number they bear.

``Chapter I``, ``BOOK TWO. THE RETURN``, ``Erstes Kapitel``, ``IV.``, ``V. The Prison-Door``,
``第十二回　…``, ``（三）``, ``Epilogue``. A heading stands alone, is short, and does not read on
like a sentence. What it begins is decided with the whole book in view
(``book/readers/assembly/ranks.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from book.languages import Language, load_language
from book.readers.blocks import CHAPTER, PART, SECTION, Heading
from book.readers.numbers import HAN_NUMBER, ROMAN, number_of, ordinals, spelled

# Characters of a heading with its title: Oliver Twist has "THE TIME ARRIVES FOR NANCY …" and
# longer; what is not in capitals is a sentence above 160.
LONGEST = 160
LONGEST_CAPITALS = 400
_DECORATION = "-—–=~*·.•_[]()（）【】〔〕《》<>「」 \t\u3000"
_ORNAMENT = "-—–=~*·•_#+ \t\u3000"
_SENTENCE_END = re.compile(r"[.!?…。！？;；,，:：]['\"’”」』)]*$")
_TWO_SENTENCES = re.compile(r"[a-z]{3}[.!?]['\"’”)]* +['\"‘“(]*[A-Z].*[a-z][.!?]['\"’”)]*$")
_MARKS = re.compile(r"(?<=\S)(?:\[(?:\d{1,3}|[A-Za-z*†‡])\]|［\d{1,3}］|〔\d{1,3}〕|[⑴-⒇①-⑳*†‡])+$")
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(rf"\d{{1,3}}[a-zº]{{0,3}}|{ROMAN}|{HAN_NUMBER}", re.I)
_ARTICLES = ("the", "le", "la", "der", "die", "das", "el")
_BARE = re.compile(rf"(?:{ROMAN}|\d{{1,3}}|{HAN_NUMBER})[.、．:]?")
_NUMBERED = re.compile(
    rf"(?P<number>{ROMAN}|\d{{1,3}})(?:[.:)][—–\s-]*|\s*[—–]+\s*|\s+-+\s+)(?P<title>\S.*)", re.S
)
_NUMBERED_HAN = re.compile(
    rf"[（(]?(?P<number>{HAN_NUMBER})[）)]?(?:[、．.:：]\s*|\s+)(?P<title>\S.*)"
)


@cache
def _patterns(language: Language) -> tuple[tuple[int, re.Pattern[str]], ...]:
    """(rank, pattern) in the order in which they are tried.

    Groups: label, word, number, rest, and where they matter gap (between label and rest).
    Chinese and Japanese books hold English headings too, hardly ever the other way round.
    """
    own = language.headings
    latin = load_language("en").headings if language.han else own
    number = "|".join((r"\d{1,3}(?!\d)", rf"{ROMAN}(?![^\W_])", *_longest(spelled(language))))
    ordinal = "|".join(
        (r"\d{1,3}(?:\.|st|nd|rd|th|er|re|ère|e|ème|º|ª)", *_longest(ordinals(language)))
    )
    rest = r"(?![\w'’])(?:(?P<gap>[\s.:：,—–-]+)(?P<rest>\S.*)|[\s.:：—–-]*)"
    found: list[tuple[int, str]] = []
    if language.han:
        after = r"(?:[\s:：、.·—-]*(?P<rest>[^，。！？]*[！？]?))"
        for rank, words in ((PART, own.part), (CHAPTER, own.chapter)):
            label = rf"(?P<label>第\s*(?P<number>{HAN_NUMBER})\s*(?P<word>{_choice(words)}))"
            found.append((rank, label + after))
        found.append((PART, rf"(?P<label>(?P<word>卷)\s*(?P<number>{HAN_NUMBER}))" + after))
        label = rf"(?P<label>(?P<number>[上中下])(?P<word>{_choice(own.part)}))"
        found.append((PART, label + after))
        found.append((CHAPTER, rf"(?P<label>(?P<word>その)(?P<number>{HAN_NUMBER}))" + after))
    for rank, words in ((PART, latin.part), (CHAPTER, latin.chapter)):
        if not words:
            continue
        word = rf"(?P<word>{_choice(words)})"
        after_word = r"\b\.?(?:\s+(?:the|le|la|der|die|das|el|nr\.?|no\.?|n°))?\s*"
        label = rf"(?:the\s+)?{word}{after_word}(?P<number>{number})"
        found.append((rank, rf"(?P<label>{label}){rest}"))
        label = rf"(?:(?:the|der|die|das|la|le|el)\s+)?(?P<number>{ordinal})\s+{word}\b"
        found.append((rank, rf"(?P<label>{label}){rest}"))
        if latin.last:
            last = _choice(latin.last)
            label = (
                rf"(?:the\s+)?(?:{word}\s+(?:the\s+)?(?:{last})|(?:{last})\s+(?:{_choice(words)}))"
            )
            found.append((rank, rf"(?P<label>{label})(?P<number>)\b{rest}"))
    named = (*own.named, *(latin.named if language.han else ()))
    if named:
        which = rf"(?:the\s+)?(?:(?:{ordinal})\s+)?"
        label = rf"(?P<label>{which}(?P<word>{_choice(named)})(?P<number>{HAN_NUMBER})?)"
        found.append((CHAPTER, label + r"(?:(?P<gap>[\s.:：—–-]+)(?P<rest>.*))?"))
    return tuple((rank, re.compile(pattern, re.I)) for rank, pattern in found)


def _longest(words: Iterable[str]) -> list[str]:
    """Escaped, the longest first, so that "twenty" does not hide "twenty-one"."""
    return [re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w))]


def _choice(words: Iterable[str]) -> str:
    return "|".join(_longest(words))


def plain_line(line: str) -> str:
    """A line as one that may be a heading: single spaces, no emphasis, no note marks at its end."""
    text = " ".join(line.split())
    return _MARKS.sub("", text.replace("_", "") if len(text) < LONGEST_CAPITALS else text)


@cache
def _first_words(language: Language) -> frozenset[str]:
    """What a heading in Latin script begins with, unless with a number."""
    own = language.headings
    phrases = [*own.part, *own.chapter, *own.named, *own.last, *spelled(language), *_ARTICLES]
    return frozenset(_WORD.findall(phrase)[0].casefold() for phrase in phrases)


def _may_begin(line: str, language: Language) -> bool:
    """A quick look at the first word, for speed: most lines of a book are no headings."""
    first = _WORD.search(line, 0, LONGEST)
    if first is None or language.han:
        return first is not None
    word = first.group()
    return word.casefold() in _first_words(language) or _NUMBER.fullmatch(word) is not None


def match_heading(line: str, language: Language) -> Heading | None:
    """The heading that ``line`` is, or None. Bare numbers get the rank SECTION.

    A number with a title behind it (``V. The Prison-Door``) is a SECTION whose word ends
    with a stop: it may as well be an entry of a list, which only the book can tell.
    """
    if not _may_begin(line, language):
        return None
    text = plain_line(line)
    if not text or len(text) > LONGEST_CAPITALS:
        return None
    if len(text) > LONGEST and text.upper() != text:
        return None
    core = text.strip(_DECORATION)
    if len(core) <= 8 and _BARE.fullmatch(core):
        core = core.rstrip(".、．:")
        frame = "" if text[0].isalnum() else text[0]  # "— II —" and "II" are not of one kind
        return Heading(SECTION, core, "", _kind(core) + frame, number_of(core))
    words = number_of(core, language) if core[:1].isupper() and len(core) < 24 else None
    if words is not None and (core.isupper() or text[-1] != "."):
        return Heading(SECTION, core, "", "#words", words)
    bare = text.strip(_ORNAMENT)
    for rank, pattern in _patterns(language):
        match = pattern.fullmatch(bare)
        if not match:
            continue
        groups = match.groupdict()
        title = (groups["rest"] or "").strip(" \u3000:：—–-")
        if title and not _is_title(title, groups.get("gap") or " "):
            return None
        number = number_of(groups["number"], language) if groups.get("number") else None
        found = Heading(
            rank, groups["label"].strip(), title, (groups["word"] or "").casefold(), number
        )
        return _inside(found, language) if rank == PART and title else found
    return _numbered(bare, language)


def _inside(part: Heading, language: Language) -> Heading:
    """``Book One, Chapter II: …`` in one line is the chapter; its numbers restart in each part."""
    chapter = match_heading(part.title, language)
    if chapter is None or chapter.rank != CHAPTER or chapter.number is None:
        return part
    return Heading(
        CHAPTER,
        f"{part.label}, {chapter.label}",
        chapter.title,
        f"{chapter.word} of {part.word} {part.number}",
        chapter.number,
    )


def _numbered(text: str, language: Language) -> Heading | None:
    match = _NUMBERED.fullmatch(text) or (language.han and _NUMBERED_HAN.fullmatch(text))
    if not match or len(text) > LONGEST:
        return None
    title = match["title"].strip()
    if not may_be_title(title, stop=True):
        return None
    number = match["number"]
    return Heading(SECTION, number, title, _kind(number) + ".", number_of(number))


def _kind(number: str) -> str:
    return "#digits" if number.isdecimal() else "#roman" if number.isascii() else "#han"


def _is_title(text: str, gap: str) -> bool:
    """Whether what follows a heading's number may be its title, and not a sentence's rest.

    Behind a stop, colon or dash it may end like a sentence: "CHAPTER 1. Loomings."
    """
    if text[:1].islower() and not any(mark in gap for mark in "—–-"):
        return False
    if text.upper() == text:
        return True
    if any(mark in gap for mark in ".:：—–-"):
        return len(text) <= LONGEST and not _TWO_SENTENCES.search(text)
    short_cry = len(text) <= 40 and text[-1] in "!?！？…"
    return "," not in gap and (short_cry or _SENTENCE_END.search(text) is None)


def may_be_title(text: str, *, stop: bool = False) -> bool:
    """Whether a line under a numbered heading is that heading's title.

    Args:
        stop: whether it may end with a full stop and bear quotation marks, as titles do that
            stand where a title is sure to stand.
    """
    line = " ".join(text.split())
    capitals = line.upper() == line and any(map(str.isupper, line))
    if not line or len(line) > (LONGEST_CAPITALS if capitals else LONGEST):
        return False
    if not any(map(str.isalpha, line)):
        return False
    if line[0] in "\"'“‘「『—" and not capitals and not (stop and line[-1] in "\"'”’」』"):
        return False
    if capitals:
        return True
    if stop:
        line = re.sub(r"(?<=\w)[.!?。！？]['\"’”」』]?$", "", line)
    if _SENTENCE_END.search(line):
        return False
    if not line.isascii() and any("\u3040" <= c <= "\u9fff" for c in line):
        return len(line) <= 24
    words: list[str] = re.findall(r"[^\W\d_]+", line)
    long = [w for w in words if len(w) > 3] or [words[0], words[-1]]  # "Out to Sea"
    rising = sum(word[0].isupper() for word in long)
    return rising >= 0.6 * len(long)
