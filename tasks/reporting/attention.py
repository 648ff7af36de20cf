"""What waits for a person: notes on the book, doubtful and failed segments as cards. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from castbook.resources import read_config
from tasks.pages import Markup, element, fill, joined
from tasks.reporting.drawing import slug
from tasks.reporting.numbers import clock, counted, percent
from tasks.reporting.parts import chips, player
from tasks.reporting.tables import Cell, Column, Row, table
from tasks.reporting.troubles import Attempt, Trouble
from tasks.reporting.values import Note, Values

_IN_SIGHT = 8  # notes
MOST_CARDS = 200  # of 3.5 kB each, sounds not counted
MOST_ROWS = 1000  # segments without a card: an engine that is gone fails 10,000
_OFTEN = 4  # segments with one reason: they may have one cause
_CHAIN = (
    Column("Attempt"),
    Column("Audio", number=True),
    Column("Verdict", wide=True),
    Column("Seed", wide=True),
    Column("Key", wide=True),
    Column("Made", wide=True),
    Column("Listen", wide=True),
)


def attention(values: Values) -> Markup:
    """What a person has to look at or listen to; says so when it is nothing."""
    parts = []
    if values.notes:
        parts.append(_notes(values.notes, values.sounds))
    if values.troubles:
        parts.append(_common(values.troubles))
        with_card = carded(values.troubles)
        parts.append(take_cards(with_card, values.sounds, chips(values)))
        cards = {trouble.id for trouble in with_card}
        parts.append(_further([t for t in values.troubles if t.id not in cards]))
    if not parts:
        parts.append(element("p", "Nothing waits for you: no doubtful take, none failed."))
    return joined(*parts, _heard(values))


def _notes(notes: Sequence[Note], sounds: Mapping[str, str]) -> Markup:
    """The first of them in sight, the others behind a click."""
    items = [_note(note, sounds) for note in notes]
    shown = element("ul", *items[:_IN_SIGHT], class_="notes")
    if len(items) <= _IN_SIGHT:
        return shown
    more = element("summary", f"{len(items) - _IN_SIGHT:,} more")
    return joined(
        shown, element("details", more, element("ul", *items[_IN_SIGHT:], class_="notes"))
    )


def _note(note: Note, sounds: Mapping[str, str]) -> Markup:
    tone = note.kind if note.kind == "problem" else None
    words = [element("b", note.kind), *filter(None, (note.segment, note.text))]
    listen = player(sounds.get(note.key), f"take of {note.segment}")
    return element("li", joined(*words, between=" "), listen, class_=tone)


def carded(troubles: Sequence[Trouble]) -> tuple[Trouble, ...]:
    """The segments that get a card, in the order of the book: doubtful ones are chosen first,
    because they can be listened to."""
    chosen = sorted(troubles, key=lambda trouble: trouble.state == "failed")[:MOST_CARDS]
    ids = {trouble.id for trouble in chosen}
    return tuple(trouble for trouble in troubles if trouble.id in ids)


def _common(troubles: Sequence[Trouble]) -> Markup:
    """Reasons that many segments share."""
    counts = Counter((trouble.state, trouble.reason) for trouble in troubles)
    items = [
        element("li", element("b", f"{count:,} {state}"), f": {reason}")
        for (state, reason), count in counts.most_common(_IN_SIGHT)
        if count >= _OFTEN
    ]
    return element("ul", *items, class_="notes") if items else Markup("")


def _further(troubles: Sequence[Trouble]) -> Markup:
    """Segments without a card, a line each."""
    if not troubles:
        return Markup("")
    ends = Column("Text", wide=True), Column("Why", wide=True)
    columns = (Column("Segment"), Column("State"), *ends)
    rows = [
        Row(
            (t.id, t.state, element("span", t.printed[:80], lang=t.language), t.reason),
            id=f"seg-{slug(t.id)}",
        )
        for t in troubles[:MOST_ROWS]
    ]
    more = f"; the first {MOST_ROWS:,} are here, all are in report.json"
    hint = more if len(troubles) > MOST_ROWS else ""
    return joined(
        element("h3", f"{counted(len(troubles), 'further segment')}{hint}"),
        table("Further doubtful and failed segments", columns, rows),
    )


def _heard(values: Values) -> Markup:
    """How many takes a machine has listened to, and what it said."""
    heard = values.heard
    said = f"{percent(heard['share'])} of the takes were heard by a machine"
    if heard["heard"]:
        words = ("matches", "differs", "inconclusive")
        said += f" ({', '.join(heard['by'])}): " + ", ".join(f"{heard[w]} {w}" for w in words)
    return element("p", f"{said}.", class_="faint")


def take_cards(
    troubles: tuple[Trouble, ...],
    sounds: Mapping[str, str],
    chips: Mapping[str, Markup],
) -> Markup:
    """All cards, in the order of the book.

    Args:
        sounds: key of a take -> MP3 as base64.
        chips: character -> its name in its colour.
    """
    template = read_config("report", "take.html")
    return joined(*(_card(trouble, template, sounds, chips) for trouble in troubles))


def _card(
    trouble: Trouble, template: str, sounds: Mapping[str, str], chips: Mapping[str, Markup]
) -> Markup:
    used = next((a for a in trouble.attempts if a.used), None)
    made = sum(a.seconds is not None for a in trouble.attempts)
    heard = Markup("")
    if used is not None:
        hint = element("p", "no player: see the take on disk by its key", class_="faint")
        heard = player(sounds.get(used.key), f"take of {trouble.id}") or hint
    spoken = Markup("")
    if _letters(trouble.spoken) != _letters(trouble.printed):
        text = element("q", trouble.spoken, lang=trouble.language)
        spoken = element("p", "spoken as ", text, class_="spoken")
    return fill(
        template,
        {
            "state": trouble.state,
            "slug": slug(trouble.id),
            "id": trouble.id,
            "place": _place(trouble),
            "reason": trouble.reason or "no reason is known",
            "language": trouble.language,
            "printed": trouble.printed,
            "spoken": spoken,
            "who": chips.get(trouble.character, trouble.character),
            "voice": " ".join(filter(None, (trouble.voice, trouble.style))),
            "engine": trouble.engine,
            "retake": f", retake {trouble.retake}" if trouble.retake else "",
            "player": heard,
            "commands": joined(*(_command(*command) for command in trouble.commands)),
            "attempts": f"{counted(made, 'take')} of {counted(len(trouble.attempts), 'attempt')}:"
            " verdicts, seeds, keys",
            "chain": table(
                f"Attempts of {trouble.id}",
                _CHAIN,
                (_attempt(a, trouble.id, sounds) for a in trouble.attempts),
            ),
            "anchor": trouble.anchor,
            "fingerprint": trouble.fingerprint,
        },
    )


def _place(trouble: Trouble) -> Markup:
    chapter = joined(f"Chapter {trouble.chapter} ", element("cite", trouble.chapter_title))
    places: list[object] = [chapter]
    if trouble.in_chapter_s is not None:
        places.append(f"at {clock(trouble.in_chapter_s)}")
    if trouble.in_book_s is not None:
        places.append(f"{clock(trouble.in_book_s)} in the book")
    return joined(*places, between=" · ")


def _command(what: str, command: str) -> Markup:
    button = element("button", "copy", type="button", class_="copy", hidden=True)
    return joined(element("dt", what), element("dd", element("code", command), button))


def _attempt(attempt: Attempt, segment: str, sounds: Mapping[str, str]) -> Row:
    name = f"{attempt.number}: {attempt.change}"
    if attempt.used:
        name += ", used"
    if attempt.seconds is None:
        return Row((name, "", "not made", attempt.seed, _code(attempt.key), "", ""))
    verdict = "; ".join(attempt.complaints) or "good"
    if attempt.heard:
        verdict += f" (a machine that listened: {attempt.heard})"
    made = " ".join(filter(None, (attempt.made.replace("T", " "), attempt.host)))
    listen = Markup("")
    if not attempt.used:
        listen = player(sounds.get(attempt.key), f"attempt {attempt.number} of {segment}")
    return Row(
        (
            Cell(name, "used" if attempt.used else ""),
            f"{attempt.seconds:.2f} s",
            verdict,
            attempt.seed,
            _code(attempt.key),
            made,
            listen,
        )
    )


def _code(key: str) -> Markup:
    return element("code", key, class_="key")


def _letters(text: str) -> str:
    """What a listener can hear of a text: other quotes or spaces are no other words."""
    return "".join(filter(str.isalnum, text))
