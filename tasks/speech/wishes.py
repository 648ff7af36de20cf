"""What someone wants to hear: one text in one voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from castbook.errors import InputError

# What whoever sends a text may set of its engine: how it sounds. All else belongs to whoever
# runs this machine: which program is run (``host.python``), which files are read
# (``checkpoint``), who is told a key of the environment (``base_url`` with ``api_key_env``).
OPEN_OPTIONS = frozenset({"sampler", "kv_cache", "max_length", "steps", "guidance"})


@dataclass(frozen=True, slots=True)
class SpeechWish:
    """One text to speak. Every way in (command line, API, webhook, page, batch) makes one."""

    text: str
    voice: str = ""  # a name on the shelf; "" is the shelf's default
    language: str = ""  # BCP 47; "" is found from the text's script
    engine: str = ""  # overrides that of the voice
    style: str = ""  # a mood of the voice
    seed: int | None = 42  # None: another performance each time
    rate: int | None = None  # Hz of the result; None: the engine's own
    speed: float = 1.0  # 0.25…4; above 1 is faster
    preset: str = ""  # debug, hifi, dialogue, batch (configs/service/presets.yaml)
    options: Mapping[str, object] = field(default_factory=dict)  # of the engine
    instructions: str = ""  # how to say it, for engines that listen to that


def check_open(options: Mapping[str, object], place: str = "options") -> None:
    """Refuses options that a text from elsewhere may not set.

    Raises:
        InputError: naming the first of them.
    """
    for name in options:
        if name not in OPEN_OPTIONS:
            raise InputError(
                f"{name[:60]!r} cannot be set by a request",
                place=place,
                expected="one of " + ", ".join(sorted(OPEN_OPTIONS)),
            )
