"""Fits configs/speakers/turns.yaml to books whose speakers are known, and says what it is worth.

    python -m scripts.speaker_weights DATA [--write]

DATA holds ``speakers_en_*/*.json`` (format: ``benchmarks/goldquotes.py``): your own copies;
no text of them goes into the weights. Each novel, and the excerpts together, are left out in
turn: what is printed first is the accuracy on books that the weights have not seen, and the
calibration comes from those answers. Deterministic: the same data give the same file.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.goldquotes import GoldBook, lay_out, load_books
from benchmarks.speakers import THRESHOLD, Scored, answer, measure
from book.speakers.decoder import Turn, decode, decode_bound
from book.speakers.english import CLOSE, WEIGHTS, Scale, read_evidence
from book.speakers.evidence import FEATURES, TIES, Evidence
from book.speakers.salience import Floats
from book.speakers.stories import stories
from castbook.resources import configs

NAMES = (*FEATURES, *TIES)
_TIE = {name: len(FEATURES) + i for i, name in enumerate(TIES)}
PENALTY = 3.0  # of a squared weight: 1 is as right on books left out, and surer when wrong
# What the weights are drawn to where the books say little: a tag is right whoever wrote it.
EXPECTED = {
    "tag name": 12.0, "tag name before": 8.0, "tag name colon": 3.0, "tag name unlisted": 5.0,
    "tag name shared": 4.0, "tag I": 12.0, "tag he": 1.0, "tag not he": -3.0,
    "tag person": 1.0, "tag not person": -3.0, "tag person word": 2.0,
    "tag described": 2.0, "tag family": 1.0, "calls self": -3.0,
}  # fmt: skip
FIXED = ("tag name", "tag I")  # nearly never wrong: not to be outvoted, not to be fitted
STEPS = 60
NOVEL = 100_000  # characters; shorter texts are left out together
ORIGIN = (
    "# Weights of the evidence in book/speakers/evidence.py, written by",
    "# python -m scripts.speaker_weights DATA --write; fitted to three PDNC novels and 15",
    "# LitBank excerpts (docs/measurements.md). Numbers only: no text of them is in here.",
)
MEMORY = 8  # steps that the search remembers


@dataclass(frozen=True, slots=True)
class Row:
    """A turn and its speaker."""

    evidence: Evidence
    gold: int | None  # index into its candidates; None: not among them
    same: tuple[int, ...]
    back: tuple[int, ...]


Chapters = list[list[Row]]


def read_rows(book: GoldBook) -> Chapters:
    """The turns of a book with their speakers."""
    laid = lay_out(book)
    people, _, evidence = read_evidence(laid.chapters, book.names, book.words)
    votes: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for quote, places in zip(book.quotes, laid.places, strict=True):
        for chapter, number, length in places:
            if quote.speaker is not None:
                votes[chapter, number][quote.speaker] += length
    number_of = {key: i for i, key in enumerate(people.keys)}
    chapters: Chapters = []
    for c, rows in enumerate(evidence):
        chapters.append([])
        for row in rows:
            total: Counter[str] = Counter()
            for n in row.talk.quotations:
                total.update(votes[c, n])
            best = min(total, key=lambda who: (-total[who], who), default=None)
            who = number_of.get(best) if best is not None else None
            gold = row.candidates.index(who) if who in row.candidates else None
            same, back = (tuple(_TIE[n] for n in names) for names in row.ties)
            chapters[-1].append(Row(row, gold, same, back))
    return chapters


def turns_of(rows: Sequence[Row], weights: Floats) -> list[Turn]:
    """What the decoder takes."""
    return [
        Turn(
            r.evidence.candidates,
            r.evidence.features @ weights[: len(FEATURES)],
            float(weights[list(r.same)].sum()),
            float(weights[list(r.back)].sum()),
        )
        for r in rows
    ]


def gain(chapters: Chapters, weights: Floats) -> tuple[float, Floats]:
    """The log probability of the known speakers, and how it rises with each weight."""
    value, rise = 0.0, np.zeros(len(NAMES))
    for rows in chapters:
        turns = turns_of(rows, weights)
        known = [
            Turn((t.candidates[r.gold],), t.scores[[r.gold]], t.same, t.back)
            if r.gold is not None
            else t
            for t, r in zip(turns, rows, strict=True)
        ]
        for reading, sign in ((known, 1.0), (turns, -1.0)):
            marginals, total = decode(reading)
            value += sign * total
            for row, turn, marginal in zip(rows, reading, marginals, strict=True):
                features = row.evidence.features
                if row.gold is not None and len(turn.candidates) < len(features):
                    features = features[[row.gold]]
                rise[: len(FEATURES)] += sign * (marginal.speakers @ features)
                rise[list(row.same)] += sign * marginal.same
                rise[list(row.back)] += sign * marginal.back
    return value, rise


def fit(chapters: Chapters, penalty: float = PENALTY) -> Floats:
    """The likeliest weights not far from the expected ones: limited-memory BFGS, by hand."""

    def loss(w: Floats) -> tuple[float, Floats]:
        value, rise = gain(chapters, w)
        away = w - expected
        return -value + penalty / 2 * float(away @ away), (penalty * away - rise) * free

    expected = np.array([EXPECTED.get(name, 0.0) for name in NAMES])
    free = np.array([name not in FIXED for name in NAMES], float)
    weights = expected.copy()
    value, slope = loss(weights)
    steps: list[tuple[Floats, Floats]] = []
    for _ in range(STEPS):
        way = slope.copy()
        shares = []
        for step, change in reversed(steps):
            share = (step @ way) / (step @ change)
            shares.append(share)
            way -= share * change
        if steps:
            step, change = steps[-1]
            way *= (step @ change) / (change @ change)
        else:
            way /= max(1.0, float(np.abs(way).max()))
        for (step, change), share in zip(steps, reversed(shares), strict=True):
            way += step * (share - (change @ way) / (step @ change))
        length = 1.0
        while True:
            trial = weights - length * way
            new_value, new_slope = loss(trial)
            if new_value <= value - 1e-4 * length * float(slope @ way) or length < 1e-4:
                break
            length /= 2
        if value - new_value < 1e-3:
            break
        if (trial - weights) @ (new_slope - slope) > 1e-9:
            steps = [*steps, (trial - weights, new_slope - slope)][-MEMORY:]
        weights, value, slope = trial, new_value, new_slope
    return weights


@dataclass(frozen=True, slots=True)
class Answer:
    """What the weights say of a turn."""

    probability: float
    right: bool
    named: bool


def answers(chapters: Chapters, weights: Floats) -> list[Answer]:
    """Of each turn: the probability of the likeliest speaker, and whether it is right."""
    found = []
    for rows in chapters:
        told = [(s.parts, s.pull) for s in stories([r.evidence.talk for r in rows])]
        marginals = decode_bound(turns_of(rows, weights), told)
        for row, marginal in zip(rows, marginals, strict=True):
            best = int(marginal.speakers.argmax())
            found.append(
                Answer(
                    float(marginal.speakers[best]),
                    best == row.gold,
                    row.evidence.kind == "named",
                )
            )
    return found


def calibration(rows: Sequence[Answer]) -> tuple[float, float]:
    """Slope and offset of the log odds (Newton's method)."""
    p = np.clip([r.probability for r in rows], CLOSE, 1 - CLOSE)
    right = np.array([r.right for r in rows], float)
    x = np.stack([np.log(p / (1 - p)), np.ones(len(p))], axis=1)
    beta = np.array([1.0, 0.0])
    for _ in range(30):
        q = 1 / (1 + np.exp(-x @ beta))
        hessian = (x * (q * (1 - q))[:, None]).T @ x + 1e-6 * np.eye(2)
        beta = beta + np.linalg.solve(hessian, x.T @ (right - q))
    return round(float(beta[0]), 3), round(float(beta[1]), 3)


def scale_of(weights: Floats, unseen: Sequence[Answer]) -> Scale:
    """Weights with the calibration that answers on unseen books teach."""
    named = calibration([a for a in unseen if a.named])
    return Scale(
        {name: round(float(w), 3) for name, w in zip(NAMES, weights, strict=True)},
        {"named": named, "other": calibration([a for a in unseen if not a.named])},
    )


def write(scale: Scale) -> None:
    """The file that ships."""
    lines = [*ORIGIN, "calibration:"]
    lines += [f"  {kind}: [{a}, {b}]" for kind, (a, b) in scale.calibration.items()]
    lines += ["weights:", *(f'  "{name}": {value:.3f}' for name, value in scale.weights.items())]
    path = Path(str(configs())) / "speakers" / f"{WEIGHTS}.yaml"
    path.write_text("\n".join(lines) + "\n", "utf-8")


def show(title: str, scored: Sequence[Scored]) -> None:
    """The figures of some quotations in a line."""
    figures = measure(scored)
    kinds = ", ".join(f"{t} {v['accuracy']}" for t, v in figures["by_type"].items())
    right = ", ".join(
        f"{limit} wrong: {point['right']} (from {point['threshold']})"
        for limit, point in figures["at_most_wrong"].items()
        if point
    )
    heard = figures["characters"]
    print(
        f"{title:28} {figures['accuracy']:6.2f} % of {figures['quotations']}"
        f"  ECE {figures['calibration_error']:.3f}  right at {right}  {kinds}"
        f"  characters at {THRESHOLD:g}: {heard['right']} right, {heard['wrong']} wrong",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits, checks, prints, writes."""
    parser = argparse.ArgumentParser(prog="scripts.speaker_weights", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="write the weights that ship")
    parser.add_argument("--penalty", type=float, default=PENALTY)
    options = parser.parse_args(arguments)
    books: dict[str, list[GoldBook]] = {}
    for folder in sorted(options.data.glob("speakers_en_*")):
        for book in load_books(folder):
            name = book.name if len(book.text) > NOVEL else folder.name
            books.setdefault(name, []).append(book)
    rows = {name: [c for b in group for c in read_rows(b)] for name, group in books.items()}
    unseen: list[Answer] = []
    fitted = {}
    for name in rows:
        others = [c for other in rows if other != name for c in rows[other]]
        fitted[name] = fit(others, options.penalty)
        unseen.extend(answers(rows[name], fitted[name]))
    everything: list[Scored] = []
    for name, group in books.items():
        scored = [r for b in group for r in answer(b, scale_of(fitted[name], unseen))[0]]
        show(f"unseen: {name}", scored)
        everything.extend(scored)
    show("unseen: all", everything)
    weights = fit([c for chapters in rows.values() for c in chapters], options.penalty)
    scale = scale_of(weights, unseen)
    show("seen: all", [r for g in books.values() for b in g for r in answer(b, scale)[0]])
    if options.write:
        write(scale)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
