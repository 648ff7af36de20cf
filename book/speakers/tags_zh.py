"""Speech tags in Chinese: 掌柜说，“…”, “…”母亲说, and a tag line that ends in ：."""

from __future__ import annotations

import re
from collections.abc import Sequence

from book.languages import Language
from book.spans import Span
from book.speakers.names import Names

Found = dict[int, tuple[str, str]]

_STOPS = "。！？!?”」』\n"
_SENTENCE = re.compile(r"[。！？；]")
_CLAUSE = re.compile(r"[，,、：:；;]")
# Someone speaks who is not in the cast, or it is not said who: no search beyond the clause.
_OTHERS = re.compile(
    "有的|有人|一个|众人|大家|他们|她们|别人|人家|旁人|他|她|伊|我|谁|那人|这人|声音|人们"
)
_DENIED = re.compile("(?:不再|不曾|没有|不|没|未|别|莫)$")
_ENDS_HERE = re.compile(r"[，。！？：；,:;]|$|着|道|了一句")
# What may stand before the subject that opens a clause.
_LEAD = re.compile(
    "(?:但|那|这|于是|只见|忽然|忽而|可是|后来|这时|此时|一面|却|便|而|然而|所以|因为|仿佛|原来|不料"
    "|一个|这个|那个|又|才|只有|连|当下|说时迟|这一回|有一回|有一天|其时|看客中间)*"
)


class ChineseTags:
    """Finds the tags of one cast. Built once for a chapter or a book."""

    def __init__(self, names: Names, language: Language) -> None:
        self._names = names
        self._people = [*names.keys]
        if names.first_person:
            self._people.extend(language.first_person)
        choice = "|".join(map(re.escape, sorted(self._people, key=lambda n: (-len(n), n))))
        verbs = "|".join(map(re.escape, language.speech_verbs)) or "(?!)"
        not_speech = "|".join(map(re.escape, language.not_speech)) or "(?!)"
        self._name = re.compile(choice or "(?!)")
        self._object = re.compile(
            rf"(?:{'|'.join(map(re.escape, language.object_markers)) or '(?!)'})"
            r"(?:了|着|那|这|他的|她的|我的|我们的)?$"
        )
        self._after = re.compile(
            rf"[，,]?(?:一个|那|这|这个|那个|旁边的|壁角的)?(?P<name>{choice or '(?!)'})"
            rf"(?P<mid>[^。！？“”：]{{0,30}}?)(?P<verb>{verbs})(?!{not_speech})"
        )
        self._verb_end = re.compile(rf"(?:{verbs})(?:[^，。！？：“”]{{0,2}})[，,：:]?$")

    def read(
        self, text: str, spans: Sequence[Span], paragraph_before: str, *, continued: bool = False
    ) -> Found:
        """What the tags of one paragraph say; nothing inside a speech that is ``continued``."""
        found: Found = {}
        if not self._people or continued:
            return found
        for i, span in enumerate(spans):
            if span.quotation is None:
                continue
            tag = self._before(text, spans, i, paragraph_before)
            if tag is None:
                key = self._following(text, spans, i)
                tag = (key, "explicit") if key else None
            if tag:
                found.setdefault(span.quotation, tag)
        self._carry_on(text, spans, found)
        return found

    def _before(
        self, text: str, spans: Sequence[Span], i: int, paragraph_before: str
    ) -> tuple[str, str] | None:
        rule = "explicit, tag before"
        if i and spans[i - 1].quotation is None:
            narration = text[spans[i - 1].start : spans[i - 1].end]
        elif i == 0 and paragraph_before.rstrip().endswith(("：", ":", "，", ",")):
            narration, rule = paragraph_before.rstrip(), "colon"
        else:
            return None
        if not self._verb_end.search(narration[-12:]):
            return None
        sentence = re.split(f"[{_STOPS}]", narration)[-1]
        clauses = [c for c in _CLAUSE.split(sentence) if c]
        if not clauses:
            return None
        own = self._subject(clauses[-1])
        if own:
            return own, rule
        if _OTHERS.match(_LEAD.sub("", clauses[-1], count=1)):
            return None
        for clause in reversed(clauses[:-1]):
            subject = self._subject(clause, leading=True)
            if subject:
                return subject, "clause chain"
        return None

    def _subject(self, clause: str, *, leading: bool = False) -> str | None:
        """Whom a clause is about: its first name that is no object.

        ``leading``: the name must open the clause, after words such as 那 or 只见 at most.
        """
        for match in self._name.finditer(clause):
            before = clause[: match.start()]
            if self._object.search(before):
                continue
            if leading and not _LEAD.fullmatch(before):
                return None
            return self._key(match.group())
        return None

    def _following(self, text: str, spans: Sequence[Span], i: int) -> str | None:
        if i + 1 >= len(spans) or spans[i + 1].quotation is not None:
            return None
        narration = text[spans[i + 1].start : spans[i + 1].end]
        match = self._after.match(narration)
        if not match or _DENIED.search(match["mid"]):
            return None
        rest = narration[match.end() :]
        if not _ENDS_HERE.match(rest):
            return None
        last = i + 2 >= len(spans)
        if not last and self._verb_end.search(narration[-12:]) and not _SENTENCE.search(rest):
            return None  # 掌柜说，“…” after another one's “…”: it is the tag of what follows
        for other in self._name.finditer(match["mid"]):  # an object is no second subject
            if not self._object.search(match["mid"][: other.start()]):
                return None
        return self._key(match["name"])

    def _key(self, name: str) -> str | None:
        return self._names.keys.get(name, self._names.first_person)

    def _carry_on(self, text: str, spans: Sequence[Span], found: Found) -> None:
        """“…”老栓说，“…”: the second half is his too. Untagged neighbours are not."""
        for i in range(2, len(spans)):
            span, tag, first = spans[i], spans[i - 1], spans[i - 2]
            if span.quotation is None or first.quotation is None or tag.quotation is not None:
                continue
            narration = text[tag.start : tag.end].strip()
            tagged = found.get(first.quotation)
            if not tagged or span.quotation in found or self._name.search(narration):
                continue
            if narration.endswith(("，", ",", "：")) and not _OTHERS.search(narration):
                found[span.quotation] = (tagged[0], "same paragraph")
