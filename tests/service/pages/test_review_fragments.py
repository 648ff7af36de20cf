"""The review without a browser: an action changes the project and answers with the line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_orders import FakeOrders
from live import make_desk
from starlette.testclient import TestClient

from service.app import create_app
from service.pages.rendering import POLICY

HTMX = {"HX-Request": "true"}


class Visit:
    """A visitor of a copy of the book."""

    def __init__(self, client: TestClient, folder: Path, orders: FakeOrders) -> None:
        self.client = client
        self.folder = folder
        self.orders = orders

    def get(self, path: str, **values: Any) -> str:
        answer = self.client.get(f"/books/hill{path}", **values)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, data: dict[str, Any] | None = None) -> str:
        answer = self.client.post(f"/books/hill{path}", data=data or {}, headers=HTMX)
        assert answer.status_code == 200, answer.text
        return answer.text

    def anchor(self, words: str, chapter: int = 2) -> str:
        for row in self.get(f"/chapters/{chapter}").split('<li class="line')[1:]:
            if words in row:
                found = re.search(r'/lines/([0-9a-f.-]+)"', row)
                assert found
                return found[1]
        raise AssertionError(words)

    def retakes(self) -> dict[str, Any]:
        return dict(yaml.safe_load((self.folder / "retakes.yaml").read_text("utf-8")))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path, Any]]:
    data = tmp_path_factory.mktemp("data")
    orders = FakeOrders()
    with TestClient(
        create_app(make_desk(data, orders, rate=0)), base_url="http://127.0.0.1"
    ) as client:
        yield client, data, orders


@pytest.fixture
def visit(service: tuple[TestClient, Path, FakeOrders], made_book: Path) -> Visit:
    client, data, orders = service
    shutil.rmtree(data / "projects", ignore_errors=True)
    folder = data / "projects" / "hill"
    shutil.copytree(made_book, folder)
    orders.orders.clear()
    orders.placed.clear()
    client.cookies.clear()
    return Visit(client, folder, orders)


def test_books_say_how_far_they_are(visit: Visit) -> None:
    page = visit.client.get("/books").text
    assert 'hx-get="/books/hill?row=1"' in page
    row = visit.get("?row=1", headers=HTMX)
    assert "The House on the Hill" in row
    assert "1 failed" in row and "1 doubtful" in row
    assert "25 of 26 lines spoken" in row


def test_a_book_that_cannot_be_read_is_a_row_with_its_error(visit: Visit) -> None:
    (visit.folder / "project.yaml").write_text("version: 1\ntitle: [\n")
    assert "This project cannot be read." in visit.get("?row=1", headers=HTMX)


def test_pages_bring_their_policy_and_speak_the_language_that_was_asked_for(visit: Visit) -> None:
    answer = visit.client.get("/books/hill?lang=zh")
    assert answer.headers["content-security-policy"] == POLICY
    assert "章节" in answer.text and '<html lang="zh-CN">' in answer.text
    assert "章节" in visit.client.get("/books/hill").text  # remembered


def test_a_book_and_a_chapter_are_ordered_and_stopped(visit: Visit) -> None:
    page = visit.post("/make")
    assert [(one["kind"], one["parameters"]) for one in visit.orders.placed] == [
        ("book", {"project": str(visit.folder)})
    ]
    (order,) = visit.orders.orders.values()
    assert f"/books/hill/cancel/{order.id}" in page and order.page in page
    visit.orders.move(order.id, state="processing", done=5, total=26)
    assert "5/26" in visit.get("", headers=HTMX)
    assert "Asked to stop" in visit.post(f"/cancel/{order.id}")
    visit.post("/make", {"chapter": "2"})
    assert visit.orders.placed[-1]["parameters"] == {"project": str(visit.folder), "number": 2}
    assert visit.client.post("/books/hill/cancel/none", headers=HTMX).status_code == 404


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("state=failed", ["The wind blew and the candle went out."]),
        ("state=doubtful", ["&#34;What is that noise?&#34;"]),
        ("state=flagged", ["&#34;What is that noise?&#34;"]),
        ("state=approved", []),
        ("character=boris&text=wind", ["&#34;Only the wind in the chimney,&#34;"]),
        ("text=CANDLE", ["The wind blew and the candle went out."]),
    ],
)
def test_filters_leave_the_lines_that_are_asked_for(
    visit: Visit, query: str, shown: list[str]
) -> None:
    for headers in ({}, HTMX):
        page = visit.get(f"/chapters/2?{query}", headers=headers)
        assert re.findall(r'<div class="printed">(.*?)</div>', page) == shown


def test_a_retake_is_written_down_and_ordered_for_that_line_alone(visit: Visit) -> None:
    anchor = visit.anchor("Only the wind")
    line = visit.post(f"/lines/{anchor}/retake", {"note": "too fast"})
    assert 'data-state="missing"' in line and "Note: too fast" in line
    assert "1 lines will be spoken anew." in line
    (order,) = visit.orders.orders
    assert 'id="state" hx-swap-oob="true" hx-get="/books/hill/run"' in line  # followed from now on
    assert f'data-run="{order}"' in line
    (entry,) = visit.retakes()["retakes"]
    assert (entry["anchor"], entry["count"], entry["note"]) == (anchor, 1, "too fast")
    assert visit.orders.placed[-1]["kind"] == "chapter"
    parameters = {"project": str(visit.folder), "number": 2, "only": [anchor]}
    assert visit.orders.placed[-1]["parameters"] == parameters


def test_a_retake_is_kept_while_the_jobs_are_away(visit: Visit) -> None:
    visit.orders.away = True
    try:
        said = visit.post(f"/lines/{visit.anchor('old house')}/retake")
    finally:
        visit.orders.away = False
    assert "castbook make speaks them" in said
    assert len(visit.retakes()["retakes"]) == 1


def test_takes_are_compared_and_an_earlier_one_comes_back(visit: Visit) -> None:
    from flows.local import run_locally

    anchor = visit.anchor("Only the wind")
    (first,) = re.findall(
        r'class="hear[^>]*data-key="(\w+)"', visit.get(f"/lines/{anchor}", headers=HTMX)
    )
    visit.post(f"/lines/{anchor}/retake")
    run_locally(visit.folder, only=[anchor])
    panel = visit.get(f"/lines/{anchor}", headers=HTMX)
    one, two = re.findall(r'class="hear[^>]*data-key="(\w+)"', panel)
    assert one == first != two
    line = visit.post(f"/lines/{anchor}/accept", {"key": first, "picked": "1"})
    assert f'data-key="{first}"' in line.split("head")[0] and 'data-state="approved"' in line
    assert (visit.retakes()["retakes"][0]["count"], visit.retakes()["retakes"][0]["use"]) == (1, 0)
    line = visit.post(f"/lines/{anchor}/accept", {"key": two, "picked": "1"})
    assert f'data-key="{two}"' in line.split("head")[0]
    visit.post(f"/lines/{anchor}/accept", {"key": first})
    again = visit.post(f"/lines/{anchor}/retake")
    assert 'data-state="missing"' in again
    assert visit.retakes()["retakes"][0]["count"] == 2


def test_a_doubtful_line_is_approved_and_marked_bad(visit: Visit) -> None:
    anchor = visit.anchor("What is that noise")
    key = re.findall(r'data-key="(\w+)" data-pause', visit.get("/chapters/2?state=doubtful"))[0]
    assert 'data-state="approved"' in visit.post(f"/lines/{anchor}/accept", {"key": key})
    line = visit.post(f"/lines/{anchor}/bad", {"key": key, "note": "<b>cut off</b>"})
    assert 'data-state="bad"' in line and "&lt;b&gt;cut off&lt;/b&gt;" in line
    assert [row["note"] for row in visit.retakes()["bad"]] == ["<b>cut off</b>"]
    visit.post("/chapters/2/retake", {"which": "bad"})
    assert visit.retakes()["retakes"][0]["note"] == "<b>cut off</b>"
    assert (
        visit.client.post(f"/books/hill/lines/{anchor}/accept", data={"key": "0" * 64}).status_code
        == 422
    )


def test_groups_of_lines_are_ordered_in_one_run(visit: Visit) -> None:
    two = [visit.anchor("old house"), visit.anchor("candle")]
    visit.post("/chapters/2/retake", {"which": "selected", "anchor": two})
    assert sorted(visit.orders.placed[-1]["parameters"]["only"]) == sorted(two)
    assert len(visit.retakes()["retakes"]) == 2
    visit.post("/chapters/2/retake", {"which": "flagged"})
    assert len(visit.retakes()["retakes"]) == 3
    assert "Nothing is selected." in visit.post("/chapters/2/retake", {"which": "selected"})
    assert (
        visit.client.post("/books/hill/chapters/2/retake", data={"which": "x"}).status_code == 422
    )


def test_what_failed_is_tried_again_without_a_retake(visit: Visit) -> None:
    anchor = visit.anchor("candle")
    visit.post("/chapters/2/retake", {"which": "failed"})
    assert visit.orders.placed[-1]["parameters"]["only"] == [anchor]
    assert not (visit.folder / "retakes.yaml").exists()


def test_speaker_pronunciation_and_text_are_changed_where_they_belong(visit: Visit) -> None:
    anchor = visit.anchor("Only the wind")
    line = visit.post(f"/lines/{anchor}/cast", {"speaker": "anna", "now": "1"})
    assert '<span class="who c1">Anna</span>' in line
    casting = yaml.safe_load((visit.folder / "casting.yaml").read_text())["castings"]
    assert [row["speaker"] for row in casting] == ["anna"]
    visit.post(f"/lines/{anchor}/cast", {"speaker": "narrator"})
    casting = yaml.safe_load((visit.folder / "casting.yaml").read_text())["castings"]
    assert [row["speaker"] for row in casting] == ["narrator"]
    line = visit.post(f"/lines/{anchor}/say", {"word": "wind", "said": "wynd"})
    assert "Only the wynd in the chimney" in line and "2 lines sound different" in line
    visit.post(f"/lines/{anchor}/say", {"word": "Wind", "said": "waind"})
    assert (visit.folder / "lexicon.yaml").read_text().count("word:") == 1
    anchor = visit.anchor("They went in together")
    line = visit.post(f"/lines/{anchor}/text", {"text": "They went in together & shut the door."})
    assert '<div class="printed">They went in together &amp; shut the door.</div>' in line
    story = (visit.folder / "story.md").read_text()
    assert "They went in together & shut the door.\n" in story and "# The Cellar" in story


def test_a_character_gets_another_voice_for_all_their_lines(visit: Visit) -> None:
    anchor = visit.anchor("Only the wind")
    line = visit.post(f"/lines/{anchor}/voice", {"voice": "high"})
    assert "<span>high</span>" in line and 'data-state="missing"' in line
    project = yaml.safe_load((visit.folder / "project.yaml").read_text())
    assert project["cast"]["boris"]["voice"] == "high"
    assert "5 lines will be spoken anew" in line
    visit.post(f"/lines/{visit.anchor('candle')}/voice", {"voice": "low"})
    assert yaml.safe_load((visit.folder / "project.yaml").read_text())["narrator"] == "low"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("voice", {"voice": "nobody's"}),
        ("cast", {"speaker": "nobody"}),
        ("cast", {"speaker": "anna", "style": "angry"}),
        ("say", {"word": " ", "said": "x"}),
        ("say", {"word": "x" * 201, "said": "x"}),
        ("text", {"text": "two\nlines"}),
        ("text", {"text": ""}),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    visit: Visit, path: str, data: dict[str, str]
) -> None:
    before = {p.name: p.read_bytes() for p in visit.folder.iterdir() if p.is_file()}
    anchor = visit.anchor("Only the wind")
    answer = visit.client.post(f"/books/hill/lines/{anchor}/{path}", data=data, headers=HTMX)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert before == {p.name: p.read_bytes() for p in visit.folder.iterdir() if p.is_file()}


def test_without_programs_a_form_leads_back_to_the_line(visit: Visit) -> None:
    anchor = visit.anchor("Only the wind")
    answer = visit.client.post(f"/books/hill/lines/{anchor}/retake", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/books/hill/lines/{anchor}")
    page = visit.get(f"/lines/{anchor}")
    assert "<!doctype html>" in page and "Only the wind" in page


def test_takes_outlines_and_files_are_served_and_nothing_else(visit: Visit) -> None:
    key = re.findall(r'data-key="(\w+)" data-pause', visit.get("/chapters/1"))[0]
    sound = visit.client.get(f"/books/hill/takes/{key}.flac", headers={"Range": "bytes=0-3"})
    assert (sound.status_code, sound.content) == (206, b"fLaC")
    outline = visit.client.get(f"/books/hill/takes/{key}.json")
    assert len(outline.json()["peaks"]) == 600 and len(outline.content) < 3000
    assert visit.client.get("/books/hill/chapters/1/audio").content[:4] == b"fLaC"
    files = re.findall(r'href="(/books/hill/files/[^"]+\.m4b)"', visit.get(""))
    assert len(files) == 1 and visit.client.get(files[0]).status_code == 200
    for path in (
        "takes/" + "0" * 64 + ".flac",
        "takes/..%2f..%2fproject.yaml",
        "files/..%2f..%2fproject.yaml",
        "files/%2fetc%2fpasswd",
        "lines/0123456789",
        "chapters/9",
        "chapters/2/audio",
    ):
        assert visit.client.get(f"/books/hill/{path}").status_code in (400, 404), path
    for path in ("/books/none", "/books/hill%00", "/static/x/../room.py", "/static/x/none.js"):
        assert visit.client.get(path).status_code in (400, 404), path
