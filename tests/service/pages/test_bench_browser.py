"""Every control of bench, batches and voices in a real browser, with engines that make tones."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import soundfile
from browser import running_browser
from fake_orders import FakeOrders
from live import live, make_desk

from service.app import create_app
from service.desk import Desk
from service.pages.batchdata import live_lines
from service.speech.sounding import Stage
from tasks.batches.booth import Booth
from tasks.batches.jsonlines import read_batch
from tasks.batches.lines import live_line
from tasks.batches.packing import pack
from tasks.batches.running import RowResult
from tasks.speech.receipts import write_receipt

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "audio"))  # clips that are speech
from clipmaking import RATE, WORDS, spoken

AXE = Path(__file__).parent / "axe" / "axe.min.js"
SERIOUS = """async (only) => {
  const rules = only.length ? { runOnly: only } : {};
  const found = await axe.run(document, { resultTypes: ["violations"], ...rules });
  return found.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.map((node) => node.target).slice(0, 4).join(" ")}`);
}"""
DROPPED = """([name, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  const drop = document.getElementById("drop");
  drop.dispatchEvent(new DragEvent("dragover", { dataTransfer: data, cancelable: true }));
  drop.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
}"""
LONG = "The lamp went out, and nobody in the house said a word for a while. " * 40


def clip(seconds: float = 6.0, seed: int = 3, rate: int = RATE) -> bytes:
    memory = io.BytesIO()
    soundfile.write(memory, spoken(seconds, seed), rate, format="WAV")
    return memory.getvalue()


@dataclass
class Cloner:
    """A server that takes references and always says the same."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        cloner, said = self, clip(2.0, rate=24000)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                cloner.asked.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.send_header("content-type", "audio/wav")
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@dataclass
class Service:
    """What the pages stand on."""

    address: str
    desk: Desk
    orders: FakeOrders
    cloner: Cloner


class Visit:
    """A page that must not complain."""

    def __init__(self, page: Any, service: Service) -> None:
        self.page = page
        self.service = service
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, said: Any) -> None:
        if said.type in ("error", "warning"):
            self.complaints.append(said.text)

    def open(self, path: str) -> Any:
        self.page.goto(self.service.address + path)
        return self.page

    def until(self, holds: str) -> None:
        """Waits; a function, because the policy lets no text be run."""
        self.page.wait_for_function(f"() => {holds}")

    def said(self, words: str) -> None:
        self.page.locator("#notice", has_text=words).wait_for()

    def refused(self, status: int) -> None:
        """The browser tells of every such answer; nothing else was wrong."""
        assert [said for said in self.complaints if str(status) not in said] == []
        self.complaints.clear()

    def phase(self, words: str) -> None:
        self.page.locator("#phase", has_text=words).wait_for()

    def sends(self, press: Callable[[], None], path: str = "/v1/audio/speech") -> dict[str, Any]:
        with self.page.expect_request(lambda asked: asked.url.endswith(path)) as sent:
            press()
        return dict(sent.value.post_data_json)

    def axe(self, *only: str) -> list[str]:
        self.page.evaluate(AXE.read_text("utf-8"))  # by the debugger: the page's policy stays
        return list(self.page.evaluate(SERIOUS, list(only)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    orders, cloner = FakeOrders(), Cloner()
    desk = make_desk(tmp_path_factory.mktemp("data"), orders, rate=0)
    desk.shelf.voices()
    with (desk.shelf.folder / "library.yaml").open("a") as file:
        file.write(
            "engines:\n  tone: {chunk_ms: 250, chunk_cost_ms: 40}\n"
            f"  openai: {{base_url: '{cloner.url}', references: true}}\n"
        )
    with live(create_app(desk)) as address:
        yield Service(address, desk, orders, cloner)
    cloner.close()


@pytest.fixture
def visit(browser: Any, service: Service) -> Iterator[Visit]:
    service.orders.orders.clear()
    context = browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)  # other tests share the processor
    visiting = Visit(page, service)
    yield visiting
    context.close()
    assert visiting.complaints == []


def number(text: str) -> float:
    return float(text.removesuffix(" s"))


def test_two_clicks_to_the_first_sentence(visit: Visit) -> None:
    page = visit.open("/")  # the first click led here
    page.click("#speak")
    visit.until("document.getElementById('sound').currentTime > 0.3")
    page.locator("#download").wait_for()
    first, total, length, rtf, seed = (
        page.locator(f"#fact-{name}").inner_text()
        for name in ("first", "total", "length", "rtf", "seed")
    )
    assert 0 < number(first) <= number(total)  # heard before it was complete
    assert seed == "42" and 2 < number(length) < 30
    assert float(rtf) == pytest.approx(number(total) / number(length), abs=0.02)
    assert re.fullmatch(r"tts_\d{8}_\d{6}\.mp3", page.get_attribute("#download", "download"))
    with page.expect_download() as loading:
        page.click("#download")
    assert soundfile.info(loading.value.path()).duration == pytest.approx(number(length), abs=0.2)


def test_settings_go_to_the_api_in_its_own_words(visit: Visit) -> None:
    page = visit.open("/")
    speak = page.locator("#speak")
    sent = visit.sends(speak.click)
    assert sent == {
        "input": page.input_value("#text"), "stream": True, "response_format": "mp3",
        "rate": 24000, "speed": 1, "seed": "42",
    }  # fmt: skip
    page.select_option("[name=preset]", "hifi")
    assert speak.inner_text() == "Speak, then play"
    assert page.input_value("[name=rate]") == "32000"
    assert page.input_value("[name=sampler]") == "topk"
    page.fill("#text", "Short.")
    page.select_option("[name=voice]", "elm")
    page.select_option("[name=response_format]", "wav")
    page.fill("[name=speed]", "1.5")
    page.fill("[name=seed]", "7")
    page.uncheck("[name=kv_cache]")
    page.click("summary:text-is('More')")
    page.select_option("[name=language]", "en")
    page.select_option("[name=model]", "tone")
    page.fill("[name=max_length]", "512")
    page.fill("[name=instructions]", "softly")
    page.fill("[name=output_name]", "bench_{voice}_{date}.flac")
    page.check("[name=save]")
    sent = visit.sends(speak.click)
    assert sent == {
        "input": "Short.", "stream": False, "voice": "elm", "model": "tone", "preset": "hifi",
        "language": "en", "instructions": "softly", "response_format": "wav", "rate": 32000,
        "speed": 1.5, "max_length": 512, "seed": "7", "sampler": "topk", "kv_cache": False,
    }  # fmt: skip
    kept = page.locator("#kept")
    kept.wait_for()
    name = f"bench_elm_{datetime.now():%Y%m%d}.flac"
    assert kept.inner_text() == f"Kept: {name}"
    assert soundfile.info(visit.service.desk.settings.data / "outputs" / name).samplerate == 32000
    assert page.request.get(visit.service.address + kept.get_attribute("href")).ok
    assert "no sampler" in page.locator("#notes").inner_text()
    page.fill("[name=output_name]", "said_{time}.wav")
    page.select_option("[name=preset]", "dialogue")
    assert page.input_value("[name=seed]") == "" and page.is_checked("[name=stream]")
    sent = visit.sends(speak.click)
    assert sent["seed"] is None and sent["preset"] == "dialogue"
    kept.wait_for()
    assert page.locator("#fact-seed").inner_text() not in ("", "42", "–")


def test_the_streaming_switch_and_what_it_allows(visit: Visit) -> None:
    page = visit.open("/")
    switch = page.locator("[name=stream]")
    assert page.locator("#speak").inner_text() == "Speak at once"
    switch.uncheck()
    assert page.locator("#speak").inner_text() == "Speak, then play"
    switch.check()
    page.select_option("[name=response_format]", "opus")
    assert page.locator("#late").is_visible()
    page.select_option("[name=response_format]", "pcm")
    page.fill("#text", "Plain samples.")
    page.click("#speak")
    visit.until("document.getElementById('sound').currentTime > 0.1")
    page.locator("#download").wait_for()
    assert page.get_attribute("#download", "download").endswith(".wav")
    page.select_option("[name=response_format]", "mp3")
    page.select_option("[name=rate]", "32000")
    assert page.locator("#experimental").is_visible()
    page.click("#speak")
    visit.said("not steady in a stream")
    visit.refused(422)
    page.check("[name=experimental]")
    page.click("#speak")
    page.locator("#download").wait_for()
    page.fill("#text", " ")
    page.click("#speak")
    visit.said("nothing to say")


def test_stop_ends_the_synthesis_and_another_text_interrupts(visit: Visit) -> None:
    page, stage = visit.open("/"), visit.service.desk.part(Stage)
    page.fill("#text", LONG)
    page.click("#speak")
    visit.until("document.getElementById('sound').currentTime > 0.2")
    assert stage.present == 1
    page.click("#stop")
    visit.phase("Stopped.")
    deadline = time.monotonic() + 10
    while stage.present and time.monotonic() < deadline:
        time.sleep(0.02)
    assert stage.present == 0
    assert page.evaluate("document.getElementById('sound').paused")
    assert page.locator("#stop").is_disabled()
    page.keyboard.press("Control+Enter")
    visit.phase("Playing.")
    page.fill("#text", "Another one.")
    page.click("#speak")
    visit.phase("Complete.")
    assert number(page.locator("#fact-length").inner_text()) < 5
    page.fill("#text", LONG)
    page.keyboard.press("Control+Enter")
    visit.phase("Playing.")
    page.keyboard.press("Escape")
    visit.phase("Stopped.")


def test_a_reference_is_dropped_judged_and_spoken_with(visit: Visit, tmp_path: Path) -> None:
    page = visit.open("/")
    page.fill("#text", "Come in.")
    page.evaluate(DROPPED, ["me.wav", base64.b64encode(clip()).decode()])
    page.locator("#clip-facts", has_text="6.0 s").wait_for()
    visit.until("document.getElementById('clip-audio').duration > 5")
    assert page.locator("[name=voice]").is_disabled()
    page.click("#speak")
    visit.said("on what ground")
    page.check("[name=consent][value=self]")
    page.click("#speak")
    visit.said("what is said in the recording")
    page.fill("#ref_text", WORDS)
    sent = visit.sends(lambda: page.click("#speak"))
    assert sent["ref_text"] == WORDS and sent["consent"] == "self"
    assert base64.b64decode(sent["ref_audio"].partition(",")[2]) == clip()
    page.locator("#download").wait_for()
    assert visit.service.cloner.asked[-1]["input"] == "Come in."
    short = tmp_path / "short.wav"
    short.write_bytes(clip(2.2))
    page.set_input_files("#clip", short)
    page.locator("#clip-facts .advice li").nth(0).wait_for()
    page.set_input_files("#clip", {"name": "x.wav", "mimeType": "audio/wav", "buffer": b"no"})
    visit.said("no audio file")
    visit.complaints[:] = [said for said in visit.complaints if "415" not in said]
    page.click("#without")
    assert page.locator("#with-clip").is_hidden() and page.locator("[name=voice]").is_enabled()
    assert "ref_audio" not in visit.sends(lambda: page.click("#speak"))


def test_memory_is_cleared_and_pronunciations_are_read_anew(visit: Visit) -> None:
    page, desk = visit.open("/"), visit.service.desk
    page.locator("#lexicon", has_text="No files yet").wait_for()
    page.fill("#text", "Hello.")
    page.click("#speak")
    page.locator("#download").wait_for()
    assert desk.studio.pids
    page.click("#unload")
    page.locator("#freed", has_text="are free again").wait_for()
    assert int(re.findall(r"\d+", page.locator("#freed").inner_text())[0]) > 0
    assert not desk.studio.pids
    words = desk.shelf.folder / "words.jsonl"
    words.write_text('{"word": "castbook", "phoneme": "kast buk"}\n', encoding="utf-8")
    page.click("#reload")
    page.locator("#lexicon", has_text="words.jsonl · words: 1").wait_for()
    words.unlink()


class Teller:
    """What a worker tells while it speaks a batch."""

    def __init__(self, orders: FakeOrders, run: str) -> None:
        self.orders, self.run = orders, run
        self.lines: list[str] = []

    def row_finished(self, result: RowResult, done: int, total: int) -> None:
        line = live_line(result, self.orders.orders[self.run].parameters["lang"])
        self.lines.append(line)
        self.orders.tell(self.run, "line", {"text": line, "row": result.number, "ok": result.ok})
        self.orders.move(self.run, done=done, total=total)


def work(service: Service, run: str) -> None:
    """What a worker would do with a batch."""
    data, said = service.desk.settings.data, service.orders.orders[run].parameters
    rows = read_batch(data / said["path"], said["defaults"])
    folder = data / "outputs" / "batch" / run[:8]
    service.orders.move(run, state="processing", started_at=datetime.now(UTC))
    uploads, teller = [(data / said["path"]).parent], Teller(service.orders, run)
    with Booth(data, engine="tone", homes=uploads) as booth:
        report = booth.speak_all(rows, folder, teller, workers=1)
    packed = pack(report, folder.parent, date(2026, 11, 21))
    files = [row.output.path for row in report.done if row.output]
    write_receipt(data, run, files, folder=folder, pack=packed)
    ended = {"state": "failed" if report.failed else "completed", "message": report.message}
    service.orders.move(run, **ended, ended_at=datetime.now(UTC))
    time.sleep(2)  # Prefect's workers send their logs later
    service.orders.lines[run] = teller.lines


def test_a_batch_with_a_failing_row_from_upload_to_zip(visit: Visit, tmp_path: Path) -> None:
    page, service = visit.open("/batch?lang=zh"), visit.service
    lines = ['{"text": "One."}', '{"text": "Two.", "output_name": "second"}',
             '{"text": "Three.", "prompt_audio": "gone.wav", "consent": "self"}']  # fmt: skip
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    page.set_input_files("#order [name=file]", path)
    page.select_option("#order [name=rate]", "16000")
    page.fill("#order [name=seed]", "5")
    page.click("#order button")
    page.locator("#batch-run .badge.pending").wait_for()
    (run,) = service.orders.orders
    assert page.url.endswith(f"/batch?run={run}")
    page.locator("#batches a", has_text="tasks").wait_for()
    worker = threading.Thread(target=work, args=(service, run))
    worker.start()
    page.locator("#zip").wait_for()
    log = page.locator("#batch-run .log li").all_inner_texts()
    assert sorted(log) == sorted(
        ["[✓] 任务1完成 → output_001.wav", "[✓] 任务2完成 → second.wav",
         "[✗] 任务3失败: gone.wav 未找到 → 跳过"]
    )  # fmt: skip
    assert page.locator("#batch-run .done").inner_text() == "3/3"
    with page.expect_download() as loading:
        page.click("#zip")
    assert loading.value.suggested_filename == "batch_output_20261121.zip"
    with ZipFile(loading.value.path()) as packed:
        assert packed.namelist() == ["output_001.wav", "second.wav", "manifest.json"]
        assert soundfile.info(io.BytesIO(packed.read("second.wav"))).samplerate == 16000
    manifest = page.get_attribute("#manifest", "href")
    assert page.request.get(service.address + manifest).json()["failed"][0]["number"] == 3
    worker.join()
    page.reload()
    assert sorted(page.locator("#batch-run .log li").all_inner_texts()) == sorted(log)
    assert live_lines(log) == tuple(log)


def test_a_batch_is_pasted_dropped_and_stopped(visit: Visit) -> None:
    page, orders = visit.open("/batch"), visit.service.orders
    page.fill("#order [name=lines]", "nothing of use")
    page.click("#order button")
    visit.said("no line can be spoken")
    visit.refused(422)
    page.fill("#order [name=lines]", '{"text": "Pasted."}')
    page.click("#order button")
    page.locator("#batch-run .badge.pending").wait_for()
    (run,) = orders.orders
    orders.move(run, state="processing")
    page.locator("#batch-run .badge.processing").wait_for()
    orders.tell(run, "line", {"text": "[✓] task 1 done → output_001.wav"})
    page.locator("#batch-run .log li").wait_for()
    page.click("#batch-run form button")
    page.locator("#batch-run .badge.cancelled").wait_for()
    page.fill("#order [name=lines]", "")
    page.evaluate(DROPPED, ["more.jsonl", base64.b64encode(b'{"text": "Dropped."}').decode()])
    page.click("#order button")
    page.locator("#batches a", has_text="more").wait_for()
    page.click("#batches li:last-child a")
    page.locator("#batch-run .badge.cancelled").wait_for()


def test_a_page_that_waits_for_prefect_fills_by_itself(visit: Visit) -> None:
    orders = visit.service.orders
    orders.away = True
    try:
        page = visit.open("/batch")
        page.locator("#batches [role=status]", has_text="Jobs are not ready").wait_for()
    finally:
        orders.away = False
    page.locator("#batches", has_text="None yet").wait_for()


def test_voices_are_heard_uploaded_given_moods_and_deleted(visit: Visit) -> None:
    page, shelf = visit.open("/voices"), visit.service.desk.shelf
    page.locator("[data-voice=elm]").click()
    visit.until("document.getElementById('heard').currentTime > 0.1")
    page.set_input_files(
        "#upload [name=audio_sample]",
        {"name": "a.wav", "mimeType": "audio/wav", "buffer": clip()},
    )
    page.fill("#upload [name=transcript]", WORDS)
    page.fill("#upload [name=name]", "Anna")
    page.check("#upload [value=licensed]")
    page.fill("#upload [name=rights_holder]", "Anna Ek")
    page.check("#upload [name=shared]")
    page.click("#upload button.first")
    visit.said("Anna can speak now.")
    row = page.locator("#people li", has_text="Anna")
    assert "I hold a licence" in row.inner_text()
    row.locator("[data-clip]").click()
    visit.until("document.getElementById('heard').src.includes('/clips/')")
    visit.until("document.getElementById('heard').currentTime > 0.1")
    row.locator("[data-style-of]").click()
    assert page.locator("#upload [name=name]").is_hidden()
    page.evaluate(DROPPED, ["b.wav", base64.b64encode(clip(5.0, 9)).decode()])
    page.fill("#upload [name=transcript]", WORDS)
    page.fill("#upload [name=style]", "alarm")
    page.click("#upload button.first")
    row.locator("[data-clip]").nth(1).wait_for()
    row.locator("[data-voice]").click()
    visit.until("document.getElementById('heard').src.startsWith('blob:')")
    row.locator("a", has_text="Bench").click()
    page.locator("#style-label").wait_for()
    assert page.locator("[name=style] option").all_inner_texts()[1] == "alarm"
    page.go_back()
    page.on("dialog", lambda asked: asked.accept())
    page.locator("#people [data-delete]").click()
    page.locator("#people", has_text="None yet").wait_for()
    assert not [voice for voice in shelf.voices() if voice.uploaded]


def test_a_recorded_consent_comes_first_and_can_be_withdrawn(visit: Visit) -> None:
    page = visit.open("/voices")
    page.on("dialog", lambda asked: asked.accept())
    for field_, seed in (("audio_sample", 4), ("recording", 5)):
        page.check("#upload [value=recording]")
        page.set_input_files(
            f"#upload [name={field_}]",
            {"name": "a.wav", "mimeType": "audio/wav", "buffer": clip(5.0, seed)},
        )
    page.fill("#upload [name=transcript]", WORDS)
    page.fill("#upload [name=name]", "Boris")
    page.select_option("#upload [name=language]", "en")
    page.fill("#upload [name=expires]", "2199-12-31")
    page.click("#upload button.first")
    visit.said("Boris can speak now.")
    page.click("#consents summary")
    page.locator("[data-withdraw]").click()
    page.locator("#people .badge.failed", has_text="no consent").wait_for()
    assert page.locator("#people [data-voice]").count() == 0


def test_all_three_in_chinese_on_a_phone_and_in_the_dark(visit: Visit) -> None:
    page = visit.open("/")
    page.click("header .tools a")
    assert page.locator("h1").inner_text() == "试音台"
    assert page.locator("#speak").inner_text() == "开始流式合成"
    assert "清理显存" in page.locator("#unload").inner_text()
    page.uncheck("[name=stream]")
    assert page.locator("#speak").inner_text() == "开始合成"
    page.set_viewport_size({"width": 390, "height": 844})
    for path, title in (("/", "试音台"), ("/batch", "批量任务"), ("/voices", "音色")):
        page.goto(visit.service.address + path)
        assert page.locator("h1").inner_text() == title
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.goto(visit.service.address)
    above = page.locator("#speak").bounding_box()
    assert above["y"] + above["height"] < 844  # the button is on the first screen


def test_axe_finds_nothing_serious(visit: Visit) -> None:
    page = visit.page
    for path in ("/", "/batch", "/voices"):
        visit.open(path)
        if path == "/":
            page.evaluate(DROPPED, ["me.wav", base64.b64encode(clip()).decode()])
            page.locator("#clip-facts p").nth(0).wait_for()
            page.click("summary:text-is('More')")
        assert visit.axe() == [], path
    page.emulate_media(color_scheme="dark")  # only colours are others
    assert visit.axe("color-contrast") == []
