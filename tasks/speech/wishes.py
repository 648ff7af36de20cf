"""What someone wants to hear: one text in one voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from castbook.errors import InputError

# What whoever sends a text may set of its engine: how it sounds. All else belongs to whoever
# runs this machine: which program is run (``host.python``), which files are read
# (``checkpoint``), who is told a key of the environment (``base_url`` with ``api_key_env``).
OPEN_OPTIONS = frozenset({"sampler", "kv_cache", "max_length", "steps", "guidance"})
MOST_TEXT = 200_000  # characters of one text: four hours of speech
SLOWEST, FASTEST = 0.25, 4.0  # of OpenAI's API
LEAST_RATE, MOST_RATE = 8000, 48_000  # Hz
MOST_LENGTH = 100_000  # positions; engines have bounds of their own


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
    speed: float = 1.0  # SLOWEST…FASTEST; above 1 is faster
    preset: str = ""  # debug, hifi, dialogue, batch (configs/service/presets.yaml)
    options: Mapping[str, object] = field(default_factory=dict)  # of the engine
    instructions: str = ""  # how to say it, for engines that listen to that


def open_options(
    written: Mapping[str, object], named: Mapping[str, object], place: str = "options"
) -> dict[str, object]:
    """The options of a text from elsewhere.

    Args:
        written: below ``options``.
        named: those with a field of their own, which outdo ``written``.

    Raises:
        InputError: naming the first that such a text may not set.
    """
    for name in written:
        if name not in OPEN_OPTIONS:
            raise InputError(
                f"{name[:60]!r} cannot be set by a request",
                place=place,
                expected="one of " + ", ".join(sorted(OPEN_OPTIONS)),
            )
    return {**written, **named}
