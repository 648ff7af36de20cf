"""Chinese numbers in characters: pure functions from digits to speech, without context."""

from __future__ import annotations

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_GROUPS = ("", "万", "亿", "万亿")
LONGEST = 16  # digits beyond which nobody says one number


def cardinal(text: str, *, liang: bool = True) -> str:
    """``1012`` -> ``一千零一十二``; ``2000`` -> ``两千``, or ``二千`` without ``liang``.

    Only the first digit becomes 两: 22000 is 两万二千.
    """
    plain = text.replace(",", "").lstrip("0")
    if not plain:
        return "零"
    if len(plain) > LONGEST:
        return digits(plain)
    groups = []
    while plain:
        plain, group = plain[:-4], plain[-4:]
        groups.append(group)
    said = ""
    gap = False  # a zero is said once where places are left out
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        words = _group(group)
        if not words:
            gap = bool(said)
            continue
        if said and (gap or group.startswith("0")):
            said += "零"
        said += words + _GROUPS[place]
        gap = group.endswith("0000")
    if said.startswith("一十"):
        said = said[1:]
    if liang and said.startswith("二") and said[1:2] in tuple("百千万亿"):
        said = f"两{said[1:]}"
    return said


def _group(group: str) -> str:
    """Four digits and fewer; no zeros in front."""
    said = ""
    zero = False
    for i, digit in enumerate(group):
        place = len(group) - 1 - i
        if digit == "0":
            zero = bool(said)
            continue
        said += ("零" if zero else "") + _DIGITS[int(digit)] + _PLACES[place]
        zero = False
    return said


def digits(text: str, *, yao: bool = False) -> str:
    """One by one; ``yao`` says 幺 for 1, as on the telephone. Other characters are left out."""
    said = "".join(_DIGITS[int(c)] for c in text if c.isdecimal())
    return said.replace("一", "幺") if yao else said


def decimal(text: str, *, liang: bool = True) -> str:
    """``1.75`` -> ``一点七五``; ``.5`` -> ``零点五``; a leading zero makes digits of it."""
    whole, point, fraction = text.partition(".")
    plain = whole.replace(",", "")
    if len(plain) > 1 and plain.startswith("0") and not point:
        return digits(plain)
    head = cardinal(plain or "0", liang=liang)
    return f"{head}点{digits(fraction)}" if fraction else head


def percent(text: str, base: str = "百分之") -> str:
    """``0.6`` -> ``百分之零点六``."""
    return base + decimal(text)
