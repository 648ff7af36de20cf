"""The script page in a real browser: 200 corrections by keys, saved, applied, never asked again."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from browser import running_browser

from book.casting import read_castings
from book.projectfile import load_project
from book.script import Segment
from tasks.review import page as render
from tasks.review import write_review
from tasks.sources import read_script
from tasks.voices import Voices

NAMES = ("Anna", "Boris", "Clara", "Dmitri")
CORRECTIONS = 200
OLD = """\
# mine: please keep
version: 1
castings:
  # she really says it
  - {anchor: %s, speaker: clara}   # sure
  - anchor: 0000000000.1.-.-
    speaker: boris
    text: a line that is gone
"""


def story(lines: int) -> str:
    """Chapters of dialogue in which nothing tells who speaks; a refrain returns in each."""
    dice = random.Random(7)
    words = ("lamp", "river", "stone", "window", "bread", "winter", "letter", "horse", "garden")
    parts = []
    for number in range(lines):
        if number % 40 == 0:
            parts += [f"# Part {number // 40 + 1}", f"They met for the {number}th time."]
        said = " ".join(dice.choices(words, k=7))
        parts.append(
            '"No."' if number % 17 == 5 else f'"The {said} is {number}, 1 < 2 & {{{{data}}}}?"'
        )
        if number % 9 == 8:
            parts += [f"It was {word} and {number}, long and cold." for word in words[:4]]
    return "\n\n".join(parts) + "\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review") / "dialogue"
    folder.mkdir()
    (folder / "story.md").write_text(story(240), encoding="utf-8")
    voices = {name: {"preset": preset} for name, preset in zip("nabcd", presets(), strict=False)}
    (folder / "project.yaml").write_text(
        yaml.safe_dump(
            {
                "version": 1,
                "title": "</script><b>Title",
                "author": "A. & B.",
                "language": "en",
                "manuscript": "story.md",
                "engine": "tone",
                "narrator": "n",
                "voices": voices,
                "cast": {n.lower(): {"voice": n[0].lower(), "aliases": [n]} for n in NAMES},
                "casting": {"confidence": 0.95},
            }
        ),
        encoding="utf-8",
    )
    return folder


def presets() -> list[str]:
    from tts.registry import make_engine

    return [preset.name for preset in make_engine("tone", {}).presets()]


def segments(project: Path) -> list[Segment]:
    loaded = load_project(project)
    script = read_script(loaded, Voices(loaded))
    return [segment for chapter in script.chapters for segment in chapter.segments]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser() as found:
        yield found


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Opens a page without any network; whatever it asks for or complains of fails the test."""
    trouble: list[str] = []
    context = browser.new_context(offline=True, accept_downloads=True)

    def answer(route: Any) -> None:
        if not route.request.url.startswith(("file:", "blob:")):
            trouble.append(f"asked for {route.request.url}")
            route.abort()
        else:
            route.continue_()

    context.route("**/*", answer)
    page = context.new_page()
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))

    def opened(path: Path) -> Any:
        page.goto(path.as_uri())
        return page

    yield opened
    context.close()
    assert trouble == []


def save(page: Any, into: Path) -> None:
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(into)


@pytest.mark.timeout(240)
def test_corrections_by_keys_are_applied_and_never_asked_again(
    project: Path, tmp_path: Path, visit: Any
) -> None:
    file = project / "casting.yaml"
    file.unlink(missing_ok=True)
    told = [s for s in segments(project) if s.quotation is not None]
    file.write_text(OLD % told[3].anchor, encoding="utf-8")
    review = write_review(project, output=tmp_path / "script.html")
    assert review.doubtful >= CORRECTIONS

    given = data_of(review.page)
    page = visit(review.page)
    assert page.title() == "</script><b>Title: who speaks?"
    expected: dict[str, tuple[str | None, str]] = {}
    dice = random.Random(3)
    for number in range(CORRECTIONS):
        unit, text, guesses = page.evaluate(ASKED)
        anchor = given["units"][unit][0]
        key = dice.choice(["n", "c", *"123"[: len(guesses)]])
        if key == "c":
            name = NAMES[number % 4]
            page.keyboard.press("c")
            page.keyboard.type(name[:3].lower())
            page.keyboard.press("Enter")
        else:
            name = "Narrator" if key == "n" else guesses[int(key) - 1]
            page.keyboard.press(key)
        assert anchor not in expected
        expected[anchor] = (None if name == "Narrator" else name.lower(), text)
    assert page.locator("#left").inner_text().startswith(f"{CORRECTIONS} of ")
    # a closed tab loses nothing
    page = visit(review.page)
    assert page.locator("#left").inner_text().startswith(f"{CORRECTIONS} of ")
    saved = tmp_path / "casting.yaml"
    save(page, saved)
    content = saved.read_text(encoding="utf-8")
    assert content.startswith(OLD % told[3].anchor)

    file.write_bytes(saved.read_bytes())
    assert len(read_castings(file, load_project(project))) == CORRECTIONS + 2
    by_anchor = {str(segment.anchor): segment for segment in segments(project)}
    for anchor, (speaker, text) in expected.items():
        segment = by_anchor[anchor]
        assert segment.printed == text
        assert (segment.speaker, segment.rule, segment.confidence) == (speaker, "casting", 1.0)
    again = write_review(project, output=tmp_path / "again.html")
    assert again.doubtful == review.doubtful - CORRECTIONS
    asked = data_of(again.page)["units"]
    assert {row[0] for row in asked if row[5]}.isdisjoint(expected)
    # the new page takes over nothing that stands in the file, and writes it as it is
    page = visit(again.page)
    assert page.locator("#left").inner_text().startswith("0 of ")
    save(page, tmp_path / "same.yaml")
    assert (tmp_path / "same.yaml").read_bytes() == file.read_bytes()


