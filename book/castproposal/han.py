"""Who speaks in a Chinese text: how clauses begin where somebody speaks.

Chinese writes no capitals and no spaces, so a name is known by its place and its build: it opens
clauses, very different characters follow it, and it is a surname with one or two characters
(陈明), ends in a word for kin or rank (康大叔, 七斤嫂), begins with 老, 小 or 阿, or says what
someone is (掌柜, 母亲). A head without such a build must stand before verbs of speech twice.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from book.castproposal.builds import LONGEST, Builds
from book.castproposal.candidate import Candidate
from book.castproposal.teller import Talk
from book.languages import Language
from book.speakers.clauses_zh import load_chinese

FEWEST_HEADS = 2  # clauses that a name opens
FEWEST_STRANGER = 3  # clauses of speech that 女人 or 老人 opens: one who stays
OWN = 0.3  # share of a head's places that must be its own beside a longer name
ONE_WAY = 0.8  # a head that one character follows this often is only part of a word
_CLAUSE = re.compile(r"[，。！？；：、,!?;:…—“”‘’「」『』（）()《》\s]+")
_FEMALE_KIN = "嫂婶妈娘婆姑姨姐妹妻媳母"


def find_han_people(
    talk: Sequence[Talk], alone: Sequence[str], language: Language
) -> list[Candidate]:
    """Everyone who seems to speak.

    Args:
        talk: paragraphs with speech.
        alone: narration of the others.
        language: for verbs and the builds of names.
    """
    builds = Builds(language)
    verbs = _choice(language.speech_verbs)
    tag = re.compile(rf"(?:{verbs})(?!{_choice(language.not_speech)})")
    lead = re.compile(rf"(?:{_choice(load_chinese().lead)})+")
    heads: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    beats: Counter[str] = Counter()
    after: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for narration, speech in [*((t.narration, True) for t in talk), *((a, False) for a in alone)]:
        for sentence in re.split(r"[。！？!?\n]", narration):
            clauses = [c for c in _CLAUSE.split(sentence) if c]
            tagged = speech and any(tag.search(c) for c in clauses)
            for clause in clauses:
                starts = {0}
                match = lead.match(clause)
                if match:
                    starts.add(match.end())
                for start in starts:
                    for size in range(2, LONGEST + 1):
                        head = clause[start : start + size]
                        if len(head) < size:
                            break
                        heads[head] += 1
                        tags[head] += tagged
                        beats[head] += speech
                        after[head][clause[start + size : start + size + 1]] += 1
    everything = "\n".join(
        (*(t.narration for t in talk), *alone, *(q for t in talk for q in t.quotations))
    )
    spoken_of = re.compile(rf"(?:{_choice(language.object_markers)})(?=(.{{2,{LONGEST}}}))")
    objects = Counter(m[1][:n] for m in spoken_of.finditer(everything) for n in (2, 3, 4, 5))
    counted = _Heads(heads, tags, beats, objects, after)
    names = _names(counted, builds, everything)
    return _together(names, everything, tags, builds, language)


@dataclass(frozen=True, slots=True)
class _Heads:
    """How often each beginning of a clause stands where."""

    heads: Counter[str]  # anywhere
    tags: Counter[str]  # where the sentence has a verb of speech, beside a quotation
    beats: Counter[str]  # beside a quotation
    objects: Counter[str]  # where somebody is spoken to or looked at
    after: Mapping[str, Counter[str]]  # the characters that follow


def _names(counted: _Heads, builds: Builds, everything: str) -> dict[str, int]:
    """The heads that are names, with how many clauses they open."""
    found: dict[str, int] = {}
    taken: Counter[str] = Counter()
    taken_tags: Counter[str] = Counter()
    heads = counted.heads
    for head in sorted(heads, key=lambda h: (-len(h), -heads[h], h)):
        own, tags = heads[head] - taken[head], counted.tags[head] - taken_tags[head]
        if not own or (own < FEWEST_HEADS and not (builds.kin(head) and len(head) > 2)):
            continue  # a word for kin tells enough of one who opens one clause: 杨二嫂
        if own < OWN * heads[head] or not builds.possible(head):
            continue
        most, n = max(sorted(counted.after[head].items()), key=lambda item: item[1])
        part = n >= 2 and n > ONE_WAY * heads[head] and builds.goes_on(most)
        if part and head not in builds.described:
            continue
        if head in builds.strangers and tags < FEWEST_STRANGER:
            continue
        if builds.built(head):
            shorter = heads[head[:-1]] >= 2 * heads[head] and builds.built(head[:-1])
            seen = (
                tags
                or counted.beats[head] >= FEWEST_HEADS
                or everything.count(head) > FEWEST_HEADS
                or (len(head) > 2 and len(counted.after[head]) > 1)
            )
            if (shorter and not builds.kin(head)) or not seen:
                continue
        elif builds.built(head[:-1]) and heads[head] < 0.5 * heads[head[:-1]]:
            continue  # 老栓一: a name and a word
        elif tags < FEWEST_HEADS + (len(head) > 3) and not (
            own > FEWEST_HEADS and counted.beats[head] and counted.objects[head]
        ):
            continue
        found[head] = own
        for size in range(2, len(head)):
            taken[head[:size]] += own
            taken_tags[head[:size]] += tags
    return found


def _together(
    names: dict[str, int],
    everything: str,
    tags: Counter[str],
    builds: Builds,
    language: Language,
) -> list[Candidate]:
    """One candidate for 七爷 and 赵七爷, 驼背 and 驼背五少爷."""
    forms = {name: {name} for name in names}
    surnames = language.people.surnames
    for name in sorted(names, key=lambda n: (len(n), n)):
        if name in builds.described:
            continue
        longer = sorted(
            {o for o in names if o != name and o.endswith(name)}
            | {s + name for s in surnames if len(name) == 2 and everything.count(s + name) > 1}
        )
        if len(longer) != 1:
            longer = sorted(
                o
                for o in names
                if o != name
                and o.startswith(name)
                and o[-1] not in _FEMALE_KIN
                and builds.gender((o,)) == "m"
            )
        if len(longer) == 1 and (longer[0] not in forms or longer[0] != name):
            forms.setdefault(longer[0], {longer[0]})
            forms[longer[0]] |= forms.pop(name)
    people = []
    for group in forms.values():
        counted = Counter({form: everything.count(form) for form in sorted(group)})
        person = Candidate(counted, Counter({form: tags[form] for form in counted}))
        person.gender = builds.gender(sorted(group, key=lambda f: (-len(f), f)))
        person.titled = bool(person.gender)
        person.gender = person.gender or builds.given(sorted(group))
        people.append(person)
    return people


def _choice(words: Iterable[str]) -> str:
    return "|".join(re.escape(w) for w in sorted(words, key=lambda w: (-len(w), w))) or "(?!)"
