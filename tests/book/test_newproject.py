"""Casting is a pure function of the book; the file written is one that can be loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from book.manuscript import Facts
from book.newproject import Proposal, ProposedRole, ProposedSkip, render_project
from book.parts import MAIN, OWN_VOICE, Offered, Part, VoiceCast, cast_voices
from book.projectfile import load_project
from book.yamltext import one_line
from castbook.errors import VoiceError

GENDERS = ("m", "f", "x")
ANY = st.text(st.characters(codec="utf-8"), max_size=60)
SLUGS = st.builds(
    str.__add__, st.sampled_from("abkxz孔"), st.text("abnrt019_-", max_size=8)
).filter(lambda slug: slug != "narrator")
parts = st.lists(
    st.builds(Part, SLUGS, st.sampled_from([*GENDERS, None]), st.integers(0, 60)),
    max_size=30,
    unique_by=lambda part: part.name,
)
narrators = st.builds(Part, st.just("narrator"), st.sampled_from(["m", "f", None]), st.just(900))


def offer(men: int, women: int, neutral: int = 0, language: str = "en") -> list[Offered]:
    return [
        Offered("e", f"{gender}{n}", (language,), gender)
        for gender, count in (("m", men), ("f", women), ("x", neutral))
        for n in range(count)
    ]  # type: ignore[misc]


def sound(cast: VoiceCast, key: str) -> tuple[object, ...]:
    voice = next(voice for voice in cast.voices if voice.key == key)
    return voice.engine, voice.preset, tuple(sorted(voice.parameters.items()))


def main_parts(narrator: Part, others: list[Part]) -> list[Part]:
    ranked = sorted(others, key=lambda p: (-p.lines, p.name))
    return [narrator, *ranked[: MAIN - 1]]


def key_of(cast: VoiceCast, part: Part) -> str:
    return cast.of.get(part.name, cast.narrator)


@given(narrator=narrators, others=parts, seed=st.randoms())
@settings(deadline=None)
def test_the_order_of_parts_does_not_matter(
    narrator: Part, others: list[Part], seed: object
) -> None:
    shuffled = list(others)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    presets = offer(4, 4, 1)
    assert cast_voices("en", narrator, shuffled, presets) == cast_voices(
        "en", narrator, others, presets
    )


@given(narrator=narrators, others=parts)
@settings(deadline=None)
def test_with_enough_presets_the_ten_largest_differ_and_fit(
    narrator: Part, others: list[Part]
) -> None:
    cast = cast_voices("en", narrator, others, offer(40, 40, 40))
    large = [narrator, *(part for part in others if part.lines >= OWN_VOICE)]
    for group in (main_parts(narrator, others), large):
        assert len({sound(cast, key_of(cast, part)) for part in group}) == len(group)
    assert set(cast.of) == {part.name for part in others}
    assert {cast.narrator, *cast.of.values()} == {voice.key for voice in cast.voices}
    assert len({voice.key for voice in cast.voices}) == len(cast.voices)
    for part in [narrator, *others]:
        if part.gender is not None:
            assert str(sound(cast, key_of(cast, part))[1]).startswith(part.gender)


@given(narrator=narrators, others=parts, men=st.integers(1, 4), women=st.integers(1, 4))
@settings(deadline=None)
def test_genders_are_right_however_few_presets_there_are(
    narrator: Part, others: list[Part], men: int, women: int
) -> None:
    cast = cast_voices("en", narrator, others, offer(men, women))
    for part in [narrator, *others]:
        if part.gender in ("m", "f"):
            assert str(sound(cast, key_of(cast, part))[1]).startswith(part.gender)


@given(narrator=narrators, others=parts, men=st.integers(1, 3), women=st.integers(1, 3))
@settings(deadline=None)
def test_variants_keep_the_ten_largest_apart(
    narrator: Part, others: list[Part], men: int, women: int
) -> None:
    variants = {"e": [{"pitch": n} for n in range(1, 10)]}
    cast = cast_voices("en", narrator, others, offer(men, women), variants)
    group = main_parts(narrator, others)
    assert len({sound(cast, key_of(cast, part)) for part in group}) == len(group)


@given(narrator=narrators, others=parts)
@settings(deadline=None)
def test_presets_are_varied_only_when_they_run_out(narrator: Part, others: list[Part]) -> None:
    assume(len(others) <= 10)
    variants = {"e": [{"pitch": 1}]}
    cast = cast_voices("en", narrator, others, offer(15, 15, 15), variants)
    assert not any(voice.parameters for voice in cast.voices)


def test_small_parts_share_two_voices_a_gender() -> None:
    large = [Part(f"l{n}", "m", 50) for n in range(9)]
    small = [Part(f"s{n}", "f" if n % 2 else "m", 2) for n in range(20)]
    cast = cast_voices("en", Part("narrator", "f", 900), [*large, *small], offer(20, 20))
    assert {cast.of[part.name] for part in small} == {"men_1", "men_2", "women_1", "women_2"}
    assert not {sound(cast, cast.of[p.name]) for p in small} & {
        sound(cast, cast.of[p.name]) for p in large
    }


def test_the_narrator_of_a_first_person_book_has_one_voice() -> None:
    cast = cast_voices("en", Part("watson", "m", 900), [Part("watson", "m", 90)], offer(3, 3))
    assert cast.narrator == cast.of["watson"] == "watson"
    assert len(cast.voices) == 1


def test_an_unknown_gender_leaves_the_only_woman_to_her_part() -> None:
    presets = [*offer(0, 1), *offer(3, 0)]
    cast = cast_voices("en", Part("narrator", None, 900), [Part("anna", "f", 50)], presets)
    assert sound(cast, "anna")[1] == "f0"
    assert sound(cast, "narrator")[1] == "m0"


def test_languages() -> None:
    british = Offered("e", "british", ("en-GB",), "m")
    american = Offered("e", "american", ("en-US",), "m")
    anything = Offered("e", "anything", ("*",), "m")
    chinese = Offered("e", "chinese", ("zh",), "m")
    narrator = Part("n", "m", 9)

    def first(language: str, *presets: Offered) -> str:
        return str(sound(cast_voices(language, narrator, [], presets), "n")[1])

    assert first("en", chinese, anything, american, british) == "american"
    assert first("en-GB", chinese, anything, american, british) == "british"
    assert first("en-AU", chinese, anything, american) == "american"
    assert first("de", chinese, anything) == "anything"
    with pytest.raises(VoiceError, match="'de'"):
        first("de", chinese)


roles = st.lists(
    st.builds(
        ProposedRole,
        key=SLUGS,
        name=ANY,
        aliases=st.lists(ANY, max_size=4).map(tuple),
        gender=st.sampled_from([*GENDERS, None]),
        voice=st.just(""),
        lines=st.integers(0, 2000),
        sample=ANY,
    ),
    max_size=12,
    unique_by=lambda role: role.key,
)


@given(title=ANY, author=ANY, roles=roles, hero=st.booleans(), note=ANY, skip=ANY)
@settings(max_examples=80, deadline=None)
def test_what_is_written_can_be_loaded(
    tmp_path_factory: pytest.TempPathFactory,
    title: str,
    author: str,
    roles: list[ProposedRole],
    hero: bool,
    note: str,
    skip: str,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "new"
    folder.mkdir(exist_ok=True)
    (folder / "m (1).txt").touch()
    name = roles[0].key if roles and hero else "narrator"
    parts = [Part(role.key, role.gender, role.lines) for role in roles]
    variants = {"e": [{"pitch": 1.5, "soft": True}]}
    cast = cast_voices("en", Part(name, None, 900), parts, offer(3, 2, 1), variants)
    proposal = Proposal(
        title=title,
        author=author,
        language="en",
        manuscript="m (1).txt",
        engine="tone" if hero else "e",
        narrator=cast.narrator,
        voices=cast.voices,
        cast=tuple(
            ProposedRole(r.key, r.name, r.aliases, r.gender, cast.of[r.key], r.lines, r.sample)
            for r in roles
        ),
        narrator_character=name if roles and hero else None,
        skips=(ProposedSkip(skip, skip, 1203), ProposedSkip("", skip, 9)),
        notes=(note,),
    )
    (folder / "project.yaml").write_text(render_project(proposal), encoding="utf-8")
    book = load_project(folder).book
    assert set(book.cast) == {role.key for role in roles}
    assert {key: c.voice for key, c in book.cast.items()} == dict(cast.of)
    assert book.narrator == cast.narrator
    for voice in cast.voices:
        written = book.voices[voice.key]
        assert (written.engine or book.engine, written.preset) == (voice.engine, voice.preset)
        assert written.parameters == dict(voice.parameters)


def test_a_newcomer_finds_what_they_need() -> None:
    text = render_project(
        Proposal(
            title="The Lamp",
            author="",
            language="en",
            manuscript="lamp.txt",
            engine="espeak",
            narrator="reader",
            voices=cast_voices("en", Part("reader", "m", 9), [], offer(1, 1)).voices,
            cast=(ProposedRole("anna", "Anna", ("Miss Anna",), "f", "reader", 1203, "“Where?”"),),
            skips=(ProposedSkip("Preface", "front matter", 4200),),
            notes=("kokoro sounds better: pip install 'castbook[kokoro]'",),
        )
    )
    for fragment in (
        "author: Unknown   # not found in the manuscript",
        "#   Preface   # front matter, 4,200 characters",
        "# kokoro sounds better: pip install 'castbook[kokoro]'",
        "  anna:   # 1,203 lines: “Where?”",
        "    aliases: [Anna, Miss Anna]",
        "castbook plan .",
    ):
        assert fragment in text, fragment


@given(
    facts=st.builds(
        Facts,
        series=st.none() | ANY,
        series_part=st.none() | ANY | st.just("2"),
        publisher=st.none() | ANY,
        year=st.none() | st.integers(-5, 20_000),
        description=st.none() | ANY,
    )
)
@settings(deadline=None, max_examples=60)
def test_what_the_manuscript_says_of_itself_is_written(
    tmp_path_factory: pytest.TempPathFactory, facts: Facts
) -> None:
    folder = tmp_path_factory.getbasetemp() / "facts"
    folder.mkdir(exist_ok=True)
    for name in ("m.txt", "cover.png", "lexicon.yaml"):
        (folder / name).touch()
    voices = cast_voices("en", Part("narrator", None, 1), [], offer(1, 0)).voices
    proposal = Proposal(
        "T", "A", "en", "m.txt", "e", voices[0].key, voices,
        facts=facts, cover="cover.png", lexicon="lexicon.yaml",
    )  # fmt: skip
    (folder / "project.yaml").write_text(render_project(proposal), encoding="utf-8")
    project = load_project(folder)
    assert project.cover == folder / "cover.png"
    series = one_line(facts.series or "", 300)
    assert (project.book.series.name if project.book.series else "") == series
    year = facts.year if facts.year is not None and 0 <= facts.year <= 9999 else None
    assert project.book.metadata.year == year
    assert (project.book.metadata.publisher or "") == one_line(facts.publisher or "", 300)


def test_a_name_of_two_characters_goes_to_the_larger_part(tmp_path: Path) -> None:
    def role(key: str, *aliases: str) -> ProposedRole:
        return ProposedRole(key, aliases[0], aliases, None, "reader", 9, "")

    voices = cast_voices("en", Part("reader", "m", 9), [], offer(1, 1)).voices
    roles = (role("smith", "Smith", "Mr. Smith"), role("mrs_smith", "Mrs. Smith", "smith"))
    text = render_project(Proposal("T", "A", "en", "m.txt", "e", "reader", voices, roles))
    (tmp_path / "project.yaml").write_text(text)
    (tmp_path / "m.txt").touch()
    cast = load_project(tmp_path).book.cast
    assert cast["smith"].aliases == ["Smith", "Mr. Smith"]
    assert cast["mrs_smith"].aliases == ["Mrs. Smith"]