ASKED = """() => {
  const line = document.querySelector(".seg.current");
  const guesses = [...document.querySelectorAll("#choices .guess")].map((b) => b.textContent);
  return [Number(line.dataset.unit), line.textContent, guesses.map((g) => g.split(" ")[1])];
}"""


def data_of(page: Path) -> dict[str, Any]:
    """What a page was given."""
    text = page.read_text(encoding="utf-8")
    _, _, rest = text.partition('<script type="application/json" id="data">')
    loaded: dict[str, Any] = json.loads(rest.partition("</script>")[0])
    return loaded


def test_a_correction_changes_its_entry_and_undo_takes_it_back(
    project: Path, tmp_path: Path, visit: Any
) -> None:
    told = [s for s in segments(project) if s.quotation is not None]
    file = project / "casting.yaml"
    file.write_text(OLD % told[3].anchor, encoding="utf-8")
    page = visit(write_review(project, output=tmp_path / "script.html").page)
    page.click("[data-view=script]")
    page.locator(".seg", has_text=told[3].printed).first.click()
    page.keyboard.press("n")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.keyboard.press("u")
    page.click("[data-view=script]")
    page.keyboard.press("Enter")  # a button that the mouse pressed is not pressed again
    page.keyboard.press("u")
    save(page, tmp_path / "casting.yaml")
    expected = (OLD % told[3].anchor).replace("speaker: clara", "speaker: narrator")
    assert (tmp_path / "casting.yaml").read_text(encoding="utf-8") == expected
    page.keyboard.press("k")
    page.keyboard.press("u")
    save(page, tmp_path / "undone.yaml")
    assert (tmp_path / "undone.yaml").read_text(encoding="utf-8") == OLD % told[3].anchor


def test_ten_thousand_segments_open_at_once(tmp_path: Path, visit: Any, project: Path) -> None:
    values = data_of(write_review(project, output=tmp_path / "small.html").page)
    units, texts = list(values["units"]), list(values["segments"])
    while len(values["segments"]) < 10_000:
        base = len(values["units"])
        values["chapters"].append([len(values["chapters"]), "More", len(values["segments"])])
        values["segments"] += [[text, unit + base, *rest] for text, unit, *rest in texts]
        # conversations are numbered through the book
        values["units"] += [
            [*row[:7], row[7] + base if row[7] >= 0 else -1, row[8]] for row in units
        ]
    (tmp_path / "large.html").write_text(render(values), encoding="utf-8")
    page = visit(tmp_path / "large.html")
    page.wait_for_selector(".seg.current")
    # 0.5 s were measured on a busy machine; a page that makes everything at once takes minutes
    assert page.evaluate("performance.now()") < 15_000
    page.click("[data-view=script]")
    page.wait_for_selector(".seg.current")
    assert page.locator(".para").count() < 2000  # what is far from the screen is not made


@pytest.fixture
def styled(project: Path, tmp_path: Path) -> Path:
    """A page whose Anna has two moods, and its casting.yaml a list in one line."""
    from tasks.reviewdata import casting_parts

    (project / "casting.yaml").unlink(missing_ok=True)
    values = data_of(write_review(project, output=tmp_path / "plain.html").page)
    values["cast"][1]["styles"] = [["calm", "calm"], ["yes", '"yes"']]
    quoted = [i for i, row in enumerate(values["units"]) if row[8]]
    text = "castings: [{anchor: aa.1, speaker: anna, style: calm}]\nversion: 1 # mine\n"
    values["casting"] = casting_parts(text, {0: quoted[0]})
    (tmp_path / "styled.html").write_text(render(values), encoding="utf-8")
    return tmp_path / "styled.html"


