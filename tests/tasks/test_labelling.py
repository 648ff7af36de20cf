"""A language model may name speakers; it may not harm a book, whatever it answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from book.labels import read_labels
from book.projectfile import load_project
from castbook.errors import ProjectError
from tasks.labelling import Labelling, label_script
from tasks.sources import read_script
from tasks.voices import Voices

Reply = Callable[[dict[str, Any]], tuple[int, bytes]]
TRUE = {"This is stated by Anna": "anna", "This is stated by Ben": "ben"}
SECRET = "sk-1234-secret"


class Service:
    """A local chat service that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.reply: Reply = honest
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.bodies.append(body)
                service.keys.append(self.headers.get("Authorization"))
                status, content = service.reply(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


def answer(speakers: object, reason: str = "stop") -> tuple[int, bytes]:
    content = speakers if isinstance(speakers, str) else json.dumps(speakers)
    return 200, json.dumps(
        {"choices": [{"message": {"content": content}, "finish_reason": reason}]}
    ).encode()


def numbers(body: dict[str, Any]) -> list[str]:
    found: list[str] = body["response_format"]["json_schema"]["schema"]["required"]
    return found


def right(body: dict[str, Any]) -> dict[str, str]:
    """What a perfect reader answers: odd sentences are Anna's, even ones Ben's."""
    passage = body["messages"][1]["content"]
    return {
        number: "anna" if int(passage.split(f"⟨{number}⟩“Line ")[1].split()[0]) % 2 else "ben"
        for number in numbers(body)
    }


def honest(body: dict[str, Any]) -> tuple[int, bytes]:
    return answer(right(body))


@pytest.fixture
def service() -> Iterator[Service]:
    one = Service()
    yield one
    one.server.shutdown()
    one.server.server_close()


def make_project(folder: Path, service: Service, lines: int = 40, **settings: object) -> Path:
    """Every third line is tagged; between them stand scenes, so that nothing follows from it."""
    text = []
    for i in range(1, lines + 1):
        name = "Anna" if i % 2 else "Ben"
        tag = f" said {name}." if i % 3 == 0 else ""
        text.append(f"“Line {i} of the long talk goes here,”{tag}" if tag else f"“Line {i} there.”")
        text.append("The rain went on and the lamps were lit along the river. " * 3)
        text.append("* * *")
    (folder / "book.txt").write_text("\n\n".join(text), "utf-8")
    model = {"url": service.url, "model": "fake", **settings}
    (folder / "project.yaml").write_text(
        "version: 1\ntitle: Talk\nauthor: A. Writer\nlanguage: en\nmanuscript: book.txt\n"
        "engine: tone\nnarrator: a\nvoices: {a: {preset: alto}, b: {preset: bass}}\n"
        "cast:\n  anna: {voice: a, gender: f}\n  ben: {voice: b, gender: m}\n"
        f"casting: {{confidence: 0.8, model: {json.dumps(model)}}}\n",
        "utf-8",
    )
    return folder


def label(folder: Path) -> Labelling:
    project = load_project(folder)
    return label_script(project, read_script(project, Voices(project)))


def speakers(folder: Path) -> dict[int, tuple[str | None, str]]:
    project = load_project(folder)
    script = read_script(project, Voices(project))
    return {
        int(s.printed.split()[1]): (s.speaker, s.rule)
        for chapter in script.chapters
        for s in chapter.segments
        if s.kind == "speech"
    }


def test_unsure_lines_get_the_models_speaker_and_are_not_asked_again(
    tmp_path: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    folder = make_project(tmp_path, service)
    before = speakers(folder)
    unsure = {n for n, (who, _) in before.items() if who is None}
    assert len(unsure) > 20
    done = label(folder)
    assert done.clean and done.labels == len(unsure) and done.asked == 1
    after = speakers(folder)
    assert {n: after[n] for n in unsure} == {
        n: ("anna" if n % 2 else "ben", "model") for n in unsure
    }
    assert {n: after[n] for n in before if n not in unsure} == {
        n: who for n, who in before.items() if n not in unsure
    }
    again = label(folder)
    assert (again.asked, again.labels) == (0, 0)
    assert service.keys == [f"Bearer {SECRET}"]
    assert SECRET not in (folder / "labels.yaml").read_text("utf-8")


def test_what_is_sent_asks_for_numbers_and_names_only(tmp_path: Path, service: Service) -> None:
    label(make_project(tmp_path, service))
    schema = service.bodies[0]["response_format"]["json_schema"]["schema"]
    assert service.bodies[0]["temperature"] == 0
    assert schema["additionalProperties"] is False
    assert schema["properties"]["q1"]["enum"] == ["anna", "ben", "unknown"]


def swapped(body: dict[str, Any]) -> tuple[int, bytes]:
    other = {"anna": "ben", "ben": "anna"}
    return answer({number: other[name] for number, name in right(body).items()})


def slow(body: dict[str, Any]) -> tuple[int, bytes]:
    time.sleep(1.5)
    return honest(body)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (swapped, "contradicts"),
        (lambda body: answer(dict.fromkeys(numbers(body), "moriarty")), "nobody asked"),
        (lambda body: answer({"q99": "anna"}), "nobody asked"),
        (lambda body: answer({n: ["anna"] for n in numbers(body)}), "nobody asked"),
        (lambda body: answer({}), "answers nothing"),
        (lambda body: answer("Sure! Anna says q1, and"), "no JSON"),
        (lambda body: answer("[" * 100_000), "no JSON"),
        (lambda body: answer([1, 2]), "no object"),
        (lambda body: answer({"q1": "anna"}, "length"), "cut off"),
        (lambda body: (200, b"<html>"), "not JSON"),
        (lambda body: (200, b"{}"), "choices"),
        (lambda body: (200, b"x" * 2_000_000), "longer than"),
        (lambda body: (401, b"who are you?"), "401: who are you?"),
        (lambda body: (500, b"oh"), "500"),
        (slow, "within 1 s"),
    ],
)
def test_a_service_that_lies_stops_or_fails_changes_nothing(
    tmp_path: Path, service: Service, reply: Reply, says: str
) -> None:
    folder = make_project(tmp_path, service, lines=12, timeout_s=1.0)
    before = speakers(folder)
    service.reply = reply
    done = label(folder)
    assert not done.clean
    assert says in " ".join(done.problems)
    assert speakers(folder) == before
    assert not (folder / "labels.yaml").exists()


