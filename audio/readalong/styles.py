"""How a read-along book looks: little, so that the reader's own settings rule.

Only what characters say is coloured. The twelve pairs are OKLCH of equal lightness and
chroma (0.45 and 0.40 / 0.115 on light pages, 0.80 and 0.74 / 0.10 on dark ones), hues ordered
so that neighbours differ most; each has a contrast of at least 5.5:1 on white, on sepia
(#f4ecd8), on #2b2b2b and on black, where WCAG AA asks for 4.5. A thirteenth character shares
a colour. While a sentence sounds it is black on light yellow (17:1), white on brown (8.6:1)
in the dark: the last rules, so that they win over the character's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from audio.readalong.passages import Cue
from castbook.canonical import digest

ACTIVE_CLASS: Final = "-epub-media-overlay-active"
COLOURS: Final = (  # on light pages, on dark ones
    ("#225693", "#92c1fd"),
    ("#8a3633", "#f8a49d"),
    ("#126630", "#8ed09c"),
    ("#694084", "#d2acee"),
    ("#794900", "#e4b572"),
    ("#00676e", "#64d1d7"),
    ("#732850", "#db91b4"),
    ("#4c4c00", "#aeb164"),
    ("#3d3d83", "#9ea4e9"),
    ("#763000", "#de9871"),
    ("#005a44", "#5dc0a7"),
    ("#682c65", "#cf94c9"),
)
_PAGE: Final = (
    "body { margin: 1em; line-height: 1.5; }\n"
    "h1, h2 { text-align: center; line-height: 1.25; margin: 2em 0 1em; }\n"
    "h2 { font-size: 1.2em; }\n"
    "p { margin: 0; text-indent: 1.5em; }\n"
    "html:lang(zh) p, html:lang(ja) p { text-indent: 2em; }\n"
    "h1 + p, h2 + p, section > p:first-child { text-indent: 0; }\n"
    "p.credit { text-indent: 0; text-align: center; margin: 1em 0; }\n"
    "hr { width: 25%; margin: 1.5em auto; border: 0; border-top: 1px solid; opacity: 0.5; }\n"
    "#cover { text-align: center; }\n"
    "#cover img { max-width: 100%; max-height: 95vh; }\n"
)
# The page is made dark with the colours: a reader that shows white pages on a dark system
# would show the light ones at 2:1.
_DARK: Final = (
    "@media (prefers-color-scheme: dark) {\n"
    "html { color-scheme: dark; }\nbody { background: #1c1c1e; color: #ddd; }\n"
)


def character_classes(cues: Iterable[Cue]) -> dict[str, str]:
    """``who-holmes`` for each character that speaks, in the order of their first words."""
    found: dict[str, str] = {}
    for cue in cues:
        if cue.kind == "speech" and cue.character and cue.character not in found:
            found[cue.character] = class_name(cue.character)
    return found


def class_name(character: str) -> str:
    """A CSS class for a key of the cast; keys that are none themselves get a number for it."""
    if re.fullmatch(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", character):
        return f"who-{character}"
    return f"who--{digest(character)[:8]}"


def style_sheet(classes: Mapping[str, str]) -> str:
    """The book's style sheet; ``classes`` as ``character_classes`` orders them."""
    coloured = [(name, COLOURS[n % len(COLOURS)]) for n, name in enumerate(classes.values())]
    light = "".join(f".speech.{name} {{ color: {colour}; }}\n" for name, (colour, _) in coloured)
    dark = "".join(f".speech.{name} {{ color: {colour}; }}\n" for name, (_, colour) in coloured)
    active = f"span.{ACTIVE_CLASS}.{ACTIVE_CLASS}"  # twice: as specific as the characters' rules
    return (
        f"{_PAGE}{light}"
        f"{active}, .{ACTIVE_CLASS} {{ background: #ffe9a8; color: #000; }}\n"
        f"{_DARK}{dark}"
        f"{active}, .{ACTIVE_CLASS} {{ background: #5c4a10; color: #fff; }}\n}}\n"
    )