def test_styles_are_picked_and_written(styled: Path, visit: Any, tmp_path: Path) -> None:
    page = visit(styled)
    page.click("[data-view=script]")
    page.keyboard.press("c")
    page.keyboard.type("anna")
    page.keyboard.press("Enter")
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("n")
    save(page, tmp_path / "casting.yaml")
    text = (tmp_path / "casting.yaml").read_text(encoding="utf-8")
    assert text.startswith('castings: [{anchor: aa.1, speaker: anna, style: "yes"}, {anchor: ')
    assert text.endswith("]\nversion: 1 # mine\n")
    first, second = yaml.safe_load(text)["castings"]
    assert first == {"anchor": "aa.1", "speaker": "anna", "style": "yes"}
    assert second["speaker"] == "narrator"
    assert second["text"].startswith('"The ')
    page.keyboard.press("k")
    page.keyboard.press("n")  # another speaker has no mood of Anna's
    save(page, tmp_path / "casting.yaml")
    text = (tmp_path / "casting.yaml").read_text(encoding="utf-8")
    assert text.startswith("castings: [{anchor: aa.1, speaker: narrator, style: null}, ")


def test_search_and_filters_narrow_the_lines(styled: Path, visit: Any) -> None:
    page = visit(styled)
    total = page.locator(".card").count()
    assert total > 3
    page.keyboard.press("/")
    page.keyboard.type("is 17, 1 < 2")
    page.wait_for_selector("main > .card:first-child:last-child")
    assert "is 17, 1 < 2 & {{data}}?" in page.locator(".seg.current").inner_text()
    page.keyboard.press("Escape")
    page.fill("#search", "no such words")
    page.wait_for_selector(".done")
    page.fill("#search", "")
    page.select_option("#chapter", "1")
    page.wait_for_selector(".seg.current")
    assert 0 < page.locator(".card").count() < total
    page.select_option("#chapter", "-1")
    page.select_option("#rule", index=1)
    page.select_option("#character", "2")
    page.wait_for_selector(".done, .seg.current")


def test_decisions_outlive_an_edit_of_the_manuscript(
    project: Path, tmp_path: Path, visit: Any
) -> None:
    (project / "casting.yaml").unlink(missing_ok=True)
    page = visit(write_review(project, output=tmp_path / "script.html").page)
    for _ in range(3):
        page.keyboard.press("n")
    story_file = project / "story.md"
    before = story_file.read_text(encoding="utf-8")
    story_file.write_text(before + "\n\nThe end came late.\n", encoding="utf-8")
    try:
        write_review(project, output=tmp_path / "script.html")
    finally:
        story_file.write_text(before, encoding="utf-8")
    page = visit(tmp_path / "script.html")
    assert page.locator("#left").inner_text().startswith("3 of ")
    assert "3 decisions from an earlier page" in page.locator("#notice").inner_text()


def test_the_page_is_sound_for_keyboards_readers_and_small_screens(
    styled: Path, visit: Any
) -> None:
    page = visit(styled)
    assert page.locator("#said").inner_text().startswith("Line 1 of ")
    assert page.evaluate("document.querySelectorAll('button:not([type])').length") == 1  # a form's
    unnamed = "[...document.querySelectorAll('button')].filter(b => !b.textContent.trim()).length"
    assert page.evaluate(unnamed) == 0
    assert page.evaluate(CONTRAST) >= 4.5
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(CONTRAST) >= 4.5
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.keyboard.press("j")
    line, sheet = (page.locator(w).first.bounding_box() for w in (".seg.current", "#choices"))
    assert line["y"] + 20 < sheet["y"]  # the line is not under the choices
    page.keyboard.press("c")
    page.keyboard.press("Escape")
    page.keyboard.press("?")  # at once: the closed picker swallows nothing
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.locator("#choices button").first.focus()
    page.keyboard.press("Enter")  # presses the button, and the focus stays with the choices
    assert page.evaluate("document.getElementById('choices').contains(document.activeElement)")
    assert page.locator("#left").inner_text().startswith("1 of ")


# The lowest contrast between text and what is behind it, over everything that is on the screen.
CONTRAST = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = color.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let lowest = 21;
  for (const element of document.querySelectorAll(".seg, .who, button, #left, #choices p, .card h2, .percent")) {
    if (element.disabled || !element.checkVisibility()) continue;
    let behind = element;
    while (behind && rgb(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
    const [a, b] = [rgb(getComputedStyle(element).color), rgb(getComputedStyle(behind ?? document.body).backgroundColor)].map(light);
    lowest = Math.min(lowest, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return lowest;
}"""  # noqa: E501 - a program in another language
