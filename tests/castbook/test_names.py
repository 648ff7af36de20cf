"""Names of strangers become files of one folder, or nothing."""

from __future__ import annotations

import re
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from castbook.errors import InputError
from castbook.names import inside, is_safe, safe_name

HOSTILE = [
    "", "-", "-rf", ".", "..", "...",
    "../x", "..\\x", "a/b", "a\\b", "/etc/passwd", "C:\\x", "C:x", ".hidden",
    "a\0b", "a\nb", "a\rb", "a\tb", " a", "a ", "a.", "a..", "CON", "con", "con.wav", "NUL.txt.wav",
    "aux", "COM1", "lpt9.wav", "com0", "a:b", "a*b", "a?b", 'a"b', "a<b", "a>b", "a|b", "a;b",
    "a&b",
    "a$b", "`a`", "$(a)", "a%2fb", "%2e%2e", "․․", "。。", "‥", "a∕b", "a⁄b", "a／b", "ａ",
    "é", "𝐚",
    "a\u202eb", "a\ufeffb", "\ud800", "a" * 101, "~", "~root", "a\x7fb", "a\u2028b",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_what_is_no_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        inside(tmp_path, name, "output_name")
    assert "output_name" in str(refused.value) and str(refused.value).isprintable()
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize(
    "name", ["a", "a.wav", "output_001", "a-", "a" * 100, "console", "x.con", "_"]
)
def test_what_is_one(name: str, tmp_path: Path) -> None:
    assert inside(tmp_path, name) == tmp_path / name
    assert safe_name(name) == name


@given(st.text(max_size=120) | st.text("./\\-_aA0:%\0conNUL ", max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_a_safe_name_is_one_part_everywhere(tmp_path: Path, name: str) -> None:
    if not is_safe(name):
        return
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) and not name.startswith(".")
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()
    windows = PureWindowsPath("C:/root") / name
    assert windows.parent == PureWindowsPath("C:/root") and windows.name == name
    assert not windows.is_reserved()


def test_links_are_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "root" / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "root" / "folder").symlink_to(tmp_path)
    for name in ("link", "dangling", "folder"):
        with pytest.raises(InputError):
            inside(tmp_path / "root", name)
