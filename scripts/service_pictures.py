"""The README's pictures of the service: ``python -m scripts.service_pictures ADDRESS BOOK``.

ADDRESS is that of a running ``castbook serve`` (http://127.0.0.1:7860), BOOK the name of a book
there with takes (scandal). Takes the browser that is installed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from scripts.report_pictures import PICTURES, shrink

WAIT_MS = 60_000  # a novel is read when its page is asked for first


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    name: str  # of the file
    path: str  # of the page; {book} is filled in
    size: tuple[int, int]  # pixels of the page
    arrange: Callable[[Any], None]  # what is clicked before
    scheme: Literal["light", "dark"] = "light"
    language: str = "en"
    scale: float = 1.0


def open_line(page: Any) -> None:
    """A line with its panel and its waveform, below the filters."""
    page.locator(".line.speech a.details").nth(2).click()
    page.locator(".current .panel").wait_for()
    page.locator(".current .wave > div").wait_for(state="attached")
    page.locator(".current").evaluate("(e) => scrollTo(0, e.offsetTop - 220)")


def chapters(page: Any) -> None:
    """The list of chapters as it stands."""
    page.locator("h2#chapters").wait_for()


def spoken(page: Any) -> None:
    """The bench after a text, its sound half heard; the engine was loaded before."""
    for _ in range(2):
        page.click("#speak")
        page.locator("#download").wait_for()
    page.wait_for_function("() => document.getElementById('sound').currentTime > 2")
    page.evaluate("document.getElementById('sound').pause()")


def packed(page: Any) -> None:
    """A batch with one row that fails; the service runs jobs."""
    page.fill("#order [name=lines]", ROWS)
    page.click("#order button")
    page.locator("#zip").wait_for()
    page.evaluate("scrollTo(0, 0)")


ROWS = """{"text": "The lamp was lit, and the stairs were empty.", "output_name": "stairs"}
{"text": "Who is there?", "voice": "en-gb-x-rp"}
{"text": "Nobody answered.", "prompt_audio": "narrator.wav", "consent": "self"}
{"text": "雨停了，街上静悄悄的。", "output_name": "rain"}"""

SHOTS = (
    Shot("service-bench.png", "/", (1280, 930), spoken),
    Shot("service-batch.png", "/batch", (1280, 780), packed),
    Shot("service-bench-phone.png", "/", (390, 844), spoken, "dark", "zh", 1.5),
    Shot("service-review.png", "/books/{book}/chapters/1", (1280, 860), open_line),
    Shot("service-book.png", "/books/{book}", (1280, 720), chapters),
    Shot(
        "service-review-phone.png",
        "/books/{book}/chapters/1",
        (390, 844),
        open_line,
        scheme="dark",
        language="zh",
        scale=1.5,
    ),
)


def main(address: str, book: str, names: tuple[str, ...] = ()) -> None:
    """Writes the pictures, or those of ``names`` only."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CASTBOOK_BROWSER") or shutil.which("chromium")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=root)
        for shot in SHOTS:
            if names and shot.name not in names:
                continue
            page = browser.new_page(
                viewport={"width": shot.size[0], "height": shot.size[1]},
                color_scheme=shot.scheme,
                device_scale_factor=shot.scale,
            )
            page.set_default_timeout(WAIT_MS)
            page.goto(f"{address}{shot.path.format(book=book)}?lang={shot.language}")
            shot.arrange(page)
            page.wait_for_timeout(800)  # the waveform is drawn
            page.evaluate("document.activeElement.blur()")
            page.screenshot(path=PICTURES / shot.name)
            shrink(PICTURES / shot.name)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), sys.argv[2], tuple(sys.argv[3:]))
