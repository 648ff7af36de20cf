"""A headless browser for tests of pages: one that is installed, never one that is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
HOW = "no browser: install one (Debian: apt-get install chromium), or name it in CASTBOOK_BROWSER"


def find_browser() -> str | None:
    """The program to run: CASTBOOK_BROWSER, else the first of the Chromium family on PATH.

    ``none`` says that there is none and none can be had (``.ci/run``).
    """
    named = os.environ.get("CASTBOOK_BROWSER")
    if named:
        return None if named == "none" else named
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def running_browser() -> Iterator[Any]:
    """A Chromium of Playwright's; the test is skipped where there is none."""
    program = find_browser()
    if program is None:
        pytest.skip(HOW)
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright: the dev extra")
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=root)
        try:
            yield browser
        finally:
            browser.close()
