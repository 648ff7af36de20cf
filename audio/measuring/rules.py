"""What a profile asks of a file: each rule in a plain sentence, with what to do.

Pure: figures and profile in, findings out. Works on anybody's files; for a file of a castbook
project the advice is what to change there and the command that makes it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audio.measuring.measure import Measured
from audio.profiles import Profile

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


def findings(
    measured: Measured, profile: Profile, *, project: str | None = None, sample: bool = False
) -> tuple[Finding, ...]:
    """Every rule of the profile that applies to this kind of file, in a fixed order.

    Args:
        project: the project that made the file, as a word of a command line; None: not ours.
        sample: it is a book's retail sample.
    """
    rules = _Rules(measured, profile, project)
    rules.form()
    rules.length(sample=sample)
    rules.levels()
    rules.edges()
    return tuple(rules.found)


def together(files: Sequence[Measured], profile: Profile) -> tuple[Finding, ...]:
    """What a shop asks of a book's files as a set: one sample rate, all mono or all stereo.

    Empty for profiles that are no shop's, and for less than two files.
    """
    if len(files) < 2 or not profile.alike:
        return ()
    advice = "make them all the same: a shop takes a book's files as one set"
    found = []
    for rule, values in (
        ("one sample rate", sorted({f"{m.rate} Hz" for m in files})),
        ("one channel layout", sorted({_channels(m.channels) for m in files})),
    ):
        ok = len(values) == 1
        found.append(Finding(rule, " and ".join(values), "one", ok, "" if ok else advice))
    return tuple(found)


class _Rules:
    """Collects the findings of one file."""

    def __init__(self, measured: Measured, profile: Profile, project: str | None) -> None:
        self.m = measured
        self.p = profile
        self.project = project
        self.found: list[Finding] = []

    def form(self) -> None:
        """The file as such: whole, of the right kind."""
        m, p = self.m, self.p
        promised = m.promised_s if m.promised_s is not None else m.duration_s
        slack = _LENGTH_SLACK_S + promised / 1000
        self._add(
            "whole",
            f"{m.duration_s:.1f} of {promised:.1f} s, {_errors(m.errors)}",
            "all of it, no error",
            m.errors == 0 and abs(promised - m.duration_s) <= slack,
            "it is cut short or damaged: copy or encode it again",
            "delete it",
        )
        if p.formats:
            self._add(
                "format",
                m.format,
                " or ".join(p.formats),
                m.format in p.formats,
                f"convert the original to {p.formats[0]}",
                f"give the shop the {p.formats[0]} files (outputs: in project.yaml)",
            )
        if p.rate is not None or p.rate_min is not None:
            least = p.rate if p.rate is not None else p.rate_min or 0
            self._add(
                "sample rate",
                f"{m.rate} Hz",
                f"{p.rate} Hz" if p.rate is not None else f"at least {least} Hz",
                m.rate == p.rate if p.rate is not None else m.rate >= least,
                f"resample it to {least} Hz",
                f"set rate: {least} in project.yaml",
            )
        advice = "mix it down to mono"
        ok = m.channels in _CHANNELS
        self._add("channels", _channels(m.channels), "mono or stereo", ok, advice, advice)
        least_kbps = _least_kbps(m, p)
        if least_kbps is not None:
            self._add(
                "bitrate",
                f"{m.bitrate_kbps} kbit/s",
                f"at least {least_kbps} kbit/s",
                m.bitrate_kbps >= least_kbps,
                f"encode the original again at {least_kbps} kbit/s or more",
            )
        if p.constant_bitrate and m.format == "mp3":
            self._add(
                "bitrate mode",
                "constant" if m.constant_bitrate else "variable",
                "constant",
                m.constant_bitrate is True,
                "encode the original again at a constant bitrate (CBR)",
            )

    def length(self, *, sample: bool) -> None:
        m, p = self.m, self.p
        if p.max_minutes is not None and m.format not in ("m4b", "epub"):
            self._add(
                "length",
                f"{m.duration_s / 60:.1f} min",
                f"at most {p.max_minutes} min",
                m.duration_s / 60 <= p.max_minutes,
                "split it at a scene or paragraph",
            )
        if sample and p.sample_min_s is not None and p.sample_max_s is not None:
            self._add(
                "sample length",
                f"{m.duration_s:.1f} s",
                f"{p.sample_min_s} to {p.sample_max_s} s",
                p.sample_min_s <= m.duration_s <= p.sample_max_s,
                "cut another piece of the book",
            )

    def levels(self) -> None:
        m, p = self.m, self.p
        self._between("rms", m.rms_db, p.rms_min_db, p.rms_max_db, "dB")
        softest, loudest = p.lufs_min, p.lufs_max
        if m.channels > 1 and p.lufs_min_stereo is not None and p.lufs_max_stereo is not None:
            softest, loudest = p.lufs_min_stereo, p.lufs_max_stereo
        self._between("loudness", m.lufs, softest, loudest, "LUFS")
        for rule, value, most in (
            ("peak", m.peak_db, p.peak_max_db),
            ("true peak", m.true_peak_db, p.true_peak_max_db),
        ):
            if most is not None:
                over = f"lower its peaks by {value - most:.1f} dB with a limiter, then encode again"
                self._add(rule, f"{value:.2f} dB", f"at most {most:g} dB", value <= most, over)
        if p.floor_max_db is not None:
            self._add(
                "noise floor",
                f"{m.floor_db:.2f} dB",
                f"at most {p.floor_max_db:g} dB",
                m.floor_db <= p.floor_max_db,
                f"the pauses are {m.floor_db - p.floor_max_db:.1f} dB too noisy: find the noise "
                "(fan, hum, hiss) and take it out, or record in a quieter room",
                "the pauses are noisy: choose cleaner clips or voices, or a lower gain_db",
            )
        if p.floor_min_db is not None:
            self._add(
                "room tone",
                f"{m.dead_s:.1f} s dead, {m.floor_db:.1f} dB",
                f"under {_DEAD_S:g} s, over {p.floor_min_db:g} dB",
                m.dead_s <= _DEAD_S and m.floor_db >= p.floor_min_db,
                "digital silence sounds like a broken player: lay a faint noise of about -70 dB "
                "under all of it",
            )
        self._add(
            "clipping",
            f"{m.clips} clipped places" if m.clips != 1 else "1 clipped place",
            "none",
            m.clips == 0,
            "it hits full scale: lower the gain before the step that clipped it",
            "a take or the gain is too loud: lower gain_db of the voice",
        )

    def edges(self) -> None:
        m, p = self.m, self.p
        for name, seconds, least_ms, most_ms in (
            ("silence at the start", m.head_s, p.head_min_ms, p.head_max_ms),
            ("silence at the end", m.tail_s, p.tail_min_ms, p.tail_max_ms),
        ):
            if least_ms is None or most_ms is None:
                continue
            least, most = least_ms / 1000, most_ms / 1000
            if seconds < least:
                advice = f"add {least - seconds:.2f} s of room tone there"
            else:
                advice = f"cut {seconds - most:.2f} s off it"
            ok = least <= seconds <= most
            self._add(name, f"{seconds:.2f} s", f"{least:g} to {most:g} s", ok, advice)

    def _between(
        self, rule: str, value: float, least: float | None, most: float | None, unit: str
    ) -> None:
        if least is None or most is None:
            return
        wrong, word = (least - value, "louder") if value < least else (value - most, "softer")
        self._add(
            rule,
            f"{value:.2f} {unit}",
            f"{least:g} to {most:g} {unit}",
            least <= value <= most,
            f"make it at least {wrong:.1f} dB {word}, then encode again",
        )

    def _add(
        self, rule: str, measured: str, wanted: str, ok: bool, anyone: str, ours: str = ""
    ) -> None:
        """Adds a finding.

        Args:
            anyone: what to do with a file that is not ours.
            ours: what to change in the project; by default its profile, which decides this.
        """
        advice = "" if ok else anyone
        if not ok and self.project is not None:
            first = ours or f"with profile: {self.p.name} in project.yaml"
            then = ", then" if ours else ","
            advice = f"{first}{then} run castbook make {self.project}"
        self.found.append(Finding(rule, measured, wanted, ok, advice))


def _least_kbps(m: Measured, p: Profile) -> int | None:
    mp3, aac = p.mp3_min_kbps, p.m4b_min_kbps
    if m.channels > 1:
        mp3 = mp3 if p.mp3_min_kbps_stereo is None else p.mp3_min_kbps_stereo
        aac = aac if p.m4b_min_kbps_stereo is None else p.m4b_min_kbps_stereo
    return {"mp3": mp3, "m4b": aac, "m4a": aac}.get(m.format)


def _channels(count: int) -> str:
    return _CHANNELS.get(count, f"{count} channels")


def _errors(count: int) -> str:
    return {0: "no error", 1: "1 error"}.get(count, f"{count} errors")
