"""The whole way: castings, unsure lines, pauses, credits, and what a listener hears."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from bookmaking import project, read, script_of, segments

from book.anchors import Anchor
from book.casting import CastingLine
from book.project import Casting, Credits, NoDisclosure, Series
from book.script import Script, Segment
from book.speakers import Attribution, Guess
from castbook.errors import ProjectError

CAST = {"holmes": ["Sherlock Holmes"], "watson": ["Dr. Watson"]}
TEXT = """\
Chapter I

“My mind,” said Holmes, “rebels at stagnation, and always did. Give me work.”

“You look tired to me this evening, my dear fellow, very tired indeed.”

* * *

He sat down. The lamp was lit and the house was still.
"""


def body(script: Script) -> list[Segment]:
    return [s for c in script.chapters for s in c.segments if s.kind != "credit"]


@pytest.fixture
def holmes_and_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the rules answer stands fixed: these tests are about what is made of it."""
    guesses = (Guess("watson", 0.6), Guess("holmes", 0.3))
    answers = {
        1: Attribution("holmes", "explicit", 0.99, (Guess("holmes", 0.99),)),
        2: Attribution("holmes", "explicit, goes on", 0.98, (Guess("holmes", 0.98),)),
        3: Attribution("watson", "alternation", 0.6, guesses),
        4: Attribution(None, "someone else", 0.9),
    }
    monkeypatch.setattr("book.scripting.attribute", lambda texts, *_: [answers for _ in texts])


@pytest.mark.usefixtures("holmes_and_a_guess")
def test_kinds_speakers_and_pauses(tmp_path: Path) -> None:
    found = segments(tmp_path, TEXT, CAST)
    assert [(s.kind, s.speaker, s.rule, s.pause_reason, s.pause_ms) for s in found] == [
        ("heading", None, "heading", "title", 1200),
        ("speech", "holmes", "explicit", "speaker", 225),
        ("narration", None, "narration", "speaker", 225),
        ("speech", "holmes", "explicit, goes on", "paragraph", 650),
        ("speech", None, "alternation, unsure", "scene", 1400),
        ("narration", None, "narration", "end", 0),
    ]
    assert [s.quotation for s in found] == [None, 1, None, 2, 3, None]
    assert [s.id for s in found][:2] == ["ch01/0001", "ch01/0002"]
    assert found[1].spoken == "My mind,"
    assert found[1].printed == "“My mind,”"
    assert [(g.speaker, g.probability) for g in found[4].guesses] == [
        ("watson", 0.6),
        ("holmes", 0.3),
    ]


def test_pauses_inside_a_sentence(tmp_path: Path) -> None:
    """One voice goes on: the breath of a comma, more behind an end mark, less behind none."""
    text = "“But consider!” said the guard. “The rain,” said the guard, “is over.”\n"
    found = segments(tmp_path, text)
    assert [(s.printed, s.pause_reason, s.pause_ms) for s in found] == [
        ("“But consider!”", "comma", 175),
        ("said the guard.", "sentence", 350),
        ("“The rain,”", "comma", 130),
        ("said the guard,", "comma", 130),
        ("“is over.”", "end", 0),
    ]
    words = ("lamp house night wind rain door " * 40).strip()
    cut = segments(tmp_path, f"They saw it all, {words}, and that was it.\n", limit=120)
    inside = [(s.printed[-1].isalnum(), s.pause_reason, s.pause_ms) for s in cut[:-1]]
    assert set(inside) == {(True, "comma", 65)}  # no mark is in reach: between two words


def test_a_segment_points_at_its_source(tmp_path: Path) -> None:
    manuscript = read(tmp_path, TEXT)
    for segment in body(script_of(manuscript, project(CAST))):
        [part] = segment.slices
        source = manuscript.sources[part.document].text[part.start : part.end]
        assert source.split() == segment.printed.split()


