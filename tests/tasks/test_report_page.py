"""The report of a small finished book: its values, its page, and the page in a real browser."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser import running_browser

from castbook.resources import read_config
from tasks.keys import seed_of
from tasks.orchestration import ChapterReport
from tasks.outcome import BookReport
from tasks.plan import ChapterPlan
from tasks.production import Production
from tasks.reporting.attention import MOST_CARDS
from tasks.reporting.course import course_of
from tasks.reporting.durations import Spoken
from tasks.reporting.facts import gather
from tasks.reporting.page import page, verdict_of
from tasks.reporting.values import SCHEMA, Note, Values, values_of
from tasks.runners import LocalRunner
from tasks.status import project_status
from tasks.summary import summarise_run

TITLE = "The House </script><img src=x onerror=alert(1)> & 房子"
STORY = """# The Door {{data}}

The house stood on the hill. "Open the door," said Anna. The corridor had no end.

# 第二章 <b>夜</b>

They went in.

The candle went out.
"""
FAULTS = [{"match": "corridor", "kind": "loop"}, {"match": "candle", "kind": "silence"}]


class Silent:
    """Watches nothing."""

    def chapter_progress(self, chapter: ChapterPlan, done: int, failed: int) -> None: ...

    def chapter_finished(self, report: ChapterReport) -> None: ...


@dataclass(frozen=True)
class Made:
    """The book of this file."""

    report: BookReport
    values: Values
    json: dict[str, Any]
    html: str
    page: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("report") / "it's a house"
    folder.mkdir()
    (folder / "story.md").write_text(STORY, encoding="utf-8")
    project = {
        "version": 1,
        "title": TITLE,
        "author": "A. & B.",
        "language": "en",
        "manuscript": "story.md",
        "engine": "tone",
        "engines": {"tone": {"rate": 16000, "faults": FAULTS}},
        "narrator": "calm",
        "voices": {"calm": {"preset": presets()[0]}, "high": {"preset": presets()[1]}},
        "cast": {"anna": {"voice": "high", "aliases": ["Anna"], "gender": "f"}},
        "credits": {"opening": False, "closing": False},
        "rate": 16000,
        "profile": "draft",
        "outputs": ["mp3"],
    }
    (folder / "project.yaml").write_text(yaml.safe_dump(project, allow_unicode=True), "utf-8")
    with Production(folder) as production, LocalRunner(2) as runner:
        report = production.run(runner, Silent())
    written = next((folder / "build" / "out").rglob("report.html"))
    loaded = json.loads(written.with_name("report.json").read_text("utf-8"))
    values = values_of(gather(report), written.parent)
    return Made(report, values, loaded, written.read_text("utf-8"), written)


def presets() -> list[str]:
    from tts.registry import make_engine

    return [preset.name for preset in make_engine("tone", {}).presets()]


def test_report_json_holds_what_the_book_is(made: Made) -> None:
    told = made.json
    assert (told["schema"], told["title"]) == (SCHEMA, TITLE)
    assert [c["state"] for c in told["chapters"]] == ["doubtful", "failed"]
    first = told["chapters"][0]
    assert [file["name"][:7] for file in first["files"]] == ["mp3/01 "]
    assert first["files"][0]["figures"]["rms_db"] == pytest.approx(first["master"]["rms_db"], abs=1)
    assert told["coverage"]["share"] == 1.0
    assert {row["character"] for row in told["cast"]} == {"narrator", "anna"}
    anna = next(row for row in told["cast"] if row["character"] == "anna")
    lines = [line for line in made.values.spoken if line.character == "anna"]
    assert anna["seconds"] == pytest.approx(sum(line.seconds for line in lines), abs=0.02)
    assert sum(row["share"] for row in told["cast"]) == pytest.approx(1)
    (engine,) = told["costs"]["engines"]
    assert (engine["engine"], engine["takes"]) == ("tone", len(told["durations"]["points"]))
    assert sum(seconds for _, seconds in told["costs"]["stages"]) <= told["costs"]["wall_s"] + 0.1


def test_make_and_status_name_the_page(made: Made) -> None:
    assert summarise_run(made.report)["report"] == str(made.page)
    status = project_status(made.report.plan.project.folder)
    assert str(made.page) in status["files"]


def test_the_course_of_the_book_is_that_of_its_masters(made: Made) -> None:
    course = made.values.course
    (chapter,) = course.chapters
    seconds = made.values.chapters[0].seconds
    assert seconds is not None
    assert 0 <= chapter.end * 2.0 - seconds < 2.0
    loud = made.values.chapters[0].master["rms_db"]
    assert min(course.low) < loud < max(course.high)


def test_what_is_doubtful_or_failed_can_be_heard_and_mended(made: Made) -> None:
    doubtful, failed = made.values.troubles
    assert (doubtful.state, failed.state) == ("doubtful", "failed")
    assert doubtful.in_chapter_s == doubtful.in_book_s and doubtful.in_book_s
    assert [a.used for a in doubtful.attempts].count(True) == 1
    assert [a.seed for a in doubtful.attempts] == [str(seed_of(a.key)) for a in doubtful.attempts]
    assert all(a.complaints for a in doubtful.attempts)
    assert not any(a.used for a in failed.attempts)
    assert "no usable audio" in failed.reason
    assert [what for what, _ in doubtful.commands][:2] == ["speak it anew", "take it as it is"]
    assert f"accept {shell(made)} {doubtful.anchor}" in doubtful.commands[1][1]
    assert verdict_of(made.values)[0] == "bad"
    for trouble in (doubtful, failed):
        assert made.html.count(f'id="seg-{trouble.id.replace("/", "-")}"') == 1


def shell(made: Made) -> str:
    return shlex.quote(str(made.report.plan.project.folder))


class Reader(HTMLParser):
    """Tags with their attributes, and what stands in style and script."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: Counter[str] = Counter()
        self.texts: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.lasttag = tag

    def handle_data(self, data: str) -> None:
        if self.lasttag in ("style", "script"):
            self.texts[self.lasttag] = self.texts.get(self.lasttag, "") + data


