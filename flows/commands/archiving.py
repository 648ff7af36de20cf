"""``castbook archive``."""

from __future__ import annotations

import click

from castbook.errors import InputError
from flows.commands.making import JSON


@click.command("archive")
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@click.option("--list", "as_list", is_flag=True, help="List the zips in the archive.")
@click.option("--restore", metavar="NAME", help="Put the files of a zip back where they were.")
@JSON
def archive_command(dry_run: bool, as_list: bool, restore: str | None, as_json: bool) -> int:
    """Bring finished outputs and books to an object store, then remove what is old and proven.

    CASTBOOK_ARCHIVE_BUCKET names the bucket; docs/operations.md has the rest. A zip is read
    back whole before a file it holds is removed. The server does the same every night.
    """
    from flows import archives, printing
    from tasks.archive.settings import ArchiveSettings

    if as_list or restore:
        settings = ArchiveSettings.read()
        if not settings.bucket:
            raise InputError("is not set", place="CASTBOOK_ARCHIVE_BUCKET", expected="a bucket")
        store = archives.open_store(settings)
        if restore:
            return _restore(restore, store, as_json)
        rows = [{"name": stored.name, "bytes": stored.size} for stored in store.list()]
        if as_json:
            printing.show_json({"zips": rows})
        for row in () if as_json else rows:
            click.echo(f"{row['bytes']:>14,}  {row['name']}")
        return 0
    report = archives.run(dry_run=dry_run, say=lambda line: click.echo(line, err=True))
    if as_json:
        printing.show_json(
            {
                "dry_run": report.dry,
                "uploaded": report.uploaded,
                "already_there": report.present,
                "removed": report.pruned,
                "waiting": report.waiting,
            }
        )
    else:
        click.echo(report.message)
    return 0


def _restore(name: str, store: object, as_json: bool) -> int:
    from castbook.settings import Settings
    from flows import printing
    from tasks.archive.restoring import restore
    from tasks.archive.store import S3Store

    assert isinstance(store, S3Store)
    done = restore(store, name, Settings.read().data)
    if as_json:
        printing.show_json(
            {"written": done.written, "equal": done.equal, "different": done.different}
        )
    else:
        click.echo(f"{len(done.written)} files written, {len(done.equal)} were there")
        for place in done.different:
            click.echo(f"left alone, it has another content: {place}")
    return 1 if done.different else 0