def test_a_casting_moves_the_whole_quotation_and_no_boundary(tmp_path: Path) -> None:
    long = "“" + "This is a rather long sentence about the lamp and the house. " * 8 + "The end.”"
    text = TEXT + f"\n{long}\n"
    manuscript = read(tmp_path, text)
    plain = body(script_of(manuscript, project(CAST)))
    pieces = [s for s in plain if s.quotation == 4]
    assert len(pieces) > 1
    cast = body(
        script_of(
            manuscript,
            project(CAST),
            castings=[
                CastingLine(pieces[0].anchor, "watson", "calm"),
                CastingLine(plain[1].anchor, None),
            ],
        )
    )
    assert [s.printed for s in cast] == [s.printed for s in plain]
    moved = [s for s in cast if s.speaker == "watson"]
    assert [s.quotation for s in moved] == [4] * len(pieces)
    assert {(s.rule, s.confidence, s.style) for s in moved} == {("casting", 1.0, "calm")}
    assert cast[1].speaker is None  # the narrator, by a person's word
    assert cast[3].speaker == "holmes"


def test_a_casting_stays_on_its_sentence(tmp_path: Path) -> None:
    plain = body(script_of(read(tmp_path, TEXT), project(CAST)))
    casting = CastingLine(plain[4].anchor, "watson", text="You look tired")
    later = TEXT.replace("Chapter I\n", "Chapter I\n\nA paragraph of narration came in here.\n")
    script = script_of(read(tmp_path, later), project(CAST), castings=[casting])
    assert [s.printed[:4] for s in body(script) if s.speaker == "watson"] == ["“You"]
    assert script.orphans == ()


def test_an_anchor_that_fits_nothing_is_listed(tmp_path: Path) -> None:
    casting = CastingLine(Anchor("0123456789"), "watson", text="Never mind")
    script = script_of(read(tmp_path, TEXT), project(CAST), castings=[casting])
    [orphan] = script.orphans
    assert orphan == "casting.yaml: 0123456789.1 ('Never mind') fits no segment any more"


@pytest.mark.usefixtures("holmes_and_a_guess")
@pytest.mark.parametrize(
    ("casting", "speaker", "rule"),
    [
        (Casting(), None, "alternation, unsure"),
        (Casting(unsure="guess"), "watson", "alternation"),
        (Casting(confidence=0.5), "watson", "alternation"),
    ],
)
def test_below_the_threshold(
    casting: Casting, speaker: str | None, rule: str, tmp_path: Path
) -> None:
    last = next(s for s in segments(tmp_path, TEXT, CAST, casting=casting) if s.quotation == 3)
    assert (last.speaker, last.rule, last.confidence) == (speaker, rule, 0.6)


@pytest.mark.usefixtures("holmes_and_a_guess")
def test_a_line_of_nobody_in_the_cast_is_the_narrators_and_not_unsure(tmp_path: Path) -> None:
    text = TEXT + "\n“Tickets, please, ladies and gentlemen,” said the guard.\n"
    guard = next(s for s in segments(tmp_path, text, CAST) if s.quotation == 4)
    assert (guard.speaker, guard.rule) == (None, "someone else")


def test_a_tagged_line_is_all_its_speakers(tmp_path: Path) -> None:
    found = segments(tmp_path, "It rained.\n\n[holmes|calm] He told me “go” and left.\n", CAST)
    assert [(s.speaker, s.style, s.rule, s.kind) for s in found][1:] == [
        ("holmes", "calm", "script", "speech")
    ]


def test_a_book_with_script_lines_for_the_narrator(tmp_path: Path) -> None:
    text = "NARRATOR: He said “No” twice.\nHOLMES: Come.\nHOLMES: Now.\nHOLMES: Quick.\n"
    found = segments(tmp_path, text, CAST)
    assert [s.speaker for s in found] == [None, "holmes", "holmes", "holmes"]


def test_the_lexicon_comes_first_and_is_recorded(tmp_path: Path) -> None:
    script = script_of(
        read(tmp_path, "Mr. Holmes met Dr. No.\n"), project(CAST), words={"Dr. No": "Doc Nope"}
    )
    [segment] = body(script)
    assert segment.spoken == "Mister Holmes met Doc Nope."
    assert [(r.rule, r.spoken) for r in segment.replacements] == [
        ("title", "Mister"), ("lexicon", "Doc Nope"),
    ]  # fmt: skip


def test_an_engine_that_normalises_gets_the_print_cleaned(tmp_path: Path) -> None:
    [segment] = body(
        script_of(read(tmp_path, "Mr. Holmes -- _really_.\n"), project(CAST), normalises=True)
    )
    assert segment.spoken == "Mr. Holmes — really."


