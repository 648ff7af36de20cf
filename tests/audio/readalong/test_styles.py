"""Colours of characters: legible on every page a reader may choose."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from audio.readalong.passages import Cue
from audio.readalong.styles import COLOURS, character_classes, class_name, style_sheet


def luminance(colour: str) -> float:
    """WCAG 2.2: relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_is_legible_on_light_and_dark_pages() -> None:
    for light, dark in COLOURS:
        assert min(contrast(light, paper) for paper in ("#ffffff", "#f4ecd8")) >= 5.5
        assert min(contrast(dark, paper) for paper in ("#000000", "#2b2b2b")) >= 5.5
    assert contrast("#000000", "#ffe9a8") > 7 and contrast("#ffffff", "#5c4a10") > 7


def test_the_first_characters_differ_and_the_highlight_wins() -> None:
    cues = [Cue("x", 0, 1, "speech", 0, 0, "", f"c{n}") for n in (3, 1, 3, 2, *range(4, 20))]
    classes = character_classes([*cues, Cue("y", 0, 1, "narration", 0, 0, "", "teller")])
    assert list(classes)[:3] == ["c3", "c1", "c2"] and "teller" not in classes
    sheet = style_sheet(classes)
    for (a, b), _ in zip(itertools.pairwise(classes.values()), COLOURS, strict=False):
        assert sheet.partition(f".{a} {{")[2][:20] != sheet.partition(f".{b} {{")[2][:20]
    light, _, dark = sheet.partition("@media")
    for part in (light, dark):
        assert part.rindex("media-overlay-active") > part.rindex("who-")


@given(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=6))
def test_classes_are_plain_and_one_per_character(names: list[str]) -> None:
    classes = [class_name(name) for name in names]
    assert len(set(classes)) == len(names)
    assert all(c.isascii() and c.replace("-", "").replace("_", "").isalnum() for c in classes)
