"""The manuscript of a hook: its HTML as a page, its Markdown as it is; and the words in it. Pure.

Media are not fetched: the readers read text alone.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

from tasks.hooks.mapping import Hooked

_FILES = {"html": "manuscript.html", "markdown": "manuscript.md"}
FILES = tuple(_FILES.values())
_DOCUMENT = re.compile(r"\s*(<\?xml[^>]{0,200}>)?\s*<(!doctype\s+html|html)\b", re.I)
_HEADING = re.compile(r"<h1\b", re.I)
_MARKDOWN_HEADING = re.compile(r"^#\s", re.M)
_UNSEEN = frozenset({"script", "style", "template", "noscript"})
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "i", "mark", "q", "s", "small", "span"}
    | {"strong", "sub", "sup", "u"}
)


def manuscript_file(hooked: Hooked) -> str:
    """The name of its file."""
    return _FILES[hooked.form]


def manuscript_text(hooked: Hooked) -> str:
    """What stands in it: with the title as its heading, unless it has one."""
    if hooked.form == "markdown":
        heading = bool(_MARKDOWN_HEADING.search(hooked.content)) or not hooked.title
        return hooked.content if heading else f"# {hooked.title}\n\n{hooked.content}"
    if _DOCUMENT.match(hooked.content):
        return hooked.content
    title, author = escape(hooked.title), escape(hooked.author)
    language = f' lang="{escape(hooked.language)}"' if hooked.language else ""
    heading = bool(_HEADING.search(hooked.content)) or not title
    return (
        f'<!doctype html>\n<html{language}>\n<head><meta charset="utf-8">\n'
        + (f"<title>{title}</title>\n" if title else "")
        + (f'<meta name="author" content="{author}">\n' if author else "")
        + "</head>\n<body>\n"
        + ("" if heading else f"<h1>{title}</h1>\n")
        + f"{hooked.content}\n</body>\n</html>\n"
    )


def words_of(hooked: Hooked) -> str:
    """The words that will be heard, for moderators: a tag inside a word does not hide it."""
    title = f"{hooked.title}\n" if hooked.title else ""
    if hooked.form != "html":
        return title + hooked.content
    reader = _Words()
    reader.feed(hooked.content)
    reader.close()
    return title + "".join(reader.found)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag not in _INLINE:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag not in _INLINE:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.found.append(data)
