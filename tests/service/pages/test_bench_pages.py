"""Bench, batches and voices without a browser: what they begin with, keep, order and refuse."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from fake_orders import FakeOrders
from live import make_desk
from starlette.datastructures import FormData
from starlette.testclient import TestClient

from audio.pcm import Pcm
from castbook.errors import InputError
from service.app import create_app
from service.desk import Desk
from service.pages.batch import batch_defaults
from service.pages.batchdata import live_lines
from service.pages.benchdata import RATES, bench_view, defaults
from service.pages.tongues import sentence, tongue
from service.pages.words import load_words
from service.speech.bodies import SpeechBody, wish_of
from service.voices.marks import Marks
from tasks.batches.booth import Booth
from tasks.batches.rows import Row
from tasks.speech.presets import engine_options, presets
from tasks.speech.receipts import write_receipt
from tasks.speech.wishes import SpeechWish
from tts.registry import make_engine

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "audio"))  # clips that are speech
from clipmaking import RATE, WORDS, spoken

CONTROLS = """voice model rate seed kv_cache sampler preset speed response_format stream
max_length language output_name audio_sample ref_text consent save"""
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def orders() -> FakeOrders:
    return FakeOrders()


@pytest.fixture(scope="module")
def desk(orders: FakeOrders, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    keys = {"ann": "a" * 32, "bob": "b" * 32}
    return make_desk(tmp_path_factory.mktemp("data"), orders, rate=0, api_keys=keys)


@pytest.fixture(scope="module")
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(create_app(desk), base_url="http://127.0.0.1") as client:
        client.headers["Authorization"] = f"Bearer {'a' * 32}"
        yield client


def shown(page: str) -> dict[str, str | bool]:
    """What the controls of the settings stand at, by their names."""
    form = page[page.index('id="settings"') : page.index("</form>", page.index('id="settings"'))]
    found: dict[str, str | bool] = {}
    for tag, inner in re.findall(r'<select (name="[^>]*)>(.*?)</select>', form, re.DOTALL):
        name = re.match(r'name="(\w+)"', tag)
        assert name
        options = re.findall(r"<option([^>]*)>([^<]*)", inner)
        chosen = [one for one in options if "selected" in one[0]] or options[:1]
        for rest, text in chosen or [("", "")]:
            value = re.search(r'value="([^"]*)"', rest)
            found[name[1]] = value[1] if value else text
    for tag in re.findall(r"<input ([^>]*)>", form):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name
        found[name[1]] = "checked" in tag if "checkbox" in tag else value[1] if value else ""
    return found


def test_page_and_api_begin_with_the_same_settings(client: TestClient) -> None:
    page = shown(client.get("/").text)
    api = {name: field.default for name, field in SpeechBody.model_fields.items()}
    assert (page["rate"], page["seed"]) == ("24000", "42")
    assert page["kv_cache"] is True and page["sampler"] == "ras"
    assert page["seed"] == str(api["seed"])
    assert page["stream"] is api["stream"] is True
    assert page["speed"] == str(api["speed"])
    assert page["response_format"] == api["response_format"] == "mp3"
    for name in ("voice", "model", "preset", "language", "instructions"):
        assert page[name] == api[name] == "", name
    assert page["max_length"] == ""
    assert api["max_length"] is None


def test_what_the_page_sends_is_one_sound_with_what_the_api_takes_for_granted() -> None:
    """The engine of the founding forms: rate, sampler and cache said, or left to it."""
    known = defaults()
    bare = wish_of(SpeechBody(input="x"))
    said = wish_of(
        SpeechBody(input="x", rate=known.rate, sampler=known.sampler, kv_cache=known.kv_cache)
    )
    engines = [
        make_engine("glm", engine_options("glm", None, wish.options, wish.rate)[0])
        for wish in (bare, said)
    ]
    assert engines[0].fingerprint() == engines[1].fingerprint()
    assert (bare.seed, bare.speed) == (said.seed, said.speed) == (42, 1.0)


def test_the_batch_form_begins_with_its_preset(client: TestClient) -> None:
    page, preset = client.get("/batch").text, presets()["batch"]
    assert f'<option value="{preset.rate}" selected>' in page
    assert f'name="seed" type="number" min="0" step="1" value="{preset.seed}"' in page
    assert '<option value="batch" selected>' in page


def test_every_control_of_the_founding_forms_is_there_in_both_languages(
    client: TestClient,
) -> None:
    for lang, clear in (("en", "Clear memory"), ("zh", "清理显存")):
        page = client.get(f"/?lang={lang}").text
        assert clear in page
        for name in CONTROLS.split():
            assert f'name="{name}"' in page, name
        words = load_words(lang)
        for n in range(1, 6):
            assert words(f"bench.guidance_{n}").replace("'", "&#39;") in page
    for name in presets():
        assert f'<option value="{name}" data-rate=' in page
    client.cookies.clear()


def test_an_output_is_kept_once_with_its_manifest(client: TestClient, desk: Desk) -> None:
    body = {"input": "Kept for later.", "rate": 32000, "stream": False, "seed": "42"}
    first = client.post("/bench/save", json={**body, "output_name": "tts_20261121_213343.wav"})
    assert first.status_code == 200, first.text
    made = first.json()
    path = desk.settings.data / "outputs" / "tts_20261121_213343.wav"
    assert soundfile.info(path).samplerate == 32000
    assert json.loads(path.with_suffix(".json").read_text())["seed"] == 42
    again = client.post("/bench/save", json={**body, "output_name": made["file"]})
    assert again.json() == made
    assert client.get(made["url"]).content == path.read_bytes()
    other = client.post(
        "/bench/save", json={**body, "input": "Other.", "output_name": made["file"]}
    )
    assert other.status_code == 422
    assert "holds another text" in other.json()["detail"]


def test_page_api_and_python_make_the_same_sound(
    client: TestClient, desk: Desk, tmp_path: Path
) -> None:
    text, rate = "Three ways in, one sound. And a second sentence.", 24000
    said = {"input": text, "voice": "elm", "rate": rate, "seed": 42}
    api = client.post("/v1/audio/speech", json={**said, "response_format": "wav", "stream": False})
    made = client.post("/bench/save", json={**said, "output_name": "same.wav"}).json()
    page = client.get(made["url"]).content
    with Booth(tmp_path, engine="tone") as booth:
        row = Row(1, SpeechWish(text, "elm", rate=rate))
        spoken_here = soundfile.read(booth.speak(row, tmp_path / "out").path, dtype="int16")
    for heard in (api.content, page):
        pcm, found = soundfile.read(io.BytesIO(heard), dtype="int16")
        assert found == spoken_here[1] == rate
        assert np.array_equal(pcm, spoken_here[0])


@pytest.mark.parametrize("name", ["../x.wav", "a/b", ".hidden", "x\0.wav", "con.wav.", "…/…"])
def test_a_name_that_is_a_path_is_refused(client: TestClient, name: str) -> None:
    answer = client.post("/bench/save", json={"input": "Hello.", "output_name": name})
    assert answer.status_code == 422
    assert "output_name" in answer.json()["detail"]


def test_only_what_a_manifest_names_is_served(client: TestClient, desk: Desk) -> None:
    folder = desk.settings.data / "outputs"
    folder.mkdir(exist_ok=True)
    (folder / "stray.wav").write_bytes(b"RIFF")
    (folder / "wrong.json").write_text('{"file": "other.wav"}')
    (folder / "wrong.wav").write_bytes(b"RIFF")
    for name in ("stray.wav", "wrong.wav", "wrong.json", "..%2fsession.key", "%2e%2e", "x.exe"):
        assert client.get(f"/bench/outputs/{name}").status_code in (400, 404), name


def test_a_clip_that_is_no_audio_is_refused_in_one_line(client: TestClient) -> None:
    file = {"audio_sample": ("voice.wav", b"ffconcat version 1.0\nfile /etc/passwd\n")}
    answer = client.post("/bench/clip", files=file)
    assert answer.status_code == 415
    assert "no audio" in answer.json()["detail"]


def test_pronunciations_are_shown_as_they_are_now(client: TestClient, desk: Desk) -> None:
    assert "lexicon.yaml" in client.get("/bench/lexicon").text  # says where they would be
    path = desk.shelf.folder / "words.jsonl"
    path.write_text('{"word": "银行", "phoneme": "yin2 hang2"}\n', encoding="utf-8")
    assert "words: 1" in client.get("/bench/lexicon").text
    path.write_text("{broken\n", encoding="utf-8")
    page = client.get("/bench/lexicon").text
    assert "cannot be read" in page and "words.jsonl" in page
    assert str(desk.shelf.folder) not in page
    path.unlink()


def test_a_batch_is_ordered_from_lines_with_the_forms_settings(
    client: TestClient, orders: FakeOrders, desk: Desk
) -> None:
    form = {"lines": '{"text": "One."}\nnot json\n', "rate": "32000", "seed": "", "preset": "hifi",
            "format": "flac"}  # fmt: skip
    answer = client.post("/batch", data=form, follow_redirects=False)
    assert answer.status_code == 303
    placed = orders.placed[-1]
    assert placed["kind"] == "batch" and placed["principal"] == "ann"
    said = placed["parameters"]
    assert said["defaults"] == {"preset": "hifi", "rate": 32000, "seed": None, "format": "flac"}
    assert said["lang"] == "en" and re.fullmatch(r"lines-[0-9a-f]{8}", said["name"])
    assert (desk.settings.data / said["path"]).read_text() == form["lines"].replace("\n", "\n")
    page = client.get(answer.headers["location"]).text
    assert 'data-active="yes"' in page
    named = {"file": ("../课文 one.jsonl", form["lines"].encode())}
    client.post("/batch", data={**form, "lines": ""}, files=named, headers=HTMX)
    assert orders.placed[-1]["parameters"]["name"] == said["name"].replace("lines", "one")
    fragment = client.post("/batch", data=form, headers=HTMX)
    assert fragment.status_code == 202 and "<html" not in fragment.text


def test_what_is_no_batch_is_refused(client: TestClient, orders: FakeOrders) -> None:
    before = len(orders.placed)
    for form, said in (
        ({"lines": " "}, "there is no batch"),
        ({"lines": "nothing"}, "no line can be spoken"),
        ({"lines": '{"text": "x"}', "rate": "fast"}, "rate"),
        ({"lines": '{"text": "x"}', "preset": "hify"}, "did you mean hifi"),
        ({"lines": '{"text": "x"}', "format": "exe"}, "format"),
    ):
        answer = client.post("/batch", data=form)
        assert answer.status_code == 422, form
        assert said in answer.json()["detail"]
    assert len(orders.placed) == before


def test_fields_that_say_nothing_are_no_defaults() -> None:
    assert batch_defaults(FormData()) == {}
    assert batch_defaults(FormData(seed="7", rate="")) == {"seed": 7}
    with pytest.raises(InputError):
        batch_defaults(FormData(seed="-1"))


def test_a_finished_batch_offers_its_zip_and_manifest(
    client: TestClient, orders: FakeOrders, desk: Desk
) -> None:
    client.post("/batch", data={"lines": '{"text": "One."}'}, headers=HTMX)
    run = next(reversed(orders.orders))
    line = "[✓] task 1 done → output_001.wav"
    orders.lines[run] = ["STARTED", line, line]  # a run that was started again says it again
    assert client.get(f"/batch/{run}/manifest.json").status_code == 404
    folder = desk.settings.data / "outputs" / "batch" / "x"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"done": 1}')
    packed = folder.parent / "batch_output_20261121.zip"
    packed.write_bytes(b"PK")
    write_receipt(desk.settings.data, run, [], folder=folder, pack=packed)
    orders.move(run, state="completed", ended_at=datetime.now(UTC), done=1, total=1)
    page = client.get("/batch", params={"run": run}).text
    assert page.count(line) == 1
    assert f"/v1/runs/{run}/files/batch_output_20261121.zip" in page
    assert client.get(f"/batch/{run}/manifest.json").json() == {"done": 1}
    assert client.get(f"/v1/runs/{run}/files/batch_output_20261121.zip").content == b"PK"


def test_jobs_that_are_not_ready_are_said_so(
    client: TestClient, orders: FakeOrders, desk: Desk
) -> None:
    orders.away = True
    try:
        page = client.get("/batch")
        assert page.status_code == 200
        assert "Jobs are not ready" in page.text and "every 3s" in page.text
        assert client.post("/batch", data={"lines": '{"text": "x"}'}).status_code == 503
    finally:
        orders.away = False
    desk.orders = None
    try:
        page = client.get("/batch")
        assert "Jobs do not run here" in page.text
        assert client.post("/batch", data={"lines": '{"text": "x"}'}).status_code == 503
    finally:
        desk.orders = orders


def test_a_run_that_is_no_batch_is_not_shown_as_one(client: TestClient, orders: FakeOrders) -> None:
    client.post("/api/synthesis", json={"text": "Hello."})
    run = next(reversed(orders.orders))
    assert client.get("/batch", params={"run": run}).status_code == 404
    assert client.post(f"/batch/{run}/cancel").status_code == 404


def test_clips_are_for_whoever_uploaded_them(client: TestClient, desk: Desk) -> None:
    with (desk.shelf.folder / "library.yaml").open("a") as file:
        file.write("engines: {openai: {base_url: 'http://127.0.0.1:9/v1', references: true}}\n")
    memory = io.BytesIO()
    soundfile.write(memory, spoken(4.0), RATE, format="WAV")
    form = {"name": "Anna", "consent": "self", "transcript": WORDS, "shared": "true"}
    files = {"audio_sample": ("a.wav", memory.getvalue())}
    voice = client.post("/v1/audio/voices", data=form, files=files).json()
    address = f"/voices/{voice['id']}/clips/{voice['styles'][0]}"
    heard = client.get(address)
    assert soundfile.info(io.BytesIO(heard.content)).samplerate == RATE
    assert address in client.get("/voices").text
    other = {"Authorization": f"Bearer {'b' * 32}"}
    assert client.get(address, headers=other).status_code == 404
    page = client.get("/voices", headers=other).text
    assert voice["id"] in page and address not in page  # shared: to be spoken with, not changed
    assert "data-delete" not in page
    assert client.get(f"/voices/{voice['id']}/clips/..").status_code == 404
    assert client.get("/voices/oak/clips/neutral").status_code == 404


def test_what_is_kept_is_moderated_and_marked(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk.shelf.folder / "deny.txt").write_text("gunpowder\n")
    body = {"input": "No gunpowder.", "output_name": "denied.wav"}
    assert client.post("/bench/save", json=body).json()["code"] == "denied"
    (desk.shelf.folder / "deny.txt").unlink()

    class Quiet:
        def embed(self, pcm: Pcm, rate: int) -> Pcm:
            return np.zeros_like(pcm)

        def detect(self, pcm: Pcm, rate: int) -> float:
            return float(not pcm.any())

    monkeypatch.setitem(desk.parts, Marks, Marks(Quiet()))
    made = client.post("/bench/save", json={"input": "Marked.", "output_name": "marked.wav"})
    path = desk.settings.data / "outputs" / made.json()["file"]
    assert not soundfile.read(path)[0].any()
    assert json.loads(path.with_suffix(".json").read_text())["watermark"] is True


def test_pages_are_closed_without_a_key(client: TestClient) -> None:
    for path in ("/", "/batch", "/voices", "/bench/lexicon", "/bench/outputs/x.wav"):
        answer = client.get(path, headers={"Authorization": ""}, follow_redirects=False)
        assert answer.status_code == 401, path
    visit = {"Authorization": "", "Accept": "text/html"}
    answer = client.get("/batch", headers=visit, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/batch")


def test_live_lines_are_those_with_a_mark_each_once() -> None:
    done, failed = "[✓] 任务1完成 → output_001.wav", "[✗] 任务3失败: a.wav 未找到 → 跳过"
    assert live_lines(["STARTED trace=1", done, failed, done, "FINISHED"]) == (done, failed)


def test_voices_stand_under_their_language(desk: Desk) -> None:
    assert tongue(("zh", "cmn")) == tongue(("cmn",)) == "中文"
    assert tongue(("en-GB",)) == "English"
    assert tongue(("*",)) == "*" and tongue(("xx",)) == "xx"
    assert sentence(("*",)) == sentence(("en",)) and sentence(("zh-CN",)).startswith("雨")
    view = bench_view(desk, "ann")
    assert view.groups[-1].name == "*"  # the tone engine speaks all languages
    assert view.defaults.rate in RATES


def test_no_path_of_this_machine_is_on_the_pages(client: TestClient, desk: Desk) -> None:
    for path in ("/", "/voices", "/batch"):
        assert str(Path(desk.settings.data)) not in client.get(path).text
