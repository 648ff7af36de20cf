"""Encodings: what bytes without a mark are, by what they read as."""

from __future__ import annotations

import pytest
from bookmaking import FIXTURES
from hypothesis import given, settings
from hypothesis import strategies as st

from book.readers.charsets import find_charset
from book.readers.decoding import decode
from castbook.errors import ManuscriptError

SIMPLIFIED = (FIXTURES / "孔乙己.md").read_text(encoding="utf-8")
# The opening of 孔乙己, set in traditional characters by hand.
TRADITIONAL = (
    "孔乙己是站著喝酒而穿長衫的唯一的人。他身材很高大；青白臉色，皺紋間時常夾些傷痕；一部亂蓬蓬的花白的"
    "鬍子。穿的雖然是長衫，可是又髒又破，似乎十多年沒有補，也沒有洗。他對人說話，總是滿口之乎者也，教人"
    "半懂不懂的。因為他姓孔，別人便從描紅紙上的「上大人孔乙己」這半懂不懂的話裡，替他取下一個綽號，叫作"
    "孔乙己。孔乙己一到店，所有喝酒的人便都看著他笑，有的叫道，「孔乙己，你臉上又添上新傷疤了！」他不回"
    "答，對櫃裡說，「溫兩碗酒，要一碟茴香豆。」便排出九文大錢。他們又故意的高聲嚷道，「你一定又偷了人家"
    "的東西了！」孔乙己睜大眼睛說，「你怎麼這樣憑空污人清白……」"
)
# The opening of 吾輩は猫である (Natsume Soseki, died 1916).
JAPANESE = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で"
    "ニャーニャー泣いていた事だけは記憶している。吾輩はここで始めて人間というものを見た。"
)
FRENCH = (
    "Parfois, à peine ma bougie éteinte, mes yeux se fermaient si vite que je n’avais pas le temps "
    "de me dire : « Je m’endors. » Et, une demi-heure après, la pensée m’éveillait ; naïve, l’été."
)
GERMAN = "„Größe über Äpfel“, sagte er – daß die Mühe größer wäre für schöne Straßen und süße Öfen."

TEXTS = [
    (SIMPLIFIED, ("gb18030", "gbk", "utf-16-le", "utf-16-be", "utf-32-le")),
    (TRADITIONAL, ("big5", "cp950", "gb18030", "utf-16-le", "utf-16-be")),
    (JAPANESE, ("cp932", "euc_jp", "utf-16-le")),
    (FRENCH, ("cp1252", "utf-16-le", "utf-16-be", "utf-32-be")),
    (GERMAN, ("cp1252", "utf-16-le")),
]
CASES = [(text, charset) for text, charsets in TEXTS for charset in charsets]


@pytest.mark.parametrize(("text", "charset"), CASES, ids=[f"{t[:3]}-{c}" for t, c in CASES])
def test_a_whole_text_comes_back_exactly(text: str, charset: str) -> None:
    content = f"{text}\n".encode(charset, "ignore")
    assert decode(content, "book.txt") == content.decode(charset)


@settings(max_examples=200, deadline=None)
@given(case=st.sampled_from(CASES), start=st.integers(0, 10_000))
def test_two_hundred_characters_are_enough(case: tuple[str, str], start: int) -> None:
    text, charset = case
    start %= max(1, len(text) - 200)
    content = f"{text[start : start + 200]}\n".encode(charset, "ignore")
    assert decode(content, "book.txt") == content.decode(charset)


WESTERN = (
    "à été naïve Größe daß señor ¿qué? « — » “and” ‘so’ café’s fiancée über schöne Mädchen Öl "
    "æther l’âme cœur mañana garçon Noël façade and the in a of I"
)


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.sampled_from(WESTERN.split()), min_size=1, max_size=12))
def test_accents_are_never_read_as_chinese(words: list[str]) -> None:
    content = f"The {' '.join(words)} and the house.".encode("cp1252")
    assert decode(content, "book.txt") == content.decode("cp1252")


@given(content=st.binary(max_size=400))
def test_the_charset_of_anything_decodes_it(content: bytes) -> None:
    charset = find_charset(content)
    if charset is not None:
        content.decode(charset)


def test_utf8_with_a_damaged_byte_is_not_read_as_western() -> None:
    content = ("“Come,” said Anna. “Now—or never.” " * 20).encode()
    damaged = content[:200].rstrip(b"\x80\x9c\x9d\xe2") + b"\x9c" + content[200:]
    with pytest.raises(ManuscriptError, match="UTF-8 but for byte"):
        decode(damaged, "book.txt")
