"""Voices and consents over HTTP: OpenAI's own client, and forms that nobody should believe."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
import soundfile
from clipmaking import RATE, WORDS, spoken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live import live, make_desk
from starlette.testclient import TestClient

from audio.pcm import read_flac
from audio.watermarking import Watermarker
from castbook.errors import InputError, MissingDependency
from service.app import create_app
from service.desk import Desk
from service.problems import Problem
from service.security.guard import API, Caller
from service.settings import ServiceSettings
from service.voices import room
from service.voices.admission import moderate, moderate_now
from service.voices.marks import Marks
from tasks.speech.wishes import SpeechWish

ROOMS = ("service.voices.room", "service.speech.room", "service.security.room")
VOICES = "/v1/audio/voices"
ENGINES = "engines: {openai: {base_url: 'http://127.0.0.1:9/v1', references: true}}\n"


def wav(seed: int = 3, seconds: float = 4.0, form: str = "WAV") -> bytes:
    memory = io.BytesIO()
    soundfile.write(memory, spoken(seconds, seed), RATE, format=form)
    return memory.getvalue()


def desk_with_cloning(folder: Path, **settings: Any) -> Desk:
    desk = make_desk(folder, **settings)
    desk.shelf.voices()
    with (folder / "library" / "library.yaml").open("a") as file:
        file.write(ENGINES)
    return desk


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, str]]:
    desk = desk_with_cloning(tmp_path_factory.mktemp("data"))
    with live(create_app(desk, ROOMS)) as address:
        yield desk, address


@pytest.fixture(scope="module")
def sdk(server: tuple[Desk, str]) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="none", base_url=f"{server[1]}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(desk_with_cloning(tmp_path), ROOMS)) as found:
        yield found


def upload(
    client: TestClient, content: bytes, path: str = "/v1/audio/voices", **fields: str
) -> Any:
    told = {"name": "Anna", "consent": "self", "transcript": WORDS, **fields}
    return client.post(path, data=told, files={"audio_sample": ("clip.wav", content)})


def error_of(answer: Any) -> dict[str, str]:
    found: dict[str, str] = answer.json()["error"]
    return found


def test_the_official_client_makes_a_consent_and_a_voice(
    server: tuple[Desk, str], sdk: openai.OpenAI
) -> None:
    desk, _ = server
    consents = sdk.audio.voice_consents
    made = consents.create(name="Anna Ek", language="en-US", recording=("yes.wav", wav(1)))
    assert made.object == "audio.voice_consent" and made.language == "en-US"
    assert consents.retrieve(made.id) == made
    assert consents.update(made.id, name="A. Ek").name == "A. Ek"
    voice = sdk.audio.voices.create(
        name="Anna", consent=made.id, audio_sample=("anna.flac", wav(3, form="FLAC")),
        extra_body={"transcript": WORDS},
    )  # fmt: skip
    assert (voice.object, voice.type, voice.name) == ("audio.voice", "audio_sample", "Anna")
    wish = SpeechWish("Good evening.", voice.id)
    speaker = desk.shelf.speaker(wish, "en")
    assert speaker.consent == {
        "basis": "licensed", "holder": "Anna Ek", "record": f"consents/{made.id}.yaml",
    }  # fmt: skip
    assert consents.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError, match="there is no such consent"):
        consents.retrieve(made.id)
    with pytest.raises(openai.PermissionDeniedError, match="consent was withdrawn") as refused:
        sdk.audio.speech.create(model="tts-1", voice={"id": voice.id}, input="Good evening.")
    assert refused.value.code == "consent_required"
    gone = sdk.audio.voices.delete(voice.id)
    assert gone.deleted and gone.object == "audio.voice.deleted"
    with pytest.raises(openai.NotFoundError):
        sdk.audio.voices.delete(voice.id)


def test_the_official_client_walks_the_pages(sdk: openai.OpenAI) -> None:
    consents = sdk.audio.voice_consents
    made = [consents.create(name=f"c{n}", language="en", recording=wav(n)) for n in range(3)]
    assert {c.id for c in consents.list(limit=2)} == {c.id for c in made}
    page = consents.list(limit=2)
    assert page.has_more and len(page.data) == 2
    with pytest.raises(openai.NotFoundError):
        consents.list(after="cons_0")
    for consent in made:
        consents.delete(consent.id)


def test_a_stock_upload_without_words_is_told_what_is_missing(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="send the field transcript"):
        sdk.audio.voices.create(name="Bo", consent="self", audio_sample=wav(4))


def test_an_upload_is_answered_with_advice_and_figures(client: TestClient) -> None:
    found = upload(client, wav(3, 2.6), transcript="Come at once.").json()
    assert found["engine"] == "openai" and found["styles"] == ["neutral"]
    assert found["report"]["rate"] == RATE and found["report"]["speech_s"] > 1
    assert any("short" in line or "3" in line for line in found["advice"]), found["advice"]
    again = upload(client, wav(3, 2.6), transcript="Come at once.").json()
    assert again["id"] == found["id"]
    one = client.get(f"/v1/audio/voices/{found['id']}").json()
    assert one["name"] == "Anna" and one["consent_basis"] == "self"
    assert found["id"] in {v["id"] for v in client.get("/v1/audio/voices").json()["data"]}


def test_moods_are_added_to_a_voice(client: TestClient) -> None:
    voice = upload(client, wav(3), style="calm").json()["id"]
    path = f"/v1/audio/voices/{voice}/styles"
    assert upload(client, wav(5), path, style="alarm").json()["styles"] == ["calm", "alarm"]
    taken = upload(client, wav(7), path, style="alarm")
    assert taken.status_code == 422 and error_of(taken)["param"] == "style"
    assert upload(client, wav(7), "/v1/audio/voices/voice_0/styles").status_code == 404


@pytest.mark.parametrize("form", ["FLAC", "OGG", "MP3"])
def test_any_form_becomes_mono_flac(client: TestClient, tmp_path: Path, form: str) -> None:
    memory = io.BytesIO()
    sound = spoken(4.0, 3)
    soundfile.write(memory, np.stack((sound, sound), 1), RATE, format=form)
    voice = upload(client, memory.getvalue()).json()["id"]
    (clip,) = (tmp_path / "library" / "voices").glob(f"{voice}-*.flac")
    pcm, rate = read_flac(clip)  # refuses what is not mono and 16 bit
    assert rate == RATE and abs(len(pcm) - len(sound)) < RATE / 4


def test_types_can_be_forbidden(tmp_path: Path) -> None:
    with TestClient(
        create_app(desk_with_cloning(tmp_path, upload_types=("wav",)), ROOMS)
    ) as client:
        refused = upload(client, wav(form="FLAC"))
        assert refused.status_code == 415 and "flac is not taken" in refused.text
        assert upload(client, wav()).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("CASTBOOK_UPLOAD_TYPES", "wav,exe"), ("CASTBOOK_MODERATOR_FAILURE", "maybe")],
)
def test_settings_say_what_they_can_be(name: str, value: str) -> None:
    told = {"CASTBOOK_UPLOAD_TYPES": "mp3", "CASTBOOK_MODERATOR_FAILURE": "allow",
            "CASTBOOK_WATERMARK": "1", "CASTBOOK_MODERATOR_URL": "http://x/"}  # fmt: skip
    found = ServiceSettings.read(told)
    assert (found.upload_types, found.moderator_failure) == (("mp3",), "allow")
    assert found.watermark and "http" not in repr(found)
    assert ServiceSettings.read({}).moderator_failure == "deny"
    with pytest.raises(InputError, match=name):
        ServiceSettings.read({name: value})


HLS = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
CONCAT = b"ffconcat version 1.0\nfile /etc/passwd\n"


def bomb() -> bytes:
    """Two hours of silence in half a megabyte."""
    memory = io.BytesIO()
    with soundfile.SoundFile(memory, "w", 8000, 1, format="FLAC") as file:
        for _ in range(120):
            file.write(np.zeros(8000 * 60, np.int16))
    return memory.getvalue()


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (CONCAT, 415, "no audio file"),
        (HLS, 415, "no audio file"),
        (b"", 422, "is missing"),
        (b"RIFF\x00\x00\x00\x00WAVE" + HLS, 422, "damaged"),
        (b"ID3\x04" + b"\x00" * 500, 422, "damaged"),
        (b"\x00\x00\x00\x18ftypM4A " + CONCAT, 422, "damaged"),
        (b"\x1aE\xdf\xa3" + b"\x80" * 64, 422, "damaged"),
        (bomb(), 422, "longer than 30 s"),
        (b"fLaC" + b"\x00" * (10 * 2**20 - 3), 413, "at most 10 MiB"),
    ],
    ids=["ffconcat", "hls", "empty", "wav-hls", "mp3", "m4a-concat", "webm", "bomb", "10MiB+1"],
)
def test_what_is_no_clip_is_refused(
    client: TestClient, tmp_path: Path, content: bytes, status: int, words: str
) -> None:
    refused = upload(client, content)
    assert refused.status_code == status, refused.text
    assert words in error_of(refused)["message"] and error_of(refused)["param"] == "audio_sample"
    assert "/tmp" not in refused.text and not list(
        client.app.state.desk.settings.data.rglob("*.flac")
    )  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"consent": ""}, 422, "consent_required", "consent"),
        ({"consent": "cons_123"}, 403, "consent_required", "consent"),
        ({"consent": "cons_../../../etc/passwd"}, 403, "consent_required", "consent"),
        ({"consent": "licensed"}, 422, "invalid", "rights_holder"),
        ({"name": " "}, 422, "missing", "name"),
        ({"name": "voice_1"}, 422, "invalid", "name"),
        ({"name": "a\x00b"}, 422, "invalid", "name"),
        ({"style": "../x"}, 422, "invalid", "style"),
        ({"engine": "tone"}, 422, "invalid", "engine"),
        ({"engine": "none"}, 422, "invalid", "engine"),
        ({"language": "x y"}, 422, "invalid", "language"),
        ({"type": "prompt"}, 422, "unprocessable_entity", "type"),
        ({"transcript": WORDS * 5}, 422, "invalid", "transcript"),
        ({"transcript": "x" * 20_000}, 413, "too_large", "transcript"),
    ],
)  # fmt: skip
def test_fields_are_checked(
    client: TestClient, fields: dict[str, str], status: int, code: str, param: str | None
) -> None:
    refused = upload(client, wav(), **fields)
    found = error_of(refused)
    assert (refused.status_code, found["code"], found["param"]) == (status, code, param), found


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disp"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nX-A: " + b"a" * 9000 + b"\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=" + "b" * 300, b""),
    ],
)
def test_broken_forms_are_refused(client: TestClient, kind: str, body: bytes) -> None:
    refused = client.post("/v1/audio/voices", content=body, headers={"content-type": kind})
    assert refused.status_code in (413, 415, 422) and error_of(refused)["message"]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from([b"RIFF\0\0\0\0WAVE", b"fLaC", b"OggS", b"\xff\xfb", b"ID3", b""]),
    rest=st.binary(max_size=300),
)
def test_no_bytes_break_an_upload(client: TestClient, head: bytes, rest: bytes) -> None:
    assert upload(client, head + rest).status_code in (415, 422)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.sampled_from(
            [b"--b", b"--", b"\r\n", b"\n", b"Content-Disposition: form-data; name=", b'"name"',
             b"audio_sample", b"\r\n\r\n", b"\xff\0", b"x"]
        ),
        max_size=20,
    )
)  # fmt: skip
def test_no_form_breaks_the_reader(client: TestClient, parts: list[bytes]) -> None:
    kind = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post(VOICES, content=b"".join(parts), headers=kind)
    assert answer.status_code in (413, 415, 422)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"basis": "stolen"}, "basis"),
        ({"expires": "soon"}, "expires"),
        ({"language": "not a language"}, "language"),
        ({"sample_sha256": "abc"}, "sample_sha256"),
        ({"scope": "x" * 300}, "scope"),
    ],
)
def test_terms_of_a_consent_are_checked(
    client: TestClient, fields: dict[str, str], param: str
) -> None:
    told = {"name": "A", "language": "en", **fields}
    refused = client.post(
        "/v1/audio/voice_consents", data=told, files={"recording": ("a.wav", wav())}
    )
    assert refused.status_code == 422 and error_of(refused)["param"] == param


def test_a_consent_for_one_file_is_good_for_no_other(client: TestClient) -> None:
    told = {"name": "A", "language": "en", "sample_sha256": "0" * 64}
    made = client.post(
        "/v1/audio/voice_consents", data=told, files={"recording": ("a.wav", wav())}
    ).json()
    refused = upload(client, wav(), consent=made["id"])
    assert refused.status_code == 403 and "another file" in error_of(refused)["message"]


def test_principals_see_their_own(tmp_path: Path) -> None:
    desk = desk_with_cloning(tmp_path, api_keys={"ann": "key-of-ann", "bob": "key-of-bob"})
    with TestClient(create_app(desk, ROOMS)) as client:
        client.headers["X-API-Key"] = "key-of-ann"
        voice = upload(client, wav()).json()["id"]
        shared = upload(client, wav(9), name="All", shared="true").json()["id"]
        client.headers["X-API-Key"] = "key-of-bob"
        assert client.get(f"/v1/audio/voices/{voice}").status_code == 404
        assert client.get(f"/v1/audio/voices/{shared}").status_code == 200
        assert client.delete(f"/v1/audio/voices/{voice}").status_code == 404
        assert client.delete(f"/v1/audio/voices/{shared}").status_code == 404
        assert upload(client, wav(5)).json()["id"] != voice
        client.headers["X-API-Key"] = "key-of-ann"
        assert client.delete(f"/v1/audio/voices/{shared}").status_code == 200


@pytest.mark.anyio
async def test_a_text_is_moderated_before_anything_is_ordered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk(tmp_path)
    desk.shelf.voices()
    (tmp_path / "library" / "deny.txt").write_text("forbidden words\nreview: delicate\n")
    caller = Caller("ann", API, "key")
    async with room.open_room(desk):
        admitted = await moderate(desk, SpeechWish("Good evening."), caller)
        assert not admitted.review
        with pytest.raises(Problem, match="not spoken here"):
            await moderate(desk, SpeechWish("The FORBIDDEN  words."), caller)
        assert (await moderate(desk, SpeechWish("A delicate matter."), caller)).review
        with pytest.raises(Problem, match="order it as a job"):
            await moderate_now(desk, SpeechWish("A delicate matter."), caller)
    assert "FORBIDDEN" not in caplog.text


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_watermark_that_cannot_be_made_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Watermarker:
        raise MissingDependency("watermarks need resemble-perth")

    monkeypatch.setattr(room, "open_watermarker", missing)
    with pytest.raises(MissingDependency):
        async with room.open_room(make_desk(tmp_path, watermark=True)):
            pass
    desk = make_desk(tmp_path)
    async with room.open_room(desk):
        chunks = iter([np.ones(10, np.int16)])
        assert desk.part(Marks).on(chunks, 24000) is chunks


def test_the_document_describes_the_forms(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    body = document["paths"]["/v1/audio/voices"]["post"]["requestBody"]
    assert "audio_sample" in body["content"]["multipart/form-data"]["schema"]["properties"]
