"""Writes what the documents say about the code, from the code: ``make docs``.

- the annotated tree in ARCHITECTURE.md: the first sentence of every module
- docs/commands.md: the help of every command
- README.md: what ``castbook plan`` says of the example books

``tests/test_documents.py`` compares, so that neither can become false.
"""

from __future__ import annotations

import ast
import re
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "castbook",
    "book",
    "tts",
    "audio",
    "tasks",
    "flows",
    "service",
    "benchmarks",
    "scripts",
)
FOLDERS = {  # what no module says of itself
    "configs/engines": "presets of the engines",
    "configs/languages": "what is data and not a rule: abbreviations, titles, headings, credits",
    "configs/mastering": "delivery profiles",
    "configs/prefect": "the server profile",
    "configs/review": "the script page: markup, style, program",
    "configs/speakers": "words and fitted weights of the evidence for speakers; numbers only",
    "configs/spoken": "words of the normalisers: rulers, units, currencies, measure words",
    "docs": "engines, commands, measurements",
    "projects": "example books, each with its origin and rights",
    "tests": "mirrors the rooms; tests/faults holds what must be refused",
}
START, END = "<!-- tree -->", "<!-- /tree -->"
PLAN = re.compile(
    r"(?P<start><!-- plan: (?P<project>\S+) -->).*?(?P<end><!-- /plan -->)", re.DOTALL
)
COLUMN, WIDTH = 27, 100  # characters: where the phrases begin, and where lines end


def first_sentence(path: Path) -> str:
    """Of a module's docstring, on one line and without its stop."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.partition("\n\n")[0].split()).replace("``", "")
    return re.split(r"(?<=[.?])\s", paragraph, maxsplit=1)[0].rstrip(".:")


def tree_lines() -> Iterator[str]:
    """The tree, a line for every module and data folder."""
    for room in ROOMS:
        yield f"{room}/"
        for path in sorted((ROOT / room).rglob("*.py")):
            name = path.relative_to(ROOT / room).as_posix()
            yield _line(f"  {name}", first_sentence(path))
    for folder, phrase in sorted(FOLDERS.items()):
        if (ROOT / folder).is_dir():
            yield _line(f"{folder}/", phrase)


def _line(name: str, phrase: str) -> str:
    indent = " " * COLUMN
    rest = textwrap.fill(phrase, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return f"{name:<{COLUMN - 1}} {rest[COLUMN:]}".rstrip()


def architecture(current: str) -> str:
    """ARCHITECTURE.md with the tree as it stands."""
    before, _, rest = current.partition(START)
    tree = "\n".join(tree_lines())
    return f"{before}{START}\n```\n{tree}\n```\n{END}{rest.partition(END)[2]}"


def commands() -> str:
    """docs/commands.md: the help of the program and of every command."""
    from flows.cli import COMMANDS, cli

    parts = [
        "# Commands",
        "Written by `make docs` from the program itself.",
        _help(cli, "castbook"),
    ]
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        parts += [f"## castbook {name}", _help(command, f"castbook {name}")]
    return "\n\n".join(parts) + "\n"


def _help(command: click.Command, name: str) -> str:
    context = click.Context(
        command,
        info_name=name,
        terminal_width=80,
        max_content_width=80,
        help_option_names=["-h", "--help"],  # as flows/cli.py has it
    )
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    return "```\n" + "\n".join(lines) + "\n```"


def readme(current: str) -> str:
    """README.md with the plans of the example books as a fresh checkout prints them."""
    return PLAN.sub(
        lambda match: f"{match['start']}\n```\n{plan(match['project'])}```\n{match['end']}", current
    )


def plan(project: str) -> str:
    """The output of ``castbook plan`` for a project that nothing was made of yet."""
    from flows.cli import cli

    with tempfile.TemporaryDirectory() as build:
        arguments = ["plan", str(ROOT / project), "--build", build]
        result = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    return "".join(line.rstrip() + "\n" for line in result.output.splitlines())


def main() -> None:
    """Rewrites all of them."""
    start = ROOT / "README.md"
    start.write_text(readme(start.read_text(encoding="utf-8")), encoding="utf-8")
    page = ROOT / "ARCHITECTURE.md"
    page.write_text(architecture(page.read_text(encoding="utf-8")), encoding="utf-8")
    (ROOT / "docs" / "commands.md").write_text(commands(), encoding="utf-8")


if __name__ == "__main__":
    main()
