"""``castbook voice``: someone's recording becomes a voice of a project."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.commands.making import JSON, PROJECT

if TYPE_CHECKING:
    from book.project import Project
    from tasks.ears.listener import Recogniser
    from tasks.recordings import Recording, Words
    from tasks.voicewishes import Wish

_QUESTIONS = {
    "basis": "On what ground may this voice be used ({})",
    "holder": "Who gave the permission (Enter: nobody to name)",
    "record": "A file in the project that proves it (Enter: none)",
}


@click.command("voice")
@PROJECT
@click.argument("name")
@click.argument("recording", type=click.Path(path_type=Path))
@click.option("--transcript", type=click.Path(path_type=Path), help="Words of the recording.")
@click.option("--clip-transcript", metavar="TEXT", help="Words of the clip that is taken.")
@click.option("--style", default="", metavar="S", help="One mood of several: calm, alarm.")
@click.option("--pick", type=click.IntRange(1), default=1, help="Which proposal (default: 1).")
@click.option("--consent", multiple=True, metavar="FIELD=VALUE", help="basis, holder, record.")
@click.option("--engine", metavar="E", help="Speaks with this voice (default: the project's).")
@click.option("--language", metavar="L", help="Of the recording (default: the project's).")
@click.option("--library", is_flag=True, help="Add it to the project's library.")
@click.option("--replace", is_flag=True, help="Take the place of what has that name.")
@click.option(
    "--save",
    type=click.Path(path_type=Path, file_okay=False),
    help="Only write the proposals into this folder, to listen to them.",
)
@JSON
def voice_command(
    project: Path,
    name: str,
    recording: Path,
    transcript: Path | None,
    clip_transcript: str | None,
    style: str,
    pick: int,
    consent: tuple[str, ...],
    engine: str | None,
    language: str | None,
    library: bool,
    replace: bool,
    save: Path | None,
    as_json: bool,
) -> int:
    """Make NAME a voice of PROJECT from a RECORDING of one person, of any length.

    The best three clips of 3 to 10 seconds are proposed, cut at pauses; the first of them is
    taken, or the one of --pick. The words in it must be known: from --clip-transcript; from
    --transcript, where the recording is the clip; by the recogniser of castbook[asr]; or you are
    asked. So is the consent, unless --consent tells it. Nothing is guessed, and project.yaml is
    edited whole or not at all.
    """
    from book.projectfile import load_project
    from flows import voiceprinting
    from tasks import recordings
    from tasks.location import find_project
    from tasks.newvoice import add_voice
    from tasks.voicewishes import Wish, check_consent, check_wish, needs_consent

    loaded = load_project(find_project(project))
    wish = Wish(name, style, engine, _fields(consent), library, replace)
    check_wish(loaded, wish)
    asks = _at_terminal() and not as_json
    if needs_consent(loaded, wish) and save is None and (wish.consent or not asks):
        check_consent(wish.consent)
    text = recordings.read_transcript(transcript) if transcript else None
    found = recordings.survey(recording)
    if save is not None:
        files = recordings.save_clips(found, save, name)
        voiceprinting.show_saved(found, files, as_json=as_json)
        return 0
    if pick > len(found.clips):
        raise click.BadParameter(f"there are {len(found.clips)} proposals", param_hint="--pick")
    if not as_json:
        voiceprinting.show_proposals(found, pick)
    with _recogniser(loaded, clip_transcript) as recogniser:
        words = recordings.find_words(
            found,
            pick - 1,
            language or loaded.book.language,
            transcript=text,
            given=clip_transcript,
            recogniser=recogniser,
        )
    said = _settled(words, found, pick, asks)
    if needs_consent(loaded, wish) and not wish.consent:
        wish = _with_consent(wish)
        check_consent(wish.consent)
    added = add_voice(loaded, wish, found.clips[pick - 1], found.rate, said)
    source = words.source if words is not None and words.text == said else "given"
    chosen = voiceprinting.Chosen(added, pick, said, source)
    voiceprinting.show_added(chosen, found, as_json=as_json)
    return 0


def _at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def _fields(options: tuple[str, ...]) -> dict[str, str]:
    """``basis=self`` and the like."""
    found = {}
    for option in options:
        field, sign, value = option.partition("=")
        if not sign:
            raise click.BadParameter(
                f"{option!r}: expected FIELD=VALUE, such as basis=self", param_hint="--consent"
            )
        found[field.strip()] = value.strip()
    return found


@contextmanager
def _recogniser(project: Project, given: str | None) -> Iterator[Recogniser | None]:
    from tasks.recordings import open_recogniser

    recogniser = None if given is not None else open_recogniser(project)
    try:
        yield recogniser
    finally:
        if recogniser is not None:
            recogniser.close()


def _settled(words: Words | None, found: Recording, pick: int, asks: bool) -> str:
    """The words of the clip; a person sees what was heard before it counts."""
    from castbook.errors import VoiceError
    from flows.voiceprinting import place

    if words is not None and (words.certain or not asks):
        return words.text
    if asks:
        heard = words.text if words else None
        question = "Every word of the clip" + (" (Enter: as heard)" if heard else "")
        answer: str = click.prompt(question, default=heard, type=str, err=True)
        return " ".join(answer.split())
    proposal = found.proposals[pick - 1]
    raise VoiceError(
        f"nobody knows the words of the clip at {place(proposal)}",
        path=found.path,
        expected='--clip-transcript "every word of it, and no others"',
        hint="listen to the clips with --save FOLDER, or pip install 'castbook[asr]' and "
        "castbook get whisper",
    )


def _with_consent(wish: Wish) -> Wish:
    """Asked of the person at the keyboard; what is not said is not written."""
    from dataclasses import replace

    from tasks.voicewishes import BASES, CONSENT_FIELDS

    answers: dict[str, str] = {}
    for field in CONSENT_FIELDS:
        if field == "basis":
            kinds = click.Choice(BASES)
            answers[field] = click.prompt(
                _QUESTIONS[field].format(", ".join(BASES)), type=kinds, show_choices=False, err=True
            )
        elif answers["basis"] != "self":
            answers[field] = click.prompt(
                _QUESTIONS[field], default="", show_default=False, err=True
            ).strip()
    return replace(wish, consent={field: value for field, value in answers.items() if value})
