"""Where a text in Latin script names people: tags, what they do, how they are called.

A word counts as a name when it stands where only people stand: beside a verb of speech, at the
head of the narration beside a quotation, called out between commas. How often the same forms
stand elsewhere is counted too, for that ties the forms of one person together.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from book.castproposal.forms import Titles, fold, name_pattern, trim
from book.languages import Language
from book.speakers.words import load_words

_CALLING = r"(?:(?:[Mm]y|[Oo]h|[Dd]ear(?:est)?|[Pp]oor|[Oo]ld|[Yy]es|[Nn]o|[Ww]ell|[Aa]h),? +)*"


@dataclass(slots=True)
class Evidence:
    """How often each written form stands where; and what people without a name are called."""

    tags: Counter[str] = field(default_factory=Counter)  # beside a verb of speech
    beats: Counter[str] = field(default_factory=Counter)  # does something beside a quotation
    calls: Counter[str] = field(default_factory=Counter)  # is called, inside quotations
    told: Counter[str] = field(default_factory=Counter)  # anywhere in the narration
    quoted: Counter[str] = field(default_factory=Counter)  # anywhere in quotations
    articled: Counter[str] = field(default_factory=Counter)  # told, behind "the": the Thames
    roles: Counter[str] = field(default_factory=Counter)  # "the landlady", in tags
    tied: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # noun -> forms of whom it is said: "Mr. Brown, the surgeon"


class Finder:
    """Finds names in one book."""

    def __init__(self, language: Language, everything: str) -> None:
        self.titles = Titles(language)
        self._words = load_words(language.tag)
        self._never = {fold(w) for w in (*language.starters, *language.people.not_people)}
        self._never |= self._words.pronouns | self._words.groups | self._words.someone
        self._everyday = self._never | _everyday(everything)
        self.name = name_pattern(language, self.titles)
        verb = "|".join(re.escape(v).replace(r"\ ", r"\s+") for v in language.speech_verbs)
        between = "|".join(map(re.escape, language.between)) or "(?!)"
        adverb = rf"(?:(?:\w+ly|{between})\s+)*"
        self._after = re.compile(
            rf"[\W_]*{adverb}(?:{verb or '(?!)'})\s+{adverb}(?P<name>{self.name})"
        )
        self._before = re.compile(
            rf"(?P<name>{self.name})(?:,[^.;:!?\"“”]{{1,60}}?,)?\s+{adverb}"
            rf"(?:{verb or '(?!)'})(?![^\W_])"
        )
        self._beat = re.compile(rf"[\W_]*(?P<name>{self.name})\s+(?!and\b|of\b|or\b)[a-z]{{2,}}")
        self._call = re.compile(
            rf"(?:^[\W_]*|[,;!?.—–-]\s*){_CALLING}(?P<name>{self.name})(?=\s*(?:[,!?.;—–\"”’']|$))"
        )
        self._any = re.compile(self.name)
        determiners = "|".join(sorted(self._words.determiners & {"the", "an", "a"})) or "(?!)"
        nouns = (
            "|".join(sorted(map(re.escape, self.titles.persons), key=lambda w: (-len(w), w)))
            or "(?!)"
        )
        capital = "|".join(n[0].upper() + n[1:] for n in nouns.split("|") if n[0].isalpha())
        role = (
            rf"(?P<role>(?:{determiners})\s+(?:[A-Za-z]+[ -]){{0,2}}(?:{nouns})"
            rf"|(?:[Tt]he\s+)?(?:{capital or '(?!)'}))(?![^\W_-])(?!\s+[A-Z])"
        )
        self._tie = re.compile(
            rf"(?P<before>{self.name}), (?:the|an?) (?:[a-z-]+ ){{0,2}}(?P<noun>{nouns})"
            rf"(?=[,.;]| of )"
            rf"|[Tt]he (?:[a-z-]+ ){{0,2}}(?P<of>{nouns}),? (?P<after>{self.name})(?=[,.;])"
        )
        self._role_after = re.compile(rf"[\W_]*{adverb}(?:{verb or '(?!)'})\s+{role}")
        self._role_before = re.compile(
            rf"(?:^|[.;,]\s+)[\W_]*{role}\s+{adverb}(?:{verb or '(?!)'})(?![^\W_])"
        )

    def collect(
        self, beside: Sequence[str], narration: Iterable[str], quotations: Iterable[str]
    ) -> Evidence:
        """All evidence of a book.

        Args:
            beside: narration beside quotations, one piece between two quotations each.
            narration: all that is not quoted.
            quotations: all that is.
        """
        found = Evidence()
        for part in beside:
            after = self._after.match(part)
            if after:
                self._count(found.tags, after, inside=True)
            for match in self._before.finditer(part, after.end() if after else 0):
                self._count(found.tags, match)
            beat = self._beat.match(part)
            if beat:
                self._count(found.beats, beat)
            for role in (self._role_after.match(part), self._role_before.match(part)):
                if role:
                    found.roles[_role(role["role"])] += 1
        for part in narration:
            for match in self._any.finditer(part):
                form = self._count(found.told, match)
                if form and part[max(0, match.start() - 4) : match.start()].lower() == "the ":
                    found.articled[form] += 1
            for match in self._tie.finditer(part):
                form = self._form(match["before"] or match["after"])
                if form:
                    found.tied[(match["noun"] or match["of"]).casefold()][form] += 1
        for part in quotations:
            for match in self._any.finditer(part):
                self._count(found.quoted, match)
            for match in self._call.finditer(part):
                self._count(found.calls, match)
        return found

    def calls(self, quotation: str) -> list[str]:
        """Who is called in a quotation, beyond doubt: behind a comma, or by a title."""
        found = []
        for match in self._call.finditer(quotation):
            form = self._form(match["name"])
            parsed = self.titles.parse(form) if form else None
            if parsed and (parsed.title or match.group().startswith(",")):
                found.append(form)
        return found

    def _count(self, counter: Counter[str], match: re.Match[str], *, inside: bool = False) -> str:
        groups = match.groupdict()
        # a capital inside a sentence, as in "said Small", is a name whatever the word
        form = self._form(groups.get("name") or match.group(), inside=inside)
        if form:
            counter[form] += 1
        return form

    def _form(self, written: str, *, inside: bool = False) -> str:
        return trim(written, self._never if inside else self._everyday, self.titles)


def _role(written: str) -> str:
    """``the landlady``, ``the Colonel`` and ``a landlady`` are one; ``Mother`` has no article."""
    words = written.split()
    return " ".join(("the", *words[1:])).lower() if len(words) > 1 else words[0]


def _everyday(text: str) -> set[str]:
    """Words that the text writes small at least half as often as with a capital: hardly names."""
    words = Counter(re.findall(r"(?<![^\W_])[^\W\d_]{2,}", text))
    return {
        word.casefold()
        for word, n in words.items()
        if word[0].isupper() and word[1:].islower() and 2 * words.get(word.casefold(), 0) > n
    }
