"""Names of people who speak, as a Chinese text shows them: how clauses with a tag begin."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from book.languages import Language

_HAN_FUNCTION = frozenset(
    "也便又却就才都还着了的是在不很把将对向笑低大忽正只可想问说道答叫喊这那他她它我你们有没个一而且但从"
    "到被给与和同去来上下里时候起过得地所以因为于各每某谁什么怎如若虽然后前"
)
_HAN_STARTS = frozenset(
    "他她它我你们这那有没一而但从到被给与和同就也便又却才都还着了的是在不很把将对向"
)


def find_han_names(narration: Sequence[str], language: Language) -> dict[str, Counter[str]]:
    """Each name with its forms and how often clauses beside quotations begin with them."""
    verbs = "|".join(map(re.escape, language.speech_verbs))
    tagged = re.compile(rf"(?:{verbs})(?!{'|'.join(map(re.escape, language.not_speech))})")
    starts: Counter[str] = Counter()
    for part in narration:
        if not tagged.search(part):
            continue
        for clause in re.split(r"[，。！？；：、“”\s]", part):
            for size in (2, 3, 4):
                head = clause[:size]
                alike = len(set(head)) == 1  # 轻轻
                if (
                    len(head) == size
                    and not alike
                    and not set(head) & _HAN_FUNCTION
                    and head[0] not in _HAN_STARTS
                ):
                    starts[head] += 1
    found: dict[str, Counter[str]] = {}
    taken: Counter[str] = Counter()
    for head in sorted(starts, key=lambda h: (-len(h), -starts[h], h)):
        own = starts[head] - taken[head]
        shorter = starts.get(head[:-1], 0)
        # 孔乙己 and 孔乙 begin equally many clauses: the longer one is the name
        if own < 2 or (len(head) > 2 and starts[head] < 0.3 * shorter):
            continue
        found[head] = Counter({head: own})
        for size in range(2, len(head)):
            taken[head[:size]] += own
    return _longer_forms(found)


def _longer_forms(found: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    """七爷 is 赵七爷, where no other name ends so: one entry under the name used most."""
    kept = dict(found)
    for name in sorted(kept, key=lambda name: (len(name), name)):
        longer = [other for other in kept if other != name and other.endswith(name)]
        if len(longer) == 1:
            forms = kept.pop(longer[0]) + kept.pop(name)
            kept[max(sorted(forms), key=lambda form: forms[form])] = forms
    return kept
