"""Which written forms are one person: Sherlock Holmes, Mr. Holmes, Holmes.

Every form belongs to one person at most. Families are kept apart: Mr., Mrs. and Miss Bennet are
three, and Jane Bennet is Miss Bennet only if no other woman of that name is named. A wife who
goes by her husband's name (Mrs. Dave Dyer) is another person than he. What cannot be told stays
apart: two entries of one person are mended by deleting one, two people in one are heard.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from book.castproposal.candidate import Candidate
from book.castproposal.evidence import Evidence
from book.castproposal.forms import Form, Titles, fold
from book.castproposal.registry import DOMINANT, FEWEST_TAGS, MARRIED, RARE, Identity, Registry
from book.castproposal.roles import add_roles
from book.languages import Language


def merge(evidence: Evidence, titles: Titles, language: Language) -> list[Candidate]:
    """The people of a book, each with all forms of their name."""
    registry = Registry(evidence, titles, language)
    owner = {written: _identity(form, registry) for written, form in registry.forms.items()}
    _name_bare(owner, registry)
    _join_short(owner, registry, evidence, language)
    found: defaultdict[Identity, Candidate] = defaultdict(Candidate)
    genders: defaultdict[Identity, Counter[str]] = defaultdict(Counter)
    for written in sorted(owner):
        who, form = owner[written], registry.forms[written]
        person = found[who]
        person.forms[written] = registry.counts[written]
        person.tags[written] = evidence.tags[written]
        person.beats += evidence.beats[written]
        person.calls += evidence.calls[written]
        person.told += evidence.told[written]
        person.articled += evidence.articled[written]
        person.titled |= bool(form.title)
        person.last = who[1]
        if form.gender:
            genders[who][form.gender] += registry.counts[written]
    for who, person in found.items():
        marks = genders[who]
        sex = {"wife": "f", "miss": "f"}.get(who[2], who[2])
        person.gender = sex or (max(sorted(marks), key=lambda g: marks[g]) if marks else "")
    for who in [w for w in found if w[2] == "miss"]:
        women = {p[:2] for p in registry.bearers(last=who[1]) if p[2] == "f"}
        sisters = [found[w] for w in found if w[:2] in women and w[2] == "f"]
        if found[who].told < RARE * found[who].forms.total():
            continue  # only called so: by the people of someone who tells her own story
        if len(sisters) > 1 and found[who].tags.total() <= max(p.tags.total() for p in sisters):
            del found[who]  # one of several sisters: which, cannot be told
    people = list(found.values())
    add_roles(people, evidence, titles, language)
    return people


def name_gender(written: str, language: Language) -> str:
    """What title or first name say of a name alone: "m", "f" or ""."""
    form = Titles(language).parse(written.title())
    if form is None:
        return ""
    first = form.given or form.last
    return form.gender or next((g for g in ("m", "f") if first in language.given[g]), "")


def _identity(form: Form, registry: Registry) -> Identity:
    """Who is meant by a form, as far as the form itself and the full names tell."""
    if form.given:
        if form.title in MARRIED and (form.given, form.last) in registry.wives:
            return form.given, form.last, "wife"
        return registry.pair(form.given, form.last)
    if not form.title:
        return "", form.last, "bare"
    surname = form.last in registry.surnames and not (
        form.noble and form.last in registry.given and not registry.bearers(last=form.last)
    )
    if not surname and registry.is_first(form):
        who = registry.only(_of(registry.bearers(given=form.last), form.gender))
        return who or (form.last, "", form.gender)
    people = registry.bearers(last=form.last)
    if form.title in MARRIED:
        wives = [w for w in registry.wives if w[1] == form.last]
        named = [p for p in people if p[2] == "f" and _written(registry, form.title, p[0], p[1])]
        if not wives and not named:  # Winnie Verloc, whom the story calls Mrs. Verloc
            women = [p for p in people if p[2] == "f"]
            named = [p for p in women if registry.is_seldom(p, form)] if len(women) == 1 else []
        if len(wives) + len(named) == 1:
            return named[0] if named else (wives[0][0], wives[0][1], "wife")
        return "", form.last, "wife"
    if form.noble and form.gender == "f":
        tied = [p for p in people if _written(registry, form.title, *p[:2])]
        return registry.only(tied) or ("", form.last, "wife")  # Lady Elliot is no Miss Elliot
    if form.gender == "f":
        unmarried = [p for p in people if p[2] == "f" and not _written(registry, "mrs", *p[:2])]
        if len(unmarried) == 1 and not registry.stays_apart(form, unmarried[0]):
            return unmarried[0]
        return "", form.last, "miss"
    men = [p for p in people if p[2] != "f"]
    tied = [p for p in people if _written(registry, form.title, *p[:2])]
    who = registry.only(tied) or registry.only(men)
    return who if who and not registry.stays_apart(form, who) else ("", form.last, "m")


def _of(people: list[Identity], gender: str) -> list[Identity]:
    return [p for p in people if not gender or p[2] in ("", gender)]


def _written(registry: Registry, title: str, given: str, last: str) -> bool:
    return any((f.title, f.given, f.last) == (title, given, last) for f in registry.forms.values())


def _name_bare(owner: dict[str, Identity], registry: Registry) -> None:
    """Gives the names that stand alone to those who bear them."""
    first: defaultdict[str, Counter[Identity]] = defaultdict(Counter)
    family: defaultdict[str, Counter[Identity]] = defaultdict(Counter)
    acting: Counter[Identity] = Counter()
    for written, who in owner.items():
        form, n = registry.forms[written], registry.counts[written]
        acting[who] += registry.acts[written]
        if who[2] != "bare":
            (first if form.last == who[0] else family)[form.last][who] += n
            if form.given and who[2] != "wife":
                first[form.given][who] += n
    for written in sorted(w for w, who in owner.items() if who[2] == "bare"):
        name, n = registry.forms[written].last, registry.counts[written]
        mine = (name, "", registry.given.get(name, ""))
        of_first, of_family = first[name], family[name]
        if of_first and of_first.total() >= of_family.total():
            owner[written] = _dominant(of_first, acting) or mine
            continue
        men = Counter({who: k for who, k in of_family.items() if who[2] in ("m", "")})
        if men:
            owner[written] = _dominant(men, acting) or mine
            acts = sum(acting[who] for who in men)
            if registry.acts[written] <= RARE * acts and n < RARE * men.total():
                del owner[written]  # Bennet, a handful of times: of whom, cannot be told
        elif len(of_family) == 1 and of_family.total() > n:
            owner[written] = next(iter(of_family))  # a woman's, if she is mostly called so
        else:
            owner[written] = mine


def _dominant(people: Counter[Identity], acting: Mapping[Identity, int]) -> Identity | None:
    """The one who bears nearly all of a name, among those who speak and act if any do."""
    acts = Counter({who: acting[who] for who in people})
    weight = acts if acts.total() > 1 else people
    best = max(sorted(weight), key=lambda who: weight[who])
    return best if weight[best] >= DOMINANT * weight.total() else None


def _join_short(
    owner: dict[str, Identity], registry: Registry, evidence: Evidence, language: Language
) -> None:
    """Lizzy is Elizabeth where only one of the two names is the narration's.

    A storyteller calls one person by one name: two people if both are named in tags, unless
    they share a surname.
    """
    tags: Counter[Identity] = Counter()
    told: Counter[Identity] = Counter()
    weight: Counter[Identity] = Counter()
    firsts = defaultdict(set)
    for written, who in owner.items():
        form = registry.forms[written]
        tags[who] += evidence.tags[written] + evidence.beats[written]
        weight[who] += registry.counts[written]
        told[who] += evidence.told[written]
        for name in {who[0], form.given} - {""}:
            firsts[name].add(who)

    def fits(nick: Identity, full: Identity) -> bool:
        if "wife" in (nick[2], full[2]) or {nick[2], full[2]} == {"m", "f"}:
            return False
        if nick[1] and full[1]:
            return nick[1] == full[1]
        few, many = sorted((nick, full), key=lambda who: (tags[who], who))
        spoken = 2 * told[few] <= weight[few]  # a name that people use, not the storyteller
        return spoken and tags[many] >= FEWEST_TAGS and tags[few] <= RARE * tags[many]

    joined: dict[Identity, Identity] = {}
    for full, forms in sorted(language.people.diminutives.items()):
        for short in forms:
            for nick in sorted(firsts.get(fold(short), ())):
                fit = [p for p in firsts.get(full, ()) if p != nick and fits(nick, p)]
                fit.sort(key=lambda p: (-weight[p], p))
                if fit and weight[fit[0]] >= DOMINANT * sum(weight[p] for p in fit):
                    joined.setdefault(nick, fit[0])
    for written, who in owner.items():
        seen = {who}
        while who in joined and joined[who] not in seen:
            who = joined[who]
            seen.add(who)
        owner[written] = who
