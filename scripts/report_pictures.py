"""The README's pictures of the report: ``python -m scripts.report_pictures FINISHED DOUBTFUL``.

FINISHED is the ``report.html`` of a finished book (projects/scandal), DOUBTFUL one with
doubtful takes (the tone engine's faults make some). Takes the browser that is installed.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from audio import ffmpeg

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
WIDE = 1060  # pixels
PHONE = (390, 844)
# where an element begins and ends, in pixels of the whole page
PLACE = "(e) => [0, e.offsetHeight].map((at) => e.getBoundingClientRect().top + scrollY + at)"


def main(finished: Path, doubtful: Path) -> None:
    """Writes ``report.png`` (top of the page) and ``report-phone.png`` (takes to judge)."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CASTBOOK_BROWSER") or shutil.which("chromium")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=root)
        page = browser.new_page(viewport={"width": WIDE, "height": 900}, color_scheme="light")
        page.goto(finished.absolute().as_uri())
        page.locator("#moment").fill("200")
        _, end = page.locator("#moment").evaluate(PLACE)
        page.set_viewport_size({"width": WIDE, "height": round(end) + 48})
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        page.screenshot(path=PICTURES / "report.png")
        page = browser.new_page(
            viewport={"width": PHONE[0], "height": PHONE[1]},
            color_scheme="dark",
            device_scale_factor=1.5,
        )
        page.goto(doubtful.absolute().as_uri())
        top, _ = page.locator("article.doubtful").first.evaluate(PLACE)
        page.evaluate(f"scrollTo(0, {top} - 8)")
        page.screenshot(path=PICTURES / "report-phone.png")
        browser.close()
    for name in ("report.png", "report-phone.png"):
        shrink(PICTURES / name)


def shrink(picture: Path) -> None:
    """128 colours are enough for a page without photographs, at a third of the bytes."""
    small = picture.with_name(f"small-{picture.name}")
    palette = "split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none"
    arguments = ["-i", ffmpeg.url(picture), "-vf", palette, "-y", ffmpeg.url(small)]
    ffmpeg.run(arguments, timeout_s=60)
    small.replace(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
