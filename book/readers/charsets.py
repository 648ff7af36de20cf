"""Which encoding bytes without a mark are in, by what they read as.

The one of several readings that looks like a language wins: frequent characters, and few
that no language has. Deterministic, no model, no library.
"""

from __future__ import annotations

import re

# The most frequent characters of modern Chinese in both scripts, and Japan's forms of them.
# From general knowledge, about 380 of each. They are 65-71 % of the Han in Lu Xun's four
# stories; of the Han in a wrong reading they are 2-10 % (2026-11-21, all pairs of EASTERN).
_FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
    "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前"
    "开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重"
    "并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常"
    "先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报"
    "才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼"
    "书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术"
    "领共确传师观清今切院让识候带导争运夜吗吧呢啊谁您便忽站坐笑哭喊叫喝吃酒钱坏哥爷娘父母弟妹姐"
    "這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問並應戰頭"
    "體見產話給門東聲員論處義幾認條係氣題爾別變總電數報結務場計資許統區隊決馬書則聽卻達強難權設記"
    "類據邊張該規萬覺術領確傳師觀讓識帶導爭運嗎誰錢壞爺"
    "対発気経実戦関点業両応変数報結場計総図読書話語聞見間円駅"
)
_OTHER_FREQUENT = frozenset("，。、：；？！“”‘’「」『』《》（）…—·　・ー")
_WESTERN_SIGNS = frozenset("‘’“”„‚–—…£€°§©®™†‡•«»‹›´·¡¿")
# What stands in East Asian books beside: brackets, numbered notes, box and blank signs.
_OTHER = re.compile(
    "[\u00b7×\u2160-\u217f\u2460-\u24ff\u25a0-\u25ff\u3000-\u303f\uff5f\uff60\uffe0-\uffef]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")

EASTERN = ("gb18030", "cp950", "big5hkscs", "cp932", "euc_jp")
LOOKED_AT = 20_000  # characters; enough for any decision, and quick for a long novel
FEW = 8  # letters
_CHUNK = 60_000  # bytes that a reading is tried on before the whole is


def find_charset(content: bytes) -> str | None:
    """Python's name of the encoding of ``content``, which is not UTF-8; None if none fits."""
    if b"\x00" in content or damaged_utf8(content):
        return find_wide(content)
    best, most = None, 0.0
    for charset in EASTERN:
        text = _reading(content, charset)
        if text is None:
            continue
        found = _eastern(text)
        if found > most:
            best, most = charset, found
    if best:
        return best
    text = _reading(content, "cp1252")
    return "cp1252" if text is not None and _is_western(text) else None


def damaged_utf8(content: bytes) -> bool:
    """Whether the bytes are UTF-8 but for a few: better refused than read as something else.

    In other encodings at most one high byte in three happens to form a character of UTF-8.
    """
    text = content.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    good = sum(c > "\x7f" for c in text) - lost
    return lost > 0 and good >= 3 * lost and good >= 4


def find_wide(content: bytes) -> str | None:
    """The UTF-16 or UTF-32 without a mark that ``content`` is, or None."""
    if b"\x00" not in content:  # even Chinese in UTF-16 has line ends
        return None
    candidates: tuple[tuple[str, int], ...] = (
        ("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2),
    )  # fmt: skip
    best, most = None, 0.8
    for charset, width in candidates:
        if len(content) % width:
            continue
        try:
            content.decode(charset)
            text = content[: _CHUNK * width].decode(charset, "ignore")
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            continue
        share = sum(map(_is_plain, text)) / len(text)
        if share > most:
            best, most = charset, share
    return best


def _is_plain(character: str) -> bool:
    """Whether a character may stand in a book: letters of the languages we know, their marks."""
    return (
        " " <= character < "\x7f"
        or character in "\t\n\r\x0c"
        or "\xa0" <= character < "\u0250"
        or character in _WESTERN_SIGNS
        or "\u3040" <= character <= "\u30ff"
        or "\u4e00" <= character <= "\u9fff"
        or "\uff00" <= character <= "\uffef"
        or character in _OTHER_FREQUENT
    )


def _reading(content: bytes, charset: str) -> str | None:
    try:
        return content.decode(charset)
    except UnicodeDecodeError:
        return None


def _eastern(text: str) -> float:
    """How much a reading looks like Chinese or Japanese, 0 (not at all) to 1."""
    foreign = [c for c in text if c > "\x7f"][:LOOKED_AT]
    if not foreign:
        return 0.0
    kana = sum("\u3041" <= c <= "\u30fa" for c in foreign)
    han = sum("\u4e00" <= c <= "\u9fff" for c in foreign)
    frequent = sum(c in _FREQUENT for c in foreign)
    marks = sum(c in _OTHER_FREQUENT for c in foreign)
    wide = sum("\uff01" <= c <= "\uff5e" and c not in _OTHER_FREQUENT for c in foreign)
    other = sum(c not in _OTHER_FREQUENT and _OTHER.match(c) is not None for c in foreign)
    strange = len(foreign) - kana - han - marks - wide - other
    if not han + kana or strange > 0.1 * len(foreign):
        return 0.0
    few = han + kana < FEW  # any two bytes may happen to make a frequent character
    if _inside_words(text) > (0 if few else 0.5 * (han + kana)):
        return 0.0
    usual = (frequent + kana) / (han + kana)
    if usual < (0.6 if few else 0.3):
        return 0.0
    if few and sum(c.isascii() and c.isalpha() for c in text) > 3 * len(foreign):
        return 0.0  # a Western text with a few accents
    return (frequent + kana + marks) / len(foreign)


def _inside_words(text: str) -> int:
    """Eastern letters that touch small Latin ones: an accented letter and its neighbour misread."""
    head = text[: 4 * LOOKED_AT]
    return len(re.findall("(?<=[a-z])[\u3041-\u9fff]|[\u3041-\u9fff](?=[a-z])", head))


def _is_western(text: str) -> bool:
    """Few characters are not ASCII, and nearly all of those are letters or book signs."""
    foreign = [c for c in text if c > "\x7f"]
    known = sum(c.isalpha() or c in _WESTERN_SIGNS for c in foreign)
    return len(foreign) <= 0.3 * len(text) and known >= 0.8 * len(foreign)
