"""``/v1/audio/speech`` as it answers and refuses, in this process."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live import make_desk
from pydantic import ValidationError
from starlette.testclient import TestClient

from audio.streaming.forms import FORMS
from castbook.errors import InputError, PermanentFailure, TransientFailure, Unavailable
from service.app import create_app
from service.desk import Desk
from service.problems import Problem
from service.speech.bodies import SpeechBody, wish_of
from service.speech.sounding import Stage
from tasks.batches.rows import read_row
from tasks.speech.wishes import SpeechWish

SPEECH = "/v1/audio/speech"
ROOMS = ("service.speech.room", "service.observability.room", "service.security.room")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return make_desk(tmp_path_factory.mktemp("data"), rate=0)


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(create_app(desk, ROOMS), base_url="http://127.0.0.1") as client:
        yield client


def refusal(client: TestClient, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(SPEECH, json=body)
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return answer.status_code, error


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_its_content_type(client: TestClient, form: str) -> None:
    answer = client.post(SPEECH, json={"input": "Hello there.", "response_format": form})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == FORMS[form].content_type
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-castbook-trace"]
    assert "content-length" not in answer.headers
    assert len(answer.content) > 1000


def test_mp3_is_the_default_and_nulls_mean_not_given(client: TestClient) -> None:
    plain = client.post(SPEECH, json={"input": "Hello there."})
    nulls = client.post(
        SPEECH,
        json={
            "input": "Hello there.",
            "voice": None,
            "model": None,
            "instructions": None,
            "response_format": None,
            "speed": None,
            "stream": None,
        },
    )
    assert plain.headers["content-type"] == "audio/mpeg"
    assert nulls.content == plain.content


def test_unknown_keys_are_named_and_not_refused(client: TestClient) -> None:
    answer = client.post(
        SPEECH, json={"input": "Hello.", "volume_multiplier": 2, "a b\r\nSet-Cookie: x": 1}
    )
    assert answer.status_code == 200
    assert answer.headers["x-castbook-ignored"] == "volume_multiplier"


def test_a_voice_may_be_an_object(client: TestClient) -> None:
    name = client.get("/v1/audio/voices").json()["voices"][0]["id"]
    as_name = client.post(SPEECH, json={"input": "Hello.", "voice": name})
    as_object = client.post(SPEECH, json={"input": "Hello.", "voice": {"id": name}})
    assert as_name.status_code == as_object.status_code == 200
    assert as_name.content == as_object.content


def test_the_whole_answer_has_its_length(client: TestClient) -> None:
    body = {"input": "Hello there.", "response_format": "wav", "stream": False}
    answer = client.post(SPEECH, json=body)
    assert int(answer.headers["content-length"]) == len(answer.content)
    with wave.open(io.BytesIO(answer.content)) as file:
        assert file.getnframes() * 2 + 44 == len(answer.content)
    streamed = client.post(SPEECH, json={**body, "stream": True}).content
    assert streamed[44:] == answer.content[44:]


def test_32_khz_is_not_streamed_unless_asked_for(client: TestClient) -> None:
    body = {"input": "Hello there.", "response_format": "wav"}
    for more in ({"rate": 32000, "stream": False}, {"preset": "hifi"}):
        answer = client.post(SPEECH, json={**body, **more})
        assert "content-length" in answer.headers
        with wave.open(io.BytesIO(answer.content)) as file:
            assert file.getframerate() == 32000
    answer = client.post(SPEECH, json={**body, "rate": 32000, "experimental": True})
    assert answer.status_code == 200
    assert "content-length" not in answer.headers


def test_what_has_no_effect_is_said(client: TestClient) -> None:
    answer = client.post(SPEECH, json={"input": "Hello.", "sampler": "topk", "instructions": "Go"})
    assert "has no sampler" in answer.headers["x-castbook-notes"]
    assert "instructions" in answer.headers["x-castbook-notes"]


def test_events_carry_the_same_bytes(client: TestClient) -> None:
    body = {"input": "Hello there.", "response_format": "mp3"}
    answer = client.post(SPEECH, json={**body, "stream_format": "sse"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line]
    assert [e["type"] for e in events[:-1]] == ["speech.audio.delta"] * (len(events) - 1)
    sound = b"".join(base64.b64decode(e["audio"]) for e in events[:-1])
    assert sound == client.post(SPEECH, json=body).content
    usage = events[-1]["usage"]
    assert events[-1]["type"] == "speech.audio.done"
    assert usage["input_tokens"] == 12
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_equal_requests_give_equal_bytes_and_null_seeds_do_not(client: TestClient) -> None:
    body = {"input": "The same again.", "response_format": "pcm"}
    first, second = (client.post(SPEECH, json=body) for _ in range(2))
    assert first.content == second.content
    assert first.headers["x-castbook-seed"] == "42"
    free = client.post(SPEECH, json={**body, "seed": None})
    again = client.post(SPEECH, json={**body, "seed": int(free.headers["x-castbook-seed"])})
    assert free.content == again.content != first.content


def test_the_api_says_what_the_studio_says(desk: Desk, client: TestClient) -> None:
    """Q5: the same function, whichever way it is reached."""
    text = "It was a dark night. He came in, and he sat down."
    reading = desk.studio.read(SpeechWish(text, rate=24000))
    heard = b"".join(chunk.tobytes() for chunk in desk.studio.stream(reading))
    body = {"input": text, "response_format": "pcm"}
    assert client.post(SPEECH, json=body).content == heard


@pytest.mark.parametrize(
    ("body", "status", "param", "words"),
    [
        ({}, 422, "input", "required"),
        ({"input": ""}, 422, "input", "at least 1"),
        ({"input": " \n "}, 422, "input", "nothing to say"),
        ({"input": "x" * 200_001}, 422, "input", "at most 200000"),
        ({"input": 3}, 422, "input", "string"),
        ({"input": "x", "voice": "nobody-at-all"}, 422, "voice", "nobody-at-all"),
        ({"input": "x", "voice": {"name": "y"}}, 422, "voice", "with its id"),
        ({"input": "x", "voice": 7}, 422, "voice", "a name"),
        ({"input": "x", "model": "gpt-9"}, 404, "model", "espeak"),
        ({"input": "x", "response_format": "mid"}, 422, "response_format", "mp3"),
        ({"input": "x", "speed": 5}, 422, "speed", "4"),
        ({"input": "x", "speed": "NaN"}, 422, "speed", ""),
        ({"input": "x", "language": "Klingonese?"}, 422, "language", "pt-BR"),
        ({"input": "x", "rate": 24000, "sample_rate": 32000}, 422, "rate", "one"),
        ({"input": "x", "seed": -1}, 422, "seed", ""),
        ({"input": "x", "rate": 32000}, 422, "rate", "experimental: true"),
        ({"input": "x", "preset": "hifi", "stream": True}, 422, "rate", "stream: false"),
        ({"input": "x", "preset": "hify"}, 422, "preset", "hifi"),
        ({"input": "x", "sampler": "dice"}, 422, "sampler", "ras"),
        ({"input": "x", "options": {"host": {"python": "/bin/true"}}}, 422, "options", "host"),
        ({"input": "x", "options": {"base_url": "http://h"}}, 422, "options", "base_url"),
        ({"input": "x", "ref_audio": "file:///etc/passwd"}, 422, "ref_audio", ""),
    ],
)
def test_what_is_wrong_is_said_before_the_first_byte(
    client: TestClient, body: dict[str, Any], status: int, param: str | None, words: str
) -> None:
    found, error = refusal(client, **body)
    assert found == status
    if param:
        assert error["param"] == param
    assert words in error["message"]
    assert "\n" not in error["message"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"input": "\\ud800"}'])
def test_bodies_that_are_no_request(client: TestClient, raw: bytes) -> None:
    answer = client.post(SPEECH, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (TransientFailure("the engine was killed"), 503, True),
        (Unavailable("all slots are taken"), 503, True),
        (PermanentFailure("this cannot be spoken"), 422, False),
    ],
)
def test_an_engine_that_fails_at_once(
    desk: Desk,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    retry: bool,
) -> None:
    def fail(self: object, reading: object) -> Iterator[object]:
        raise error
        yield

    monkeypatch.setattr(type(desk.studio), "stream", fail)
    answer = client.post(SPEECH, json={"input": "Hello."})
    assert answer.status_code == status  # never 409, which SDKs send again
    assert ("retry-after" in answer.headers) is retry
    assert answer.json()["error"]["message"] == str(error)
    assert desk.part(Stage).present == 0


def test_an_engine_that_fails_on_the_way_cuts_the_answer(
    desk: Desk, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = type(desk.studio).stream

    def fail(self: Any, reading: Any) -> Iterator[Any]:
        yield from whole(self, reading)
        raise TransientFailure("the engine was killed")

    monkeypatch.setattr(type(desk.studio), "stream", fail)
    answer = client.post(SPEECH, json={"input": "Hello.", "stream_format": "sse"})
    last = json.loads(answer.text.strip().split("\n\n")[-1].removeprefix("data: "))
    assert last["type"] == "error"
    assert last["error"]["message"] == "the engine was killed"
    answer = client.post(SPEECH, json={"input": "Hello.", "stream": False})
    assert answer.status_code == 503  # nothing was sent yet: it can still be said
    assert desk.part(Stage).present == 0


def test_a_full_stage_refuses(desk: Desk, client: TestClient) -> None:
    stage = desk.part(Stage)
    stage.present = 64
    try:
        status, error = refusal(client, input="Hello.")
    finally:
        stage.present = 0
    assert (status, error["code"]) == (503, "busy")


def test_the_lists(client: TestClient) -> None:
    models = client.get("/v1/models").json()
    names = [model["id"] for model in models["data"]]
    assert models["object"] == "list"
    assert {"tone", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"} <= set(names)
    assert client.get("/v1/models/tts-1").json()["object"] == "model"
    assert client.get("/v1/models/nothing").status_code == 404
    listed = client.get("/v1/audio/models").json()["models"]
    assert [model["id"] for model in listed] == names
    voices = client.get("/v1/audio/voices").json()
    assert voices["object"] == "list"
    assert voices["has_more"] is False
    assert all(set(voice) == {"id", "name"} for voice in voices["voices"])
    assert {v["object"] for v in voices["data"]} == {"audio.voice"}


def test_a_base_address_without_v1_does_as_well(client: TestClient) -> None:
    for path in ("/audio/voices", "/audio/models", "/models"):
        assert client.get(path).json() == client.get(f"/v1{path}").json()
    assert client.post("/audio/speech", json={"input": "Hello."}).status_code == 200
    assert client.post("/audio/speech", json={}).json()["error"]["param"] == "input"
    assert not [path for path in client.get("/openapi.json").json()["paths"] if path[:4] == "/aud"]


def test_the_document_of_the_api_says_what_is_answered(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    speech = document["paths"][SPEECH]["post"]
    assert set(speech["responses"]) >= {"200", "400", "401", "413", "422", "429", "503"}
    assert {form.content_type.partition(";")[0] for form in FORMS.values()} < set(
        speech["responses"]["200"]["content"]
    )
    names = [
        route.get("operationId")
        for path, routes in document["paths"].items()
        for route in routes.values()
        if path.startswith(("/v1/audio/speech", "/v1/models", "/v1/engine"))
    ]
    assert sorted(names) == ["createSpeech", "listModels", "retrieveModel", "unloadEngine"]


def test_the_engine_is_unloaded_and_loaded_again(client: TestClient) -> None:
    body = {"input": "Before and after."}
    before = client.post(SPEECH, json=body).content
    answer = client.post("/v1/engine/unload").json()
    assert answer["unloaded"] is True
    assert answer["freed_bytes"] > 1_000_000  # the process of the engine is gone
    assert client.post(SPEECH, json=body).content == before


def test_keys(tmp_path: Path) -> None:
    locked = make_desk(tmp_path, api_keys={"ada": "secret-key-of-ada"}, public_voices=True)
    with TestClient(create_app(locked, ROOMS), base_url="http://127.0.0.1") as client:
        body = {"input": "Hello."}
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"}):
            answer = client.post(SPEECH, json=body, headers=headers)
            assert answer.status_code == 401
            assert answer.json()["error"]["type"] == "authentication_error"
        right = {"Authorization": "Bearer secret-key-of-ada"}
        assert client.post(SPEECH, json=body, headers=right).status_code == 200
        assert client.get("/v1/audio/voices").status_code == 200  # T8
        assert client.get("/v1/audio/models").status_code == 200
        assert client.post("/v1/engine/unload").status_code == 401


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(sorted(SpeechBody.model_fields))


@settings(max_examples=25)
@given(extra=st.dictionaries(FIELDS | st.text(max_size=12), JSON, max_size=4))
def test_a_body_is_read_or_refused(extra: dict[str, Any]) -> None:
    """Whatever a client sends is a wish or a refusal, and never a crash."""
    try:
        body = SpeechBody.model_validate({"input": "Hello.", **extra})
        wish = wish_of(body)
    except (ValidationError, Problem, InputError):
        return
    assert wish.text
    assert 0.25 <= wish.speed <= 4
    assert body.ignored.isascii()


def test_the_same_wish_in_a_request_and_in_a_row_is_one() -> None:
    said = {
        "seed": 7, "rate": 48000, "speed": 0.25, "preset": "hifi", "sampler": "topk",
        "max_length": 100_000, "options": {"sampler": "ras", "steps": 3},
    }  # fmt: skip
    asked = wish_of(SpeechBody.model_validate({"input": "Hello.", **said}))
    assert asked == read_row({"text": "Hello.", **said}).wish
    assert dict(asked.options) == {"sampler": "topk", "max_length": 100_000, "steps": 3}
