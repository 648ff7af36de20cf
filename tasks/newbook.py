"""``castbook new``: a manuscript becomes a project that can be made at once.

The cast is proposed from the text alone, voices are given by the best engine that is
installed for the language, and both are a pure function of the book and of what is
installed. The folder appears whole or not at all.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from book.languageguess import guess_language
from book.manuscript import Facts, Manuscript
from book.newproject import Proposal, ProposedRole, ProposedSkip, render_project
from book.parts import Offered, Part, cast_voices
from book.projectfile import LEXICON_FILE, load_project
from book.proposal import CastProposal, propose_cast
from book.readers import read_manuscript
from book.spoken.newlexicon import render_lexicon
from castbook.errors import ManuscriptError, ProjectError, VoiceError
from castbook.files import storage_error
from tts.engine import Engine
from tts.registry import engine_names, make_engine

PREFERENCE = ("kokoro", "espeak", "tone")  # best sound first, of those that need no account
# Parameters by which one preset of an engine passes for another speaker.
VARIANTS: Mapping[str, Sequence[Mapping[str, int]]] = {
    "espeak": ({"pitch": 35}, {"pitch": 65}, {"pitch": 25}, {"pitch": 75})
}


@dataclass(frozen=True, slots=True)
class Created:
    """A new project."""

    file: Path
    chapters: int
    cast: tuple[tuple[str, int, str, str | None], ...]  # name, lines, voice, gender
    notes: tuple[str, ...]


def looks_like_manuscript(path: Path) -> bool:
    """Whether ``castbook make PATH`` means a manuscript and not a project."""
    return path.is_file() and path.name != "project.yaml"


def project_beside(manuscript: Path) -> tuple[Path, Created | None]:
    """The project folder beside a manuscript, created unless it is there."""
    folder = manuscript.with_suffix("")
    if folder == manuscript:
        folder = manuscript.with_name(f"{manuscript.name}-book")
    if (folder / "project.yaml").is_file():
        return folder, None
    return folder, create_project(folder, manuscript)


def create_project(
    folder: Path, manuscript: Path, *, language: str | None = None, engine: str | None = None
) -> Created:
    """Reads the manuscript, proposes cast and voices, and writes the project.

    Raises:
        ProjectError: the folder is in use, or no engine speaks the language.
        ManuscriptError: the manuscript cannot be read.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(
            "the folder is in use", path=folder, expected="a new or empty folder",
            hint="give another folder: nothing there was touched",
        )  # fmt: skip
    if not manuscript.is_file():
        raise ManuscriptError("no such manuscript", path=manuscript)
    names = (manuscript.name,)
    if language is None:
        first = read_manuscript((manuscript,), names=names, language="und")
        language = guess_language(
            "".join(source.text for source in first.sources), first.facts.language
        )
    read = read_manuscript((manuscript,), names=names, language=language)
    proposed = propose_cast(read, language)
    speaking, notes = choose_engine(language, engine)
    files = _brought(read.facts)
    proposal = propose(manuscript, read, proposed, speaking, language, notes, tuple(files))
    _write(folder, manuscript, {**files, "project.yaml": render_project(proposal).encode()})
    project = load_project(folder)
    return Created(
        file=project.file,
        chapters=len(read.chapters),
        cast=tuple((c.name, c.lines, c.voice, c.gender) for c in proposal.cast),
        notes=notes,
    )


