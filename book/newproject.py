"""The first ``project.yaml`` of a book, written for someone who has never seen one.

Pure: from what was found in the manuscript and who was cast, the text of a file that
``load_project`` accepts, with comments that say what each part is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from book.manuscript import NARRATOR, Facts
from book.parts import CastVoice, Gender
from book.projectchecks import fold_name
from book.yamltext import flow_list, one_line, scalar

_TITLE_LIMIT = 300  # characters of a title or author found in a manuscript
_NAME_LIMIT = 100  # of an alias
_DESCRIPTION_LIMIT = 2000
_SAMPLE_LIMIT = 70  # of a line quoted in a comment
_WIDTH = 100  # columns of a list before it is broken


@dataclass(frozen=True, slots=True)
class ProposedRole:
    """A character, as it will stand under ``cast``."""

    key: str
    name: str  # for people to read
    aliases: tuple[str, ...]  # every other form in the text
    gender: Gender | None
    voice: str  # a key of voices
    lines: int
    sample: str  # one of its lines


@dataclass(frozen=True, slots=True)
class ProposedSkip:
    """A part of the manuscript that is not read."""

    title: str  # what ``include`` takes; empty when it cannot be turned on
    reason: str
    characters: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything a new project says."""

    title: str
    author: str  # empty when the manuscript does not say
    language: str  # BCP 47
    manuscript: str  # file name in the project's folder
    engine: str
    narrator: str  # a key of voices
    voices: tuple[CastVoice, ...]
    cast: tuple[ProposedRole, ...] = ()  # most lines first
    narrator_character: str | None = None  # a key of cast: who says "I"
    skips: tuple[ProposedSkip, ...] = ()
    notes: tuple[str, ...] = ()  # "better engine available: …"
    profile: str = "acx"
    facts: Facts = field(default_factory=Facts)  # series, publisher, … as the manuscript says
    cover: str | None = None  # file names in the project's folder
    lexicon: str | None = None


