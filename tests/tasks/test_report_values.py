"""What a report computes: courses, paces, figures, players; pure, without a book."""

from __future__ import annotations

import re
import shlex
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castbook.resources import read_config
from tasks.pages import Markup, element, escaped, fill, json_inside
from tasks.publish import Published
from tasks.reporting.course import FLOOR_DB, course_of, mean_db, spark_of
from tasks.reporting.durations import Spoken, outliers, pace_of
from tasks.reporting.files import file_row
from tasks.reporting.loudnessplot import Scale
from tasks.reporting.numbers import clock, counted, figure, percent, signed
from tasks.reporting.troubles import Attempt, Trouble, chosen_sounds, commands

LEVELS = st.lists(st.floats(-120, 0), min_size=1, max_size=300)


@given(st.lists(LEVELS, min_size=1, max_size=5), st.integers(1, 40))
def test_a_course_loses_no_extreme(chapters: list[list[float]], most: int) -> None:
    courses = dict(enumerate(chapters, 1))
    course = course_of(courses, dict.fromkeys(courses, "title"), most)
    windows = [max(FLOOR_DB, level) for chapter in chapters for level in chapter]
    assert len(course.mean) == len(course.low) == len(course.high) <= most
    assert min(course.low) == round(min(windows), 1)
    assert max(course.high) == round(max(windows), 1)
    for low, mean, high in zip(course.low, course.mean, course.high, strict=True):
        assert low <= mean <= high
    assert [s.end - s.start for s in course.chapters] == [len(c) for c in chapters]
    assert course.chapters[-1].end == course.windows == len(windows)
    scale = Scale.of(course)
    assert scale.top > scale.bottom
    assert all(0 <= scale.y(level) <= scale.height for level in windows)


def test_levels_are_averaged_as_energy() -> None:
    assert mean_db([-20.0, -20.0]) == pytest.approx(-20)
    assert mean_db([0.0, -96.0]) == pytest.approx(-3.01, abs=0.01)
    assert spark_of([-20.0] * 61, most=60) == (-20.0,) * 31


def spoken(number: int, letters: int, seconds: float, group: str = "calm  en") -> Spoken:
    name = f"ch01/{number:04d}"
    return Spoken(name, "a.1.-.-", "narrator", group, letters, seconds, "text", f"key {number}")


def reading(count: int = 40, group: str = "calm  en") -> list[Spoken]:
    """A voice at 15 letters a second that breathes a little, from 5 to 200 letters."""
    rows = []
    for number in range(count):
        letters = 5 + number * 5
        wobble = 1 + 0.08 * ((number * 7) % 5 - 2) / 2
        rows.append(spoken(number, letters, (0.3 + letters / 15) * wobble, group))
    return rows


def test_a_steady_voice_has_no_outlier_whatever_its_pace() -> None:
    rows = reading()
    slow = [spoken(100 + n, r.letters, r.seconds * 3, "slow  en") for n, r in enumerate(rows)]
    assert outliers([*rows, *slow]) == ()


@pytest.mark.parametrize("factor", [2.0, 0.4])
def test_a_take_far_from_its_voices_pace_stands_out(factor: float) -> None:
    rows = reading()
    wrong = spoken(99, 100, (0.3 + 100 / 15) * factor)
    (found,) = outliers([*rows, wrong])
    assert found.spoken == wrong
    assert found.ratio == pytest.approx(factor, rel=0.05)


def test_few_segments_make_no_pace() -> None:
    assert pace_of(reading(11)) is None
    assert outliers([*reading(10), spoken(99, 10, 60.0)]) == ()


def test_figures_read_well() -> None:
    assert clock(59.6) == "1:00"
    assert clock(3725) == "1:02:05"
    assert signed(-3.25, 1) == "−3.2"
    assert (figure("head_s", 0.5), figure("lufs", None)) == ("0.50", "–")
    assert percent(1.0) == "100\N{NO-BREAK SPACE}%"
    assert percent(0.99999) == "99.9\N{NO-BREAK SPACE}%"
    assert (counted(1, "file"), counted(1200, "file")) == ("1 file", "1,200 files")


