"""Every control of the review in a real browser, on a small book of tones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from browser import running_browser
from fake_orders import FakeOrders
from live import live, make_desk

from service.app import create_app
from service.pages import chapterdata
from tasks.reviewing.bookcase import Bookcase
from tasks.reviewing.rows import find_line
from tasks.takes import Recording, TakeStore, TakeVerdict

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SERIOUS = """async (only) => {
  const rules = only.length ? { runOnly: only } : {};
  const found = await axe.run(document, { resultTypes: ["violations"], ...rules });
  return found.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target).slice(0, 4).join(" ")}`);
}"""


class Review:
    """A page that must not complain, and what it works on."""

    def __init__(
        self, page: Any, address: str, folder: Path, orders: FakeOrders, complaints: list[str]
    ) -> None:
        self.page = page
        self.address = address
        self.folder = folder
        self.orders = orders
        self.complaints = complaints  # of the browser

    def chapter(self, number: int = 2, query: str = "") -> Any:
        self.page.goto(f"{self.address}/books/hill/chapters/{number}{query}")
        return self.page

    def line(self, words: str) -> Any:
        return self.page.locator(".line", has_text=words)

    def until(self, holds: str) -> None:
        """Waits; a function, because the policy lets no text be run."""
        self.page.wait_for_function(f"() => {holds}")

    def panel(self, words: str) -> Any:
        self.line(words).locator("a.details").click()
        panel = self.line(words).locator(".panel")
        panel.wait_for()
        return panel

    def said(self, words: str) -> None:
        self.page.locator("#notice", has_text=words).wait_for()

    def file(self, name: str) -> dict[str, Any]:
        return dict(yaml.safe_load((self.folder / name).read_text("utf-8")))

    def speak(self, anchor: str) -> None:
        """What a worker would do with the newest order: the take that is asked for is there."""
        plan = Bookcase([self.folder]).open(self.folder.name).plan()
        line = find_line(plan, anchor)
        assert line is not None and line.open
        verdict = TakeVerdict(True, True, (), 0, 1)
        pcm = (np.sin(np.arange(16000) / 9) * 9000).astype(np.int16)
        TakeStore(plan.build.takes).publish(
            Recording(line.keys[0], pcm, 16000, verdict, (), {}, {}, 0, 0.0)
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path, FakeOrders]]:
    data = tmp_path_factory.mktemp("data")
    orders = FakeOrders()
    with live(create_app(make_desk(data, orders, rate=0))) as address:
        yield address, data, orders


@pytest.fixture
def review(
    browser: Any, service: tuple[str, Path, FakeOrders], made_book: Path
) -> Iterator[Review]:
    address, data, orders = service
    shutil.rmtree(data / "projects", ignore_errors=True)
    folder = data / "projects" / "hill"
    shutil.copytree(made_book, folder)
    orders.orders.clear()
    orders.placed.clear()
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)  # other tests share the processor
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield Review(page, address, folder, orders, complaints)
    context.close()
    assert complaints == []


def test_a_line_plays_and_its_waveform_is_drawn(review: Review) -> None:
    page = review.chapter()
    review.line("Only the wind").locator("button.play").click()
    review.until("document.getElementById('audio').currentTime > 0.1")
    assert review.line("Only the wind").get_attribute("aria-current") == "true"
    wave = page.locator(".line.current .wave")
    review.until("document.querySelector('.wave > div')?.shadowRoot.querySelector('canvas')")
    assert wave.bounding_box()["height"] == 56
    page.keyboard.press(" ")
    review.until("document.getElementById('audio').paused")
    page.locator("#play[aria-label=Play]").wait_for()
    page.locator("#play").click()
    review.until("!document.getElementById('audio').paused")
    assert page.locator(".sounding").count() == 1


def test_play_through_moves_the_highlight_along_the_lines(review: Review) -> None:
    page = review.chapter()
    review.panel("The Stairs").locator("button.onward").click()
    assert page.locator("#through").get_attribute("aria-pressed") == "true"
    first = page.locator(".sounding").get_attribute("id")
    page.evaluate("document.getElementById('audio').playbackRate = 8")
    review.until(f"(document.querySelector('.sounding')?.id ?? '{first}') !== '{first}'")
    assert page.locator(".sounding").get_attribute("id") == page.locator(".current").get_attribute(
        "id"
    )
    assert "They went in together" in page.locator("#now").inner_text()
    page.locator("#after").click()
    review.until("document.querySelector('.current').textContent.includes('What is that')")
    page.locator("#through").click()
    assert page.locator("#through").get_attribute("aria-pressed") == "false"


def test_keys_move_play_approve_mark_and_retake(review: Review) -> None:
    page = review.chapter(query="?state=doubtful")
    page.keyboard.press("j")
    page.locator(".current .panel").wait_for()
    page.keyboard.press("1")
    review.until("document.getElementById('audio').currentTime > 0")
    assert page.locator(".takes li.heard").count() == 1
    page.keyboard.press("a")
    review.said("Approved.")
    assert page.locator(".current .badge.approved").count() == 1
    page.keyboard.press("x")
    page.keyboard.type("cut off")
    page.keyboard.press("Enter")
    review.said("Marked as bad.")
    assert review.file("retakes.yaml")["bad"][0]["note"] == "cut off"
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    review.said("1 lines will be spoken anew.")
    assert len(review.orders.placed) == 1
    page.keyboard.press("s")
    assert page.locator("#selected").inner_text() == "1 selected"
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.name") == "text"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"


def test_a_retake_is_made_compared_and_picked(review: Review) -> None:
    page = review.chapter()
    panel = review.panel("Only the wind")
    panel.locator("form.again button").click()
    review.said("1 lines will be spoken anew.")
    line = review.line("Only the wind")
    line.locator(".badge.missing").wait_for()
    page.locator("#state .badge.pending").wait_for()
    review.speak(review.file("retakes.yaml")["retakes"][0]["anchor"])
    (order,) = review.orders.orders
    review.orders.move(order, state="completed", ended_at=datetime.now(UTC))
    review.until("document.querySelectorAll('.current .takes li').length === 2")  # by itself
    panel = page.locator(".current .panel")
    assert page.locator("#state").inner_text().strip() == ""
    panel.locator("button.hear").nth(0).click()
    review.until("document.getElementById('audio').currentTime > 0")
    first = panel.locator(".takes li").nth(0)
    assert "heard" in first.get_attribute("class")
    page.keyboard.press("u")
    review.said("This take is in the book now.")
    assert review.file("retakes.yaml")["retakes"][0]["use"] == 0
    assert page.locator(".current .takes li").nth(0).locator(".badge.done").count() == 1
    page.locator(".current form.use button").click()
    review.until("document.querySelectorAll('.current .takes li')[1]?.querySelector('.badge.done')")


def test_progress_of_a_run_comes_live_and_lines_appear(review: Review) -> None:
    page = review.chapter()
    page.locator("form#bulk button[value=failed]").click()
    review.said("1 lines will be spoken anew.")
    (order,) = review.orders.orders.values()
    review.orders.move(order.id, state="processing")
    page.goto(f"{review.address}/books/hill")
    page.locator("#run .badge.processing").wait_for()
    review.orders.move(order.id, done=1, total=2)
    page.locator("#run .numbers", has_text="1/2").wait_for()
    assert page.locator("#run a").get_attribute("href").startswith("http://prefect.test/")
    page.locator("form[action*=cancel] button").click()
    page.locator("#run .badge.cancelled").wait_for()
    page.locator("form[action$=make] button.first").click()
    review.said("Ordered.")
    assert review.orders.placed[-1]["kind"] == "book"


def test_filters_narrow_the_lines_and_groups_are_retaken(review: Review) -> None:
    page = review.chapter()
    total = page.locator(".line").count()
    page.select_option("[name=state]", "failed")
    review.until("document.querySelectorAll('.line').length === 1")
    page.select_option("[name=state]", "all")
    page.select_option("[name=character]", "boris")
    review.until("![1, 10].includes(document.querySelectorAll('.line').length)")
    assert page.locator(".line").count() < total
    page.select_option("[name=character]", "")
    page.fill("#search", "wind")
    page.keyboard.press("Enter")
    review.until("document.querySelectorAll('.line').length === 2")
    for box in page.locator(".line input[name=anchor]").all():
        box.check()
    assert page.locator("#selected").inner_text() == "2 selected"
    page.locator("form#bulk button[value=selected]").click()
    review.said("2 lines will be spoken anew.")
    page.locator(".line .badge.missing").nth(0).wait_for()
    assert len(review.orders.placed[-1]["parameters"]["only"]) == 2


def test_speaker_pronunciation_and_text_are_edited(review: Review) -> None:
    page = review.chapter()
    panel = review.panel("Only the wind")
    panel.locator("form.cast [name=speaker]").select_option("anna")
    panel.locator("form.cast button").click()
    review.said("Changed;")
    review.line("Only the wind").locator(".who.c1").wait_for()
    form = page.locator(".current form.say")
    form.locator("[name=word]").fill("wind")
    form.locator("[name=said]").fill("wynd")
    form.locator("[name=now]").check()
    form.locator("button").click()
    review.said("2 lines sound different")
    assert review.orders.placed[-1]["kind"] == "chapter"
    page.locator(".current .panel q", has_text="wynd").wait_for()
    page.locator(".current form.text textarea").fill('"Only the draught in the chimney,"')
    page.locator(".current form.text button").click()
    review.said("The manuscript is changed.")
    review.line("Only the draught").locator(".panel").wait_for()
    assert "Only the draught in the chimney" in (review.folder / "story.md").read_text()
    page.locator(".current form.voice select").select_option("low")
    page.locator(".current form.voice button").click()
    review.said("lines will be spoken anew by the next make.")


def test_a_refusal_is_shown_and_the_line_stays(review: Review) -> None:
    review.chapter()
    panel = review.panel("Only the wind")
    shutil.move(review.folder / "story.md", review.folder / "gone.md")
    panel.locator("form.again button").click()
    review.said("That did not work:")
    assert [said for said in review.complaints if "422" not in said] == []
    review.complaints.clear()  # the browser tells of every answer of this kind
    assert panel.is_visible()
    shutil.move(review.folder / "gone.md", review.folder / "story.md")


def test_chinese_dark_and_a_phone(review: Review) -> None:
    page = review.chapter()
    page.click("header .tools a")
    assert page.locator("label", has_text="角色").count() >= 1
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.title().startswith("The Stairs · ") and page.locator("h1").count() == 1
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.set_viewport_size({"width": 390, "height": 844})
    review.panel("Only the wind")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"{review.address}/books/hill")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("h2#chapters").inner_text() == "章节"


def test_axe_finds_nothing_serious(review: Review) -> None:
    page = review.page
    for path in ("/books", "/books/hill", "/books/hill/chapters/2"):
        page.goto(review.address + path)
        if path.endswith("2"):
            review.panel("What is that noise")
        page.evaluate(AXE.read_text("utf-8"))  # by the debugger: the page's policy stays
        assert page.evaluate(SERIOUS, []) == [], path
    page.emulate_media(color_scheme="dark")  # only colours are others
    assert page.evaluate(SERIOUS, ["color-contrast"]) == []
    page.keyboard.press("?")
    assert page.evaluate(SERIOUS, ["color-contrast", "aria-dialog-name"]) == []


def test_further_lines_come_when_they_are_asked_for_or_played(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chapterdata, "ROWS", 4)
    page = review.chapter(1)
    assert page.locator(".line").count() == 4
    page.locator(".more a").click()
    review.until("document.querySelectorAll('.line').length === 8")
    page.evaluate("document.getElementById('audio').defaultPlaybackRate = 8")
    review.panel("I have no key").locator("button.onward").click()
    review.until("document.querySelectorAll('.line').length === 10")
    review.until("document.querySelector('.sounding')?.id === 'l-9'")
    assert page.locator(".more").count() == 0
