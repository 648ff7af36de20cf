"""The values of the engine contract as frames, and back.

Requests, voices and speech come out equal to what went in; samples are the payload, as
little-endian 16-bit PCM, and are copied nowhere on the way.
"""

from __future__ import annotations

import numpy as np

from castbook.errors import BrokenPromise
from tts.engine import Pcm, Reference, Request, Speech, Voice, WordTime
from tts.wire import Buffer, Frame, Header, encode


def pack_request(number: int, request: Request, streamed: bool = False) -> list[Buffer]:
    """A request; ``number`` stands for its id, which only the parent knows."""
    return encode(
        {
            "is": "stream" if streamed else "request",
            "id": number,
            "text": request.text,
            "language": request.language,
            "voice": request.voice,
            "seed": request.seed,
            "attempt": request.attempt,
            "attempt_change": request.attempt_change,
            "try_number": request.try_number,
            "sampling_seed": request.sampling_seed,
            "tokens": request.tokens,
        }
    )


def unpack_request(header: Header) -> Request:
    """The request of a ``request`` or ``stream`` frame; its id is the number as a string."""
    values = {name: value for name, value in header.items() if name != "is"}
    tokens = tuple(values.pop("tokens", ()))
    return Request(**{**values, "id": str(header["id"]), "tokens": tokens})


def pack_voice(voice: Voice) -> list[Buffer]:
    """A voice, with the PCM of its reference as payload."""
    header: Header = {
        "is": "prepare",
        "digest": voice.digest,
        "preset": voice.preset,
        "parameters": dict(voice.parameters),
        "style": voice.style,
    }
    if voice.reference is None:
        return encode(header)
    clip = voice.reference
    header["reference"] = {
        "rate": clip.rate,
        "transcript": clip.transcript,
        "digest": clip.digest,
    }
    return encode(header, _samples(clip.pcm))


def unpack_voice(frame: Frame) -> Voice:
    """The voice of a ``prepare`` frame."""
    values = {name: value for name, value in frame.header.items() if name != "is"}
    clip = values.pop("reference", None)
    if clip is not None:
        clip = Reference(pcm=_pcm(frame.payload), **clip)
    return Voice(reference=clip, **values)


def pack_speech(number: int, speech: Speech) -> list[Buffer]:
    """The audio of one request, PCM as payload."""
    header: Header = {"is": "result", "id": number, "rate": speech.rate}
    if speech.signals:
        header["signals"] = {name: float(value) for name, value in speech.signals.items()}
    if speech.words:
        header["words"] = [(int(w.start), int(w.end), int(w.frame)) for w in speech.words]
    if len(speech.tokens):
        header["tokens"] = [int(token) for token in speech.tokens]
    if speech.clipped:
        header["clipped"] = int(speech.clipped)
    header["seconds"] = float(speech.seconds)
    return encode(header, _samples(speech.pcm))


def unpack_speech(frame: Frame) -> Speech:
    """The audio of a ``result`` frame."""
    header = frame.header
    return Speech(
        pcm=_pcm(frame.payload),
        rate=header["rate"],
        signals=header.get("signals", {}),
        words=tuple(WordTime(*word) for word in header.get("words", ())),
        tokens=tuple(header.get("tokens", ())),
        clipped=header.get("clipped", 0),
        seconds=header["seconds"],
    )


def pack_chunk(number: int, pcm: Pcm) -> list[Buffer]:
    """A piece of the audio of a request that is streamed."""
    return encode({"is": "chunk", "id": number}, _samples(pcm))


def unpack_chunk(frame: Frame) -> Pcm:
    """The samples of a ``chunk`` frame."""
    return _pcm(frame.payload)


def _samples(pcm: Pcm) -> memoryview:
    """The bytes of a mono clip, little-endian.

    Raises:
        BrokenPromise: it is not one-dimensional 16-bit audio.
    """
    if not isinstance(pcm, np.ndarray) or pcm.dtype != np.int16 or pcm.ndim != 1:
        found = getattr(pcm, "dtype", type(pcm).__name__), getattr(pcm, "shape", "")
        raise BrokenPromise(f"an engine must give int16 samples (n,), found {found[0]} {found[1]}")
    return np.ascontiguousarray(pcm, "<i2").view(np.uint8).data


def _pcm(payload: bytearray) -> Pcm:
    return np.frombuffer(payload, "<i2").astype(np.int16, copy=False)
