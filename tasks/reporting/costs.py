"""What the book cost in time, and what made it: engines, versions, machines. Pure."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from audio.verdicts.verdict import POLICY_VERSION
from castbook import __version__
from castbook.errors import MissingDependency
from tasks.attempts import POLICY_VERSION as CHAIN_VERSION
from tasks.reporting.facts import Facts


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One engine's share of the book: the takes that are in it, whenever they were made."""

    engine: str
    fingerprint: str
    takes: int
    audio_s: float
    synthesis_s: float  # wall time the engine spent on them

    @property
    def speed(self) -> float | None:
        """Audio seconds per second of synthesis; None when no time was measured."""
        return self.audio_s / self.synthesis_s if self.synthesis_s > 0 else None


@dataclass(frozen=True, slots=True)
class Costs:
    """The run and the takes behind the book."""

    wall_s: float
    stages: tuple[tuple[str, float], ...]  # (what, seconds), in order; chapters overlap
    steps: int  # submitted to the runner
    made: int  # takes synthesised by this run, every attempt and calibration counted
    reused: int  # takes of the book that stood before
    missing: int  # segments without audio
    engines: tuple[EngineRow, ...]
    hosts: tuple[str, ...]  # that made takes
    first_take: str  # UTC; empty when there is none
    last_take: str


def costs_of(facts: Facts) -> Costs:
    """Sums over the takes that are in the book; equal segments share one take."""
    report = facts.report
    takes = {line.take.key: (line, line.take) for line in facts.lines if line.take is not None}
    before = {line.take.key for line in facts.plan.lines if line.take is not None}
    groups: dict[tuple[str, str], EngineRow] = {}
    for key, (line, take) in takes.items():
        name = line.speaker.setup.name, line.ingredients.fingerprint
        row = groups.get(name, EngineRow(*name, 0, 0.0, 0.0))
        spent = facts.circumstances[key].seconds if key in facts.circumstances else 0.0
        groups[name] = EngineRow(
            *name, row.takes + 1, row.audio_s + take.frames / take.rate, row.synthesis_s + spent
        )
    known = [facts.circumstances[key] for key in takes if key in facts.circumstances]
    dates = sorted(c.made for c in known if c.made)
    return Costs(
        wall_s=round(report.seconds, 1),
        stages=report.stages,
        steps=report.steps,
        made=report.made,
        reused=len(before & takes.keys()),
        missing=sum(line.open for line in facts.lines),
        engines=tuple(sorted(groups.values(), key=lambda row: -row.audio_s)),
        hosts=tuple(sorted({c.host for c in known if c.host})),
        first_take=dates[0] if dates else "",
        last_take=dates[-1] if dates else "",
    )


def versions(facts: Facts) -> Mapping[str, str]:
    """What has to be the same for the same book to come out."""
    from audio.ffmpeg import version

    book = facts.plan.project.book
    try:
        ffmpeg = version().partition(" Copyright")[0].removeprefix("ffmpeg version ")
    except MissingDependency:
        ffmpeg = "none"
    made_by = sorted({c.castbook for c in facts.circumstances.values() if c.castbook})
    return {
        "castbook": __version__,
        "takes made by castbook": ", ".join(made_by) or "-",
        "ffmpeg": ffmpeg,
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.node(),
        "profile": book.profile,
        "rate": f"{book.rate} Hz",
        "seed": str(book.seed),
        "policy of verdicts": str(POLICY_VERSION),
        "policy of attempts": str(CHAIN_VERSION),
    }