def test_the_page_asks_nobody_for_anything(made: Made) -> None:
    reader = Reader()
    reader.feed(made.html)
    ids = Counter(attributes["id"] for _, attributes in reader.tags if "id" in attributes)
    assert set(ids.values()) == {1}
    for tag, attributes in reader.tags:
        for name, value in attributes.items():
            assert not name.startswith("on") and name not in ("style", "srcset", "action"), tag
            if name == "href":
                assert value and value[0] == "#" and value[1:] in ids, value
            if name == "src":
                assert value and value.startswith("data:audio/mpeg;base64,")
    assert not re.search(r"url\(|@import", read_config("report", "report.css"))
    assert not re.search(r"\bfetch|XMLHttp|import\(|https?:", read_config("report", "report.js"))
    assert not {"img", "iframe", "link", "object"} & {tag for tag, _ in reader.tags}
    policy = next(a for t, a in reader.tags if t == "meta" and "http-equiv" in a)["content"]
    assert policy and policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert made.html.count("</script>") == 2 and "<b>夜" not in made.html


def test_a_book_of_ten_hours_has_a_page_under_three_megabytes(made: Made) -> None:
    text = "It was a bright cold day in April, and the clocks were striking thirteen."
    rows = tuple(
        Spoken(
            f"ch01/{n:05d}", "a", "narrator", "calm", n * 7919 % 300, n * 31 % 200 / 10, text, "k"
        )
        for n in range(10_000)
    )
    one = made.values.chapters[0]
    chapters = tuple(replace(one, number=n, spark=(-20.5,) * 60) for n in range(100))
    courses = {n: [-20.0 - (i * n) % 9 for i in range(180)] for n in range(100)}
    course = course_of(courses, dict.fromkeys(courses, text))
    big = replace(made.values, spoken=rows, chapters=chapters, course=course)
    assert len(page(big).encode()) < 1_000_000
    assert len(json.dumps(big.plain())) < 3_000_000


def test_an_engine_that_is_gone_fills_no_page(made: Made) -> None:
    doubtful, failed = made.values.troubles
    many = [replace(failed, id=f"ch02/{n}") for n in range(10_000)]
    html = page(replace(made.values, troubles=(*many, doubtful)))
    assert len(html) < 3_000_000
    assert html.count("<article") == MOST_CARDS
    assert html.count('<article class="take doubtful"') == 1  # what can be heard comes first
    assert "<b>10,000 failed</b>" in html


def test_what_only_the_whole_book_shows_can_be_heard(made: Made) -> None:
    jump = Note("jump", "7 dB louder than the line before", "ch01/0002", "a key")
    notes = (*(Note("warning", f"{n} < 9") for n in range(9)), jump)
    told = replace(made.values, notes=notes, troubles=(), outliers=(), sounds={"a key": "QUJD"})
    html = page(told)
    assert html.count("<audio") == 1 and "base64,QUJD" in html
    assert "<summary>2 more</summary>" in html  # eight are in sight
    assert html.count("&lt; 9") == 9


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
      .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b + .05;
  };
  return Math.min(...[...document.querySelectorAll(".chip")].map((chip) => {
    const style = getComputedStyle(chip);
    const [a, b] = [light(style.color), light(style.backgroundColor)];
    return Math.max(a, b) / Math.min(a, b);
  }));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser() as found:
        yield found


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1200, "light")])
def test_the_page_in_a_browser(made: Made, browser: Any, width: int, scheme: str) -> None:
    trouble: list[str] = []
    context = browser.new_context(
        offline=True, viewport={"width": width, "height": 844}, color_scheme=scheme
    )
    window = context.new_page()
    window.on("pageerror", lambda error: trouble.append(str(error)))
    window.on("console", lambda message: trouble.append(message.text))
    window.on("request", lambda asked: trouble.append(asked.url))
    try:
        window.goto(made.page.as_uri())
        assert window.evaluate("document.documentElement.scrollWidth") <= width
        window.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert window.evaluate("document.documentElement.scrollWidth") <= width
        for plot in window.locator("svg.plot").all():
            box = plot.bounding_box()
            assert box["width"] > 300 and box["height"] > 150
        assert window.locator("path.band").bounding_box()["height"] > 20
        assert window.locator("path.dots").count() == 2
        player = window.locator("article.doubtful > audio").first
        window.wait_for_function("document.querySelector('article audio').duration > 0")
        seconds = player.evaluate("(audio) => audio.duration")
        used = next(a for a in made.values.troubles[0].attempts if a.used)
        assert seconds == pytest.approx(used.seconds, abs=0.15)
        window.locator("#moment").press("ArrowRight")
        assert "chapter 1 The Door {{data}} at 0:02" in window.locator("#readout").inner_text()
        window.locator("#dots-legend button").first.click()
        assert window.locator("path.dots.off").count() == 1
        assert window.evaluate(CONTRAST) >= 4.5
        assert trouble == [made.page.as_uri()]  # the page itself, and nothing else
    finally:
        context.close()