def render_project(proposal: Proposal) -> str:
    """The text of ``project.yaml``."""
    blocks = [
        _head(proposal),
        _book(proposal),
        _skips(proposal.skips),
        _engine(proposal),
        _voices(proposal),
        _cast(proposal),
        _delivery(proposal),
        [_MORE, *(f"# {row}" for row in _unused(proposal))],
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


_MORE = """\
# More that can stand here (remove the # to use it):
# pauses: {sentence: 350, comma: 130, paragraph: 650, speaker: 450, scene: 1400, title: 1200}   # ms
# casting: {unsure: guess}   # an unsure line is spoken by the likeliest, not by the narrator"""
_EXAMPLES = {
    "lexicon": "lexicon: lexicon.yaml     # how names are pronounced",
    "cover": "cover: cover.jpg",
    "series": "series: {name: The series, part: 1}",
    "metadata": 'metadata: {publisher: Me, year: 1890, genre: [Mystery], description: "…"}',
}


def _delivery(proposal: Proposal) -> list[str]:
    """What is made, and what the manuscript said about itself."""
    rows = [f"profile: {scalar(proposal.profile)}", "outputs: [m4b, mp3]"]
    rows += [f"{key}: {value}" for key, value in _known(proposal).items()]
    return rows


def _known(proposal: Proposal) -> dict[str, str]:
    """Keys of ``project.yaml`` whose values the manuscript brought, as they are written."""
    facts, found = proposal.facts, {}
    if proposal.lexicon:
        found["lexicon"] = f"{scalar(proposal.lexicon)}   # pronunciations from the manuscript"
    if proposal.cover:
        found["cover"] = scalar(proposal.cover)
    series = one_line(facts.series or "", _TITLE_LIMIT)
    if series:
        part = one_line(facts.series_part or "", _NAME_LIMIT)
        number = f", part: {part if part.isdecimal() else scalar(part)}" if part else ""
        found["series"] = f"{{name: {scalar(series)}{number}}}"
    pairs = []
    if facts.publisher and one_line(facts.publisher, _TITLE_LIMIT):
        pairs.append(f"publisher: {scalar(one_line(facts.publisher, _TITLE_LIMIT))}")
    if facts.year is not None and 0 <= facts.year <= 9999:
        pairs.append(f"year: {facts.year}")
    description = one_line(facts.description or "", _DESCRIPTION_LIMIT)
    if description:
        pairs.append(f"description: {scalar(description)}")
    if pairs:
        found["metadata"] = "\n  " + "\n  ".join(pairs)
    return found


def _unused(proposal: Proposal) -> list[str]:
    """Examples of keys that the manuscript says nothing about."""
    known = _known(proposal)
    return [row for key, row in _EXAMPLES.items() if key not in known]


def _head(proposal: Proposal) -> list[str]:
    return [
        f"# {one_line(proposal.title) or 'A book'}, as a castbook project.",
        "# Written by `castbook new`. Everything below may be changed; the lines with a # are",
        "# remarks. In this folder:",
        "#   castbook plan .        shows what will be read, by whom, and what is skipped",
        "#   castbook audition .    lets every character speak, to choose the voices by ear",
        "#   castbook make .        makes the book, and only what is not made yet",
    ]


def _book(proposal: Proposal) -> list[str]:
    rows = ["version: 1"]
    for key, found in (("title", proposal.title), ("author", proposal.author)):
        text = one_line(found, _TITLE_LIMIT)
        remark = "" if text else "   # not found in the manuscript: please write it here"
        rows.append(f"{key}: {scalar(text or 'Unknown')}{remark}")
    rows.append(f"language: {scalar(proposal.language)}")
    rows.append(f"manuscript: {scalar(proposal.manuscript)}")
    return rows


def _skips(skips: Sequence[ProposedSkip]) -> list[str]:
    choosable = [skip for skip in skips if skip.title]
    fixed = [skip for skip in skips if not skip.title]
    rows = []
    if choosable:
        rows.append("# Not read. To read one of these, put its title into the brackets of include:")
        rows += [f"#   {scalar(s.title)}   # {_size(s)}" for s in choosable]
    if fixed:
        rows.append("# Never read:")
        rows += [f"#   {_size(skip)}" for skip in fixed]
    rows.append("include: []")
    rows.append("exclude: []   # titles of parts that should not be read, such as [Appendix]")
    return rows


def _size(skip: ProposedSkip) -> str:
    return f"{one_line(skip.reason)}, {skip.characters:,} characters"


def _engine(proposal: Proposal) -> list[str]:
    rows = [f"# {one_line(note, 200)}" for note in proposal.notes if note.strip()]
    rows.append(f"engine: {scalar(proposal.engine)}   # speaks every voice that names no other")
    rows.append(f"narrator: {scalar(proposal.narrator)}   # the voice of the narration")
    hero = proposal.narrator_character
    if hero is not None:
        rows.append(f"narrator_character: {scalar(hero)}   # says “I” in this book")
    return rows


def _voices(proposal: Proposal) -> list[str]:
    rows = [
        "# What there is to choose from: castbook voices",
        "voices:",
    ]
    for voice in proposal.voices:
        keys = [] if voice.engine == proposal.engine else [f"engine: {scalar(voice.engine)}"]
        keys.append(f"preset: {scalar(voice.preset)}")
        if voice.parameters:
            pairs = ", ".join(f"{scalar(k)}: {scalar(v)}" for k, v in voice.parameters.items())
            keys.append(f"parameters: {{{pairs}}}")
        why = one_line(voice.why)
        remark = f"   # {why}" if why else ""
        rows.append(f"  {scalar(voice.key)}: {{{', '.join(keys)}}}{remark}")
    return rows


def _cast(proposal: Proposal) -> list[str]:
    roles = [role for role in proposal.cast if role.key != NARRATOR]
    if not roles:
        return [
            "# No characters were found: the narrator reads everything. A character looks so:",
            "#   holmes: {voice: holmes, aliases: [Sherlock Holmes], gender: m}",
            "cast: {}",
        ]
    rows = [
        "# Who speaks: the names under which the text knows them, and one of their lines.",
        "cast:",
    ]
    owners = {fold_name(role.key): role.key for role in roles}
    for role in roles:
        sample = one_line(role.sample, _SAMPLE_LIMIT)
        count = f"{role.lines:,} line{'s' if role.lines != 1 else ''}"
        rows.append(f"  {scalar(role.key)}:   # {count}" + (f": {sample}" if sample else ""))
        rows.append(f"    voice: {scalar(role.voice)}")
        rows += _aliases(role, owners)
        if role.gender is not None:
            rows.append(f"    gender: {role.gender}")
    return rows


def _aliases(role: ProposedRole, owners: dict[str, str]) -> list[str]:
    """Names nobody larger has: a name in the text must lead to one character."""
    names = []
    for alias in (role.name, *role.aliases):
        name = one_line(alias, _NAME_LIMIT)
        if not name or name == role.key or name in names:
            continue
        if owners.setdefault(fold_name(name), role.key) == role.key:
            names.append(name)
    if not names:
        return []
    row = f"    aliases: {flow_list(tuple(names))}"
    if len(row) <= _WIDTH:
        return [row]
    return ["    aliases:", *(f"      - {scalar(name)}" for name in names)]
