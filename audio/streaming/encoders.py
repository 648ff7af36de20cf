"""Sound to bytes while it is still coming: mp3, wav, pcm, opus, aac, flac.

Promises: bytes come with the first chunk (of 50 ms or more), decodable at once; equal sound
gives equal bytes, however it was cut into chunks; closing the iterator early closes the source
of the chunks and frees the codec; nothing touches a disk or starts a process.

What the codecs add: mp3 and aac begin with 46 ms (1,105 samples at 24 kHz) and 43 ms (1,024) of
silence and end with a filled frame, and have no place to say so in a stream; the other forms
keep the length exactly.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Final

import numpy as np

from audio.pcm import FULL_SCALE, Pcm
from audio.streaming.forms import FORMS, Form, form_of
from audio.streaming.libav import load_av
from audio.streaming.resampling import resample

_UNKNOWN = 0xFFFFFFFF  # a length that is not known yet: browsers and ffmpeg read on to the end
# nothing of a version, a date or a random serial in the bytes; every packet at once
_BITEXACT = {"fflags": "+bitexact+flush_packets", "flush_packets": "1"}
_BLOCK: Final = 1 << 14  # frames handed to a codec at once: bounds its memory


def encode(chunks: Iterable[Pcm], rate: int, form: str | Form) -> Generator[bytes, None, None]:
    """The encoded sound, in pieces; none is empty.

    Args:
        chunks: int16 (n,), mono.
        rate: Hz of the chunks; the form may need another (``Form.rate_for``).
        form: a name of ``FORMS``.

    Raises:
        InputError: there is no such form.
        MissingDependency: PyAV is not installed (wav and pcm need it not).
    """
    form = form_of(form) if isinstance(form, str) else form
    with contextlib.closing(resample(chunks, rate, form.rate_for(rate))) as fitting:
        written = _encoded if form.codec else _plain
        yield from written(fitting, form.rate_for(rate), form)


def warm_up() -> None:
    """Loads all codecs: the first use of each costs up to 140 ms that no listener should pay.

    Raises:
        MissingDependency: PyAV is not installed.
    """
    silence = np.zeros(2400, np.int16)
    for form in FORMS.values():
        for _ in encode([silence], 24000, form):
            pass


def wav_header(rate: int, size: int = _UNKNOWN) -> bytes:
    """The 44 bytes before mono 16-bit samples; ``size`` in bytes, unknown in a stream."""
    riff = size if size == _UNKNOWN else size + 36
    head = struct.pack("<4sI4s", b"RIFF", riff, b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return head + form + struct.pack("<4sI", b"data", size)


def _plain(chunks: Iterable[Pcm], rate: int, form: Form) -> Iterator[bytes]:
    """wav and pcm: the samples themselves."""
    head = wav_header(rate) if form.name == "wav" else b""
    for chunk in chunks:
        samples = np.ascontiguousarray(chunk, "<i2").tobytes()
        if head or samples:
            yield head + samples
            head = b""
    if head:
        yield head


class _Sink:
    """Where the muxer writes; it cannot seek, which tells it not to come back to a header."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def drain(self) -> bytes:
        """What was written since the last time."""
        found = bytes(self._bytes)
        self._bytes.clear()
        return found


def _encoded(chunks: Iterable[Pcm], rate: int, form: Form) -> Iterator[bytes]:
    av = load_av()
    sink = _Sink()
    options = {**_BITEXACT, **form.container_options}
    with av.open(sink, "w", format=form.container, container_options=options) as container:
        coding = {"flags": "+bitexact", "threads": "1", **form.codec_options}
        stream = container.add_stream(form.codec, rate=rate, layout="mono", options=coding)
        if form.bit_rate:
            stream.bit_rate = form.bit_rate
        at = 0
        for chunk in chunks:
            for start in range(0, len(chunk), _BLOCK):
                part = chunk[start : start + _BLOCK]
                _feed(container, stream, _frame(av, part, rate, at, form.gain))
                at += len(part)
                data = sink.drain()
                if data:
                    yield data
        _feed(container, stream, None)
    data = sink.drain()
    if data:
        yield data


def _frame(av: Any, part: Pcm, rate: int, at: int, gain: float) -> Any:
    """Samples as PyAV wants them; ``gain`` of the encoder is undone in floating point."""
    if gain == 1.0:
        frame = av.AudioFrame.from_ndarray(part[None, :], format="s16", layout="mono")
    else:
        loud = part[None, :].astype(np.float32) / np.float32(FULL_SCALE * gain)
        frame = av.AudioFrame.from_ndarray(loud, format="flt", layout="mono")
    frame.sample_rate = rate
    frame.pts = at
    return frame


def _feed(container: Any, stream: Any, frame: Any) -> None:
    """One frame of sound, or None at the end, into the file."""
    for packet in stream.encode(frame):
        container.mux(packet)
