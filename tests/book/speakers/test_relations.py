"""What a book calls its characters besides their names."""

from __future__ import annotations

import pytest

from book.languages import load_language
from book.manuscript import Paragraph, Slice
from book.spans import chapter_spans
from book.speakers import ChapterText, attribute
from book.speakers.names import Names, find_names
from book.speakers.people import People
from book.speakers.relations import Relations
from book.speakers.words import load_words

EN = load_language("en")
CAST = {
    "gray": ["Mr. Gray"],
    "mother": ["Mrs. Gray"],
    "ann": ["Ann Gray"],
    "stone": ["Dr. Stone"],
    "hill": ["Mrs. Hill"],
}
NAMES = find_names(CAST, EN, None, {"ann": "f", "stone": "m"})


def chapter(*texts: str) -> ChapterText:
    paragraphs = [Paragraph(Slice(0, 0, len(t)), (), t) for t in texts]
    return ChapterText(paragraphs, chapter_spans(paragraphs, EN))


def relations(*texts: str, names: Names = NAMES) -> tuple[People, Relations]:
    words = load_words("en")
    people = People(names, EN, words)
    return people, Relations(people, words, [chapter(*texts)])


@pytest.mark.parametrize(
    "text",
    [
        "Mrs. Hill, our landlady, came in.",
        "I called Mrs. Hill, the good landlady.",
        "Our landlady, Mrs. Hill, came in.",
        "It was the old landlady Mrs. Hill.",
    ],
)
def test_an_apposition_describes(text: str) -> None:
    people, known = relations(text)
    assert known.described("landlady") == {people.keys.index("hill"): 1.0}


@pytest.mark.parametrize(
    "text", ["Dr. Stone, our landlady, came in.", "Mrs. Hill, come here.", "Mrs. Hill saw him."]
)
def test_what_describes_nobody(text: str) -> None:
    assert relations(text)[1].described("landlady") == {}


def test_a_title_describes_and_shares_add_up() -> None:
    people, known = relations("Mr. Gray, the doctor, and Dr. Stone were out.")
    shares = known.described("doctor")
    assert set(shares) == {people.keys.index("gray"), people.keys.index("stone")}
    assert sum(shares.values()) == pytest.approx(1)


def test_a_family_is_told_by_its_names() -> None:
    people, known = relations()
    family = {n: {people.keys[c] for c in known.family(n)} for n in ("wife", "husband", "sister")}
    assert family["wife"] == {"mother"}
    assert family["husband"] == {"gray"}
    assert "ann" in family["sister"]
    assert not known.family("landlady")


@pytest.mark.parametrize(
    ("tag", "speaker"),
    [("his wife", "mother"), ("the doctor", "stone"), ("their landlady", "hill")],
)
def test_a_described_speaker_is_found(tag: str, speaker: str) -> None:
    text = chapter(
        "Mr. Gray, Mrs. Gray, Dr. Stone and Mrs. Hill, their landlady, sat there with Ann.",
        "“You are late,” said Mr. Gray.",
        f"“Not very,” replied {tag}.",
    )
    (found,) = attribute([text], NAMES, EN)
    assert found[2].speaker == speaker
