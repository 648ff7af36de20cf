"""The published phoneme mode: fragments exactly, syllables as far as the dictionaries agree.

Upstream's numbers come from pypinyin 0.44; a later one knows more words. Each text that comes
out otherwise is a row with the syllables that differ.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

from benchmarks.glm_published_g2p import fragments, phonemes, replaced
from benchmarks.parityrows import Row

STAGE = "phoneme"
OTHERWISE = 0.1  # of the syllables: dictionaries of another year
_PIECES = re.compile(r"(?:<\|[A-Z]+\d?\|>)|[\s\S]")


def compare(folder: Path) -> list[Row]:
    """Rows for fragments, for the sounds of whole texts and for texts with tokens."""
    golden = json.loads((folder / "g2p.json").read_bytes())
    unambiguous = frozenset(json.loads((folder / "G2P_able_1word.json").read_bytes()))
    table = golden["replace_dict"]
    cases = golden["cases"]
    wrong = [
        case["input"]
        for case in cases
        if [list(part) for part in fragments(case["input"], table)] != case["fragments"]
    ]
    rows = [Row(STAGE, "all", "fragments", len(wrong), 0, f"{len(cases)} texts")]
    version = f"pypinyin {importlib.metadata.version('pypinyin')}, upstream {golden['engine']}"
    for quantity in ("process_one", "output"):
        differing = total = 0
        for case in cases:
            if quantity == "output":
                wanted = _PIECES.findall(case["output"])
                found = _PIECES.findall(replaced(case["input"], table, unambiguous))
            else:
                wanted, found = case["process_one"], phonemes(case["input"])
            apart = [(w, f) for w, f in zip(wanted, found, strict=False) if w != f]
            differing += len(apart) + abs(len(wanted) - len(found))
            total += len(wanted)
            if wanted != found:
                said = ", ".join(f"{f} for {w}" for w, f in apart[:6])
                rows.append(
                    Row(STAGE, case["input"][:20], f"{quantity} explained", 1, len(wanted), said)
                )
        rows.append(Row(STAGE, "all", quantity, differing / max(total, 1), OTHERWISE, version))
    return rows
