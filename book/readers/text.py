"""Plain text: Project Gutenberg's and the raw kind found in China.

Returns blocks; every character that no block holds is white space or in a skip.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from book.languages import Language
from book.manuscript import Facts, Skip, Slice, speakable
from book.readers.blocks import TITLE, Block, Extract, Heading, Reading
from book.readers.headings import LONGEST, match_heading, may_be_title
from book.readers.inline import paragraph
from book.readers.layout import Group, group_lines, lines_of
from book.readers.licence import cut_licence
from book.readers.matter import bare
from book.readers.tags import bracket_tag

# A scene break by white space alone: the four stories and 32 novels at hand have at most 2
# blank lines between paragraphs of one scene, and 3 or more only where something ends.
SCENE_GAP = 3
HEAD_GROUPS = 8  # a title page before the first paragraph has no more lines than this
_FENCE = re.compile(r"`{3,}\s*\w*|~{3,}\s*\w*")
_NOTE_MARKS = re.compile(r"[⑴-⒇①-⑳㉑-㊿*†]|\[\d{1,3}\]|［\d{1,3}］|〔\d{1,3}〕")
_PRODUCED = re.compile(r"(?:E-?text )?(?:produced|prepared|transcribed|scanned) by\b", re.I)
_DOTTED = re.compile(r"[\s.·…]{2,}\d{1,4}$|\s+\d{1,4}$")
_SENTENCE = re.compile(r"[.!?。！？…：:；;，,][\"'”’」』)）]*$")
_NAME = re.compile(r"(?:[A-Z][\w.'’-]*\s+){1,3}[A-Z][\w.'’-]+|[\u4e00-\u9fff·]{2,6}")


def read_text(reading: Reading) -> Extract:
    """The blocks of a plain text."""
    cut = cut_licence(reading.text)
    skips = []
    document = reading.document
    for start, end in ((0, cut.start), (cut.end, len(reading.text))):
        if reading.text[start:end].strip():
            skips.append(Skip(Slice(document, start, end), "licence"))
    extract = read_region(reading, cut.start, cut.end)
    return replace(
        extract,
        skips=(*skips, *extract.skips),
        facts=replace(
            extract.facts,
            title=cut.title or extract.facts.title,
            author=cut.author or extract.facts.author,
        ),
    )


def read_region(reading: Reading, start: int, end: int) -> Extract:
    """The blocks of ``text[start:end]``, which holds no licence."""
    skips: list[Skip] = []
    groups: list[tuple[Group, bool]] = []  # with: a scene break stands above
    scene = False
    for group in _groups(reading, start, end):
        if _FENCE.fullmatch(group.joined):
            skips.append(Skip(Slice(reading.document, group.start, group.end), "markup"))
        elif not speakable(_NOTE_MARKS.sub("", group.joined)):
            reason = silence(group.joined)
            skips.append(Skip(Slice(reading.document, group.start, group.end), reason))
            scene = scene or reason == "ornament"
        else:
            wide = bool(groups) and group.gap >= SCENE_GAP
            groups.append((group, scene or wide))
            scene = False
    blocks: list[Block] = []
    for group, broken in groups:
        blocks.extend(_blocks(reading, group, broken, blocks))
    blocks, title, author = _title_page(blocks, reading.language)
    return Extract(tuple(blocks), tuple(skips), Facts(title=title, author=author))


def silence(text: str) -> str:
    """Why a paragraph without a letter is not spoken: a quoted silence, a note, an ornament."""
    if _NOTE_MARKS.search(text) and not _NOTE_MARKS.sub("", text).strip():
        return "note" if "*" not in text else "ornament"
    return "silence" if text[:1] in "“”\"'‘’「『«" or set(text) <= set("….。") else "ornament"


def _groups(reading: Reading, start: int, end: int) -> list[Group]:
    """Groups; a table of contents set as one block is taken apart line by line."""
    groups: list[Group] = []
    for group in group_lines(lines_of(reading.text, start, end), reading.language):
        many = len(group.lines) > 1
        if many and all(_entry(line.text, reading.language) for line in group.lines):
            groups.extend(
                Group((line,), group.gap if i == 0 else 0) for i, line in enumerate(group.lines)
            )
        else:
            groups.append(group)
    return groups


def _entry(line: str, language: Language) -> Heading | None:
    """A heading, with or without the page number that a table of contents gives it."""
    found = match_heading(line, language)
    if found or not _DOTTED.search(line):
        return found
    return match_heading(_DOTTED.sub("", line), language)


def _blocks(reading: Reading, group: Group, scene: bool, before: Sequence[Block]) -> list[Block]:
    language = reading.language

    def heading_block(start: int, end: int, heading: Heading) -> Block:
        body = paragraph(
            reading.document, reading.text, start, end, han=language.han, kind="heading"
        )
        return Block(body, heading)

    first = group.lines[0]
    plain = _NOTE_MARKS.sub("", group.joined).strip()
    own = _entry(first.text, language)
    if own and len(group.lines) > 1 and not own.title:
        second, rest = group.lines[1], " ".join(line.text for line in group.lines[1:])
        if len(group.lines) <= 4 and may_be_title(rest):
            titled = replace(own, title=rest)
            return [
                heading_block(first.start, first.end, titled),
                heading_block(second.start, group.end, replace(titled, label="")),
            ]
        if not own.word.startswith("#"):
            tail = Group(group.lines[1:], 0, group.verse)
            return [heading_block(first.start, first.end, own), _body(reading, tail, False)]
    whole = _entry(plain, language) if len(group.lines) <= 3 else None
    above = before[-1].heading if before else None
    untitled = above and above.label and not above.title
    if whole and above and untitled and above.number and not whole.number:
        whole = replace(above, label="", title=plain)  # "Chapter XXVIII", then "Conclusion"
    if whole:
        return [heading_block(group.start, group.end, whole)]
    close = len(group.lines) <= 4 and group.gap <= SCENE_GAP
    if above and untitled and close and may_be_title(plain) and not _is_matter(plain, language):
        return [heading_block(group.start, group.end, replace(above, label="", title=plain))]
    return [_body(reading, group, scene)]


def _is_matter(line: str, language: Language) -> bool:
    words = language.headings
    return bare(line) in {*words.contents, *words.notes}


def _body(reading: Reading, group: Group, scene: bool) -> Block:
    tag = bracket_tag(reading, group.start, group.end)
    body = paragraph(
        reading.document,
        reading.text,
        group.start,
        group.end,
        han=reading.language.han,
        kind="verse" if group.verse else "body",
        scene=scene,
        speaker=tag.speaker if tag else None,
        style=tag.style if tag else None,
        body=tag.end if tag else None,
    )
    produced = _PRODUCED.match(body.printed) and len(body.printed) < 300
    return Block(
        body, skip="transcriber" if produced else "", part="transcriber" if produced else ""
    )


def _title_page(
    blocks: list[Block], language: Language
) -> tuple[list[Block], str | None, str | None]:
    """Labels the title and author lines at the head; gives title and author.

    Lines count as a title page only if an author stands among them or chapters follow:
    a story may well begin with a short line.
    """
    head: list[int] = []
    for i, block in enumerate(blocks[:HEAD_GROUPS]):
        text = block.paragraph.printed
        if block.skip:
            continue
        too_long = len(text) > LONGEST or _SENTENCE.search(text)
        if block.heading or too_long or _is_matter(text, language):
            break
        head.append(i)
    if not head or len(head) == len(blocks):
        return blocks, None, None
    lines = [blocks[i].paragraph.printed for i in head]
    title = _core(lines[0])
    author = next((a for line in lines[1:] if (a := _author(line, language))), None)
    if author is None and len(head) == 2 and _NAME.fullmatch(_core(lines[1])):
        author = _core(lines[1])
    chapters = any(block.heading for block in blocks)
    if author is None and not (chapters and len(head) == 1):
        return blocks, None, None
    labelled = list(blocks)
    for i in head:
        heading = Heading(TITLE, "", title) if i == head[0] else None
        body = blocks[i].paragraph
        if heading:
            body = replace(body, kind="heading")
        labelled[i] = Block(body, heading, "title page", "title page")
    return labelled, title, author


def _author(line: str, language: Language) -> str | None:
    text = line.strip()
    for word in language.headings.by:
        if text.casefold().startswith(word) and text[len(word) : len(word) + 1] in " :：\u3000":
            return _core(text[len(word) :])
    framed = re.fullmatch(r"[·•]\s*([^·•]+?)\s*[·•]|(\S{2,6})[ \u3000]*著", text)
    return _core(framed[1] or framed[2]) if framed else None


def _core(line: str) -> str:
    return " ".join(line.split()).strip(" ·•:：*—-\u3000")