def propose(
    manuscript: Path,
    read: Manuscript,
    proposed: CastProposal,
    engine: Engine,
    language: str,
    notes: Sequence[str] = (),
    files: Sequence[str] = (),
) -> Proposal:
    """Everything the new project says. Pure.

    ``files`` are the names of the files that the manuscript brings (``_brought``).
    """
    who = proposed.narrator_character
    genders = {c.key: c.gender for c in proposed.characters}
    cast = cast_voices(
        language,
        Part(who or "narrator", genders.get(who or ""), proposed.narrator_lines),
        [Part(c.key, c.gender, c.lines) for c in proposed.characters],
        [Offered(engine.name, p.name, p.languages, p.gender) for p in engine.presets()],
        VARIANTS,
    )
    return Proposal(
        title=read.title or title_of(manuscript.stem),
        author=read.author or "",
        language=language,
        manuscript=manuscript.name,
        engine=engine.name,
        narrator=cast.narrator,
        voices=cast.voices,
        cast=tuple(
            ProposedRole(c.key, c.name, c.aliases, c.gender, cast.of[c.key], c.lines, c.sample)
            for c in proposed.characters
        ),
        narrator_character=who,
        skips=_skipped(read),
        notes=tuple(notes),
        facts=read.facts,
        cover=next((name for name in files if name.startswith("cover.")), None),
        lexicon=next((name for name in files if name == LEXICON_FILE), None),
    )


def _skipped(read: Manuscript) -> tuple[ProposedSkip, ...]:
    """One row for each part that is not read, however many paragraphs it has."""
    sizes: Counter[tuple[str, str]] = Counter()
    for skip in read.skips:
        sizes[skip.title, skip.reason] += skip.slice.end - skip.slice.start
    return tuple(ProposedSkip(title, reason, n) for (title, reason), n in sizes.items())


def _brought(facts: Facts) -> dict[str, bytes]:
    """Files of the new project that come out of the manuscript: its cover, a lexicon."""
    files: dict[str, bytes] = {}
    if facts.cover is not None:
        files[f"cover.{'jpg' if facts.cover.kind == 'jpeg' else 'png'}"] = facts.cover.content
    lexicon = render_lexicon(facts.sounds)
    if lexicon is not None:
        files[LEXICON_FILE] = lexicon.encode()
    return files


def title_of(stem: str) -> str:
    """A title from a file name: ``1342_pride_and_prejudice`` is Pride And Prejudice."""
    words = re.sub(r"[\W_]+", " ", stem).strip()
    return re.sub(r"^\d+ (?=\D)", "", words).title() or stem


def choose_engine(language: str, wanted: str | None = None) -> tuple[Engine, tuple[str, ...]]:
    """The best installed engine with a voice for the language, and what would be better.

    Raises:
        ProjectError: the engine asked for does not exist or has no voice for the language.
    """
    if wanted is not None:
        engine = make_engine(wanted, {})
        if not speaks(engine, language):
            raise ProjectError(
                f"{wanted} has no voice for {language!r}", place="engine",
                hint="castbook voices lists what there is",
            )  # fmt: skip
        missing = engine.missing()
        return engine, (f"{wanted} cannot run here yet: {missing}",) if missing else ()
    notes: list[str] = []
    names = [n for n in PREFERENCE if n in engine_names()]
    for name in names:
        engine = make_engine(name, {})
        if not speaks(engine, language):
            continue
        missing = engine.missing()
        if missing is None:
            return engine, tuple(notes)
        notes.append(f"{name} would sound better: {missing}")
    raise ProjectError(f"no installed engine speaks {language!r}", hint="; ".join(notes) or None)


def speaks(engine: Engine, language: str) -> bool:
    """Whether some preset of the engine is for the language."""
    primary = language.split("-")[0].lower()
    return any(
        tag == "*" or tag.split("-")[0].lower() == primary
        for preset in engine.presets()
        for tag in preset.languages
    )


def _write(folder: Path, manuscript: Path, files: Mapping[str, bytes]) -> None:
    """Fills a temporary folder beside the wanted one and moves it there."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".castbook-new-", dir=folder.parent) as place:
            new = Path(place) / "project"
            new.mkdir()
            shutil.copyfile(manuscript, new / manuscript.name)
            for name, content in files.items():
                (new / name).write_bytes(content)
            try:
                load_project(new)
            except (ProjectError, VoiceError) as error:
                raise ProjectError(f"the proposed project is wrong: {error}") from error
            if folder.exists():
                folder.rmdir()  # empty: checked above
            new.rename(folder)
    except OSError as error:
        raise storage_error(error, folder) from error
