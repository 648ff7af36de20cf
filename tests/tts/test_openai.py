"""The openai engine against a real HTTP server that answers well, slowly, wrongly, or not."""

from __future__ import annotations

import base64
import io
import json
import queue
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from castbook.errors import ProjectError, VoiceError
from tts.conformance import check_engine
from tts.decoding import Undecodable, decode, sniff
from tts.engine import EngineError, Failure, Reference, Request, Speech, Voice
from tts.openai import OpenAIEngine
from tts.openai_options import endpoint
from tts.speech_api import retry_after

KEY = "sk-test-0123456789"
Handler = BaseHTTPRequestHandler
Say = Callable[[Handler, dict[str, Any]], None]


def tone(text: str, rate: int = 24000) -> np.ndarray:
    """A sound of 0.1 s per ten characters whose pitch depends on the text."""
    count = rate * (1 + len(text) // 10) // 10
    return (8000 * np.sin(np.arange(count) * (0.02 + sum(map(ord, text)) % 97 / 500))).astype(
        np.int16
    )


def encoded(pcm: np.ndarray, kind: str, rate: int = 24000, subtype: str | None = None) -> bytes:
    if kind == "pcm":
        return pcm.astype("<i2").tobytes()
    file = io.BytesIO()
    name, default = {
        "wav": ("WAV", "PCM_16"),
        "flac": ("FLAC", "PCM_16"),
        "mp3": ("MP3", "MPEG_LAYER_III"),
        "opus": ("OGG", "OPUS"),
    }[kind]
    soundfile.write(file, pcm, rate, format=name, subtype=subtype or default)
    return file.getvalue()


def reply(
    handler: Handler, status: int, content: bytes, kind: str = "audio/wav", **headers: str
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(content)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content)


def speak(handler: Handler, body: dict[str, Any]) -> None:
    """A good answer."""
    kind = body["response_format"]
    pcm = tone(body["input"] + body.get("voice", "") + str(body.get("seed", "")))
    reply(handler, 200, encoded(pcm, kind), f"audio/{kind}")


def status(code: int, message: str = "no", **headers: str) -> Say:
    content = json.dumps({"error": {"message": message, "type": "x"}}).encode()
    return lambda handler, body: reply(handler, code, content, "application/json", **headers)


def raw(content: bytes, kind: str = "audio/wav") -> Say:
    return lambda handler, body: reply(handler, 200, content, kind)


@dataclass
class Server:
    """A server that says what its script says, then good answers."""

    url: str = ""
    script: list[Say] = field(default_factory=list)
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    peak: int = 0
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, handler: Handler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self.lock:
            self.seen.append((handler.path, dict(handler.headers), body))
            self.times.append(time.monotonic())
            self.now += 1
            self.peak = max(self.peak, self.now)
            say = self.script.pop(0) if self.script else speak
        try:
            say(handler, body)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True
        finally:
            with self.lock:
                self.now -= 1


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            state.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    http.daemon_threads = True
    state.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, args=[0.01])
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def run(
    server: Server,
    texts: Sequence[str] = ("Hello there.",),
    voice: Voice | None = None,
    seed: int = 1,
    **options: Any,
) -> list[Speech | Failure]:
    engine = OpenAIEngine({"base_url": server.url, "pause_s": 0.01, "tries": 3, **options})
    engine.load()
    try:
        voice = voice or Voice("v", preset=engine.presets()[0].name)
        engine.prepare(voice)
        requests = [Request(str(i), t, "en", voice.digest, seed) for i, t in enumerate(texts)]
        results = dict(engine.synthesize(requests))
        assert len(results) == len(texts)
        return [results[request.id] for request in requests]
    finally:
        engine.unload()


def failure(server: Server, **options: Any) -> Failure:
    (result,) = run(server, **options)
    assert isinstance(result, Failure), result
    assert KEY not in result.reason
    return result


# -- what is asked, and what comes back ----------------------------------------------------


def test_it_keeps_the_contract_in_its_host(server: Server) -> None:
    options = {"base_url": server.url, "seeds": True, "concurrency": 2}
    assert check_engine("openai", options) == []
    assert server.peak >= 1


