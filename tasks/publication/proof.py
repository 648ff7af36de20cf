"""The proof of a finished file: decoded again, held against the profile, corrected once.

Which rules apply depends on who gets the file. A shop's rules of delivery (format, sample
rate, bitrate, minutes per file) are for the files that the shop takes: ACX takes MP3 per
chapter, so they say nothing about the M4B, the EPUB or an Opus file of the same book, which
go to listeners. The rules of sound (levels, peaks, floor, edges, wholeness) hold for all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from audio.measuring.check import CheckResult, findings, is_sample, reminders
from audio.measuring.measure import Heard, Measured, hear
from audio.measuring.whole import whole
from audio.packaging.boxes import movie
from audio.profiles import Profile
from castbook.canonical import plain
from castbook.errors import BrokenPromise

# What is delivered, one file per chapter or part, and the format that check sees in it.
_DELIVERED: Final = {"mp3": "mp3", "sample": "mp3", "flac": "flac", "m4b": "m4b", "epub": "m4a"}
_MARGIN_DB: Final = 0.1  # another encode of the same sound moves its peak by less
_GAIN_RULES: Final = (
    *("rms_target_db", "rms_min_db", "rms_max_db", "lufs_target", "lufs_min", "lufs_max"),
    *("peak_max_db", "true_peak_max_db"),
)

Make = Callable[[Path, float], None]
"""Writes a file at a path, every sample raised by so many dB before it is encoded."""


def rules_for(profile: Profile, output: str) -> Profile:
    """The profile with the rules that apply to one kind of file.

    Args:
        output: a name of ``outputs``, or ``sample``.
    """
    kind = _DELIVERED.get(output)
    if kind is not None and (not profile.formats or kind in profile.formats):
        # the shop's limit of minutes is for single files, and a book in one file is for players
        return replace(profile, max_minutes=None) if output in ("m4b", "epub") else profile
    return replace(
        profile,
        formats=(),
        rate=None,
        rate_min=None,
        mp3_min_kbps=None,
        m4b_min_kbps=None,
        constant_bitrate=False,
        max_minutes=None,
    )


def correction_rules(profile: Profile) -> dict[str, Any]:
    """What decides a correction, and so the bytes of a corrected file: part of every key."""
    return {name: plain(getattr(profile, name)) for name in _GAIN_RULES}


def correction_db(measured: Measured, profile: Profile) -> float:
    """The gain of the second encoding that brings a file into the profile; 0 where none would.

    Loudness or RMS outside its range goes to the target; then the peaks decide: a limit that
    is met is not broken for the level, and one that is broken is met with 0.1 dB to spare.
    Pure; in steps of 0.1 dB, towards the softer.
    """
    wanted = 0.0
    if _outside(measured.lufs, profile.lufs_min, profile.lufs_max):
        target = profile.lufs_target
        wanted = _target(target, profile.lufs_min, profile.lufs_max) - measured.lufs
    elif _outside(measured.rms_db, profile.rms_min_db, profile.rms_max_db):
        target = None if profile.lufs_target is not None else profile.rms_target_db
        wanted = _target(target, profile.rms_min_db, profile.rms_max_db) - measured.rms_db
    for peak, limit in (
        (measured.peak_db, profile.peak_max_db),
        (measured.true_peak_db, profile.true_peak_max_db),
    ):
        if limit is not None and peak + wanted > limit:
            wanted = limit - _MARGIN_DB - peak
    return math.floor(round(wanted * 10, 6)) / 10 + 0.0


def prove(
    make: Make, path: Path, rules: Profile, *, frames: int | None = None, skip: int = 0
) -> tuple[Heard, float]:
    """Makes the file, measures what can be decoded of it, and corrects it once.

    Args:
        frames: of the sound that it is to hold; None: the format has another rate.
        skip: decoded frames before the sound begins, see ``audio.measuring.measure.hear``.

    Returns:
        The figures of the file as it stands, and the gain it was corrected by (0.0: it was
        right, or no gain helps).

    Raises:
        BrokenPromise: other frames can be decoded of it.
    """

    def made(gain_db: float) -> Heard:
        make(path, gain_db)
        heard = hear(path, ours=True, skip=skip)
        if frames not in (None, heard.measured.frames):
            raise BrokenPromise(
                f"{heard.measured.frames} of {frames} frames can be decoded: another ffmpeg?"
            )
        return heard

    heard = made(0.0)
    gain_db = correction_db(heard.measured, rules)
    return (made(gain_db), gain_db) if gain_db else (heard, 0.0)


def book_figures(path: Path, chapters: Sequence[Heard]) -> Measured:
    """The figures of an M4B of these chapters, which ``write_m4b`` has proven it to hold.

    What its container says is read from its tables (ffmpeg would hold 148 MB for those of ten
    hours), the sound is that of the chapters: see ``audio/measuring/whole.py``.

    Raises:
        BrokenPromise: it is no whole MP4 file, or of another rate than its chapters.
    """
    found, figures = movie(path), whole(chapters)
    if not found.tracks or found.tracks[0].clock != figures.rate:
        raise BrokenPromise(f"this is no whole MP4 file of {figures.rate} Hz")
    sound = found.tracks[0]
    names = found.track(sound.chapters)
    seconds = sound.played / found.clock
    return replace(
        figures,
        format="m4b",
        bitrate_kbps=int(float(sound.sizes.sum()) * 8 / 1000 / seconds),  # as ffmpeg rounds it
        promised_s=round(seconds, 2),
        chapters=names.packets if names is not None else 0,
    )


def verdict(path: Path, measured: Measured, rules: Profile) -> CheckResult:
    """The figures of a file against the rules that apply to it. Pure."""
    found = findings(measured, rules, sample=is_sample(path))
    return CheckResult(
        path=path,
        profile=rules.name,
        measured=measured,
        findings=found,
        passed=all(finding.ok for finding in found),
        notes=reminders(rules),
    )


def check_of(path: Path, facts: Mapping[str, Any], rules: Profile) -> dict[str, Any] | None:
    """The check of a file from the figures in its mark; None for one without sound.

    The figures are stored, the verdict follows from them and from today's rules.

    Raises:
        KeyError, TypeError: another castbook wrote the figures.
    """
    if "measured" in facts:
        return verdict(path, Measured(**facts["measured"]), rules).to_json()
    if "members" in facts:
        members = {m["title"]: Measured(**m["measured"]) for m in facts["members"]}
        return package_verdict(path, members, rules)
    return None


def package_verdict(path: Path, chapters: Mapping[str, Measured], rules: Profile) -> dict[str, Any]:
    """The chapters' sound in a read-along book against the rules: one row for each.

    The form is that of ``CheckResult.to_json``, with ``members`` for the chapters and the
    failed rules of any of them as findings.
    """
    results = {title: verdict(path, measured, rules) for title, measured in chapters.items()}
    wrong = [
        {**asdict(finding), "rule": f"{title}: {finding.rule}"}
        for title, result in results.items()
        for finding in result.findings
        if not finding.ok
    ]
    return {
        "path": str(path),
        "profile": rules.name,
        "findings": wrong,
        "passed": not wrong,
        "notes": list(reminders(rules)),
        "members": {title: result.to_json() for title, result in results.items()},
    }


def complaint(path: Path, check: Mapping[str, Any], corrected_db: float) -> str | None:
    """One line for a file that misses its profile; None for one that passes."""
    if check["passed"]:
        return None
    wrong = [
        f"{f['rule']} {f['measured']}, wanted {f['wanted']}: {f['advice']}"
        for f in check["findings"]
        if not f["ok"]
    ]
    tried = f" although it was encoded again at {corrected_db:+.1f} dB" if corrected_db else ""
    return f"{path}: misses the profile {check['profile']}{tried}: {'; '.join(wrong)}"


def _outside(value: float, least: float | None, most: float | None) -> bool:
    return (least is not None and value < least) or (most is not None and value > most)


def _target(target: float | None, least: float | None, most: float | None) -> float:
    """The target, else the middle of the range, else its one end."""
    if target is not None:
        return target
    ends = [end for end in (least, most) if end is not None]
    return sum(ends) / len(ends)
