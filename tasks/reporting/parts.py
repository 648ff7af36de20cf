"""What several parts of the page show alike. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.pages import Markup, element, joined
from tasks.reporting.drawing import bar
from tasks.reporting.numbers import percent
from tasks.reporting.values import Values


def chips(values: Values) -> Mapping[str, Markup]:
    """Every character's name in its colour."""
    return {
        row.character: element("span", row.name, class_=f"chip c{row.colour}", lang=values.language)
        for row in values.cast
    }


def player(sound: str | None, label: str) -> Markup:
    """A player for a sound inside the page; nothing without one."""
    if not sound:
        return Markup("")
    return element(
        "audio",
        controls=True,
        preload="metadata",
        src=f"data:audio/mpeg;base64,{sound}",
        aria_label=label,
    )


def percent_bar(parts: Sequence[tuple[str, str, float]]) -> Markup:
    """A bar with its legend: (class, words, share)."""
    legend = [
        element("li", element("span", "", class_=f"swatch {name}"), f"{words} {percent(share)}")
        for name, words, share in parts
    ]
    return joined(
        bar((name, share) for name, _, share in parts), element("ul", *legend, class_="legend")
    )