def test_a_cut_off_answer_is_asked_for_in_halves(tmp_path: Path, service: Service) -> None:
    def short(body: dict[str, Any]) -> tuple[int, bytes]:
        return honest(body) if len(numbers(body)) <= 12 else answer('{"q1": "an', "length")

    service.reply = short
    done = label(make_project(tmp_path, service))
    assert done.clean and done.asked == 7  # 40, 2 x 20, 4 x 10
    assert done.labels > 20


def test_one_bad_passage_costs_its_own_lines_only(tmp_path: Path, service: Service) -> None:
    def second_fails(body: dict[str, Any]) -> tuple[int, bytes]:
        return (503, b"busy") if len(service.bodies) == 2 else honest(body)

    service.reply = second_fails
    folder = make_project(tmp_path, service, lines=60, quotes=20)
    done = label(folder)
    assert len(done.problems) == 1 and done.labels > 20
    service.reply = honest
    assert label(folder).clean
    assert len(service.bodies) == 4  # three, and the one that failed once more


def test_unknown_is_an_answer_too(tmp_path: Path, service: Service) -> None:
    def modest(body: dict[str, Any]) -> tuple[int, bytes]:
        stated = {n: name for n, name in right(body).items() if int(n[1:]) % 3 == 0}
        return answer({**dict.fromkeys(numbers(body), "unknown"), **stated})

    service.reply = modest
    folder = make_project(tmp_path, service)
    before = speakers(folder)
    done = label(folder)
    assert done.clean and done.labels == 0 and done.unknown > 20
    assert speakers(folder) == before
    assert label(folder).asked == 0


def test_a_model_that_knows_nothing_cannot_be_checked(tmp_path: Path, service: Service) -> None:
    service.reply = lambda body: answer(dict.fromkeys(numbers(body), "unknown"))
    done = label(make_project(tmp_path, service))
    assert "too few lines whose speaker the text states" in done.problems[0]


def test_a_persons_word_goes_before_the_models(tmp_path: Path, service: Service) -> None:
    folder = make_project(tmp_path, service)
    label(folder)
    project = load_project(folder)
    stored = read_labels(folder / "labels.yaml", project)
    (folder / "casting.yaml").write_text(
        f"version: 1\ncastings:\n- {{anchor: {stored[0].anchor}, speaker: narrator}}\n"
    )
    changed = [who for who in speakers(folder).values() if who == (None, "casting")]
    assert len(changed) == 1


def test_without_a_service_nobody_is_asked(tmp_path: Path, service: Service) -> None:
    folder = make_project(tmp_path, service, lines=12)
    service.server.shutdown()
    service.server.server_close()
    done = label(folder)
    assert not done.clean
    text = (folder / "project.yaml").read_text("utf-8")
    (folder / "project.yaml").write_text(text[: text.index("casting:")], "utf-8")
    with pytest.raises(ProjectError, match="no language model is configured"):
        label(folder)


def test_a_damaged_labels_file_names_its_line(tmp_path: Path, service: Service) -> None:
    folder = make_project(tmp_path, service, lines=12)
    (folder / "labels.yaml").write_text(
        "version: 1\nlabels:\n- {anchor: 3f2a9c1b0d.1, speaker: ana, window: 0123456789abcdef}\n"
    )
    with pytest.raises(ProjectError, match=r"labels\.yaml:3.*did you mean 'anna'"):
        read_labels(folder / "labels.yaml", load_project(folder))