def test_a_lexicon_that_lengthens_still_fits(tmp_path: Path) -> None:
    text = "The lamp and the lamp and the lamp and the lamp and the lamp.\n"
    script = script_of(read(tmp_path, text), project(), limit=62, words={"lamp": "lantern of oil"})
    assert len(body(script)) > 1
    assert all(len(s.spoken) <= 62 for s in body(script))


def test_a_lexicon_that_silences_a_line_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="the lexicon leaves nothing to say of 'Lamp!'"):
        script_of(read(tmp_path, "Lamp!\n"), project(), words={"lamp": "-"})


def credits_of(script: Script) -> dict[int, list[str]]:
    return {
        c.number: [s.printed for s in c.segments]
        for c in script.chapters
        if c.segments[0].kind == "credit"
    }


def test_credits(tmp_path: Path) -> None:
    manuscript = read(tmp_path, TEXT)
    script = script_of(manuscript, project(series=Series(name="Lamps", part=2)))
    assert credits_of(script) == {
        0: [
            "The Lamp.", "Lamps, part 2.", "By A. Writer.",
            "The voices in this recording are synthetic: they were made by a computer.",
        ],
        2: ["This was The Lamp, by A. Writer.", "The end."],
    }  # fmt: skip
    assert all(s.slices == () for s in script.chapters[0].segments)
    assert [c.title for c in script.chapters] == ["Opening credits", "Chapter I", "Closing credits"]


def test_credits_declined_and_undisclosed(tmp_path: Path) -> None:
    manuscript = read(tmp_path, TEXT)
    bare = script_of(
        manuscript,
        project(credits=Credits(opening=False), disclosure=NoDisclosure(none="read by a person")),
    )
    assert credits_of(bare) == {2: ["This was The Lamp, by A. Writer.", "The end."]}
    moved = credits_of(script_of(manuscript, project(credits=Credits(opening=False))))
    assert "synthetic" in moved[2][1]
    silent = Credits(opening=False, closing=False)
    assert credits_of(script_of(manuscript, project(credits=silent))) == {}


def test_a_release_says_that_its_voices_are_synthetic(tmp_path: Path) -> None:
    """Once, wherever the credits are; alone where there are none; never against a reason."""
    manuscript = read(tmp_path, TEXT)
    declined = NoDisclosure(none="read by a person")
    for opening, closing in itertools.product((True, False, None), repeat=2):
        credits = Credits(opening=opening, closing=closing)
        said = [
            [line for lines in credits_of(script).values() for line in lines if "synth" in line]
            for script in (
                script_of(manuscript, project(credits=credits), disclosed=True),
                script_of(
                    manuscript, project(credits=credits, disclosure=declined), disclosed=True
                ),
            )
        ]
        assert [len(lines) for lines in said] == [1, 0]
    silent = project(credits=Credits(opening=False, closing=False))
    assert [len(x) for x in credits_of(script_of(manuscript, silent, disclosed=True)).values()] == [
        1
    ]


def test_a_title_longer_than_the_limit_is_cut(tmp_path: Path) -> None:
    script = script_of(
        read(tmp_path, "It rained.\n"), project(title="The Lamp That Burned " * 9), limit=60
    )
    assert len(script.chapters[0].segments) > 4
    assert all(len(s.spoken) <= 60 for c in script.chapters for s in c.segments)


def test_a_story_without_a_heading_bears_the_books_title(tmp_path: Path) -> None:
    script = script_of(read(tmp_path, "It rained.\n"), project())
    assert [c.title for c in script.chapters][1] == "The Lamp"


def test_writing_twice_gives_the_same_script(tmp_path: Path) -> None:
    manuscript = read(tmp_path, TEXT)
    assert script_of(manuscript, project(CAST)) == script_of(manuscript, project(CAST))


def test_a_book_whose_narrator_takes_part_asks_who_that_is(tmp_path: Path) -> None:
    text = "\n\n".join(f"“Line {i},” I said. Anna nodded." for i in range(6))
    asked = script_of(read(tmp_path, text), project({"anna": ["Anna"]})).warnings
    assert any("narrator_character" in warning for warning in asked)
    told = project({"anna": ["Anna"], "me": []}, narrator_character="me")
    assert script_of(read(tmp_path, text), told).warnings == ()
    assert script_of(read(tmp_path, text), project()).warnings == ()
