"""A finished file against a profile: each rule in a plain sentence, with what to do.

``findings`` is pure: figures and profile in, verdicts out. The figures come from the
decoded file (``audio/measuring/measure.py``), so a file passes by what it plays, not by what was
meant. Works on anybody's files.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from audio.measuring.measure import Measured, measure
from audio.profiles import Profile

REMINDER: Final = (
    "technical figures only: whether the shop accepts synthetic narration is the shop's rule"
)
_LENGTH_SLACK_S: Final = 1.0  # what MP3 and AAC padding and rounding may differ
_DEAD_S: Final = 0.5  # a shorter gap is a stop consonant or a cut nobody hears
_CHANNELS: Final = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule and how the file stands to it."""

    rule: str  # a stable name: "rms", "peak", "noise floor"
    measured: str  # with its unit
    wanted: str
    ok: bool
    advice: str = ""  # what to do; empty when it is fine


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All findings of one file."""

    path: Path
    profile: str
    measured: Measured
    findings: tuple[Finding, ...]
    passed: bool
    notes: tuple[str, ...] = ()  # what a pass does not mean

    def to_json(self) -> dict[str, Any]:
        """For ``--json``: plain dictionaries, lists, numbers and strings."""
        return {**dataclasses.asdict(self), "path": str(self.path), "notes": list(self.notes)}


def check(path: Path, profile: Profile) -> CheckResult:
    """Measures ``path`` and holds it against ``profile``.

    Raises:
        InputError: the file cannot be read as sound.
        MissingDependency: there is no ffmpeg.
    """
    measured = measure(path)
    found = findings(measured, profile)
    return CheckResult(
        path=path,
        profile=profile.name,
        measured=measured,
        findings=found,
        passed=all(finding.ok for finding in found),
        notes=(REMINDER,) if profile.release else (),
    )


def findings(measured: Measured, profile: Profile) -> tuple[Finding, ...]:
    """Every rule of the profile that applies to this kind of file, in a fixed order."""
    return (*_form(measured, profile), *_levels(measured, profile), *_edges(measured, profile))


def _form(m: Measured, p: Profile) -> list[Finding]:
    found = [_whole(m)]
    if p.formats:
        found.append(
            _rule(
                "format",
                m.format,
                " or ".join(p.formats),
                m.format in p.formats,
                f"this target takes {', '.join(p.formats)}: give it those files of the book",
            )
        )
    if p.rate is not None:
        advice = f"set rate: {p.rate} in project.yaml"
        found.append(_rule("sample rate", f"{m.rate} Hz", f"{p.rate} Hz", m.rate == p.rate, advice))
    found.append(
        _rule(
            "channels",
            _CHANNELS.get(m.channels, str(m.channels)),
            "mono or stereo",
            m.channels in _CHANNELS,
            "mix it down to mono",
        )
    )
    least = {"mp3": p.mp3_min_kbps, "m4b": p.m4b_min_kbps, "m4a": p.m4b_min_kbps}.get(m.format)
    if least is not None:
        found.append(
            _rule(
                "bitrate",
                f"{m.bitrate_kbps} kbit/s",
                f"at least {least} kbit/s",
                m.bitrate_kbps >= least,
                "encode it again from the master",
            )
        )
    if p.constant_bitrate and m.format == "mp3":
        found.append(
            _rule(
                "bitrate mode",
                "constant" if m.constant_bitrate else "variable",
                "constant",
                m.constant_bitrate is True,
                "encode it again at a constant bitrate (CBR)",
            )
        )
    if p.max_minutes is not None and m.format == "mp3":
        minutes = m.duration_s / 60
        found.append(
            _rule(
                "length",
                f"{minutes:.1f} min",
                f"at most {p.max_minutes} min",
                minutes <= p.max_minutes,
                "split the chapter in the manuscript",
            )
        )
    return found


def _whole(m: Measured) -> Finding:
    promised = m.promised_s if m.promised_s is not None else m.duration_s
    slack = _LENGTH_SLACK_S + promised / 1000
    ok = m.errors == 0 and abs(promised - m.duration_s) <= slack
    measured = f"{m.duration_s:.1f} s of {promised:.1f} s decoded, {m.errors} errors"
    advice = "the file is cut short or damaged: make or copy it again"
    return _rule("whole", measured, "all of it, without an error", ok, advice)


def _levels(m: Measured, p: Profile) -> list[Finding]:
    found = []
    louder, softer = "master it again: it is too quiet", "master it again: it is too loud"
    if p.rms_min_db is not None and p.rms_max_db is not None:
        ok = p.rms_min_db <= m.rms_db <= p.rms_max_db
        wanted = f"{p.rms_min_db:g} to {p.rms_max_db:g} dB"
        advice = louder if m.rms_db < p.rms_min_db else softer
        found.append(_rule("rms", f"{m.rms_db:.2f} dB", wanted, ok, advice))
    if p.lufs_min is not None and p.lufs_max is not None:
        ok = p.lufs_min <= m.lufs <= p.lufs_max
        wanted = f"{p.lufs_min:g} to {p.lufs_max:g} LUFS"
        advice = louder if m.lufs < p.lufs_min else softer
        found.append(_rule("loudness", f"{m.lufs:.1f} LUFS", wanted, ok, advice))
    limit = "limit the peaks lower before encoding"
    if p.peak_max_db is not None:
        found.append(_most("peak", m.peak_db, p.peak_max_db, limit))
    if p.true_peak_max_db is not None:
        found.append(_most("true peak", m.true_peak_db, p.true_peak_max_db, limit))
    if p.floor_max_db is not None:
        found.append(
            _most(
                "noise floor",
                m.floor_db,
                p.floor_max_db,
                "the pauses are noisy: use cleaner voices or a lower gain",
            )
        )
    if p.floor_min_db is not None:
        dead = m.dead_s > _DEAD_S or m.floor_db < p.floor_min_db
        measured = f"{m.dead_s:.1f} s of dead silence, floor {m.floor_db:.1f} dB"
        wanted = f"no more than {_DEAD_S:g} s, floor above {p.floor_min_db:g} dB"
        found.append(
            _rule(
                "room tone",
                measured,
                wanted,
                not dead,
                "digital silence sounds like a broken player: lay a room tone under it",
            )
        )
    found.append(
        _rule(
            "clipping",
            f"{m.clips} clipped places",
            "none",
            m.clips == 0,
            "the sound is cut off at full scale: lower the gain before encoding",
        )
    )
    return found


def _edges(m: Measured, p: Profile) -> list[Finding]:
    found = []
    for name, seconds, least, most in (
        ("silence at the start", m.head_s, p.head_min_ms, p.head_max_ms),
        ("silence at the end", m.tail_s, p.tail_min_ms, p.tail_max_ms),
    ):
        if least is None or most is None:
            continue
        ok = least <= seconds * 1000 <= most
        wanted = f"{least / 1000:g} to {most / 1000:g} s"
        advice = "add room tone there" if seconds * 1000 < least else "cut it shorter"
        found.append(_rule(name, f"{seconds:.2f} s", wanted, ok, advice))
    return found


def _most(rule: str, value_db: float, most_db: float, advice: str) -> Finding:
    return _rule(rule, f"{value_db:.2f} dB", f"at most {most_db:g} dB", value_db <= most_db, advice)


def _rule(rule: str, measured: str, wanted: str, ok: bool, advice: str) -> Finding:
    return Finding(rule, measured, wanted, ok, "" if ok else advice)
