"""A manuscript becomes a script: drafts get castings, spoken texts, pauses and anchors.

A casting moves a whole quotation and never a boundary. An anchor that fits nothing is
listed, never applied elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from book.anchors import Anchor, anchor_chapter
from book.coverage import account
from book.credits import closing_lines, opening_lines
from book.decisions import Cast, CastingLine, decide
from book.drafts import Draft, Pronunciation, Voicing, draft_book, draft_credits, find_texts
from book.labels import Label
from book.languages import Language, load_language
from book.manuscript import Manuscript, speakable
from book.project import Book, Pauses, Project
from book.script import PauseReason, Replacement, Script, ScriptChapter, Segment
from book.segments import Limit, ends_sentence
from book.speakers import ChapterText, attribute
from book.speakers.firstperson import FEWEST, beside_quotations, count_first_person
from book.speakers.names import find_names
from book.spoken.cleaning import edges
from book.spoken.normalise import merge, speak
from castbook.errors import ProjectError


def write_script(
    manuscript: Manuscript,
    project: Project,
    *,
    limits: Sequence[Limit],
    normalises: Callable[[str | None], bool],
    engine_of: Callable[[str | None], str],
    lexicon: Pronunciation,
    castings: Sequence[CastingLine] = (),
    labels: Sequence[Label] = (),
    disclosed: bool = False,
) -> Script:
    """The whole book, ready to be planned.

    Args:
        manuscript: as read.
        project: cast, threshold of confidence, pauses, credits.
        limits: of every engine the project uses; each segment fits all of them.
        normalises: whether the engine that speaks for a character (None: the narrator)
            expands titles and numbers itself.
        engine_of: the name of that engine.
        lexicon: pronunciations, applied before anything else.
        castings: who says which line by a person's word.
        labels: who says which unsure line by a language model's word.
        disclosed: it is said that the voices are synthetic, even where no credits are spoken.

    Raises:
        ProjectError: the lexicon leaves nothing to say, or more than an engine takes.
    """
    book = project.book
    aliases = {key: character.aliases for key, character in book.cast.items()}
    words = load_language(book.language)
    names = find_names(
        aliases,
        words,
        book.narrator_character,
        {key: character.gender for key, character in book.cast.items()},
    )
    speakers = (None, *sorted(book.cast))
    voicing = Voicing(
        book.language, speakers, normalises, engine_of, lexicon, limits, book.normaliser
    )
    texts = find_texts(manuscript, words)
    body, silences = draft_book(manuscript, texts, attribute(texts, names, words), voicing)
    anchors = [anchor_chapter([draft.printed for draft in drafts]) for drafts in body]
    cast, orphans = decide(body, anchors, book, castings, labels)
    chapters = [
        ScriptChapter(
            chapter.number,
            chapter.title or _untitled(chapter.number, len(body), book),
            tuple(_segments(chapter.number, drafts, names_, who, voicing, book)),
        )
        for chapter, drafts, names_, who in zip(
            manuscript.chapters, body, anchors, cast, strict=True
        )
    ]
    chapters = _with_credits(chapters, voicing, book, disclosed)
    skips = tuple(sorted((*manuscript.skips, *silences), key=lambda s: s.slice))
    return Script(
        chapters=tuple(chapters),
        skips=skips,
        coverage=account(manuscript, chapters, (skip.slice for skip in skips)),
        warnings=(*manuscript.warnings, *_untold(texts, book)),
        orphans=orphans,
    )


def _untold(texts: Sequence[ChapterText], book: Book) -> Iterator[str]:
    """A warning when somebody of the book tells it, and the project does not say who."""
    if book.narrator_character is None and book.cast:
        told = count_first_person(beside_quotations(texts), load_language(book.language).tag)
        if told >= FEWEST:
            yield (
                f"“I” speaks beside {told} quotations: who is it? "
                "narrator_character: in project.yaml gives those lines their voice"
            )


def _untitled(number: int, count: int, book: Book) -> str:
    return book.title if count == 1 else str(number)


def _with_credits(
    chapters: list[ScriptChapter], voicing: Voicing, book: Book, disclosed: bool
) -> list[ScriptChapter]:
    words = load_language(book.language).credits
    last = chapters[-1].number + 1 if chapters else 1
    around = []
    for number, title, lines in (
        (0, words.opening_title, opening_lines(book)),
        (last, words.closing_title, closing_lines(book, disclosed=disclosed)),
    ):
        drafts = draft_credits(lines, voicing)
        anchors = anchor_chapter([draft.printed for draft in drafts])
        who = [Cast(None, None, "credits", 1.0)] * len(drafts)
        segments = tuple(_segments(number, drafts, anchors, who, voicing, book))
        around.append([ScriptChapter(number, title, segments)] if segments else [])
    return [*around[0], *chapters, *around[1]]


# -- segments -------------------------------------------------------------------------------


def _segments(
    chapter: int,
    drafts: Sequence[Draft],
    anchors: Sequence[Anchor],
    cast: Sequence[Cast],
    voicing: Voicing,
    book: Book,
) -> list[Segment]:
    segments = []
    words = load_language(voicing.language)
    for i, (draft, anchor, who) in enumerate(zip(drafts, anchors, cast, strict=True)):
        replacements, spoken = spoken_of(draft, who.speaker, voicing)
        following = drafts[i + 1] if i + 1 < len(drafts) else None
        speaks_next = cast[i + 1].speaker if following else None
        reason, pause = pause_after(
            draft, following, who.speaker == speaks_next, book.pauses, words
        )
        segments.append(
            Segment(
                chapter=chapter,
                number=i + 1,
                anchor=anchor,
                slices=draft.slices,
                printed=draft.printed,
                spoken=spoken,
                replacements=replacements,
                language=voicing.language,
                kind=draft.kind,
                speaker=who.speaker,
                rule="heading" if draft.kind == "heading" else who.rule,
                confidence=who.confidence,
                guesses=who.guesses,
                style=who.style,
                pause_ms=pause,
                pause_reason=reason,
                quotation=draft.piece.quotation,
            )
        )
    return segments


def spoken_of(
    draft: Draft, speaker: str | None, voicing: Voicing
) -> tuple[tuple[Replacement, ...], str]:
    """What the engine hears of a draft, and how it came about."""
    found = voicing.replacements(draft.printed, draft.normalised, speaker)
    stray = edges(draft.printed, load_language(voicing.language))
    if stray:
        lexical = [item for item in found if item.rule == "lexicon"]
        found = merge(merge(lexical, stray), found)
    spoken = speak(draft.printed, found)
    if not speakable(spoken):
        raise ProjectError(
            f"the lexicon leaves nothing to say of {draft.printed!r}",
            place="lexicon",
            hint="give the word a sound, or take the entry out",
        )
    for limit in voicing.limits:
        size = limit.measure(spoken, voicing.language)
        if size > limit.maximum and len(draft.printed) > 1 and spoken != draft.printed:
            raise ProjectError(
                f"the lexicon makes {draft.printed[:60]!r} {size} long",
                place="lexicon",
                expected=f"at most {limit.maximum}, the engine's limit",
                hint="use shorter respellings",
            )
    return found, spoken


def pause_after(
    draft: Draft,
    following: Draft | None,
    same_speaker: bool,
    pauses: Pauses,
    language: Language,
) -> tuple[PauseReason, int]:
    """Why and how long it is silent after a segment.

    Where a sentence goes on in the same voice it takes the breath of a comma (120-150 ms in
    other narrators' settings), half of that where the cut had to fall between two words, and
    half of a sentence's pause behind an end mark: ``“But consider!” I said``.
    Before and after a tag another voice goes on with the sentence: half of the speaker's pause.
    A full one tears ``“My mind,” he said`` apart; with a comma's the two voices run into each
    other, for a listener must notice first that somebody else speaks.
    """
    if following is None:
        return "end", 0
    if following.paragraph is draft.paragraph:
        if not same_speaker:
            full = pauses.speaker
            return "speaker", full if draft.piece.ends_sentence else full // 2
        if draft.piece.ends_sentence:
            return "sentence", pauses.sentence
        if ends_sentence(draft.printed, language):
            return "comma", max(pauses.comma, pauses.sentence // 2)
        return "comma", pauses.comma // (2 if draft.printed[-1:].isalnum() else 1)
    if draft.kind == "heading":
        return (
            ("paragraph", pauses.paragraph)
            if following.kind == "heading"
            else (
                "title",
                pauses.title,
            )
        )
    if following.paragraph.scene_break_before or following.kind == "heading":
        return "scene", pauses.scene
    return "paragraph", pauses.paragraph
