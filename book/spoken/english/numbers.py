"""English numbers in words: pure functions from digits to speech, without context.

British ``and`` (one hundred and eleven), years as people say them (nineteen oh five).
"""

from __future__ import annotations

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ("", "thousand", "million", "billion", "trillion", "quadrillion")
LARGEST = 10 ** (3 * len(_SCALES)) - 1  # beyond it digits are read one by one
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def cardinal(number: int, *, inner: bool = True) -> str:
    """``1001`` -> ``one thousand and one``.

    ``inner`` says ``and`` before thousand and million too: one hundred and five thousand.
    """
    if number > LARGEST:
        return digits(str(number))
    if number < 1000:
        return _hundreds(number)
    rest, last = divmod(number, 1000)
    groups = [f"and {_below_hundred(last)}" if last < 100 else _hundreds(last)] if last else []
    for scale in _SCALES[1:]:
        rest, group = divmod(rest, 1000)
        if group:
            groups.append(f"{_hundreds(group, bare=not inner)} {scale}")
        if not rest:
            break
    return " ".join(reversed(groups))


def _hundreds(number: int, *, bare: bool = False) -> str:
    """Below 1000; ``bare`` leaves the ``and`` out, as before thousand and million."""
    hundred, rest = divmod(number, 100)
    if not hundred:
        return _below_hundred(rest)
    if not rest:
        return f"{_SMALL[hundred]} hundred"
    return f"{_SMALL[hundred]} hundred {'' if bare else 'and '}{_below_hundred(rest)}"


def _below_hundred(number: int) -> str:
    if number < 20:
        return _SMALL[number]
    ten, one = divmod(number, 10)
    return _TENS[ten] + (f"-{_SMALL[one]}" if one else "")


def ordinal(number: int) -> str:
    """``21`` -> ``twenty-first``."""
    return ordinal_of(cardinal(number))


def ordinal_of(words: str) -> str:
    """The ordinal of a number in words: only its last word changes."""
    for mark in ("-", " "):
        head, found, last = words.rpartition(mark)
        if found and mark not in last and (mark == "-" or "-" not in last):
            return f"{head}{mark}{_ordinal_word(last)}"
    return _ordinal_word(words)


def _ordinal_word(word: str) -> str:
    if word in _ORDINALS:
        return _ORDINALS[word]
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"


def plural(words: str) -> str:
    """``fifty`` -> ``fifties``, ``third`` -> ``thirds``, ``six`` -> ``sixes``."""
    if words.endswith("half"):
        return f"{words[:-1]}ves"
    if words.endswith("y"):
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith(("x", "s")) else f"{words}s"


def year(number: int, zero: str = "oh") -> str:
    """``1887`` -> ``eighteen eighty-seven``; ``1905`` -> ``nineteen oh five``."""
    century, rest = divmod(number, 100)
    if not 1000 <= number <= 9999 or (century % 10 == 0 and rest < 10):
        return cardinal(number)  # 2005: two thousand and five
    return pair(century, rest, zero)


def pair(head: int, rest: int, zero: str = "oh") -> str:
    """Two halves of a number said one after the other: 19, 5 -> ``nineteen oh five``."""
    if not rest:
        return f"{cardinal(head)} hundred"
    return f"{cardinal(head)} {f'{zero} ' if rest < 10 else ''}{_below_hundred(rest)}"


def address(text: str) -> str:
    """Digits as doors, rooms and models are called: 221 ``two twenty-one``, 101 ``one oh one``."""
    number = int(text)
    if text.startswith("0"):
        return digits(text)
    if 100 < number < 1000 and number % 100:
        return pair(*divmod(number, 100))
    return year(number) if 1000 <= number <= 9999 else cardinal(number)


def digits(text: str, zero: str = "zero") -> str:
    """One by one; anything else in ``text`` is left out."""
    return " ".join(zero if int(c) == 0 else _SMALL[int(c)] for c in text if c.isdecimal())


def decimal(text: str, head: str, zero: str) -> str:
    """``12.05`` with ``head`` for its whole part -> ``twelve point zero five``."""
    fraction = text.partition(".")[2]
    return f"{head} point {digits(fraction, zero)}".strip()


def is_spoken_whole(text: str) -> bool:
    """Whether printed digits are said as one number: no leading zero, not endless."""
    plain = text.replace(",", "")
    return len(plain) <= len(str(LARGEST)) and not (len(plain) > 1 and plain.startswith("0"))
