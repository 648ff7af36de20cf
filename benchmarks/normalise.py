"""Spoken text against rows of written and spoken: python -m benchmarks.normalise DATA --json

DATA has the layout of the text data described in docs/measurements.md:
``normalisation/{fiction_en,fiction_zh,wetext_en,wetext_zh}.jsonl``, one
``{"lang", "kind", "written", "spoken"}`` a line. The fiction rows are spoken with the shipped
profile (``fiction``), the rows of WeTextProcessing with ``general``, with the wetext extra and
without it; wetext itself speaks all of them in the same run where it is installed. Of the
general profile the normaliser alone is measured, as wetext is: without the cleaning of silent
marks (quotes, dashes) that comes after it for every engine. Compared are the texts with case,
spaces and hyphens folded, and nothing else. Speed is sentences a second over all rows of a
file, once unclocked before.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from book.languages import load_language
from book.spoken import grammars
from book.spoken.normalise import CLEANING, Profile, normalise, speak

FILES = ("fiction_en", "fiction_zh", "wetext_en", "wetext_zh")
FICTION_TARGET, GENERAL_TARGET = 0.95, 0.85
_FOLDED = str.maketrans("", "", " \u00a0\u3000-\u2010\u2011")

Speaker = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Row:
    """A text as printed, and as it should be said."""

    language: str
    kind: str
    written: str
    spoken: str


def read_rows(path: Path) -> list[Row]:
    """The rows of one file, in order."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    found = [json.loads(line) for line in lines]
    return [Row(row["lang"], row["kind"], row["written"], row["spoken"]) for row in found]


def fold(text: str) -> str:
    """Case, spaces and hyphens do not count."""
    return text.casefold().translate(_FOLDED)


def reason(row: Row, got: str) -> str:
    """Why a row is missed, by what the two texts show."""
    plain_got, plain_right = _letters(got), _letters(row.spoken)
    if plain_got == plain_right:
        return "punctuation only"
    if any(c.isdigit() for c in got) and not any(c.isdigit() for c in row.spoken):
        return "number left as printed"
    if fold(got) == fold(row.written):
        return "unsupported kind"
    return "wording choice"


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def own(language: str, profile: Profile, *, extra: bool) -> Speaker:
    """castbook's normaliser as the book line calls it."""
    words = load_language(language)

    def say(written: str) -> str:
        found = normalise(written, words, profile=profile, extra=extra)
        if profile == "general":
            found = tuple(item for item in found if item.rule not in CLEANING)
        return speak(written, found)

    return say


def rival(language: str) -> Speaker:
    """wetext by itself, with its defaults."""
    from wetext import Normalizer

    normalizer = Normalizer(lang=language, operator="tn")
    return lambda written: str(normalizer.normalize(written))


def measure(rows: Sequence[Row], say: Speaker) -> dict[str, Any]:
    """Rows, right ones, share, kinds, misses with reasons, sentences a second."""
    for row in rows:
        say(row.written)
    began = time.perf_counter()
    said = [say(row.written) for row in rows]
    seconds = time.perf_counter() - began
    kinds: dict[str, dict[str, int]] = {}
    misses = []
    for row, got in zip(rows, said, strict=True):
        right = fold(got) == fold(row.spoken)
        count = kinds.setdefault(row.kind, {"rows": 0, "right": 0})
        count["rows"] += 1
        count["right"] += right
        if not right:
            misses.append(
                {
                    "kind": row.kind,
                    "written": row.written,
                    "expected": row.spoken,
                    "got": got,
                    "reason": reason(row, got),
                }
            )
    right_count = len(rows) - len(misses)
    return {
        "rows": len(rows),
        "right": right_count,
        "share": round(right_count / len(rows), 4) if rows else None,
        "sentences_per_second": round(len(rows) / seconds) if rows and seconds else None,
        "kinds": kinds,
        "misses": misses,
    }


def run(data: Path) -> dict[str, Any]:
    """All files under all profiles, and whether the targets are met."""
    files: dict[str, dict[str, Any]] = {}
    targets: dict[str, bool] = {}
    installed = grammars.installed()
    for name in FILES:
        path = data / "normalisation" / f"{name}.jsonl"
        if not path.is_file():
            continue
        rows, language = read_rows(path), name.rpartition("_")[2]
        results: dict[str, Any] = {}
        if name.startswith("fiction"):
            results["fiction"] = measure(rows, own(language, "fiction", extra=True))
            targets[f"{name}: fiction at least {FICTION_TARGET:.0%}"] = (
                results["fiction"]["share"] >= FICTION_TARGET
            )
        else:
            plain = results["general without wetext"] = measure(
                rows, own(language, "general", extra=False)
            )
            targets[f"{name}: without wetext at least {GENERAL_TARGET:.0%}"] = (
                plain["share"] >= GENERAL_TARGET
            )
        if installed:
            results["wetext itself"] = measure(rows, rival(language))
        if installed and not name.startswith("fiction"):
            full = results["general with wetext"] = measure(
                rows, own(language, "general", extra=True)
            )
            targets[f"{name}: with wetext at least as many as wetext itself"] = (
                full["right"] >= results["wetext itself"]["right"]
            )
        files[name] = results
    return {
        "data": data.name,
        "wetext": grammars.version(),
        "files": files,
        "targets": targets,
        "passed": bool(files) and all(targets.values()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; exit code 1 when a target is missed, 2 without data."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, help="a folder that holds normalisation/*.jsonl")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    given = parser.parse_args(arguments)
    report = run(given.data)
    if not report["files"]:
        print(f"{given.data}: no normalisation/*.jsonl of {', '.join(FILES)}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return 0 if report["passed"] else 1
    for name, results in report["files"].items():
        for how, result in results.items():
            print(
                f"{name:11} {how:23} {result['right']:3}/{result['rows']:<3} "
                f"{result['share']:7.1%} {result['sentences_per_second']:6} sentences/s"
            )
            for miss in result["misses"]:
                print(
                    f"    {miss['kind']}: {miss['written']!r} -> {miss['got']!r}, "
                    f"expected {miss['expected']!r} ({miss['reason']})"
                )
    for target, met in report["targets"].items():
        print(f"{'met   ' if met else 'MISSED'} {target}")
    return 0 if report["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