@pytest.mark.parametrize("kind", ["wav", "flac", "pcm"])
def test_lossless_formats_come_through_to_the_sample(server: Server, kind: str) -> None:
    (speech,) = run(server, response_format=kind)
    assert isinstance(speech, Speech)
    assert np.array_equal(speech.pcm, tone("Hello there.alloy"))
    assert speech.pcm.dtype == np.int16
    assert (speech.rate, speech.clipped) == (24000, 0)


@pytest.mark.parametrize("kind", ["mp3", "opus"])
def test_lossy_formats_are_decoded(server: Server, kind: str) -> None:
    (speech,) = run(server, response_format=kind)
    assert isinstance(speech, Speech)
    assert abs(len(speech.pcm) - len(tone("Hello there.alloy"))) < 4000
    assert 2000 < np.abs(speech.pcm).max() < 12000


def test_the_request_holds_what_the_options_say(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    voice = Voice("v", preset="anna", parameters={"speed": 1.5})
    run(
        server,
        voice=voice,
        seed=(1 << 62) + 7,
        api_key_env="MY_KEY",
        model="m",
        voices=["anna"],
        seeds=True,
        instructions="calmly",
        extra={"temperature": 0.5},
    )
    ((path, headers, body),) = server.seen
    assert path == "/v1/audio/speech"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert body == {
        "model": "m",
        "input": "Hello there.",
        "voice": "anna",
        "response_format": "wav",
        "speed": 1.5,
        "seed": 7,
        "instructions": "calmly",
        "temperature": 0.5,
    }


def test_without_a_named_key_none_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    run(server)
    assert "Authorization" not in server.seen[0][1]


def test_the_users_own_key_goes_to_the_users_own_address(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url + "/v1/")
    engine = OpenAIEngine()
    assert engine.missing() is None
    engine.load()
    engine.prepare(Voice("v", preset="nova"))
    assert all(isinstance(r, Speech) for _, r in engine.synthesize([_request("1")]))
    engine.unload()
    assert server.seen[0][0] == "/v1/audio/speech"
    assert server.seen[0][1]["Authorization"] == f"Bearer {KEY}"


def _request(number: str, text: str = "Hello.") -> Request:
    return Request(number, text, "en", "v", 1)


def test_a_reference_travels_as_a_data_url(server: Server) -> None:
    clip = Reference(tone("someone", 16000), 16000, "My own words.", "d")
    run(server, voice=Voice("v", reference=clip), references=True)
    body = server.seen[0][2]
    assert "voice" not in body
    assert body["ref_text"] == "My own words."
    head, _, data = body["ref_audio"].partition(",")
    assert head == "data:audio/wav;base64"
    pcm, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="int16")
    assert rate == 16000
    assert np.array_equal(pcm, clip.pcm)


def test_requests_run_at_once_and_each_answer_is_its_own(server: Server) -> None:
    gate = threading.Barrier(3, timeout=10)

    def together(handler: Handler, body: dict[str, Any]) -> None:
        gate.wait()
        speak(handler, body)

    server.script = [together] * 3
    texts = ["one", "two two two", "three three three three"]
    speeches = run(server, texts, concurrency=3)
    assert server.peak == 3
    for text, speech in zip(texts, speeches, strict=True):
        assert isinstance(speech, Speech)
        assert np.array_equal(speech.pcm, tone(text + "alloy"))


def test_results_come_as_they_are_ready(server: Server) -> None:
    held = threading.Event()

    def late(handler: Handler, body: dict[str, Any]) -> None:
        held.wait(10)
        speak(handler, body)

    server.script = [late]
    engine = OpenAIEngine({"base_url": server.url, "concurrency": 2})
    engine.load()
    engine.prepare(Voice("v", preset="alloy"))
    results = engine.synthesize([_request("late")])
    while not server.seen:
        time.sleep(0.001)
    quick = engine.synthesize([_request("quick")])  # a second call beside the first
    assert next(quick)[0] == "quick"
    held.set()
    assert next(results)[0] == "late"
    engine.unload()


# -- a server that misbehaves --------------------------------------------------------------


def test_429_is_tried_again_when_the_server_says(server: Server) -> None:
    server.script = [status(429, "slow down", Retry_After="0.3")]
    (speech,) = run(server)
    assert isinstance(speech, Speech)
    assert server.times[1] - server.times[0] >= 0.3


