"""What ``castbook check`` prints: one file in full, several as a table. No decisions.

Made for 80 columns; a sound's name comes last in its row, where it may be longer.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from flows.tables import clock, display_width

if TYPE_CHECKING:
    from audio.measuring.check import CheckResult, Finding
    from audio.measuring.measure import Measured
    from audio.measuring.members import Member
    from audio.profiles import Profile

_COLUMNS: Final = 80
_INDENT: Final = " " * 6
_MARK: Final = {True: "ok  ", False: "FAIL"}


@contextlib.contextmanager
def measuring(sound: Member) -> Iterator[None]:
    """On a terminal, says what is being measured: ten hours of sound take two minutes."""
    if not sys.stderr.isatty():
        yield
        return
    click.echo(f"measuring {_name(Path(sound.path.name), sound.member)[:60]}", nl=False, err=True)
    try:
        yield
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


def show_check(result: CheckResult) -> None:
    """One file: what it is, every rule, and what to do."""
    click.echo(_name(result.path, result.member))
    m = result.measured
    kind = m.format if m.codec == m.format else f"{m.codec} in {m.format}"
    for line in (
        f"{kind}, {m.rate} Hz, {_channels(m)}, {_bitrate(m)}, {clock(m.duration_s)}",
        f"RMS {m.rms_db:.2f} dB, peak {m.peak_db:.2f} dB, true peak {m.true_peak_db:.2f} dB",
        f"loudness {m.lufs:.1f} LUFS, range {m.loudness_range_lu:.1f} LU, "
        f"noise floor {m.floor_db:.1f} dB",
    ):
        click.echo(f"{_INDENT}{line}")
    rows = [(f.rule, f.measured, f.wanted) for f in result.findings]
    widths = [max(display_width(row[i]) for row in rows) for i in (0, 1)]
    for finding, row in zip(result.findings, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo(f"{_MARK[finding.ok]}  {cells[0]}  {cells[1]}  {row[2]}")
        if finding.advice:
            _say(finding.advice)


class CheckTable:
    """Several files: a row for each as soon as it is measured, with what is wrong below it."""

    def __init__(self, sounds: Sequence[Member], profile: Profile) -> None:
        folders = [str(sound.path.absolute().parent) for sound in sounds]
        self._folder = Path(os.path.commonpath(folders))
        self._level = "LUFS" if profile.lufs_min is not None else "RMS"
        if self._folder != Path.cwd():
            here = self._folder.is_relative_to(Path.cwd())
            click.echo(f"in {self._folder.relative_to(Path.cwd()) if here else self._folder}")
        click.echo(f"{_INDENT}{self._level:>6}   peak   floor   length  file")

    def add(self, result: CheckResult) -> None:
        """A measured file."""
        m = result.measured
        level = m.lufs if self._level == "LUFS" else m.rms_db
        click.echo(
            f"{_MARK[result.passed]}  {level:6.2f} {m.peak_db:6.2f} {m.floor_db:7.2f} "
            f"{clock(m.duration_s):>8}  {self._short(result.path, result.member)}"
        )
        _show_wrong(result.findings)

    def add_unreadable(self, sound: Member, why: str) -> None:
        """A file that cannot be measured."""
        click.echo(f"{_MARK[False]}  {'-':>6} {'-':>6} {'-':>7} {'-':>8}  ", nl=False)
        click.echo(self._short(sound.path, sound.member))
        _say(why)

    def _short(self, path: Path, member: str) -> str:
        return _name(path.absolute().relative_to(self._folder), member)


def show_verdict(
    profile: Profile, notes: Sequence[str], together: Sequence[Finding], *, passed: int, failed: int
) -> None:
    """The last lines: the files as a set, how many pass, what a pass does not mean."""
    if any(not finding.ok for finding in together):
        click.echo(f"{_MARK[False]}  all files together")
        _show_wrong(together)
    if passed + failed == 1:
        click.echo(f"{'passes' if passed else 'fails'} the profile {profile.name}")
    else:
        rest = f", {failed} {'does' if failed == 1 else 'do'} not" if failed else ""
        click.echo(f"{passed} of {passed + failed} files pass the profile {profile.name}{rest}")
    for note in notes:
        click.echo(note)


def plain_checks(
    profile: Profile,
    results: Sequence[CheckResult],
    together: Sequence[Finding],
    unreadable: Sequence[tuple[Member, str]],
) -> dict[str, Any]:
    """Everything as JSON values."""
    good = not unreadable and all(f.ok for f in together) and all(r.passed for r in results)
    return {
        "profile": profile.name,
        "passed": good,
        "files": [result.to_json() for result in results],
        "together": [dataclasses.asdict(finding) for finding in together],
        "unreadable": [
            {"path": str(sound.path), "member": sound.member, "error": why}
            for sound, why in unreadable
        ],
    }


def _show_wrong(findings: Sequence[Finding]) -> None:
    for f in findings:
        if not f.ok:
            _say(f"{f.rule}: {f.measured}, wanted {f.wanted}: {f.advice}")


def _say(text: str) -> None:
    """Wrapped under the marks; commands and paths are never broken."""
    lines = textwrap.wrap(
        text,
        _COLUMNS,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    click.echo("\n".join(lines))


def _name(path: Path, member: str) -> str:
    """Without what a terminal would obey: names inside a package are anybody's."""
    shown = f"{path}: {member}" if member else str(path)
    return "".join(c if c.isprintable() else "?" for c in shown)


def _channels(m: Measured) -> str:
    return {1: "mono", 2: "stereo"}.get(m.channels, f"{m.channels} channels")


def _bitrate(m: Measured) -> str:
    words = {True: " constant", False: " variable", None: ""}[m.constant_bitrate]
    return f"{m.bitrate_kbps} kbit/s{words}"
