"""``flow/config.yaml``: settings of the flow, under a tag that names a class we do not need.

The tag ``!new:`` is HyperPyYAML's for making an object; here it is just its map. Any other tag
is refused, and nothing is imported or called.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tts.glm.checkpoint.faults import damaged


def read_settings(path: Path) -> Mapping[str, Any]:
    """What stands under ``flow:``.

    Raises:
        StorageError: it cannot be read, or holds something else.
    """
    try:
        data = yaml.load(path.read_text("utf-8"), _Settings)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = getattr(error, "problem", None) or str(error)
        reason = " ".join(problem.split())[:120]
        raise damaged(path, f"cannot be read ({reason})", "the settings of the flow") from error
    settings = data.get("flow") if isinstance(data, dict) else None
    if not isinstance(settings, Mapping):
        raise damaged(path, "no map under flow:", "the settings of the flow")
    return settings


class _Settings(yaml.SafeLoader):
    """Plain YAML and the one tag."""


def _without_class(loader: _Settings, _suffix: str, node: yaml.Node) -> Any:
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


_Settings.add_multi_constructor("!new:", _without_class)
