"""First audio of a streamed request, measured by a client's clock in a process of its own.

The tone engine gives a chunk of 200 ms after every 80 ms, so the first chunk exists 80 ms after
the engine was asked, at the earliest. Times are from the written request and less those 80 ms:
they hold the whole way there and back, and all that the service adds.
"""

from __future__ import annotations

import io
import os
import statistics
import time
from pathlib import Path

import av
import httpx

from benchmarks.service_figures import Figure, below, load, percentile
from benchmarks.service_site import ROOT, Kept, castbook, free_port

CHUNK_S, COST_S = 0.2, 0.08
LIBRARY = (
    "version: 1\nengine: tone\nengines:\n"
    f"  tone: {{chunk_ms: {CHUNK_S * 1000:.0f}, chunk_cost_ms: {COST_S * 1000:.0f}}}\n"
)
FORMATS = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav", "pcm": "s16le"}
RATE = 24000
DECODABLE_S = 0.02
SOON_MS = 50.0
TEXT = "The first sound of this line is measured."


def sounds(folder: Path, tries: int) -> list[Figure]:
    """Every format, ``tries`` times, from a ``castbook serve`` of its own."""
    data = folder / "sounds"
    (data / "library").mkdir(parents=True)
    (data / "library" / "library.yaml").write_text(LIBRARY, "utf-8")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "CASTBOOK_"))},
        "PYTHONPATH": str(ROOT),
        "CASTBOOK_DATA": str(data),
        "CASTBOOK_RATE": "0",
    }
    words = ("serve", "--no-jobs", "--host", "127.0.0.1", "--port", str(port))
    api = Kept("API", lambda: castbook(words, environment, address, folder / "sounds.log"))
    api.start()
    try:
        found = []
        for form in FORMATS:
            listen(address, form)  # the engine's process and the codec are there from now on
            heard = [measured(listen(address, form)) for _ in range(tries)]
            found += _figures(form, heard)
        return found
    finally:
        api.stop()


def listen(address: str, form: str) -> list[tuple[float, float]]:
    """(seconds since the request was written, seconds that can be played by then) of every
    piece of an answer."""
    body = {"input": TEXT, "response_format": form}
    came: list[tuple[float, int]] = []
    sound = bytearray()
    with httpx.Client(timeout=30) as client:
        client.get(f"{address}/healthz")  # the connection is open
        begun = time.monotonic()
        with client.stream("POST", f"{address}/v1/audio/speech", json=body) as answer:
            answer.raise_for_status()
            for piece in answer.iter_raw():
                sound += piece
                came.append((time.monotonic() - begun, len(sound)))
    return [(at, decoded(bytes(sound[:size]), form)) for at, size in came]


def measured(came: list[tuple[float, float]]) -> tuple[float, float, float]:
    """(first byte, first sound, spare) in seconds: the first two less the engine's 80 ms; spare
    is by how much the tightest piece came before a player that starts at the first sound would
    have run dry."""
    heard = next(i for i, (_, seconds) in enumerate(came) if seconds >= DECODABLE_S)
    begun = came[heard][0]
    pieces = zip(came[heard:], came[heard + 1 :], strict=False)
    spare = min((begun + had - at for (_, had), (at, _) in pieces), default=0.0)
    return came[0][0] - COST_S, begun - COST_S, spare


def decoded(sound: bytes, form: str) -> float:
    """Seconds that a player has of the bytes that came so far."""
    options = {"sample_rate": str(RATE), "ch_layout": "mono"} if form == "pcm" else {}
    try:
        with av.open(io.BytesIO(sound), "r", format=FORMATS[form], options=options) as file:
            return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    except (av.error.FFmpegError, IndexError):
        return 0.0


def _figures(form: str, heard: list[tuple[float, float, float]]) -> list[Figure]:
    bytes_ms, sounds_ms, spare_ms = ([1000 * row[i] for row in heard] for i in range(3))
    dry = sum(spare < 0 for spare in spare_ms)
    note = f"of {len(heard)}, load {load()}"
    return [
        below("sounds", f"{form}: first byte, median {note}", statistics.median(bytes_ms), SOON_MS),
        below("sounds", f"{form}: first 20 ms, p95", percentile(sounds_ms, 0.95), SOON_MS),
        Figure(
            "sounds",
            f"{form}: underruns; spare at the tightest piece",
            f"{dry}; {min(spare_ms):.0f} ms",
            "0",
            dry == 0,
        ),
    ]
