"""All written names of a book, and what they tell of each other: who has which names."""

from __future__ import annotations

from collections import Counter, defaultdict

from book.castproposal.evidence import Evidence
from book.castproposal.forms import Form, Titles
from book.languages import Language

FEWEST_TAGS = 3  # and beats, by which the narration shows how it calls somebody
RARE = 0.1  # a share too small to mean anything
CHANCE = 50  # a bare name this much more frequent than its full form has no such full form
DOMINANT = 0.75  # this share of a name's bearers makes the bare name his
MARRIED = frozenset({"mrs", "mme", "madame", "missis"})
_SURNAME_TITLES = frozenset({"mr", "mrs", "messrs", "dr", "prof", "doctor", "professor"})

Identity = tuple[str, str, str]  # first name or "", last name or "", "m", "f", "wife", "miss" or ""


class Registry:
    """All parsed forms of a book, and what they tell of names."""

    def __init__(self, evidence: Evidence, titles: Titles, language: Language) -> None:
        self.given = {n: g for g in ("m", "f") for n in language.given[g]}
        short = defaultdict(set)
        for full, forms in language.people.diminutives.items():
            for nick in forms:
                short[nick].add(self.given.get(full, ""))
        for nick, sexes in short.items():
            if len(sexes) == 1:  # not Chris, not Frankie
                self.given.setdefault(nick, next(iter(sexes)))
        self.counts = evidence.told + evidence.quoted
        self.acts = evidence.tags + evidence.beats
        evident = evidence.tags + evidence.beats + evidence.calls
        self.forms: dict[str, Form] = {}
        tokens = set()
        for written in evident:
            parsed = titles.parse(written)
            if parsed:
                tokens |= {parsed.last, parsed.given} - {""}
                self.counts.setdefault(written, evident[written])
        ordinary = {w.casefold() for w in self.counts if not w.isupper()}
        for written, n in self.counts.items():
            if written.isupper() and written.casefold() in ordinary:
                continue
            parsed = titles.parse(written)
            if parsed is None or not (parsed.last in tokens or parsed.given in tokens):
                continue
            if (n > 1 or written in evident) and not self._chance(written, parsed):
                self.forms[written] = parsed
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.acting: Counter[tuple[str, str]] = Counter()
        self.titled: Counter[tuple[str, str]] = Counter()
        self._marks: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.surnames: set[str] = set()
        self.firsts: set[str] = set()
        for written, form in self.forms.items():
            if form.given:
                self.firsts.add(form.given)
            elif form.title:
                self.titled[form.title, form.last] += self.counts[written]
        for written, form in self.forms.items():
            if form.given:
                self.pairs[form.given, form.last] += self.counts[written]
                self.acting[form.given, form.last] += self.acts[written]
                self.surnames.add(form.last)
                if form.gender and form.title not in MARRIED:
                    self._marks[form.given, form.last].add(form.gender)
            elif form.title in _SURNAME_TITLES and form.last not in {*self.given, *self.firsts}:
                self.surnames.add(form.last)
        self.wives = {
            (f.given, f.last)
            for f in self.forms.values()
            if f.given and f.title in MARRIED and self._sex_of_pair(f.given, f.last) != "f"
        }

    def _chance(self, written: str, form: Form) -> bool:
        """Whether two names only met: "in Nauheim Leonora said"."""
        if form.title or not form.given or form.given in self.given or self.acts[written] > 1:
            return False
        return CHANCE * self.counts[written] < self.counts[written.split()[-1]]

    def _sex_of_pair(self, given: str, last: str) -> str:
        """What titles other than Mrs. and the first name say."""
        marks = self._marks.get((given, last), set())
        return next(iter(marks)) if len(marks) == 1 else self.given.get(given, "")

    def pair(self, given: str, last: str) -> Identity:
        """Someone of whom both names stand in the text."""
        sex = self._sex_of_pair(given, last)
        return given, last, sex

    def bearers(self, *, last: str = "", given: str = "") -> list[Identity]:
        """Everyone with that last or that first name, most often named first."""
        found: Counter[Identity] = Counter()
        for (first, family), n in self.pairs.items():
            if (last and family == last) or (given and first == given):
                found[self.pair(first, family)] += n
        return [who for who, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))]

    def is_first(self, form: Form) -> bool:
        """Whether the name behind a title is a first name: Miss Jane, not Colonel Fitzwilliam."""
        if form.last in self.given or (form.noble and form.last in self.firsts):
            return True
        pairs = sum(n for (given, _), n in self.pairs.items() if given == form.last)
        return pairs > self.titled[form.title, form.last]

    def stays_apart(self, form: Form, who: Identity) -> bool:
        """Whether a story that calls one Mr. Peggotty and one Ham means two people.

        A storyteller calls one person by one name: both in tags, and hardly ever Ham Peggotty,
        are two, unless he is Mr. Ham Peggotty somewhere. Sir Walter is no Mr. Elliot, and a rank
        is not the one's whose first name is used (Major Amberson, George) without a word of it.
        """
        titles = {f.title for f in self.forms.values() if (f.given, f.last) == who[:2]}
        if form.title in titles:
            return False
        if form.title == "mr" and titles & {"sir", "lord"}:
            return True
        first = [w for w, f in self.forms.items() if f == Form("", "", "", who[0])]
        mister = [w for w, f in self.forms.items() if f == form]
        acts = [sum(self.acts[w] for w in forms) for forms in (first, mister)]
        often = [sum(self.counts[w] for w in forms) for forms in (first, mister)]
        if form.title not in (*_SURNAME_TITLES, "miss") and acts[0] >= FEWEST_TAGS:
            return True
        return min(acts) >= FEWEST_TAGS and self.pairs[who[:2]] < 0.5 * min(often)

    def is_seldom(self, who: Identity, form: Form) -> bool:
        """Whether someone hardly ever acts by the first name, but by the title of ``form``."""
        acts = [0, 0]
        for written, other in self.forms.items():
            named = other.last == who[0] or (other.given, other.last) == who[:2]
            acts[0] += self.acts[written] * (named and not other.title)
            acts[1] += self.acts[written] * (other == form)
        return acts[1] >= FEWEST_TAGS and acts[0] <= RARE * acts[1]

    def only(self, people: list[Identity]) -> Identity | None:
        """The one who bears the name in most places; of those who act, if any do."""
        for weight in (self.acting, self.pairs):
            total = sum(weight[p[:2]] for p in people)
            if total > 1 or (total and weight is self.pairs):
                first = max(people, key=lambda p: (weight[p[:2]], self.pairs[p[:2]], p))
                return first if weight[first[:2]] >= DOMINANT * total else None
        return None
