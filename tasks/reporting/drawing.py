"""Small drawings and what all plots share, as inline SVG. Pure.

Curves are drawn in a stretched inner picture, words in the outer one at places in percent:
so a plot is as wide as its page, and its words are readable on a phone. Colours come from
the page's style by class; attributes hold places only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tasks.pages import Markup, element, joined

MOST_TICKS: Final = 6
LAST_TICK: Final = 0.96  # of the width: a later one is cut off
_SPARK: Final = (-10.0, -46.0)


def sparkline(levels: Sequence[float]) -> Markup:
    """A chapter's course in a table's cell."""
    if len(levels) < 2:
        return Markup("")
    top, bottom = _SPARK
    points = [(i, max(bottom, min(top, level))) for i, level in enumerate(levels)]
    line = "L".join(f"{x} {round((top - level) * 10)}" for x, level in points)
    return element(
        "svg",
        element("path", d=f"M{line}"),
        class_="spark",
        viewBox=f"0 0 {len(levels) - 1} {round((top - bottom) * 10)}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def bar(parts: Iterable[tuple[str, float]]) -> Markup:
    """Shares side by side: (class, share of the width)."""
    at, boxes = 0.0, []
    for name, share in parts:
        boxes.append(
            element(
                "rect",
                class_=name,
                x=f"{at * 100:.2f}%",
                width=f"{share * 100:.2f}%",
                height="100%",
            )
        )
        at += share
    return element("svg", *boxes, class_="bar", aria_hidden="true")


def slug(name: str) -> str:
    """A segment's id as the name of a place in the page."""
    return name.replace("/", "-")


def stretched(width: float, height: float, *content: Markup) -> Markup:
    """A picture drawn in its own units and stretched over the whole plot."""
    return element(
        "svg",
        joined(*content),
        viewBox=f"0 0 {short(max(width, 1))} {short(max(height, 1))}",
        preserveAspectRatio="none",
        width="100%",
        height="100%",
    )


def short(value: float) -> str:
    """A coordinate in as few letters as two places need."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(part: float, whole: float) -> str:
    """A place on a plot, by the share of its side."""
    return f"{part / whole * 100:.2f}%" if whole else "0%"
