"""First audio of a streamed request: from the engine's first chunk to what a client can play.

Client, ``castbook serve`` and engine are processes of their own, with one clock. The scripted
engine gives a chunk of 200 ms after every 80 ms and writes down when it was there.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import time
from pathlib import Path

import av
import httpx

from benchmarks.service_figures import Figure, below, load, percentile, told
from benchmarks.service_scripted import NAME, chunk_times, installed
from benchmarks.service_site import ROOT, Kept, castbook, free_port
from castbook.errors import EnvironmentFault

CHUNK_S, COST_S = 0.2, 0.08
FORMATS = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav", "pcm": "s16le"}
RATE = 24000
DECODABLE_S = 0.02
SOON_MS = 50.0
Came = list[tuple[float, float]]  # (when, seconds that can be played by then) of each piece
TEXT = "The first sound of this line is measured."


def sounds(folder: Path, tries: int) -> list[Figure]:
    """Every format, ``tries`` times, from a ``castbook serve`` of its own."""
    data = folder / "sounds"
    (data / "library").mkdir(parents=True)
    diary = folder / "chunks"
    (data / "library" / "library.yaml").write_text(
        f"version: 1\nengine: {NAME}\nengines:\n"
        f"  {NAME}: {{chunk_ms: {CHUNK_S * 1000:.0f}, chunk_cost_ms: {COST_S * 1000:.0f},"
        f" diary: {json.dumps(str(diary))}}}\n",
        "utf-8",
    )
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "CASTBOOK_"))},
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(installed(folder / "engine")))),
        "CASTBOOK_DATA": str(data),
        "CASTBOOK_RATE": "0",
    }
    words = ("serve", "--no-jobs", "--host", "127.0.0.1", "--port", str(port))
    api = Kept(
        "API", lambda: castbook(words, environment, f"{address}/readyz", folder / "sounds.log")
    )
    api.start()
    try:
        found = []
        for form in FORMATS:
            listen(address, form, diary)  # engine and codec are there from now on
            heard = [measured(*listen(address, form, diary)) for _ in range(tries)]
            found += _figures(form, heard)
        return [*found, bare(address, tries)]
    finally:
        api.stop()


def bare(address: str, tries: int) -> Figure:
    """How long a request takes that asks for nothing: what the machine adds to all the others."""
    times = []
    with httpx.Client(timeout=30) as client:
        for _ in range(tries + 1):
            begun = time.monotonic()
            client.get(f"{address}/healthz").raise_for_status()
            times.append(1000 * (time.monotonic() - begun))
    del times[0]  # it opened the connection
    value = f"{statistics.median(times):.1f}, {percentile(times, 0.95):.1f} ms"
    return told("sounds", "for comparison: GET /healthz, median, p95", value)


def listen(address: str, form: str, diary: Path) -> tuple[Came, float, float]:
    """The pieces of an answer; when the request was written; when the first chunk was there."""
    diary.write_text("", "utf-8")
    body = {"input": TEXT, "response_format": form}
    came: list[tuple[float, int]] = []
    sound = bytearray()
    with httpx.Client(timeout=30) as client:
        client.get(f"{address}/healthz")  # the connection is open
        begun = time.monotonic()
        with client.stream("POST", f"{address}/v1/audio/speech", json=body) as answer:
            if answer.is_error:
                raise EnvironmentFault(f"{answer.status_code}: {answer.read().decode()}")
            for piece in answer.iter_raw():
                sound += piece
                came.append((time.monotonic(), len(sound)))
    pieces = [(at, decoded(bytes(sound[:size]), form)) for at, size in came]
    return pieces, begun, chunk_times(diary)[0]


def measured(came: Came, begun: float, chunk: float) -> tuple[float, float, float, float]:
    """Seconds from the engine's first chunk to the first byte and to the first sound; from the
    written request to the first sound; and by how much the tightest piece came before a player
    that starts at the first sound would have run dry."""
    heard = next(i for i, (_, seconds) in enumerate(came) if seconds >= DECODABLE_S)
    started = came[heard][0]
    pieces = zip(came[heard:], came[heard + 1 :], strict=False)
    spare = min((started + had - at for (_, had), (at, _) in pieces), default=0.0)
    return came[0][0] - chunk, started - chunk, started - begun, spare


def decoded(sound: bytes, form: str) -> float:
    """Seconds that a player has of the bytes that came so far."""
    options = {"sample_rate": str(RATE), "ch_layout": "mono"} if form == "pcm" else {}
    try:
        with av.open(io.BytesIO(sound), "r", format=FORMATS[form], options=options) as file:
            return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    except (av.error.FFmpegError, IndexError):
        return 0.0


def _figures(form: str, heard: list[tuple[float, float, float, float]]) -> list[Figure]:
    bytes_ms, sounds_ms, waits_ms, spare_ms = ([1000 * row[i] for row in heard] for i in range(4))
    dry = sum(spare < 0 for spare in spare_ms)
    note = f"p95 of {len(heard)}, load {load()}"
    median = statistics.median(waits_ms)
    return [
        below(
            "sounds", f"{form}: chunk to first byte, {note}", percentile(bytes_ms, 0.95), SOON_MS
        ),
        below("sounds", f"{form}: chunk to first 20 ms, p95", percentile(sounds_ms, 0.95), SOON_MS),
        told("sounds", f"{form}: the same, median", f"{statistics.median(sounds_ms):.1f} ms"),
        told("sounds", f"{form}: request to first 20 ms, median", f"{median:.1f} ms"),
        Figure(
            "sounds",
            f"{form}: underruns; spare at the tightest piece",
            f"{dry}; {min(spare_ms):.0f} ms",
            "0",
            dry == 0,
        ),
    ]