def test_a_pause_that_is_too_long_is_a_failure_that_says_so(server: Server) -> None:
    server.script = [status(503, "maintenance", Retry_After="3600")]
    result = failure(server)
    assert result.kind == "transient"
    assert "3600 s" in result.reason and "maintenance" in result.reason
    assert len(server.seen) == 1


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_trouble_that_passes_is_waited_out(server: Server, code: int) -> None:
    server.script = [status(code), status(code)]
    (speech,) = run(server)
    assert isinstance(speech, Speech)
    assert len(server.seen) == 3


def test_trouble_that_stays_is_transient(server: Server) -> None:
    server.script = [status(500, "out of GPUs")] * 5
    result = failure(server)
    assert result.kind == "transient"
    assert "500" in result.reason and "out of GPUs" in result.reason and "3 tries" in result.reason
    assert len(server.seen) == 3


@pytest.mark.parametrize("code", [400, 401, 403, 404, 413, 422, 307])
def test_a_refusal_is_permanent_and_in_the_servers_words(
    server: Server, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server.script = [status(code, f"bad key {KEY} or voice", Location="http://127.0.0.1:9/")]
    result = failure(server, api_key_env="MY_KEY")
    assert result.kind == "permanent"
    assert str(code) in result.reason and "or voice" in result.reason
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"detail": "voice not found"}, "voice not found"),
        ({"detail": [{"msg": "field required", "loc": ["voice"]}]}, "field required"),
        ({"error": "no such model"}, "no such model"),
        ({"message": "too long"}, "too long"),
    ],
)
def test_the_message_is_found_in_every_shape_in_use(
    server: Server, answer: dict[str, Any], message: str
) -> None:
    content = json.dumps(answer).encode()
    server.script = [lambda h, b: reply(h, 400, content, "application/json")]
    assert failure(server).reason.endswith(": " + message)


def test_an_error_with_status_200_is_no_audio(server: Server) -> None:
    server.script = [raw(b'{"error": {"message": "model is loading"}}', "application/json")]
    result = failure(server)
    assert result.kind == "transient"
    assert "model is loading" in result.reason


def test_an_error_with_status_200_and_an_audio_label_is_no_audio(server: Server) -> None:
    server.script = [raw(b'{"error": "model is loading"}')]
    assert "model is loading" in failure(server, response_format="pcm").reason


def test_a_web_page_is_no_audio(server: Server) -> None:
    server.script = [raw(b"<!doctype html><title>Welcome</title>", "text/html")]
    result = failure(server)
    assert result.kind == "permanent"
    assert "base_url" in result.reason


@pytest.mark.parametrize(
    ("content", "options", "kind", "message"),
    [
        (b"", {}, "transient", "empty"),
        (encoded(tone(""), "mp3"), {}, "permanent", "asked for wav, got mp3"),
        (encoded(tone(""), "wav"), {"response_format": "pcm"}, "permanent", "got wav"),
        (b"\x00" * 3001, {"response_format": "pcm"}, "transient", "cut short"),
        (b"\x01\x02\x03\x04" * 99, {}, "permanent", "asked for wav, got bytes"),
        (encoded(tone(""), "wav")[:-100], {}, "transient", "cut short"),
        (encoded(tone(""), "wav")[:30], {}, "transient", "cut short"),
        (encoded(tone(""), "flac")[:200], {"response_format": "flac"}, "transient", "damaged"),
        (encoded(tone(""), "wav", 44100), {}, "permanent", "rate: 44100"),
        (encoded(np.zeros(0, np.int16), "wav"), {}, "transient", "empty"),
        (encoded(np.zeros(24000 * 30, np.int16), "wav"), {}, "transient", "30 s"),
        (b"RIFF" + b"\0" * 9_000_000, {}, "transient", "more than"),
    ],
)
def test_bad_audio_is_refused(
    server: Server, content: bytes, options: dict[str, Any], kind: str, message: str
) -> None:
    server.script = [raw(content, "audio/any")]
    result = failure(server, **options)
    assert (result.kind, message in result.reason) == (kind, True), result


