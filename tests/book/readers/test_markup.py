"""Whatever the tree: every character stands in the source text once, and comes back out."""

from __future__ import annotations

import re

from bookmaking import FIXTURES
from epubmaking import SENTENCE, epub, page
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from book.languages import load_language
from book.readers.archive import open_archive
from book.readers.assembly.chapters import assemble
from book.readers.blocks import File
from book.readers.inline import printed
from book.readers.trees import parse_markup
from book.readers.xhtml.epub import read_epub
from book.readers.xhtml.markup import read_markup

TAGS = [
    "p", "div", "span", "i", "b", "h1", "h2", "h3", "section", "blockquote", "ul", "li", "table",
    "tr", "td", "ruby", "rt", "rp", "sup", "aside", "figure", "figcaption", "pre", "q", "header",
    "a", "em", "nav", "dl", "dd",
]  # fmt: skip
ATTRIBUTES = [
    "", "", "", ' id="x"', ' id="y"', ' href="#x"', ' href="#y" epub:type="noteref"',
    ' epub:type="footnote"', ' epub:type="chapter"', ' epub:type="toc"', ' epub:type="pagebreak"',
    ' class="stanza"', ' class="pagenum"', ' class="footnote"', ' aria-hidden="true"',
    ' class="scene-break"', ' epub:type="titlepage"', ' ssml:ph="x"', ' class="figcenter"',
]  # fmt: skip
WORDS = [
    "Chapter I", "Contents", "word", " two words ", "\n\t", "\u00a0", "　　段落。",
    "“Quoted.”", "1",
    "[2]", "*", "* * *", "_under_", "soft\u00adhyphen", "e\u0301", "مرحبا", "👩‍👧", "<",
    "&", "=", "\u2060",
    "ⅷ", "第一章",
]  # fmt: skip
leaves = st.sampled_from(WORDS).map(
    lambda w: w.replace("&", "&amp;").replace("<", "&lt;")
) | st.sampled_from(["<br/>", "<hr/>", '<img src="a.png" alt="A lamp"/>', "&nbsp;", "&#8212;"])


def _element(children: list[str], tag: str, attributes: str) -> str:
    return f"<{tag}{attributes}>{''.join(children)}</{tag}>"


trees = st.recursive(
    leaves,
    lambda inner: st.builds(
        _element,
        st.lists(inner, max_size=4),
        st.sampled_from(TAGS),
        st.sampled_from(ATTRIBUTES),
    ),
    max_leaves=25,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(trees, max_size=5), st.sampled_from(["en", "zh"]), st.booleans())
def test_every_tree_is_whole(bodies: list[str], language: str, navigated: bool) -> None:
    pages = {f"{i}.xhtml": page(body) for i, body in enumerate(bodies)}
    pages["last.xhtml"] = page(f"<p>{SENTENCE}</p>")
    entries = [(f"Part {name}", f"{name}#x") for name in pages] if navigated else None
    words = load_language(language)
    made = read_epub(File(0, "b.epub", epub(pages, entries=entries), words))
    book = assemble([made.extract], words)
    spans: list[list[tuple[int, int]]] = [[] for _ in made.sources]
    for part in book.chapters:
        for paragraph in part.paragraphs:
            where = paragraph.slice
            spans[where.document].append((where.start, where.end))
            text = made.sources[where.document].text
            assert paragraph.printed == printed(text, where.start, where.end, paragraph.edits)
            at = where.start
            for edit in paragraph.edits:
                assert at <= edit.start < edit.end <= where.end
                at = edit.end
    for skip in book.skips:
        spans[skip.slice.document].append((skip.slice.start, skip.slice.end))
    for source, found in zip(made.sources, spans, strict=True):
        at = 0
        for start, end in sorted(found):
            assert at <= start <= end
            assert not source.text[at:start].strip(), source.text[at:start]
            at = end
        assert not source.text[at:].strip(), source.text[at:]


@settings(max_examples=60, deadline=None)
@given(trees)
def test_no_character_is_lost_before_the_source_text(body: str) -> None:
    compare(page(body).encode())


def test_no_character_of_a_novel_is_lost_before_the_source_text() -> None:
    archive = open_archive((FIXTURES / "love-among-the-chickens.epub").read_bytes(), "love.epub")
    for name in archive.names:
        if name.endswith(".xhtml"):
            compare(archive.read(name))


def compare(content: bytes) -> None:
    """The source text against lxml's own text of the body, white space left out of both."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    plain = content.replace(b"&nbsp;", b"&#160;").partition(b"<!DOCTYPE html>")
    root = etree.fromstring(plain[0] + plain[2] if plain[1] else content, parser)
    body = next(e for e in root.iter() if str(e.tag).endswith("}body"))
    expected = "".join(map(str, body.itertext()))
    found = read_markup(parse_markup(content, "page").root, "en").text
    # quotation marks of <q> are generated, as a browser does
    marks = re.compile(r"[\s“”]")
    assert marks.sub("", found) == marks.sub("", expected)
