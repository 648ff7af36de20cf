"""HTML pages that are one file: no server, no network, nothing run but what castbook wrote.

Text becomes HTML in one place only: ``fill`` and ``element`` escape every value that is not
``Markup`` already, so that a title or a sentence of the manuscript can never become a tag.
The page's own policy names its style and program by their digests and forbids all else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(value: object) -> Markup:
    """A value as HTML; ``Markup`` stays what it is."""
    return value if isinstance(value, Markup) else Markup(html.escape(str(value)))


def joined(*parts: object, between: str = "") -> Markup:
    """Parts as HTML, one behind the other."""
    return Markup(between.join(map(escaped, parts)))


def element(name: str, *content: object, **attributes: object) -> Markup:
    """``<name attribute="…">content</name>``.

    ``_`` in front or at the end of an attribute's name is dropped and inside it is a hyphen
    (``class_``, ``aria_label``); None and False leave the attribute out, True writes it bare.
    """
    written = ""
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        written += " " + key.strip("_").replace("_", "-")
        if value is not True:
            written += f'="{html.escape(str(value))}"'
    return Markup(f"<{name}{written}>{joined(*content)}</{name}>")


def fill(template: str, values: Mapping[str, object]) -> Markup:
    """``{{name}}`` of a template replaced; what stands in a value is never looked at again.

    Raises:
        KeyError: the template asks for a name that ``values`` lacks.
    """
    first, *rest = template.split("{{")
    text = first
    for part in rest:
        name, _, behind = part.partition("}}")
        text += escaped(values[name]) + behind
    return Markup(text)


def json_inside(values: object) -> Markup:
    """JSON that is safe inside HTML and inside a program: it holds no ``<``."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def policy(style: str, program: str, *more: str) -> str:
    """A content security policy under which only this style and this program have effect.

    Args:
        more: further rules, such as ``media-src data:``.
    """
    rules = (
        "default-src 'none'",
        f"script-src '{_source(program)}'",
        f"style-src '{_source(style)}'",
        *more,
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def _source(text: str) -> str:
    """How a policy names an inline element: by the digest of what it holds."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
