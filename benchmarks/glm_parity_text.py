"""The text front end against the published one: rules, split and syllables exactly, whole
normalisation as far as the grammar for numbers is the same.

Upstream's engine was WeTextProcessing 1.0.3; ours is wetext, a port of later grammars. The limit
holds for it with the readings of the old grammars (``published``); its own score, and the score
as castbook speaks, stand beside it. Every text that comes out otherwise is a row of its own, with
what the grammar said and should have.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.glm_published_grammar import published
from benchmarks.parityrows import Row
from tts.glm.text import chinese, english
from tts.glm.text.grammar import Grammar, installed, say, wetext
from tts.glm.text.normalise import end, normalise, prepare, punctuate, spaces
from tts.glm.text.split import length, split, units
from tts.glm.text.syllables import guess, syllables

STAGE = "text"
INEXACT = 0.05  # at least 95 % of the texts come out exactly
RULES: Final[Mapping[str, Callable[[str], str]]] = {
    "preprocess": prepare,
    "pre_replace": chinese.before,
    "post_replace": chinese.marks,
    "special_replace": chinese.special,
    "normalize_punctuation": punctuate,
    "ensure_proper_ending": end,
    "scientific": chinese.scientific,
    "spell_out_number": english.spell_out,
    "replace_space": spaces,
}
_SPLIT = re.compile(r"split_(\d+)_(\d+)")


def compare(folder: Path) -> list[Row]:
    """A row for each rule, for splits, syllables and crashes, and for whole normalisation."""
    rows = [*_rules(_load(folder / "rules.json")), *_splits(_load(folder / "split_only.json"))]
    rows += _syllables(_load(folder / "syllables.json"))
    rows += _normalised(_load(folder / "normalize_split.json"))
    return rows + _crashes(_load(folder / "split_upstream_crashes.json"))


def _load(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _exact(case: str, quantity: str, pairs: Iterable[tuple[Any, Any]]) -> Row:
    """A row of (wanted, found): how many differ, and the first that does."""
    compared = list(pairs)
    wrong = [(wanted, found) for wanted, found in compared if wanted != found]
    detail = f"{len(compared) - len(wrong)} of {len(compared)} exact"
    if wrong:
        detail += f"; wanted {wrong[0][0]!r:.120}, found {wrong[0][1]!r:.120}"
    return Row(STAGE, case, quantity, len(wrong), 0, detail)


def _rules(cases: list[dict[str, str]]) -> Iterator[Row]:
    for name in sorted({key for case in cases for key in case} - {"input"}):
        rule = RULES.get(name)
        if rule is None:
            yield Row(STAGE, "rules", name, float("nan"), 0, "no such rule here")
            continue
        pairs = [(case[name], rule(case["input"])) for case in cases if name in case]
        yield _exact("rules", name, pairs)


def _splits(cases: list[dict[str, Any]]) -> Iterator[Row]:
    cases = [case for case in cases if "error" not in case]
    yield _exact("split_only", "units", ((c["units"], units(c["input"])) for c in cases))
    yield Row(
        STAGE, "split_only", "length",
        max((abs(c["count"] - length(c["input"])) for c in cases), default=0.0), 1e-9,
    )  # fmt: skip
    for key in sorted({key for case in cases for key in case if _SPLIT.fullmatch(key)}):
        match = _SPLIT.fullmatch(key)
        shortest, longest = map(int, match.groups()) if match else (0, 0)
        found = [(c[key], split(c["input"], shortest, longest)) for c in cases if key in c]
        yield _exact("split_only", key, found)


def _syllables(words: Mapping[str, list[int]]) -> list[Row]:
    return [
        _exact("syllables", "dictionary", ((n[0], syllables(w)) for w, n in words.items())),
        _exact("syllables", "fallback", ((n[1], guess(w)) for w, n in words.items())),
    ]


def _normalised(golden: Mapping[str, Any]) -> Iterator[Row]:
    cases = golden["cases"]
    if not installed():
        yield Row(STAGE, "normalise", "inexact", 1.0, INEXACT, "pip install wetext, then again")
        return
    engine = golden.get("engine", "upstream's engine").split(" (")[0]
    version = f"wetext {importlib.metadata.version('wetext')}"
    apart = list(filter(None, map(_grammar, cases)))
    said = "; ".join(f"{found!r:.60} for {wanted!r:.60}" for found, wanted in apart)
    yield _share("wetext alone", len(apart), len(cases), 1, f"{version} against {engine}: {said}")
    spoken = _differing(cases, wetext)
    exact = _differing(cases, published)
    yield _share("as castbook speaks", len(spoken), len(cases), 1, version)
    yield _share("as published", len(exact), len(cases), INEXACT, f"{version} read as {engine}")
    for how, differing in (("spoken", spoken), ("published", exact)):
        for case, found in differing:
            grammar = _grammar(case)
            why = "the rules differ: the grammar says what upstream's said"
            if grammar is not None:
                why = f"the grammar says {grammar[0]!r:.90}, upstream's said {grammar[1]!r:.90}"
            detail = f"wanted {case['normalized']!r:.90}, found {found!r:.90}: {why}"
            # no bar of its own: it is counted in the shares above
            yield Row(STAGE, f"{how} {case['input']!r:.40}", "explained", 1, len(cases), detail)
    yield _exact("normalise", "split", ((c["split"], split(c["normalized"])) for c in cases))
    pieces = [
        {"input": piece, "normalized": wanted}
        for case in cases
        for piece, wanted in zip(case["split"], case["split_renormalized"], strict=True)
    ]
    again = len(_differing(pieces, published))
    yield _share("pieces again", again, len(pieces), INEXACT, f"{len(pieces)} pieces of splits")


def _share(quantity: str, wrong: int, count: int, limit: float, detail: str) -> Row:
    share = wrong / max(count, 1)
    exact = f"{count - wrong} of {count} exact = {100 * (1 - share):.1f} %; {detail}"
    return Row(STAGE, "normalise", quantity, share, limit, exact)


def _differing(
    cases: Iterable[Mapping[str, Any]], grammar: Grammar
) -> list[tuple[Mapping[str, Any], str]]:
    found = ((case, normalise(case["input"], grammar)) for case in cases)
    return [(case, said) for case, said in found if said != case["normalized"]]


def _grammar(case: Mapping[str, Any]) -> tuple[str, str] | None:
    """(what wetext says, what upstream's grammar said) where the two differ."""
    for language in ("zh", "en"):
        if f"{language}_after_tn" in case:
            said = say(case[f"{language}_before_tn"], language).strip()
            wanted = case[f"{language}_after_tn"].strip()
            return None if said == wanted else (said, wanted)
    return None


def _crashes(cases: list[dict[str, str]]) -> list[Row]:
    """Where upstream raises, every character must be there."""
    lost = sum("".join(split(case["input"])) != case["input"] for case in cases)
    longest = max((length(piece) for c in cases for piece in split(c["input"])), default=0.0)
    detail = f"{len(cases)} texts; the longest piece has a length of {longest:.1f}"
    return [Row(STAGE, "upstream crashes", "texts lost", lost, 0, detail)]
