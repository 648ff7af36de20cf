"""Sound to bytes as it comes: decodable at once, equal for equal sound, of the right length."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import av
import numpy as np
import pytest

from audio import ffmpeg
from audio.streaming import libav
from audio.streaming.encoders import encode, warm_up, wav_header
from audio.streaming.forms import FORMS, PCM_RATE, form_of
from castbook.errors import InputError, MissingDependency

DECODED = [name for name in FORMS if name != "pcm"]
FILLED = {"mp3": 3 * 1152, "aac": 3 * 1024}  # samples that the codec adds at most


def voice(rate: int, seconds: float = 1.5) -> np.ndarray:
    """A tone with some noise: −12 dBFS, and nothing a codec may leave out."""
    times = np.arange(int(rate * seconds)) / rate
    noise = np.random.default_rng(7).normal(0, 200, len(times))
    return (np.sin(times * 2 * np.pi * 220) * 8000 + noise).astype(np.int16)


def cut(pcm: np.ndarray, frames: int) -> Iterator[np.ndarray]:
    for start in range(0, len(pcm), frames):
        yield pcm[start : start + frames]


def decode(data: bytes) -> tuple[np.ndarray, int]:
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(audio=0))
        resampler = av.AudioResampler("s16", "mono")
        sound = [f.to_ndarray().reshape(-1) for g in frames for f in resampler.resample(g)]
        return np.concatenate(sound), frames[0].sample_rate


def level(pcm: np.ndarray) -> float:
    """dBFS of the middle half: the ends hold what codecs add."""
    middle = pcm[len(pcm) // 4 : 3 * len(pcm) // 4].astype(float) / 32768
    return float(20 * np.log10(np.sqrt(np.mean(middle**2))))


@pytest.mark.parametrize("rate", [22050, 24000])
@pytest.mark.parametrize("form", DECODED)
def test_length_and_level_survive(form: str, rate: int) -> None:
    pcm = voice(rate)
    data = b"".join(encode(cut(pcm, rate // 2), rate, form))
    sound, decoded_rate = decode(data)
    assert decoded_rate == FORMS[form].rate_for(rate)
    promised = len(pcm) * decoded_rate // rate
    assert promised - 1 <= len(sound) <= promised + FILLED.get(form, 1)
    assert level(sound) == pytest.approx(level(pcm), abs=0.3)


@pytest.mark.parametrize("form", DECODED)
def test_ffmpeg_reads_it_too(form: str) -> None:
    pcm = voice(24000)
    data = b"".join(encode(cut(pcm, 6000), 24000, form))
    told = ["-i", "pipe:0", "-f", "s16le", "-ar", "24000", "-ac", "1", "pipe:1"]
    sound = np.frombuffer(ffmpeg.run(told, timeout_s=20, stdin=[data]).stdout, "<i2")
    assert abs(len(sound) - len(pcm)) <= 3 * 1152
    assert level(sound) == pytest.approx(level(pcm), abs=0.3)


@pytest.mark.parametrize("form", DECODED)
def test_the_first_chunk_can_be_heard_at_once(form: str) -> None:
    """20 ms of it, from the first bytes alone, before the second chunk exists."""
    told: list[int] = []

    def chunks() -> Iterator[np.ndarray]:
        for number, chunk in enumerate(cut(voice(24000), 4800)):  # 200 ms
            told.append(number)
            yield chunk

    stream = encode(chunks(), 24000, form)
    first = next(stream)
    assert told == [0]
    sound, rate = decode(first)
    assert len(sound) >= rate * 20 // 1000
    stream.close()


@pytest.mark.parametrize("form", FORMS)
def test_equal_sound_gives_equal_bytes_however_it_was_cut(form: str) -> None:
    pcm = voice(22050)
    whole = b"".join(encode([pcm], 22050, form))
    assert b"".join(encode(cut(pcm, 777), 22050, form)) == whole
    assert b"".join(encode([pcm[:0], pcm[:1], pcm[1:]], 22050, form)) == whole
    assert b"" not in list(encode(cut(pcm, 100), 22050, form))


def test_pcm_is_24_khz_whatever_the_engine() -> None:
    data = b"".join(encode([voice(48000, 1.0)], 48000, "pcm"))
    assert len(data) == 2 * PCM_RATE
    exact = voice(24000)
    assert b"".join(encode([exact], 24000, "pcm")) == exact.astype("<i2").tobytes()


def test_a_wav_stream_has_no_length_and_a_wav_file_has_one() -> None:
    data = b"".join(encode([voice(24000)], 24000, "wav"))
    assert struct.unpack("<I", data[40:44]) == struct.unpack("<I", data[4:8]) == (0xFFFFFFFF,)
    assert len(wav_header(24000)) == 44 == data.index(b"data") + 8
    assert struct.unpack("<I", wav_header(24000, 100)[4:8]) == (136,)


@pytest.mark.parametrize("form", FORMS)
def test_closing_early_closes_the_source(form: str) -> None:
    closed = []

    def chunks() -> Iterator[np.ndarray]:
        try:
            while True:
                yield voice(24000, 0.5)
        finally:
            closed.append(True)

    for rate in (24000, 22050):
        stream = encode(chunks(), rate, form)
        next(stream)
        stream.close()
    assert closed == [True, True]


def test_an_error_of_the_source_comes_through() -> None:
    def chunks() -> Iterator[np.ndarray]:
        yield voice(24000, 0.5)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(encode(chunks(), 24000, "mp3"))


def test_forms_are_those_of_the_protocol() -> None:
    assert {name: form.content_type for name, form in FORMS.items()} == {
        "mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm;rate=24000",
        "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac",
    }  # fmt: skip
    assert form_of(None).name == form_of("").name == form_of("MP3").name == "mp3"
    with pytest.raises(InputError, match=r"response_format: there is no form 'opos'; .*opus"):
        form_of("opos")
    assert FORMS["mp3"].rate_for(96000) == 48000
    assert FORMS["aac"].rate_for(23000) == 24000


def test_a_machine_without_the_codecs_says_how_to_get_them(monkeypatch) -> None:
    warm_up()
    monkeypatch.setattr(libav, "import_module", _missing)
    with pytest.raises(MissingDependency, match=r"castbook\[service\]"):
        next(encode([voice(24000)], 24000, "mp3"))
    assert next(encode([voice(24000)], 24000, "wav"))


def _missing(name: str) -> None:
    raise ImportError(f"no {name}")
