from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from castbook import settings
from castbook.settings import Settings


def test_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    found = Settings.read({})
    assert (found.build, found.projects, found.ffmpeg) == (None, (), None)
    assert found.cache == Path.home() / ".cache" / "castbook"


def test_everything_is_set_and_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = Settings.read(
        {
            "CASTBOOK_BUILD": "builds",
            "CASTBOOK_PROJECTS": os.pathsep.join(["one", "", str(tmp_path / "two")]),
            "CASTBOOK_CACHE": "~/weights",
            "CASTBOOK_DATA": "kept",
            "CASTBOOK_FFMPEG": "/opt/ffmpeg",
        }
    )
    assert found == Settings(
        build=tmp_path / "builds",
        projects=(tmp_path / "one", tmp_path / "two"),
        cache=Path.home() / "weights",
        data=tmp_path / "kept",
        ffmpeg="/opt/ffmpeg",
    )


def test_empty_variables_are_as_if_absent() -> None:
    names = ("CASTBOOK_BUILD", "CASTBOOK_PROJECTS", "CASTBOOK_CACHE", "CASTBOOK_FFMPEG")
    assert Settings.read(dict.fromkeys(names, "")) == Settings.read({})


@pytest.mark.parametrize(
    ("platform", "environment", "cache"),
    [
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, Path("/xdg/castbook")),
        ("darwin", {"XDG_CACHE_HOME": "/xdg"}, Path.home() / "Library/Caches/castbook"),
        ("win32", {"LOCALAPPDATA": "/local"}, Path("/local/castbook/cache")),
    ],
)
def test_the_cache_is_where_the_platform_keeps_caches(
    platform: str, environment: dict[str, str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert Settings.read(environment).cache == cache


def test_every_variable_is_in_the_table() -> None:
    source = Path(settings.__file__).read_text(encoding="utf-8")
    table, _, code = source.partition('"""\n\nfrom __future__')
    for word in code.split('"'):
        if word.startswith("CASTBOOK_"):
            assert f"| {word} |" in table


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASTBOOK_FFMPEG", "/somewhere/ffmpeg")
    assert Settings.read().ffmpeg == "/somewhere/ffmpeg"
