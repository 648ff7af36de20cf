"""X-SAMPA to IPA: EPUBs give pronunciations in either (``ssml:alphabet``).

Source: the X-SAMPA chart (J. C. Wells, University College London, 1995). Longest sign first;
a sign that the chart does not know stands for itself, as most letters do.
"""

from __future__ import annotations

import re

_SIGNS = {
    # consonants
    "b_<": "ɓ", "d`": "ɖ", "d_<": "ɗ", "g_<": "ɠ", "h\\": "ɦ", "j\\": "ʝ", "l`": "ɭ", "l\\": "ɺ",
    "n`": "ɳ", "p\\": "ɸ", "r`": "ɽ", "r\\": "ɹ", "r\\`": "ɻ", "s`": "ʂ", "s\\": "ɕ", "t`": "ʈ",
    "v\\": "ʋ", "x\\": "ɧ", "z`": "ʐ", "z\\": "ʑ", "B": "β", "B\\": "ʙ", "C": "ç", "D": "ð",
    "F": "ɱ", "G": "ɣ", "G\\": "ɢ", "G\\_<": "ʛ", "H": "ɥ", "H\\": "ʜ", "J": "ɲ", "J\\": "ɟ",
    "J\\_<": "ʄ", "K": "ɬ", "K\\": "ɮ", "L": "ʎ", "L\\": "ʟ", "M\\": "ɰ", "N": "ŋ", "N\\": "ɴ",
    "O\\": "ʘ", "P": "ʋ", "R": "ʁ", "R\\": "ʀ", "S": "ʃ", "T": "θ", "W": "ʍ", "X": "χ",
    "X\\": "ħ", "Z": "ʒ", "5": "ɫ", "4": "ɾ", "g": "ɡ", "?": "ʔ", "?\\": "ʕ", "<\\": "ʢ",
    ">\\": "ʡ", "!\\": "ǃ", "|\\": "ǀ", "|\\|\\": "ǁ", "=\\": "ǂ",
    # vowels
    "A": "ɑ", "E": "ɛ", "I": "ɪ", "I\\": "ᵻ", "M": "ɯ", "O": "ɔ", "Q": "ɒ", "U": "ʊ", "U\\": "ᵿ",
    "V": "ʌ", "Y": "ʏ", "@": "ə", "@\\": "ɘ", "@`": "ɚ", "{": "æ", "}": "ʉ", "1": "ɨ", "2": "ø",
    "3": "ɜ", "3`": "ɝ", "3\\": "ɞ", "6": "ɐ", "7": "ɤ", "8": "ɵ", "9": "œ", "&": "ɶ",
    # stress, length, joins
    '"': "ˈ", "%": "ˌ", ":": "ː", ":\\": "ˑ", "_h": "ʰ", "_j": "ʲ", "'": "ʲ", "_w": "ʷ",
    "_0": "̥", "=": "̩", "_=": "̩", "~": "̃", "_~": "̃", "_}": "̚", "-\\": "‿", "|": "|", "||": "‖",
}  # fmt: skip
_PATTERN = re.compile("|".join(map(re.escape, sorted(_SIGNS, key=lambda s: (-len(s), s)))))


def to_ipa(sounds: str) -> str:
    """``sounds`` in IPA: ``"brUm`` is ˈbrʊm."""
    return _PATTERN.sub(lambda match: _SIGNS[match.group()], sounds)
