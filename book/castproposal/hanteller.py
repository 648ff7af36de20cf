"""Who says 我 in a Chinese text: someone whom the others call by name, and the story never does.

Called by a word for kin or a surname, twice at least, and by no other name as often; where it
cannot be told nobody is proposed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from book.castproposal.builds import Builds
from book.castproposal.candidate import Candidate
from book.castproposal.teller import Talk
from book.languages import Language

FEWEST_CALLS = 2


def find_han_teller(
    talk: Sequence[Talk], alone: Sequence[str], people: list[Candidate], language: Language
) -> int | None:
    """The number of the one who says 我; added to ``people`` where only the others name them."""
    builds = Builds(language)
    called: Counter[str] = Counter()
    mark = "，。！？：；“”「」『』…—\\s"
    call = re.compile(rf"(?:^|[{mark}])([^{mark}]{{2,4}})(?=[，！。])")
    for part in talk:
        if part.mine:
            continue
        for quotation in part.quotations:
            for match in call.finditer(quotation):
                word = match[1]
                if len(word) > 2 and builds.built(word) and word not in builds.described:
                    called[word] += 1
    taken = {form for p in people for form in p.forms}
    told = "\n".join((*alone, *(t.narration for t in talk)))
    fitting = [(n, w) for w, n in called.items() if w not in taken and told.count(w) <= n]
    fitting.sort(key=lambda item: (-item[0], item[1]))
    if (
        not fitting
        or fitting[0][0] < FEWEST_CALLS
        or (len(fitting) > 1 and fitting[0][0] == fitting[1][0])
    ):
        return None
    name = fitting[0][1]
    people.append(Candidate(Counter({name: fitting[0][0]}), gender=builds.gender((name,))))
    return len(people) - 1
