from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from castbook.resources import configs, list_configs, read_config

ROOT = Path(__file__).resolve().parents[2]


def test_a_checkout_reads_its_own_configs() -> None:
    assert Path(str(configs())) == ROOT / "configs"


def test_a_file_is_read_and_its_folder_listed() -> None:
    assert "script: latin" in read_config("languages", "en.yaml")
    assert {"en", "zh", "und"} <= set(list_configs("languages"))
    assert list(list_configs("mastering")) == sorted(list_configs("mastering"))


@pytest.mark.parametrize("parts", [("languages", "xx.yaml"), ("nothing", "x.yaml"), ("languages",)])
def test_a_missing_file_is_named(parts: tuple[str, ...]) -> None:
    with pytest.raises(FileNotFoundError, match="/".join(("configs", *parts))):
        read_config(*parts)


def test_a_missing_folder_is_empty() -> None:
    assert list_configs("nothing") == ()


@pytest.mark.parametrize(
    "file", sorted((ROOT / "configs").rglob("*.yaml")), ids=lambda f: f"{f.parent.name}-{f.stem}"
)
def test_every_shipped_yaml_holds_something(file: Path) -> None:
    assert yaml.safe_load(file.read_text(encoding="utf-8"))
