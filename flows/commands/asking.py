"""``castbook label`` and ``words``: what castbook does not know, asked of a model or a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.commands.making import JSON, PROJECT
from flows.tables import table

if TYPE_CHECKING:
    from book.spoken.notable import NotableWord
    from tasks.labelling import Labelling


@click.command("label")
@PROJECT
@JSON
def label_command(project: Path, as_json: bool) -> int:
    """Ask a language model who says the lines nobody is sure of (casting.model of the project).

    The answers are kept in labels.yaml; a line is never asked about twice.
    """
    from dataclasses import asdict

    from book.projectfile import load_project
    from flows import printing
    from tasks.labelling import label_script
    from tasks.location import find_project
    from tasks.sources import read_script
    from tasks.voices import Voices

    loaded = load_project(find_project(project))
    script = read_script(loaded, Voices(loaded))
    done = label_script(loaded, script, say=lambda text: click.echo(text, err=True))
    if as_json:
        printing.show_json(asdict(done))
    else:
        _show_labelling(done)
    return 0 if done.clean else 1


@click.command("words")
@PROJECT
@click.option("--limit", type=click.IntRange(1), default=40, show_default=True)
@JSON
def words_command(project: Path, limit: int, as_json: bool) -> int:
    """List names, foreign words and Chinese polyphones that may be mispronounced."""
    from dataclasses import asdict

    from book.languages import load_language
    from book.projectfile import load_project
    from book.spoken.lexiconfile import read_lexicon
    from book.spoken.notable import find_notable
    from flows import printing
    from tasks.location import find_project
    from tasks.sources import read_script
    from tasks.voices import Voices

    loaded = load_project(find_project(project))
    words = find_notable(
        read_script(loaded, Voices(loaded)),
        load_language(loaded.book.language),
        {key: (key, *who.aliases) for key, who in loaded.book.cast.items()},
        {entry.word for entry in read_lexicon(loaded.lexicons).entries},
    )
    if as_json:
        printing.show_json({"words": [asdict(word) for word in words]})
    else:
        _show_words(words[:limit], len(words) - limit)
    return 0


def _show_labelling(done: Labelling) -> None:
    click.echo(
        f"{done.asked} requests, {done.known} passages answered before; "
        f"{done.labels} lines have a speaker now, of {done.unknown} the model does not know one"
    )
    for problem in done.problems:
        click.echo(f"problem: {problem}")
    click.echo("see labels.yaml; correct it in casting.yaml, which goes before it")


def _show_words(words: Sequence[NotableWord], left: int) -> None:
    table(
        ("word", "why", "times", "first in", "readings", "there"),
        [(w.word, w.reason, w.count, w.segment, " ".join(w.readings), w.context) for w in words],
    )
    if left > 0:
        click.echo(f"and {left} more: --limit")
    if words:
        word = words[0].word
        click.echo(f"respell what you hear wrong, in lexicon.yaml:\n  words:\n    {word}: …")
    else:
        click.echo("no word of this book stands out")
