"""What a reviewer changes of a line: who speaks it, how words are said, the text itself.

Casting and pronunciation go to ``casting.yaml`` and the lexicon, where castbook keeps them; the
manuscript is the user's own file and is changed only where a line stands in plain text exactly
as it is printed. The callers hold the book (``OpenBook.changing``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from book.casting import CASTING_FILE, CastingLine, read_castings, write_castings
from book.manuscript import NARRATOR
from book.projectfile import load_project
from book.spoken.entries import APOSTROPHES, Entry
from book.spoken.lexiconfile import read_lexicon
from book.yamledit import Entries
from book.yamlfile import read_yaml
from book.yamltext import one_line, scalar
from book.yamltree import parse_tree
from castbook.errors import InputError, ProjectError
from castbook.files import write_bytes, write_text
from tasks.plan import BookPlan, Line
from tasks.quotations import Places, Unit, units_of

LEXICON_FILE = "lexicon.yaml"
MOST_SAID = 200  # characters of a word or of how it is said, as the lexicon's schema has it
MOST_TEXT = 2000  # characters of a line of the manuscript
_PLAIN = (".txt", ".md", ".markdown")
_NEW_LEXICON = """\
# How words are pronounced: for the ear only, the printed text never changes.
version: 1
entries: []
"""


def cast_line(plan: BookPlan, line: Line, speaker: str, style: str) -> None:
    """Says who speaks the whole quotation of a line, and in which style.

    Args:
        speaker: a key of cast, or ``narrator``.
        style: of that speaker's voice; empty for the usual one.

    Raises:
        InputError: there is no such speaker or style, or the line cannot be named.
    """
    book = plan.project.book
    if speaker != NARRATOR and speaker not in book.cast:
        known = ", ".join((NARRATOR, *book.cast))
        raise InputError(f"no character {speaker!r}", place="speaker", expected=f"one of {known}")
    who = None if speaker == NARRATOR else speaker
    styles = book.voices[plan.project.voice_of(who)].styles
    if style and style not in styles:
        named = ", ".join(styles) or "none: its voice has no styles"
        raise InputError(f"no style {style!r} of {speaker}", place="style", expected=named)
    path = plan.project.folder / CASTING_FILE
    places = Places(other.segment for other in plan.lines)
    unit = unit_of(plan, line)
    anchor = places.name(unit) if line.segment.kind != "credit" else None
    if anchor is None:
        raise InputError(
            f"{line.segment.id} cannot be cast: its text stands there more than once, or in no"
            " manuscript",
            expected=f"an entry in {CASTING_FILE} for a line that can be told from others",
        )
    new = CastingLine(anchor, who, style or None, one_line(unit.text))
    castings = list(read_castings(path, plan.project))
    found = [places.find(casting.anchor) for casting in castings]
    there = [i for i, segment in enumerate(found) if segment in unit.segments]
    for i in there:
        castings[i] = replace(new, anchor=castings[i].anchor)
    write_castings(path, castings if there else (*castings, new))


def give_voice(plan: BookPlan, character: str, voice: str) -> None:
    """Gives a character, or the narrator, another voice of the project: for all their lines.

    Raises:
        InputError: there is no such character or voice, or ``project.yaml`` does not say it
            itself (a library does).
    """
    project = plan.project
    if voice not in project.book.voices:
        known = ", ".join(project.book.voices)
        raise InputError(f"no voice {voice!r}", place="voice", expected=f"one of {known}")
    where = ("narrator",) if character == NARRATOR else ("cast", character, "voice")
    old = read_yaml(project.file).text
    node = parse_tree(old).child(*where)
    if node is None or node.children is not None:
        raise InputError(
            f"{project.file.name} has no {'.'.join(where)}", expected="a change where it is said"
        )
    write_text(project.file, old[: node.start] + scalar(voice) + old[node.end :])
    try:
        load_project(project.folder)
    except ProjectError:  # such as a style that a casting asks for
        write_text(project.file, old)
        raise


def unit_of(plan: BookPlan, line: Line) -> Unit:
    """The quotation that the line belongs to, or the line alone."""
    chapter = next(c for c in plan.chapters if c.number == line.segment.chapter)
    units = units_of(chapter.number, [one.segment for one in chapter.lines])
    return next(unit for unit in units if line.segment in unit.segments)


def castable(plan: BookPlan, line: Line) -> bool:
    """Whether ``cast_line`` can name the line."""
    if line.segment.kind == "credit":
        return False
    places = Places(other.segment for other in plan.lines)
    return places.name(unit_of(plan, line)) is not None


def say(plan: BookPlan, word: str, said: str) -> None:
    """Writes into the book's own lexicon how a word, or several words, are said everywhere.

    Raises:
        InputError: the words are empty or too long, or the lexicon is not one castbook writes.
    """
    word, said = " ".join(word.split()), " ".join(said.split())
    for name, text in (("word", word), ("say", said)):
        if not 0 < len(text) <= MOST_SAID:
            raise InputError(
                f"{len(text)} characters", place=name, expected=f"1 to {MOST_SAID} characters"
            )
    try:
        entry = Entry(word=word, say=said)
    except ValidationError as error:
        raise InputError(str(error.errors()[0]["msg"]), place="word") from error
    path = _lexicon(plan)
    old = read_yaml(path).text if path.exists() else None
    write_text(path, _with_entry(old if old is not None else _NEW_LEXICON, entry))
    try:
        read_lexicon([path])
    except ProjectError:
        if old is None:
            path.unlink()
        else:
            write_text(path, old)
        raise


def _lexicon(plan: BookPlan) -> Path:
    folder = plan.project.folder
    own = [path for path in plan.project.lexicons if path.is_relative_to(folder)]
    written = [path for path in own if path.suffix in (".yaml", ".yml")]
    if written:
        return written[-1]
    if own or (folder / LEXICON_FILE).exists() or plan.project.book.lexicon not in (None, []):
        raise InputError(
            "the book's lexicon is no YAML file", expected=f"lexicon: {LEXICON_FILE} in the project"
        )
    return folder / LEXICON_FILE


def _with_entry(text: str, entry: Entry) -> str:
    """The lexicon with the entry, in the place of an older one for the same words everywhere."""
    said = scalar(str(entry.say))
    top = parse_tree(text).children
    words = top["words"].children if isinstance(top, dict) and "words" in top else None
    for word, node in words.items() if isinstance(words, dict) else ():
        if _same(word, entry.word):
            return text[: node.start] + said + text[node.end :]
    entries = Entries.find(text, "entries")
    for index in range(entries.count):
        there = entries.values(index)
        narrow = {"language", "character", "engine"} & there.keys()
        if _same(there.get("word", ""), entry.word) and not narrow:
            return entries.changed([entries.slot(index, "say", "word").edit(said)])
    return entries.changed(entries.seat().edit([{"word": scalar(entry.word), "say": said}]))


def _same(one: str, other: str) -> bool:
    def folded(text: str) -> str:
        return " ".join(text.translate(APOSTROPHES).split()).casefold()

    return folded(one) == folded(other)


def source_of(plan: BookPlan, line: Line) -> tuple[Path, bool]:
    """The file that holds the line's text, and whether ``write_text_of`` can change it there."""
    manuscripts = plan.project.manuscripts
    slices = line.segment.slices
    if not slices:
        return plan.project.file, False
    path = manuscripts[min(slices[0].document, len(manuscripts) - 1)]
    return path, _plain_place(plan, line) is not None