def test_a_broken_rule_comes_before_a_kept_one() -> None:
    folder = Path("book")
    findings = [
        {"rule": "noise floor", "measured": "-90", "wanted": "-60", "ok": True, "advice": ""},
        {"rule": "room tone", "measured": "9 s", "wanted": "0.5 s", "ok": False, "advice": "do"},
    ]
    check = {"passed": False, "profile": "acx", "measured": {"floor_db": -90, "codec": "mp3"}}
    row = file_row(
        Published(folder / "mp3" / "a.mp3", 9, True, 3, {**check, "findings": findings}, 0.4),
        folder,
    )
    assert (row.name, row.chapter, row.passed) == ("mp3/a.mp3", 3, False)
    assert row.figures == {"floor_db": -90.0}
    rule = row.verdict("floor_db")
    assert rule is not None and rule.advice == "do"
    assert row.verdict("rms_db") is None
    assert file_row(Published(folder / "a.m4b", 9, True), folder).passed is None


def trouble(number: int, *keys: str, used: str = "") -> Trouble:
    attempts = tuple(
        Attempt(n, "", key, "1", used=key == used, seconds=1.0) for n, key in enumerate(keys, 1)
    )
    return Trouble(
        state="doubtful",
        id=f"ch01/{number:04d}",
        anchor="a",
        chapter=1,
        chapter_title="",
        in_chapter_s=None,
        in_book_s=None,
        character="narrator",
        voice="",
        style="",
        engine="",
        fingerprint="",
        language="en",
        printed="",
        spoken="",
        reason="",
        retake=0,
        attempts=attempts,
        commands=(),
    )


def test_every_segment_is_heard_before_any_is_heard_twice() -> None:
    found = [trouble(1, "a1", "a2", used="a2"), trouble(2, "b1", "b2", used="b1")]
    assert chosen_sounds(found, ["x", "a2"], 9) == ("a2", "b1", "x", "a1", "b2")
    assert chosen_sounds(found, ["x"], 2) == ("a2", "b1")


def test_commands_survive_a_shell() -> None:
    project = Path("/books/it's a; book")
    for _, command in commands(project, "0a.1.-.$x", doubtful=True):
        words = shlex.split(command)
        assert words.count(str(project)) == words.count("castbook") >= 1
        assert "0a.1.-.$x" in words


class Texts(HTMLParser):
    """Text and tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_no_text_becomes_a_tag(text: str) -> None:
    reader = Texts()
    reader.feed(str(fill("<p>{{it}}</p>", {"it": text})) + element("b", text, title=text))
    reader.close()
    assert reader.tags == ["p", "b"]
    assert reader.text == text * 2
    assert not set("<>&") & set(json_inside([text]))


def test_a_filled_value_is_never_filled_again() -> None:
    assert fill("{{a}}{{b}}", {"a": "{{b}}", "b": Markup("<i>")}) == "{{b}}<i>"
    assert escaped(Markup("<b>")) == "<b>"
    with pytest.raises(KeyError):
        fill("{{missing}}", {})


def test_colours_of_words_have_contrast() -> None:
    """WCAG AA: 4.5 to 1, for every colour of words on every ground, light and dark."""
    style = read_config("report", "report.css")
    light, dark = style.split("prefers-color-scheme: dark", 1)
    names = r"--(page|card|ink|mute|accent|wash|good|warm|bad|bad-wash): (#[0-9a-f]{6})"
    first = dict(re.findall(names, light))
    for scheme in (first, first | dict(re.findall(names, dark.split("}")[0]))):
        for word in ("ink", "mute", "accent", "good", "warm", "bad"):
            grounds = ["page", "card"] + (["bad-wash"] if word in ("ink", "bad", "mute") else [])
            for ground in grounds:
                ratio = contrast(scheme[word], scheme[ground])
                assert ratio >= 4.5, (word, ground, round(ratio, 2))


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
