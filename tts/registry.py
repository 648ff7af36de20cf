"""Which engines there are, by name.

Built-in engines are imported when they are asked for, and no earlier. Others come from the
entry-point group ``castbook.engines`` of any installed package (docs/engines.md); installed
packages are searched only for a name that is not built in, because that reads the metadata
of every package of the environment. A built-in name cannot be taken by another package.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from castbook.errors import MissingDependency, ProjectError
from tts.engine import Engine

GROUP = "castbook.engines"
BUILT_IN: Mapping[str, str] = {
    "tone": "tts.tone:ToneEngine",
    "espeak": "tts.espeak:EspeakEngine",
    "kokoro": "tts.kokoro:KokoroEngine",
    "glm": "tts.glm.engine:GlmEngine",
    "openai": "tts.openai:OpenAIEngine",
}


def engine_names() -> tuple[str, ...]:
    """All engines of this environment: the built-in ones, then others by name."""
    return (*BUILT_IN, *sorted(_third_parties()))


def engine_class(name: str) -> type[Engine]:
    """The engine called ``name``.

    Raises:
        ProjectError: there is none; the message has the nearest match and the list.
        MissingDependency: the package that promises it cannot be imported.
    """
    if name in BUILT_IN:
        return _load(name, BUILT_IN[name])
    point = _third_parties().get(name)
    if point is not None:
        return _load(name, point.value)
    names = engine_names()
    near = difflib.get_close_matches(name, names, n=1)
    raise ProjectError(
        f"there is no engine called {name!r}",
        expected="one of " + ", ".join(names),
        hint=f"did you mean {near[0]}?" if near else None,
    )


def make_engine(name: str, options: Mapping[str, Any] | None = None) -> Engine:
    """The light half of an engine, with the options of the project.

    Raises:
        ProjectError: no such engine, or an option it does not take.
        MissingDependency: see ``engine_class``.
    """
    return engine_class(name)(options)


@cache
def _load(name: str, where: str) -> type[Engine]:
    module, _, attribute = where.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except ImportError as error:
        raise MissingDependency(
            f"engine {name}: {module} cannot be imported ({error}); "
            "install what it names into the environment of castbook"
        ) from error
    except AttributeError as error:
        raise MissingDependency(
            f"engine {name}: {module} has no {attribute}; install a release that fits castbook"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise MissingDependency(f"engine {name}: {where} is no subclass of tts.engine.Engine")
    return found


def _third_parties() -> dict[str, EntryPoint]:
    return {p.name: p for p in entry_points(group=GROUP) if p.name not in BUILT_IN}
