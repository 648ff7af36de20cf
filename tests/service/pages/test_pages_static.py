"""What pages load is ours or unchanged from its makers, and nothing else is served."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from service.pages.rendering import POLICY
from service.pages.statics import FOLDER, address, statics, version

VENDOR = FOLDER / "vendor"


def test_vendored_files_are_those_that_were_released() -> None:
    sums = dict(
        reversed(line.split("  ")) for line in (VENDOR / "SHA256SUMS").read_text().splitlines()
    )
    held = {path.name for path in VENDOR.iterdir()} - {"SHA256SUMS"}
    assert set(sums) == held
    for name, digest in sums.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_each_vendored_program_has_its_licence_and_stands_in_the_notice() -> None:
    notice = (Path(__file__).resolve().parents[3] / "NOTICE").read_text()
    for program in ("htmx", "wavesurfer"):
        assert (VENDOR / f"{program}-LICENSE.txt").is_file()
        assert program in notice


def test_nothing_is_loaded_from_elsewhere_and_nothing_inline_runs() -> None:
    assert "unsafe" not in POLICY
    for path in (FOLDER.parent / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", text), path.name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text), path.name
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), path.name
        assert "|safe" not in text.replace(" ", ""), path.name


def test_addresses_are_those_of_this_version() -> None:
    assert address("style.css") == f"/static/{version()}/style.css"
    assert re.fullmatch("[0-9a-f]{12}", version())


def test_programs_name_each_other_so_that_none_is_loaded_twice() -> None:
    for path in FOLDER.glob("*.js"):
        for name in re.findall(r'from "([^"]+)"', path.read_text(encoding="utf-8")):
            assert name.startswith("./") and name[2:] in statics(), (path.name, name)
