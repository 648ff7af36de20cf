"""Requests on their way to a process: each after its voice, which is sent once."""

from __future__ import annotations

from collections.abc import Mapping

from tts import messages, wire
from tts.ledger import Pending
from tts.process import EngineProcess


def assign(batch: Mapping[int, Pending], process: EngineProcess) -> None:
    """Notes which process has them. Under the host's lock."""
    for entry in batch.values():
        entry.process = process


def deliver(batch: Mapping[int, Pending], process: EngineProcess) -> None:
    """Sends requests, each after its voice. Never under the host's lock."""
    with process.lock:
        buffers: list[wire.Buffer] = []
        for number, entry in batch.items():
            digest = entry.request.voice
            if digest not in process.prepared:
                process.prepared.add(digest)
                buffers += messages.pack_voice(entry.voice)
            buffers += messages.pack_request(number, entry.request, entry.hear is not None)
        process.send_locked(buffers)
