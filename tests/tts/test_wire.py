"""Frames and values survive every way of being cut."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from castbook.errors import BrokenPromise
from tts import messages, wire
from tts.engine import Reference, Request, Speech, Voice, WordTime

texts = st.text(st.characters(exclude_categories=()), max_size=80)  # lone surrogates, too
headers = st.dictionaries(texts, st.none() | st.integers() | texts | st.lists(texts), max_size=5)
payloads = st.binary(max_size=400)
samples = st.lists(st.integers(-32768, 32767), max_size=50).map(lambda v: np.array(v, np.int16))


def _flat(frames: list[tuple[dict[str, object], bytes]]) -> bytes:
    return b"".join(bytes(b) for header, load in frames for b in wire.encode(header, load))


def _decode(data: bytes, cuts: list[int]) -> list[wire.Frame]:
    decoder, frames = wire.Decoder(), []
    while data:
        piece = data[: cuts.pop() if cuts else len(data)]
        count = 0
        for room in decoder.room():
            part = piece[count : count + len(room)]
            room[: len(part)] = part
            count += len(part)
            del room  # the decoder may have to enlarge its buffer
        frames += decoder.advance(count)
        data = data[count:]
    return frames


@given(st.lists(st.tuples(headers, payloads), max_size=8), st.lists(st.integers(1, 300)))
def test_frames_come_out_as_they_went_in_however_they_are_cut(frames, cuts) -> None:
    decoded = _decode(_flat(frames), cuts)
    assert [(f.header, bytes(f.payload)) for f in decoded] == frames


def test_a_large_payload_crosses_a_real_pipe() -> None:
    out, into = os.pipe()
    payload = os.urandom(3_000_001)
    frames = [({"is": "small"}, b""), ({"is": "large"}, payload), ({"x": "y" * 400_000}, b"z")]

    def write() -> None:
        for header, load in frames:
            wire.send(into, wire.encode(header, load))
        os.close(into)

    writer = threading.Thread(target=write)
    writer.start()
    decoder, received = wire.Decoder(), []
    with pytest.raises(EOFError):
        while True:
            received += wire.receive(out, decoder)
    writer.join()
    os.close(out)
    assert [(f.header, bytes(f.payload)) for f in received] == frames


def test_hundreds_of_buffers_are_written_at_once() -> None:
    out, into = os.pipe()
    wire.send(into, [b"ab"] * 3000)
    os.close(into)
    with os.fdopen(out, "rb") as file:
        assert file.read() == b"ab" * 3000


@pytest.mark.parametrize(
    "garbage",
    [b"hello, this is no frame", b"\x03\0\0\0\0\0\0\0abc", b"\x02\0\0\0\0\0\0\0[]"],
)
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(BrokenPromise, match="engine pipe"):
        _decode(garbage, [])


@given(texts, texts, st.integers(0, 2**63 - 1), st.integers(0, 9), st.integers(0, 10**9))
def test_requests(text, language, seed, attempt, number) -> None:
    request = Request("a caller's id", text, language, "d" * 64, seed, attempt, "shorter", 3)
    [frame] = _decode(b"".join(messages.pack_request(number, request)), [])
    back = messages.unpack_request(frame.header)
    assert back.id == str(number)
    assert back == Request(str(number), text, language, "d" * 64, seed, attempt, "shorter", 3)


@given(
    samples, st.none() | texts, st.dictionaries(texts, st.integers() | st.booleans(), max_size=3)
)
def test_voices(pcm, transcript, parameters) -> None:
    clip = Reference(pcm, 16000, transcript, "c" * 64)
    voice = Voice("d" * 64, None, parameters, clip, "calm")
    [frame] = _decode(b"".join(bytes(b) for b in messages.pack_voice(voice)), [])
    back = messages.unpack_voice(frame)
    assert back.reference is not None
    assert np.array_equal(back.reference.pcm, pcm)
    assert (back.digest, back.preset, back.parameters, back.style) == (
        voice.digest, None, parameters, "calm",
    )  # fmt: skip
    assert (back.reference.rate, back.reference.transcript) == (16000, transcript)


@given(samples, st.dictionaries(texts, st.floats(allow_nan=False), max_size=3))
def test_speech(pcm, signals) -> None:
    words = (WordTime(0, 4, 17), WordTime(5, 9, 400))
    speech = Speech(pcm, 24000, signals, words, (5, 6), 2, 0.25)
    [frame] = _decode(b"".join(bytes(b) for b in messages.pack_speech(7, speech)), [])
    back = messages.unpack_speech(frame)
    assert np.array_equal(back.pcm, pcm)
    assert back.pcm.dtype == np.int16
    assert (back.rate, back.signals, back.words, back.tokens, back.clipped, back.seconds) == (
        24000, signals, words, (5, 6), 2, 0.25,
    )  # fmt: skip


@pytest.mark.parametrize("pcm", [np.zeros(4), np.zeros((2, 2), np.int16), [0, 1]])
def test_only_mono_16_bit_audio_travels(pcm) -> None:
    with pytest.raises(BrokenPromise, match="int16"):
        messages.pack_speech(1, Speech(pcm, 24000))


def test_every_second_sample_of_an_array_travels_as_itself() -> None:
    pcm = np.arange(20, dtype=np.int16)[::2]
    [frame] = _decode(b"".join(bytes(b) for b in messages.pack_speech(1, Speech(pcm, 8000))), [])
    assert np.array_equal(messages.unpack_speech(frame).pcm, pcm)
