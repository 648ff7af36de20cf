"""The clients people use: the official SDK against a live server, and requests written down."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import openai
import pytest
from live import live, make_desk

from service.app import create_app

ROOMS = ("service.speech.room", "service.observability.room", "service.security.room")
RECORDED = Path(__file__).parent.parent / "recorded"
FORMATS = {"mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac", "wav": "wav", "pcm": "s16le"}
CASES = [
    pytest.param(request, id=f"{path.stem}-{number}")
    for path in sorted(RECORDED.glob("*.json"))
    for number, request in enumerate(json.loads(path.read_text("utf-8"))["requests"])
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    desk = make_desk(tmp_path_factory.mktemp("data"), rate=0)
    with live(create_app(desk, ROOMS)) as base:
        yield base


@pytest.fixture(scope="module")
def sdk(base: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{base}/v1", api_key="unused") as client:
        yield client


def seconds(sound: bytes, form: str) -> float:
    """How much sound a stranger's decoder finds."""
    options = {"sample_rate": "24000", "ch_layout": "mono"} if form == "pcm" else {}
    with av.open(io.BytesIO(sound), format=FORMATS[form], options=options) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_is_decoded(sdk: openai.OpenAI, form: Any) -> None:
    answer = sdk.audio.speech.create(
        model="tts-1", voice="alloy", input="Come in, she said.", response_format=form
    )
    assert 0.8 < seconds(answer.content, form) < 2.5


def test_the_sdk_streams(sdk: openai.OpenAI) -> None:
    with sdk.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice={"id": "alloy"},
        input="Come in, she said.",
        instructions="Softly.",
        speed=1.1,
    ) as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        sound = b"".join(answer.iter_bytes(1024))
    assert seconds(sound, "mp3") > 0.8


def test_the_sdk_takes_events(sdk: openai.OpenAI) -> None:
    answer = sdk.audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input="Come in.", stream_format="sse"
    )
    types = [json.loads(part[6:])["type"] for part in answer.text.strip().split("\n\n")]
    assert types[0] == "speech.audio.delta"
    assert types[-1] == "speech.audio.done"


def test_the_sdk_lists_models(sdk: openai.OpenAI) -> None:
    assert "tts-1" in [model.id for model in sdk.models.list()]
    assert sdk.models.retrieve("tts-1").owned_by == "openai"


def test_the_sdk_shows_what_is_wrong_and_asks_once(base: str) -> None:
    asked = []
    with (
        httpx.Client(event_hooks={"request": [asked.append]}) as wire,
        openai.OpenAI(base_url=f"{base}/v1", api_key="unused", http_client=wire) as client,
        pytest.raises(openai.UnprocessableEntityError, match="there is no voice 'zebra'") as shown,
    ):
        client.audio.speech.create(model="tts-1", voice="zebra", input="Hello.")
    assert shown.value.code == "invalid"
    assert shown.value.param == "voice"
    assert len(asked) == 1
    with (
        openai.OpenAI(base_url=f"{base}/v1", api_key="unused") as client,
        pytest.raises(openai.NotFoundError, match="there is no model 'gpt-9'"),
    ):
        client.audio.speech.create(model="gpt-9", voice="alloy", input="Hello.")


@pytest.mark.parametrize("request_", CASES)
def test_recorded_requests(base: str, request_: dict[str, Any]) -> None:
    body = request_.get("body")
    # not httpx, which refuses to send SillyTavern's empty token
    wire = http.client.HTTPConnection(base.removeprefix("http://"), timeout=30)
    wire.request(
        request_["method"],
        request_["path"],
        None if body is None else json.dumps(body),
        {"Accept": "*/*", **request_["headers"]},
    )
    answer = wire.getresponse()
    content = answer.read()
    wire.close()
    assert answer.status == 200, content
    if body is None:
        lists = json.loads(content)
        listed = lists["voices" if "voices" in lists else "models"]
        assert all(entry["id"] and entry["name"] for entry in listed)
    else:
        assert seconds(content, body.get("response_format", "mp3")) > 0.3
