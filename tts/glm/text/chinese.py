"""What the front end does to text with hanzi, around the grammar for numbers.

``before`` runs ahead of the grammar, ``after`` behind it; both are text to text. ``mended``
keeps words apart that upstream's removals would join (``tts/glm/text/normalise.py``).
"""

from __future__ import annotations

import re
from typing import Final

from tts.glm.text.marks import HANZI, PUNCTUATION, drop

_NUMERALS: Final = "零一二三四五六七八九十百千万亿"
_RESPELLED: Final = {"噢": "哦", "欸": "诶"}
_BRACKETS: Final = r"()（）【】「」`《》『』{}\[\]‘’"
_QUOTES: Final = r"""_·"'“”|"""
# Upstream's tables as far as they could be observed, and their neighbours of the same kind.
_SYMBOLS: Final = str.maketrans(
    {
        "†": "，", "²": "平方", "³": "立方", "/": "每", "~": "到",
        "①": "一", "②": "二", "③": "三", "④": "四", "⑤": "五",
        "⑥": "六", "⑦": "七", "⑧": "八", "⑨": "九", "⑩": "十",
        "∵": "因为", "∴": "所以", "≠": "不等于", "<": "小于", ">": "大于",
        "≤": "小于等于", "≥": "大于等于", "≈": "约等于", "×": "乘", "÷": "除以", "±": "正负",
        "α": "阿尔法", "β": "贝塔", "γ": "伽玛", "δ": "德尔塔", "ε": "艾普西龙", "ζ": "捷塔",
        "η": "依塔", "θ": "西塔", "ι": "艾欧塔", "κ": "喀帕", "λ": "拉姆达", "μ": "缪",
        "ν": "拗", "ξ": "克西", "ο": "欧米克伦", "π": "派", "ρ": "肉", "σ": "西格玛",
        "ς": "西格玛", "τ": "套", "υ": "宇普西龙", "φ": "服艾", "χ": "器", "ψ": "普赛",
        "ω": "欧米伽", "Α": "阿尔法", "Β": "贝塔", "Γ": "伽玛", "Δ": "德尔塔", "Ε": "艾普西龙",
        "Ζ": "捷塔", "Η": "依塔", "Θ": "西塔", "Ι": "艾欧塔", "Κ": "喀帕", "Λ": "拉姆达",
        "Μ": "缪", "Ν": "拗", "Ξ": "克西", "Ο": "欧米克伦", "Π": "派", "Ρ": "肉", "Σ": "西格玛",
        "Τ": "套", "Υ": "宇普西龙", "Φ": "服艾", "Χ": "器", "Ψ": "普赛", "Ω": "欧米伽",
    }
)  # fmt: skip
_POWER = re.compile(r"(\d+(?:\.\d+)?)\*(\d+(?:\.\d+)?)\^(-?\d+(?:\.\d+)?)", re.ASCII)
_MINUS = re.compile(r"(?<=\d)-(?=\d)")
_MODEL = re.compile(r"(?<=[A-Za-z])-+(?=\d)")  # GPT-4 is not below zero
_HYPHENS = re.compile("-+")
_LO = re.compile(f"咯(?=[{PUNCTUATION}])")
_E = re.compile(f"(?<![{HANZI}])额(?![{HANZI}])")
_TIMES = re.compile(rf"(?<=[A-Za-z{_NUMERALS}])\s*\*\s*(?=[A-Za-z{_NUMERALS}])")
_ANGLES = re.compile(r"<([^<>]*)>")  # a tag, not two comparisons
_PAUSES = re.compile(r"[,，:：;；、]+")
_STOPS = re.compile(r"[.…]+")


def scientific(text: str) -> str:
    """The first ``2.5*10^8`` as 二点五乘十的八次方; later ones stay, as upstream leaves them."""
    return _POWER.sub(
        lambda m: f"{numeral(m[1])}乘{numeral(m[2])}的{numeral(m[3])}次方", text, count=1
    )


def before(text: str, *, mended: bool = False) -> str:
    """``text`` ready for the grammar: powers, hyphens and respelled characters.

    Mended, hyphens are left to the grammar, which knows dates and what lies below zero.
    """
    text = scientific(text)
    hyphens = _MODEL if mended else _HYPHENS
    text = hyphens.sub("", text if mended else _MINUS.sub("减", text))
    text = _LO.sub("喽", text)
    for old, new in _RESPELLED.items():
        text = text.replace(old, new)
    return text


def special(text: str, *, mended: bool = False) -> str:
    """The first half of ``after``: backslashes, a lone 额, tildes, asterisks."""
    text = _E.sub("呃", drop(r"\\\-" if mended else r"\\", text, mended=mended))
    text = re.sub("~+", "。", text)
    return drop("*", _TIMES.sub("乘", text), mended=mended)


def marks(text: str, *, mended: bool = False) -> str:
    """The second half of ``after``: brackets, dashes, quotes; symbols to words."""
    if mended:
        text = _ANGLES.sub(r" \1 ", text)
    text = drop(_BRACKETS, text, mended=mended)
    text = text.replace(" - ", "，").replace("——", "，")
    text = _STOPS.sub("。", _PAUSES.sub("，", text))
    return drop(_QUOTES, text, mended=mended).translate(_SYMBOLS)


def after(text: str, *, mended: bool = False) -> str:
    """What the grammar gave, with the marks that the model was trained on."""
    return marks(special(text, mended=mended), mended=mended)


def numeral(digits: str) -> str:
    """A decimal number in words: ``-12.5`` is 负十二点五."""
    if digits.startswith("-"):
        return "负" + numeral(digits[1:])
    whole, _, fraction = digits.partition(".")
    said = _whole(whole.lstrip("0") or "0")
    return f"{said}点{''.join(_NUMERALS[int(d)] for d in fraction)}" if fraction else said


def _whole(digits: str) -> str:
    if len(digits) > 16:  # beyond 亿亿 nobody says a number
        return "".join(_NUMERALS[int(d)] for d in digits)
    for places, name in ((8, "亿"), (4, "万")):
        if len(digits) > places:
            head, tail = digits[:-places], digits[-places:]
            rest = tail.lstrip("0")
            gap = "零" if rest and len(rest) < places else ""
            return _whole(head) + name + gap + (_whole(rest) if rest else "")
    said = ""
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        if digit != "0":
            said += _NUMERALS[int(digit)] + ("", "十", "百", "千")[place]
        elif said and not said.endswith("零"):
            said += "零"
    said = said.rstrip("零") or "零"
    return said.removeprefix("一") if said.startswith("一十") else said
