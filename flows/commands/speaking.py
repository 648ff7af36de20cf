"""``castbook speak`` and ``batch``: texts without a book, on this machine, without Prefect."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from flows.commands.making import JSON

Command = Callable[..., Any]

# book.project.Consent; written out, because commands are shown before anything is imported
_BASES = click.Choice(["self", "licensed", "public-domain", "synthetic"])

# as upstream's program and the founding texts call them: taken, not shown (docs/batches.md)
_OLD = {
    "--prompt_audio": "--voice",
    "--prompt_text": "--transcript",
    "--sample_rate": "--rate",
    "--output_path": "--out",
    "--exp_name": "--out",
}


class OldNames(click.Command):
    """A command that knows its options by their old names as well."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the new names in the place of the old ones, up to ``--``."""
        end = args.index("--") if "--" in args else len(args)
        split = [(word, *word.partition("=")) for word in args[:end]]
        new = [
            _OLD[name] + sign + value if name in _OLD else word for word, name, sign, value in split
        ]
        return super().parse_args(ctx, new + args[end:])


def _wish(command: Command) -> Command:
    """The options that both commands have."""
    options = [
        click.option("--voice", metavar="V", help="A voice, or a recording."),
        click.option("--transcript", metavar="TEXT", help="Of the recording."),
        click.option("--consent", type=_BASES, help="On what ground its voice may be used."),
        click.option("--language", metavar="L", help="Such as en or zh (default: told)."),
        click.option("--engine", metavar="E", help="Default: that of the voice."),
        click.option("--style", metavar="S", help="A mood of the voice."),
        click.option("--seed", type=click.IntRange(0), help="Default: 42."),
        click.option("--rate", type=int, metavar="HZ", help="Of the file."),
        click.option("--speed", type=click.FloatRange(0.25, 4), help="Above 1 is faster."),
        click.option("--preset", metavar="P", help="debug, hifi, dialogue or batch."),
        click.option("--sampler", metavar="S", help="ras or topk, of engines that sample."),
        click.option("--use_cache", "kv_cache", is_flag=True, default=None, hidden=True),
        click.option("--use_phoneme", "--phoneme", is_flag=True, hidden=True, expose_value=False),
        click.option("--replace", is_flag=True, help="Another text's file of that name gives way."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command("speak", cls=OldNames)
@click.argument("text", required=False)
@click.option("--input_text", "text_of_old", hidden=True)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="The file: .wav, .flac, .mp3 or .opus (default: tts_DATE_TIME.wav here).",
)
@_wish
@JSON
def speak_command(
    text: str | None,
    text_of_old: str | None,
    out: Path | None,
    replace: bool,
    as_json: bool,
    **wished: Any,
) -> int:
    """Speak TEXT into a file; from standard input with ``-``. A text that begins with a dash
    comes after ``--``."""
    from datetime import datetime

    from castbook.errors import InputError
    from castbook.settings import Settings
    from flows import batchprinting
    from tasks.batches.booth import Booth
    from tasks.batches.rows import read_row
    from tasks.speech.outputs import timed_name

    text = text if text is not None else text_of_old
    if text == "-":
        text = _standard_input()
    if text is None or not text.strip():
        raise InputError("there is nothing to say", place="TEXT", expected="a text, or -")
    out = out or Path(f"{timed_name(datetime.now())}.wav")
    settings = Settings.read()
    given, homes = _given(wished)
    row = read_row({"text": text, "output_name": out.name, **given})
    with Booth(settings.data, engine=settings.engine, homes=homes) as booth:
        output = booth.speak(row, out.parent, name=row.name, replacing=replace)
    batchprinting.show_output(output, as_json)
    return 0


@click.command("batch", cls=OldNames)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--data", "file_of_old", type=click.Path(path_type=Path), hidden=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the files (default: FILE without its ending).",
)
@click.option("--format", "form", help="wav (default), flac, mp3 or opus.")
@click.option("--zip", "zipped", is_flag=True, help="Pack what was made, with its manifest.")
@click.option("--workers", type=click.IntRange(1, 256), help="Rows at once (default: slots).")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Of the live lines.")
@_wish
@JSON
def batch_command(
    file: Path | None,
    file_of_old: Path | None,
    out: Path | None,
    form: str | None,
    zipped: bool,
    workers: int | None,
    lang: str,
    replace: bool,
    as_json: bool,
    **wished: Any,
) -> int:
    """Speak every line of FILE, a JSONL file, into a file of its own. A line that fails is named,
    and the others are made; a second run does only what is missing. Options hold for lines that
    do not say otherwise."""
    from datetime import date

    from castbook.errors import InputError
    from castbook.settings import Settings
    from flows import batchprinting
    from tasks.batches.booth import Booth
    from tasks.batches.jsonlines import read_batch
    from tasks.batches.lines import advice
    from tasks.batches.packing import pack

    file = file or file_of_old
    if file is None:
        raise InputError("there is no batch", place="FILE", expected="a JSONL file")
    settings = Settings.read()
    given, homes = _given({**wished, "format": form})
    rows = read_batch(file, given)
    folder = out or (file.with_suffix("") if file.suffix else file.with_name(f"{file.name}-out"))
    if before := advice(rows, lang):
        click.echo(before, err=True)

    homes = [file.absolute().parent, *homes]
    with (
        Booth(settings.data, engine=settings.engine, homes=homes) as booth,
        batchprinting.LiveLines(len(rows), lang) as observer,
    ):
        report = booth.speak_all(rows, folder, observer, workers=workers, replacing=replace)
    packed = pack(report, folder.parent, date.today()) if zipped and report.done else None
    batchprinting.show_batch(report, folder, packed, as_json)
    return 0 if not report.failed else 1


def _given(wished: Mapping[str, Any]) -> tuple[dict[str, Any], list[Path]]:
    """What was said on the command line, and the folder of a recording that it names: people
    may name any file of theirs, rows only what lies beside their batch."""
    from tasks.batches.fields import is_recording

    given = {name: value for name, value in wished.items() if value is not None}
    voice = given.get("voice", "")
    if not is_recording(voice):
        return given, []
    path = Path(voice).expanduser().absolute()
    return {**given, "voice": path.name}, [path.parent]


def _standard_input() -> str:
    """The text that is piped in.

    Raises:
        InputError: it is not UTF-8.
    """
    from castbook.errors import InputError
    from tasks.speech.wishes import MOST_TEXT

    content = sys.stdin.buffer.read(4 * MOST_TEXT + 1)  # a character has at most four bytes
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8", place="standard input", expected="UTF-8") from error
