"""The cast that ``castbook new`` proposes from a text alone, against the cast that people wrote.

    python -m benchmarks.casts DATA [--json]

DATA holds ``speakers_*/*.json`` (format: ``benchmarks/goldquotes.py``). Only the raw text is
given. A proposed and a known character are the same where they share a name: key, name or
alias, case, stops and articles aside. Shares are of the quotations with a known speaker:

- covered: exactly one proposed character bears a name of the speaker;
- split: several do;
- merged: the proposed character also bears a name of another speaker, which the first lacks;
- nameless: no name of the speaker stands in the text at all, so that none can be proposed;
- gender: right, wrong or left open, of the speakers that are covered and have a known one.

``nobody`` lists the proposed characters that are no known one, with their lines. The one who
says "I" is right, wrong, missing (known, none proposed) or unstated (proposed, none known).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.goldquotes import GoldBook, load_books
from book.proposal import CastProposal, ProposedCharacter, propose_cast
from book.readers import read_manuscript

_IDENTIFIER = re.compile(r"-\d+$")  # LitBank's names are no names: Mrs__Hilbery-2
SHARES = ("covered", "split", "merged", "nameless")
GENDERS = ("right", "wrong", "open")


def propose(book: GoldBook) -> tuple[CastProposal, float]:
    """The proposal for a text, and the seconds it took beyond reading."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.txt"
        path.write_text(book.text, "utf-8")
        manuscript = read_manuscript([path], language=book.language)
    began = time.perf_counter()
    return propose_cast(manuscript, book.language), time.perf_counter() - began


def score(book: GoldBook, proposal: CastProposal) -> tuple[Counter[str], dict[str, Any]]:
    """Counts of quotations, and what is to be told of the book."""
    people = {c.key: c for c in proposal.characters}
    proposed = {
        key: fold({c.key.replace("-", " "), c.name, *c.aliases}) for key, c in people.items()
    }
    gold = _gold(book)
    quotes = Counter(q.speaker for q in book.quotes if q.speaker is not None)
    text = f" {_folded(book.text)} "
    counts = Counter(quotations=quotes.total())
    missed: Counter[str] = Counter()
    mixed = {}
    for who, n in quotes.items():
        same = sorted(key for key, names in proposed.items() if names & gold[who])
        others = sorted(
            other
            for other in quotes
            if other != who
            and any(proposed[key] & (gold[other] - gold[who]) for key in same)
            and any(proposed[key] & (gold[who] - gold[other]) for key in same)
        )
        if len(same) == 1:
            counts["covered"] += n
            _gender(counts, book.genders.get(who), people[same[0]], n)
        elif same:
            counts["split"] += n
            mixed[who] = same
        else:
            missed[who] += n
            counts["nameless"] += n * (not any(_stands(name, text, book) for name in gold[who]))
        if others:
            counts["merged"] += n
            mixed[who] = [*same, "with", *others]
    known = set().union(*gold.values()) if gold else set()
    nobody = {key: people[key].lines for key, names in proposed.items() if not names & known}
    narrator = _narrator(book, gold, proposed, proposal.narrator_character)
    counts[f"narrator {narrator}"] += 1
    counts["proposed"] += len(people)
    counts["nobody"] += len(nobody)
    return counts, {
        "narrator": narrator,
        "narrator_character": proposal.narrator_character,
        "nobody": nobody,
        "missed": dict(missed.most_common()),
        "split_or_merged": mixed,
    }


def fold(names: set[str]) -> set[str]:
    """Names without what print makes of them: case, stops, articles, hyphens."""
    return {folded for name in names if (folded := _folded(name))}


def _folded(name: str) -> str:
    words = re.sub(r"[\W_]+", " ", name.casefold().replace("’", "'")).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def _stands(name: str, text: str, book: GoldBook) -> bool:
    if name in book.words.first_person:
        return False
    return name in text if book.words.han else f" {name} " in text


def _gold(book: GoldBook) -> dict[str, set[str]]:
    """The names of each known character."""
    found = {}
    for name, aliases in book.cast.items():
        written = fold({a for a in (name, *aliases) if not _IDENTIFIER.search(a)})
        found[name] = written or fold({_IDENTIFIER.sub("", name)})
    return found


def _gender(counts: Counter[str], gold: str | None, found: ProposedCharacter, n: int) -> None:
    if gold in ("m", "f"):
        verdict = "open" if found.gender is None else "right" if found.gender == gold else "wrong"
        counts[f"gender {verdict}"] += n


def _narrator(
    book: GoldBook,
    gold: Mapping[str, set[str]],
    proposed: Mapping[str, set[str]],
    found: str | None,
) -> str:
    if book.narrator is None:
        return "right" if found is None else "unstated"
    if found is None:
        return "missing"
    return "right" if proposed[found] & gold[book.narrator] else "wrong"


def figures(counts: Counter[str]) -> dict[str, Any]:
    """Counts as shares of the quotations, in percent."""
    total = counts["quotations"] or 1
    gendered = sum(counts[f"gender {g}"] for g in GENDERS) or 1
    return {
        "quotations": counts["quotations"],
        **{name: round(100 * counts[name] / total, 2) for name in SHARES},
        "gender": {g: round(100 * counts[f"gender {g}"] / gendered, 2) for g in GENDERS},
        "proposed": counts["proposed"],
        "nobody_count": counts["nobody"],
    }


def run(data: Path) -> dict[str, Any]:
    """Every set under ``data``."""
    sets: dict[str, Any] = {}
    for folder in sorted(data.glob("speakers_*")):
        books, total, slowest = {}, Counter[str](), 0.0
        for book in load_books(folder):
            proposal, seconds = propose(book)
            counts, facts = score(book, proposal)
            books[book.name] = {**figures(counts), **facts, "seconds": round(seconds, 2)}
            total.update(counts)
            slowest = max(slowest, seconds)
        if books:
            kinds = ("right", "wrong", "missing", "unstated")
            sets[folder.name] = {
                **figures(total),
                "narrators": {kind: total[f"narrator {kind}"] for kind in kinds},
                "slowest_seconds": round(slowest, 2),
                "books": books,
            }
    return {"sets": sets}


def _show(sets: dict[str, Any]) -> None:
    for name, all_books in sets.items():
        print(f"\n{name}")
        for title, part in [*all_books["books"].items(), ("all", all_books)]:
            gender = "/".join(str(part["gender"][g]) for g in GENDERS)
            shares = "  ".join(f"{share} {part[share]:6.2f}" for share in SHARES)
            print(
                f"  {title[:24]:24} {part['quotations']:5}  {shares}"
                f"  gender {gender}  nobody {part['nobody_count']}/{part['proposed']}"
                f"  I: {part.get('narrator') or all_books['narrators']}"
                f"  {part.get('seconds', all_books['slowest_seconds'])} s"
            )
            for kind in ("missed", "split_or_merged", "nobody"):
                if part.get(kind):
                    print(f"      {kind}: {json.dumps(part[kind], ensure_ascii=False)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(prog="benchmarks.casts", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with speakers_*/*.json")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    options = parser.parse_args(arguments)
    found = run(options.data)
    if not found["sets"]:
        print(f"{options.data}: no speakers_*/*.json in it", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        _show(found["sets"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
