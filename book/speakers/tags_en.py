"""Speech tags in English: ``said Holmes``, ``Holmes said, "…"``, ``I said``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from book.languages import Language
from book.spans import Span
from book.speakers.names import Names

Found = dict[int, tuple[str, str]]  # number of a quotation -> (key of cast, rule)

_ADVERB = r"(?:\w+ly|{between})"
# After a verb of speech these make it a statement about speaking: "said nothing".
_NOT_SAID = r"(?!\s+(?:nothing|no\s+more|no\s+word|little|good-?bye|it\b|so\b|that\b|to\s+himself))"
_REPLY = "answer|reply|response|comment|remark|rejoinder|retort|question|greeting|exclamation"
_CLOSING = "\"'”’»」』 "


class EnglishTags:
    """Finds the tags of one cast. Built once for a chapter or a book."""

    def __init__(self, names: Names, language: Language) -> None:
        self._names = names
        people = [names.choice] if names.keys else []
        if names.first_person:
            people.extend(language.first_person)
        self._any = re.compile(rf"(?<![^\W_])(?:{'|'.join(people)})(?![^\W_])") if people else None
        if not people:
            return
        choice = "|".join(people)
        first, second = (rf"(?P<{n}>{choice})(?![^\W_])" for n in ("first", "second"))
        verb = "|".join(re.escape(v).replace(r"\ ", r"\s+") for v in language.speech_verbs)
        adverb = _ADVERB.format(between="|".join(map(re.escape, language.between)) or "(?!)")
        said = rf"(?:{verb})\b{_NOT_SAID}"
        title = r"(?:(?:the|old|young|poor|little|dear|good|honest)\s+(?:[a-z-]+\s+)?)*"
        self._after = re.compile(
            rf"[\s,—–-]*(?:(?:{adverb}\s+)?(?:{said})\s+{title}{first}"
            rf"|{title}{second}(?:,[^,.;:!?]{{1,40}},)?\s+(?:{adverb}\s+)*(?:{said})"
            rf"|was\s+(?P<third>{choice})['’]s?\s+(?:[a-z-]+\s+){{0,3}}(?:{_REPLY})\b)"
        )
        self._before = re.compile(
            rf"(?:^|[.!?…;,—\"”’]\s*|\b(?:and|but|then|when|as|while|so|for|yet)\s+)"
            rf"(?:(?i:{adverb}),?\s+)*"
            rf"(?:{title}{first}(?:,[^,.;:!?]{{1,40}},)?\s+(?:{adverb}\s+)*(?:{said})"
            rf"|(?:{said})\s+{title}{second})"
            rf"(?:[^.!?\"“”;]|(?<=\b[A-Z][a-z])\.|(?<=\b[A-Z][a-z][a-z])\.){{0,60}}?[,:—]?\s*$"
        )

    def read(
        self, text: str, spans: Sequence[Span], paragraph_before: str, *, continued: bool = False
    ) -> Found:
        """What the tags of one paragraph say.

        ``continued``: it goes on with a speech of the paragraph before. Whoever says "I"
        in it is that speaker and not the book's: Small tells his story for ten pages.
        """
        if self._any is None or continued:
            return {}
        found: Found = {}
        for i, span in enumerate(spans):
            if span.quotation is None:
                continue
            key = self._tag_after(text, spans, i)
            if key:
                found.setdefault(span.quotation, (key, "explicit"))
                continue
            key = self._tag_before(text, spans, i, paragraph_before)
            if key:
                found.setdefault(span.quotation, (key, "explicit, tag before"))
        self._carry_on(text, spans, found)
        return found

    def _key(self, match: re.Match[str]) -> str | None:
        found = match.groupdict()
        name = " ".join((found["first"] or found["second"] or found["third"]).split())
        return self._names.keys.get(name, self._names.first_person)

    def _tag_after(self, text: str, spans: Sequence[Span], i: int) -> str | None:
        if i + 1 >= len(spans) or spans[i + 1].quotation is not None:
            return None
        narration = text[spans[i + 1].start : spans[i + 1].end]
        match = self._after.match(narration)
        if not match:
            return None
        end = text[spans[i].start : spans[i].end].rstrip(_CLOSING)[-1:]
        verb_first = narration.lstrip(" ,—–-")[:1].islower()
        # “…stop.” Holmes said …: after a full stop a new sentence begins, and tells
        if end == "." and not verb_first:
            return None
        return self._key(match)

    def _tag_before(
        self, text: str, spans: Sequence[Span], i: int, paragraph_before: str
    ) -> str | None:
        if i == 0:
            if not paragraph_before.rstrip().endswith((":", ",", ":—", ":--")):
                return None
            narration = paragraph_before.rstrip()[-200:]
        elif spans[i - 1].quotation is None:
            narration = text[spans[i - 1].start : spans[i - 1].end].rstrip()
            if not narration.endswith((",", ":", "—", "-")):
                return None
        else:
            return None
        match = self._before.search(narration)
        if not match or (i > 1 and match.start() == 0 and self._after.match(narration)):
            return None
        return self._key(match)

    def _carry_on(self, text: str, spans: Sequence[Span], found: Found) -> None:
        """A paragraph has one speaker, in English print: what the tag says holds for its rest."""
        tagged = {found[s.quotation][0] for s in spans if s.quotation in found}
        first = min((i for i, s in enumerate(spans) if s.quotation in found), default=0)
        last: str | None = None
        for i, span in enumerate(spans):
            if span.quotation is None:
                continue
            if span.quotation in found:
                last = found[span.quotation][0]
                continue
            tag = text[spans[i - 1].start : spans[i - 1].end].rstrip() if i else ""
            if last and tag.endswith((",", ";", ":", "—", "-")) and i > 1:
                found[span.quotation] = (last, "explicit, goes on")
            elif len(tagged) == 1 and self._actors(text, spans[: max(i, first + 2)]) <= tagged:
                found[span.quotation] = (next(iter(tagged)), "explicit, paragraph")
            elif last:
                found[span.quotation] = (last, "same paragraph")

    def _actors(self, text: str, spans: Sequence[Span]) -> set[str]:
        """Everyone whom the narration among ``spans`` names."""
        assert self._any is not None
        keys = set()
        for span in spans:
            if span.quotation is None:
                for match in self._any.finditer(text, span.start, span.end):
                    name = " ".join(match.group().split())
                    keys.add(self._names.keys.get(name, self._names.first_person or ""))
        return keys
