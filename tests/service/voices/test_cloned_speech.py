"""An uploaded voice speaks: over the API and in a book, and every take says by what right."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import soundfile
from clipmaking import RATE, WORDS, spoken
from live import make_desk
from starlette.testclient import TestClient

from castbook.errors import ConsentError
from flows.local import run_locally
from service.app import create_app

ROOMS = ("service.voices.room", "service.speech.room", "service.security.room")


def wav(seed: int, rate: int = RATE) -> bytes:
    memory = io.BytesIO()
    soundfile.write(memory, spoken(3.0, seed), rate, format="WAV")
    return memory.getvalue()


class Speaker:
    """A server that takes references and always says the same."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        speaker, said = self, wav(8, 24000)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                speaker.asked.append(
                    json.loads(self.rfile.read(int(self.headers["content-length"])))
                )
                self.send_response(200)
                self.send_header("content-type", "audio/wav")
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    found = Speaker()
    yield found
    found.close()


def test_from_the_upload_to_the_sidecar(speaker: Speaker, tmp_path: Path) -> None:
    desk = make_desk(tmp_path / "data")
    library = tmp_path / "data" / "library"
    desk.shelf.voices()
    with (library / "library.yaml").open("a") as file:
        file.write(f"engines: {{openai: {{base_url: '{speaker.url}', references: true}}}}\n")
    with TestClient(create_app(desk, ROOMS)) as client:
        agreed = client.post(
            "/v1/audio/voice_consents",
            data={"name": "Anna Ek", "language": "en"},
            files={"recording": ("a.wav", wav(1))},
        ).json()
        voice = client.post(
            "/v1/audio/voices",
            data={"name": "Anna", "consent": agreed["id"], "transcript": WORDS},
            files={"audio_sample": ("a.wav", wav(2))},
        ).json()
        wanted = {"model": "tts-1", "voice": "Anna", "input": "Good evening.",
                  "response_format": "wav"}  # fmt: skip
        answer = client.post("/v1/audio/speech", json=wanted)
        assert answer.status_code == 200 and answer.content[:4] == b"RIFF"
        told = speaker.asked[-1]
        assert told["ref_text"] == WORDS and "voice" not in told
        clip, rate = soundfile.read(io.BytesIO(base64.b64decode(told["ref_audio"].split(",")[1])))
        assert rate == RATE and len(clip) > 2 * RATE

        book = tmp_path / "book"
        book.mkdir()
        (book / "story.md").write_text("# One\n\nHe came home late.\n")
        (book / "project.yaml").write_text(
            "version: 1\ntitle: T\nauthor: A\nlanguage: en\nmanuscript: story.md\n"
            f"library: ../data/library\nnarrator: {voice['id']}\n"
            "outputs: [captions]\nhearing: 'off'\ncredits: {opening: false, closing: false}\n"
        )
        run_locally(book, workers=1)
        sidecars = [
            json.loads(path.read_text()) for path in (book / "build").rglob("takes/*/*.json")
        ]
        assert sidecars
        for sidecar in sidecars:
            assert sidecar["circumstances"]["consent"] == {
                "basis": "licensed", "holder": "Anna Ek", "record": f"consents/{agreed['id']}.yaml",
            }  # fmt: skip
            assert sidecar["ingredients"]["engine"] == "openai"

        asked = len(speaker.asked)
        client.delete(f"/v1/audio/voice_consents/{agreed['id']}")
        refused = client.post("/v1/audio/speech", json=wanted)
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "consent_required"
        (book / "story.md").write_text("# One\n\nHe came home early.\n")
        with pytest.raises(ConsentError, match="withdrawn"):
            run_locally(book, workers=1)
        assert len(speaker.asked) == asked