def write_text_of(plan: BookPlan, line: Line, text: str) -> None:
    """Writes another text of the line into the manuscript, and nothing else.

    Raises:
        InputError: the line does not stand there exactly as printed, or the text is no line.
    """
    text = text.strip()
    if not 0 < len(text) <= MOST_TEXT or "\n" in text or "\r" in text:
        raise InputError("no line of text", place="text", expected=f"one line, 1 to {MOST_TEXT}")
    found = _plain_place(plan, line)
    if found is None:
        raise InputError(
            f"{line.segment.id} does not stand in a plain text exactly as it is printed",
            expected="a change in the manuscript itself",
        )
    path, source, mark, newline = found
    part = line.segment.slices[0]
    changed = source[: part.start] + text + source[part.end :]
    write_bytes(path, mark + changed.replace("\n", newline).encode("utf-8"))


def _plain_place(plan: BookPlan, line: Line) -> tuple[Path, str, bytes, str] | None:
    """(file, source text, its byte order mark, its line ends) where the line can be changed."""
    if len(line.segment.slices) != 1:
        return None
    part = line.segment.slices[0]
    manuscripts = plan.project.manuscripts
    if any(path.suffix.lower() not in _PLAIN for path in manuscripts):
        return None  # other formats have several documents in a file
    path = manuscripts[part.document]
    content = path.read_bytes()
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    try:
        written = content[len(mark) :].decode("utf-8")
    except UnicodeDecodeError:
        return None
    source = written.replace("\r\n", "\n")
    newline = "\r\n" if "\r\n" in written else "\n"
    if "\r" in source or source.replace("\n", newline) != written:
        return None  # mixed line ends: what is not this line would change, too
    if source[part.start : part.end] != line.segment.printed:
        return None
    return path, source, mark, newline
