"""The language of a book: by script, by small words, and by what the book says."""

from __future__ import annotations

import pytest

from book.languageguess import guess_language

ENGLISH = (
    "It was late, and the rain had not stopped. When he came to the door, nobody was there but "
    "the old woman, and she said that he should wait. Then they heard it again. " * 4
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        ("他走到门口，没有人在那里。雨还没有停。" * 5, "zh"),
        ("雨はまだ降っていた。彼は戸口まで歩いて行ったが、誰もいなかった。" * 3, "ja"),
        ("비가 아직 그치지 않았다. 그는 문으로 걸어갔다." * 3, "ko"),
        ("No.", "en"),
        ("", "en"),
    ],
)
def test_by_the_text_alone(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_what_the_book_says_is_believed_unless_its_script_denies_it() -> None:
    assert guess_language(ENGLISH, "en-GB") == "en-GB"
    assert guess_language(ENGLISH, "sv") == "sv"
    assert guess_language(ENGLISH, "und") == "en"
    assert guess_language("他走到门口，没有人在那里。" * 5, "en") == "zh"
    assert guess_language("他走到门口，没有人在那里。" * 5, "zh-Hant") == "zh-Hant"


def test_the_licence_at_the_ends_is_not_what_is_looked_at() -> None:
    licence = "The Project and the licence, and all that you may do with it. " * 3_000
    assert guess_language(licence + "他走到门口，没有人在那里。" * 30_000 + licence) == "zh"
