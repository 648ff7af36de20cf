"""``castbook``: the command line. Thin: parse, call, print.

Exit codes, on which scripts rely: 0 done; 1 something failed or is doubtful (named); 2 the
project, the manuscript or the machine is at fault, or ``make`` asks for --redo or --keep (one
clear line each). ``--json`` prints one JSON object on stdout; progress and messages go to
stderr. Commands are loaded when they are called, so that ``--help``, ``plan``, ``status`` and
``check`` start in well under a second and import neither Prefect nor torch.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
from types import FrameType
from typing import Any

import click

from castbook import __version__
from castbook.errors import BrokenPromise, CastbookError

COMMANDS = {  # name -> (module of flows.commands, one line of help)
    "new": ("making", "Start a project: find chapters and cast, give every part a voice."),
    "plan": ("making", "Show what would be read, spoken and synthesised; change nothing."),
    "review": ("looking", "Write the page on which you correct who speaks."),
    "make": ("making", "Make the book; only what is missing is done."),
    "audition": ("mending", "Let each character speak its own lines on one page."),
    "status": ("looking", "Chapters, takes, failures and files of one or more projects."),
    "find": ("mending", "Find a sentence: who says it, how, and how to mend it."),
    "retake": ("mending", "Ask for another take of a segment."),
    "accept": ("mending", "Accept a doubtful take."),
    "label": ("asking", "Ask a language model who says the lines nobody is sure of."),
    "words": ("asking", "List names and words worth an entry in the lexicon."),
    "check": ("looking", "Measure finished audio against a delivery profile."),
    "speak": ("speaking", "Speak a text into a file."),
    "batch": ("speaking", "Speak every line of a JSONL file into a file of its own."),
    "up": ("machine", "Start the Prefect server, a worker and the deployment."),
    "serve": ("serving", "Open the page, the speech API and the jobs API."),
    "hook": ("hooking", "Show what a webhook's payload would start."),
    "voice": ("voicing", "Make a voice of the project from a recording of someone."),
    "voices": ("machine", "List the presets of the engines."),
    "get": ("machine", "Download the weights of an engine."),
    "doctor": ("machine", "Say what is installed and what is missing."),
    "archive": ("archiving", "Bring what is finished to an object store; remove what is old."),
    "clean": ("machine", "Remove takes that nothing uses any more."),
}


class LazyGroup(click.Group):
    """Loads a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command's own module is imported here."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"flows.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list for ``--help``, without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="castbook")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """Turn a manuscript into a full-cast audiobook."""
    if debug:
        logging.basicConfig(level=logging.DEBUG)
        for noisy in ("asyncio", "httpcore", "httpx", "websockets", "urllib3"):
            logging.getLogger(noisy).setLevel(logging.WARNING)


def main(arguments: list[str] | None = None) -> int:
    """The console script: runs a command and returns its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    words = sys.argv[1:] if arguments is None else arguments
    try:
        result: Any = cli.main(args=words, prog_name="castbook", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except CastbookError as error:
        if "--debug" in words:
            raise
        say(str(error))
        if isinstance(error, BrokenPromise):
            say("this is a bug in castbook: please report it with the output of castbook doctor")
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("stopped; finished work is kept: the same command goes on from here")
        return 130
    except BrokenPipeError:
        # the reader of our output has gone: not our failure, and nothing to print to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def say(text: str) -> None:
    """A message for a person, on stderr."""
    click.echo(f"castbook: {text}", err=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends a run as Ctrl-C does: engine processes are ended, nothing is lost."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
