"""What an orphaned anchor may have meant."""

from __future__ import annotations

import pytest
from scripted import chapter

from book.anchors import Anchor, anchor_chapter
from tasks.orphans import nearest

TEXTS = [
    "The wind rose and the candle went out.",
    "“I have no key,”",
    "No.",
    "他慢慢地走进屋里，一句话也没有说。",
    "Nobody answered him.",
]
SEGMENTS = list(chapter(1, [(text, None, "paragraph") for text in TEXTS]).segments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The wind blew and the candle went out.", [TEXTS[0]]),
        ("The wind blew and the candle went…", [TEXTS[0]]),
        ("他慢慢走进屋里，一句话没有说。", [TEXTS[3]]),
        ("Something else entirely was said.", []),
        ("", []),
    ],
)
def test_the_line_that_reads_most_alike(text: str, expected: list[str]) -> None:
    found = nearest(Anchor("0123456789"), text, SEGMENTS)
    assert [segment.printed for segment in found] == expected


def test_the_same_text_with_other_neighbours_comes_first() -> None:
    (anchor,) = anchor_chapter(["No."])
    assert [s.printed for s in nearest(anchor, "Nobody answered him.", SEGMENTS)] == ["No."]