def test_a_connection_that_is_cut_is_tried_again(server: Server) -> None:
    content = encoded(tone("x"), "wav")

    def cut(handler: Handler, body: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/wav")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:1000])
        handler.wfile.flush()
        handler.connection.close()
        handler.close_connection = True

    server.script = [cut, cut]
    (speech,) = run(server)
    assert isinstance(speech, Speech)
    server.script = [cut] * 3
    result = failure(server)
    assert result.kind == "transient"
    assert "connection broke" in result.reason


def test_a_server_that_is_silent_is_not_waited_for(server: Server) -> None:
    release = threading.Event()
    server.script = [lambda handler, body: release.wait(10) and None] * 2
    began = time.monotonic()
    result = failure(server, read_timeout_s=0.1, tries=2)
    release.set()
    assert time.monotonic() - began < 5
    assert "silent for 0.1 s" in result.reason


def test_a_server_that_drips_is_not_waited_for_either(server: Server) -> None:
    def drip(handler: Handler, body: dict[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"R")
            handler.wfile.flush()
            time.sleep(0.01)

    server.script = [drip]
    result = failure(server, timeout_s=0.2, read_timeout_s=5, tries=1)
    assert "within 0.2 s" in result.reason


def test_no_server_is_a_transient_failure(server: Server) -> None:
    (result,) = run(server, base_url="http://127.0.0.1:9")
    assert isinstance(result, Failure)
    assert result.kind == "transient"
    assert "no connection" in result.reason


def test_empty_text_asks_nobody(server: Server) -> None:
    (result,) = run(server, [" \n"])
    assert isinstance(result, Failure) and result.kind == "permanent"
    assert server.seen == []


def test_unloading_does_not_wait_for_pauses(server: Server) -> None:
    server.script = [status(503, Retry_After="50")]
    engine = OpenAIEngine({"base_url": server.url})
    engine.load()
    engine.prepare(Voice("v", preset="alloy"))
    begun: queue.SimpleQueue[str] = queue.SimpleQueue()
    engine.listener = begun.put
    results = engine.synthesize([_request("1")])
    begun.get(timeout=5)
    began = time.monotonic()
    engine.unload()
    assert time.monotonic() - began < 5
    ((_, result),) = results
    assert isinstance(result, Failure) and result.kind == "transient"


# -- light half ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"api_key": KEY}, "api_key"),
        ({"token": KEY}, "token"),
        ({"api_key_env": KEY}, "api_key_env"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "localhost:8000"}, "base_url"),
        ({"base_url": "http://"}, "base_url"),
        ({"base_url": "http://x:port"}, "base_url"),
        ({"base_url": f"https://me:{KEY}@host.example"}, "base_url"),
        ({"base_url": "http://host.example", "api_key_env": "MY_KEY"}, "base_url"),
        ({"base_url": ""}, "base_url"),
        ({"modle": "x"}, "modle"),
        ({"rate": 1000}, "rate"),
        ({"tries": 0}, "tries"),
        ({"seeds": 1}, "seeds"),
        ({"response_format": "aac"}, "response_format"),
        ({"voices": []}, "voices"),
        ({"voices": ["a", "a"]}, "voices"),
        ({"voices": [{"name": "a", "sex": "f"}]}, "voices[0].sex"),
        ({"voices": [{"name": "a", "gender": "female"}]}, "voices[0].gender"),
        ({"voices": [7]}, "voices[0]"),
        ({"languages": "en"}, "languages"),
        ({"extra": ["a"]}, "extra"),
        ({"extra": {"input": "x"}}, "extra.input"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], place: str) -> None:
    with pytest.raises(ProjectError) as caught:
        OpenAIEngine(options)
    assert caught.value.place == f"engines.openai.{place}"
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "base", ["http://192.168.1.5:8000", "http://speech-box:8000", "http://[::1]:8000"]
)
def test_a_key_may_go_to_the_next_room_unencrypted(base: str) -> None:
    OpenAIEngine({"base_url": base, "api_key_env": "MY_KEY"})


