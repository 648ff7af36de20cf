"""``castbook hook``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from flows.commands.making import JSON


@click.group("hook")
def hook_command() -> None:
    """Look at webhooks of other systems (docs/webhooks.md)."""


@hook_command.command("test")
@click.argument("source")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--header", "headers", metavar="NAME=VALUE", multiple=True, help="As the request had it."
)
@JSON
def test_hook(source: str, file: Path, headers: tuple[str, ...], as_json: bool) -> int:
    """Show what a recorded payload of SOURCE would start; start and write nothing.

    With the headers of the request, the signature is checked too: exit code 1 if it is not good.
    """
    from castbook.settings import Settings
    from flows import printing
    from tasks.hooks.preview import preview
    from tasks.hooks.sources import find_source, hooks_folder

    found = find_source(source, hooks_folder(Settings.read().data))
    shown = preview(found, parse_headers(headers), file.read_bytes(), time.time())
    if as_json:
        printing.show_json(shown)
    else:
        show(shown)
    return 1 if headers and not shown["signature"]["good"] else 0


def parse_headers(written: tuple[str, ...]) -> dict[str, str]:
    """Headers by lower-case name.

    Raises:
        click.BadParameter: one is no pair.
    """
    pairs = [entry.partition("=") for entry in written]
    for (name, equals, _), entry in zip(pairs, written, strict=True):
        if not name or not equals:
            raise click.BadParameter(f"{entry!r} is no NAME=VALUE", param_hint="--header")
    return {name.strip().lower(): value for name, _, value in pairs}


def show(shown: dict[str, Any]) -> None:
    """The same for a person."""
    signature, order = shown["signature"], shown["order"]
    verdict = "good" if signature["good"] else "not good"
    click.echo(f"signature ({signature['scheme']}): {verdict}: {signature['says']}")
    if order is None:
        click.echo(f"ignored: {shown['ignored']}")
        return
    click.echo(f"a {order['kind']} would start: {order['name']} (id {order['id']})")
    for name, value in order["parameters"].items():
        click.echo(f"  {name}: {value[:200]}")
    for file in order["files"]:
        click.echo(f"\n{file['path']} ({file['bytes']} bytes)")
        for line in file["first_lines"]:
            click.echo(f"  {line}")
