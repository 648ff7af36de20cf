"""Where sentences end, with the whole paragraph in view.

Scripts with spaces between words (``latin.py``): nltk's Punkt for what an abbreviation is,
rules of our own for dialogue, initials, ellipses and lists. Chinese and Japanese
(``han.py``): a scanner of end marks. Measured against labelled sentences in
docs/measurements.md; ``python -m benchmarks.sentences``.

A sentence may end inside a quotation. None ends before the tag that says who spoke.
"""

from __future__ import annotations

from book.languages import Language, load_language
from book.sentences.han import han_ends
from book.sentences.latin import latin_ends


def split_sentences(text: str, language: str) -> list[tuple[int, int]]:
    """``[start, end)`` of each sentence of a paragraph, without the white space between.

    Closing quotes and brackets belong to the sentence they close.
    """
    ends = sentence_ends(text, load_language(language))
    spans = []
    start = 0
    for end in (*ends, len(text)):
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if right > left:
            spans.append((left, right))
        start = end
    return spans


def sentence_ends(text: str, language: Language) -> list[int]:
    """Offsets inside ``text`` before which a sentence ends and another begins, rising."""
    return han_ends(text, language) if language.han else latin_ends(text, language)