def test_wrong_voices_are_refused() -> None:
    engine = OpenAIEngine({"voices": [{"name": "anna", "languages": ["de"], "gender": "f"}]})
    engine.check_voice(Voice("v", preset="anna", parameters={"instructions": "softly"}), "de")
    clip = Reference(tone("x"), 24000, None, "d")
    for voice, message in (
        (Voice("v", preset="ana"), "did you mean anna"),
        (Voice("v", preset="zz"), "engines.openai.voices"),
        (Voice("v", reference=clip), "references: true"),
        (Voice("v", preset="anna", parameters={"speed": 9}), "0.25 to 4"),
        (Voice("v", preset="anna", parameters={"sped": 1}), "did you mean speed"),
        (Voice("v", preset="anna", parameters={"instructions": 7}), "expected text"),
    ):
        with pytest.raises(VoiceError) as caught:
            engine.check_voice(voice, "de")
        assert message in str(caught.value)


def test_the_fingerprint_is_the_sound_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = OpenAIEngine().fingerprint()
    monkeypatch.setenv("MY_KEY", KEY)
    same = OpenAIEngine(
        {"base_url": "https://host.example", "api_key_env": "MY_KEY", "concurrency": 9,
         "tries": 1, "voices": ["x"], "limit": 50, "languages": ["en"]}
    )  # fmt: skip
    assert same.fingerprint() == plain
    for options in (
        {"model": "other"}, {"rate": 44100}, {"response_format": "mp3"},
        {"instructions": "slowly"}, {"extra": {"temperature": 0.5}}, {"seeds": True},
    ):  # fmt: skip
        assert OpenAIEngine(options).fingerprint() != plain


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "base_url" in str(OpenAIEngine().missing())
    with pytest.raises(EngineError, match="base_url"):
        OpenAIEngine().load()
    options = {"base_url": "https://host.example", "api_key_env": "MY_KEY"}
    monkeypatch.delenv("MY_KEY", raising=False)
    assert "MY_KEY" in str(OpenAIEngine(options).missing())
    monkeypatch.setenv("MY_KEY", KEY)
    assert OpenAIEngine(options).missing() is None


@pytest.mark.parametrize(
    "base", ["https://h/x", "https://h/x/", "https://h/x/v1", "https://h/x/v1/"]
)
def test_the_endpoint_is_found_with_and_without_v1(base: str) -> None:
    assert endpoint(base) == "https://h/x/v1/audio/speech"


def test_retry_after_is_seconds_or_a_date() -> None:
    assert retry_after("7", 0) == 7
    assert retry_after("-7", 0) == 0
    assert retry_after(formatdate(1000, usegmt=True), 990) == 10
    assert retry_after("soon", 0) is None
    assert retry_after(None, 0) is None


# -- decoding ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_streamed_wav_is_as_long_as_its_bytes(size: int) -> None:
    content = bytearray(encoded(tone("abc"), "wav"))
    content[4:8] = struct.pack("<I", 0xFFFFFFFF)
    at = content.index(b"data")
    content[at + 4 : at + 8] = struct.pack("<I", size)
    assert np.array_equal(decode(bytes(content), "wav", 24000).pcm, tone("abc"))


def test_floats_and_stereo_become_mono_16_bit() -> None:
    left = np.array([0.0, 0.5, 1.5, -2.0], np.float32)
    both = np.stack([left, left], axis=1)
    clip = decode(encoded(both, "wav", subtype="FLOAT"), "wav", 24000)
    assert clip.pcm.tolist() == [0, 16384, 32767, -32768]
    assert clip.clipped == 2
    with pytest.raises(Undecodable, match="no numbers"):
        decode(encoded(np.array([np.nan], np.float32), "wav", subtype="FLOAT"), "wav", 24000)


@given(st.binary(max_size=300), st.sampled_from(["wav", "flac", "mp3", "opus", "pcm"]))
def test_any_bytes_are_audio_or_refused(data: bytes, wanted: str) -> None:
    head = {"wav": b"RIFF\0\0\0\0WAVE", "flac": b"fLaC", "opus": b"OggS"}.get(wanted, b"")
    for content in (data, head + data):
        try:
            clip = decode(content, wanted, 24000)
        except Undecodable as error:
            assert str(error)
        else:
            assert clip.pcm.dtype == np.int16 and clip.pcm.ndim == 1


def test_formats_are_told_by_their_bytes() -> None:
    for kind in ("wav", "flac", "mp3", "opus"):
        assert sniff(encoded(tone("x"), kind)) == kind
    assert sniff(b"\x00\x01") is None
