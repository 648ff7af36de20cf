"""Mastering and delivery targets: what a shop or player wants, as data.

A profile is one file ``configs/mastering/<name>.yaml``. It says how castbook masters and
encodes for that target, and what ``check`` accepts there. Knows no audio.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from castbook.canonical import digest, plain
from castbook.errors import BrokenPromise, ProjectError
from castbook.resources import list_configs, read_config

AacCoder = Literal["fast", "twoloop"]


@dataclass(frozen=True, slots=True)
class Profile:
    """One target. Levels are dBFS unless named otherwise; None means: no such rule."""

    name: str
    about: str  # the target, in a few words
    source: str  # where its figures come from
    release: bool  # meant for listeners: says that the narration is synthetic

    # how castbook masters and encodes for it
    rms_target_db: float  # of a whole chapter, pauses included
    peak_db: float  # the limiter's ceiling: sample peak before encoding
    head_ms: int  # room tone before the first word
    tail_ms: int  # and after the last
    mp3_kbps: int  # constant bitrate
    m4b_kbps: int
    room_tone_db: float | None = None  # RMS of the bed under the whole master; None: no bed
    lufs_target: float | None = None  # instead of rms_target_db, where the target speaks LUFS
    mp3_quality: int = 7  # LAME's -q: 0 slow … 9 fast
    # at every bitrate 2-5 dB less noise over the mask than twoloop, for a third of its CPU
    # (`python -m benchmarks.aac`, 2026-11-21)
    aac_coder: AacCoder = "fast"
    opus_kbps: int = 40
    credits: bool = True  # spoken before and after the book, where the project does not say
    sample_min_s: int | None = (
        None  # least length of the retail sample; None: the target wants none
    )
    sample_max_s: int | None = None

    # what check accepts
    formats: tuple[str, ...] = ()  # mp3, m4b, m4a, flac, wav, opus, ogg; empty: any
    rate: int | None = None  # Hz, exactly
    rate_min: int | None = None  # Hz, where any rate from there on will do
    rms_min_db: float | None = None
    rms_max_db: float | None = None
    peak_max_db: float | None = None
    true_peak_max_db: float | None = None
    lufs_min: float | None = None
    lufs_max: float | None = None
    lufs_min_stereo: float | None = None  # None: as for mono
    lufs_max_stereo: float | None = None
    floor_max_db: float | None = None
    floor_min_db: float | None = None  # below it the silence sounds dead
    mp3_min_kbps: int | None = None
    m4b_min_kbps: int | None = None  # of M4A files, too
    mp3_min_kbps_stereo: int | None = None  # None: as for mono
    m4b_min_kbps_stereo: int | None = None
    constant_bitrate: bool = False  # of MP3 files
    head_min_ms: int | None = None
    head_max_ms: int | None = None
    tail_min_ms: int | None = None
    tail_max_ms: int | None = None
    max_minutes: int | None = None  # per file
    alike: bool = False  # all files of a book at one sample rate, all mono or all stereo

    def digest(self) -> str:
        """sha256 of what decides the bytes of masters and book files.

        The rules of ``check`` and the prose are left out: editing them rebuilds nothing.
        """
        return digest({name: plain(getattr(self, name)) for name in (*_MASTER, *_FILES)})

    def master_digest(self) -> str:
        """sha256 of what decides the samples of masters: another bitrate masters nothing anew."""
        return digest({name: plain(getattr(self, name)) for name in _MASTER})


_MASTER: Final = ("rms_target_db", "lufs_target", "peak_db", "head_ms", "tail_ms", "room_tone_db")
_FILES: Final = ("mp3_kbps", "mp3_quality", "m4b_kbps", "aac_coder", "opus_kbps")


def profile_names() -> tuple[str, ...]:
    """All profiles that ship with castbook, sorted."""
    return list_configs("mastering")


@functools.lru_cache(maxsize=32)
def load_profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        ProjectError: there is none; the message has the nearest name and all of them.
        BrokenPromise: a shipped file has a mistake.
    """
    names = profile_names()
    if name not in names:
        near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
        raise ProjectError(
            f"no mastering profile is called {name!r}",
            expected=f"one of {', '.join(names)}",
            hint=f"did you mean {near[0]}?" if near else None,
        )
    import yaml

    return read_profile(name, yaml.safe_load(read_config("mastering", f"{name}.yaml")))


def read_profile(name: str, content: Any) -> Profile:
    """The parsed YAML of one profile as a ``Profile``, every key and type checked.

    Raises:
        BrokenPromise: an unknown, missing or mistyped key.
    """
    where = f"configs/mastering/{name}.yaml"
    if not isinstance(content, dict):
        raise BrokenPromise(f"{where}: expected keys and values")
    fields = {f.name: f for f in dataclasses.fields(Profile) if f.name != "name"}
    wrong = sorted(set(content) - set(fields))
    missing = [
        n for n, f in fields.items() if f.default is dataclasses.MISSING and n not in content
    ]
    if wrong or missing:
        raise BrokenPromise(f"{where}: unknown keys {wrong}, missing keys {missing}")
    values = {
        key: _value(value, str(fields[key].type), f"{where}: {key}")
        for key, value in content.items()
    }
    return Profile(name=name, **values)


def _value(value: Any, declared: str, where: str) -> Any:
    """``value`` if it fits the declared type (YAML's whole numbers do as floats)."""
    if value is None and declared.endswith("| None"):
        return None
    kind = declared.removesuffix(" | None")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "float" and number:
        return float(value)
    if kind == "tuple[str, ...]" and isinstance(value, list):
        return tuple(str(item) for item in value)
    fits = {
        "int": number and isinstance(value, int),
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        "AacCoder": value in get_args(AacCoder),
    }
    if not fits.get(kind, False):
        raise BrokenPromise(f"{where}: expected {declared}, found {value!r}")
    return value
