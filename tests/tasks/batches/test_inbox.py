"""Dropped files: whole lines once each, half-written ones later, nothing lost on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castbook.errors import InputError, Unavailable
from tasks.batches.inbox import DroppedLine, collect, read_drop
from tasks.batches.rows import Row

NOW = 2_000_000_000.0


class Server:
    """Keeps orders by key, as Prefect does; may be away from some order on."""

    def __init__(self, patience: int = 1000) -> None:
        self.texts: dict[str, str] = {}
        self.calls = 0
        self.patience = patience

    def place(self, line: DroppedLine, row: Row) -> None:
        self.calls += 1
        if self.calls > self.patience:
            raise Unavailable("away")
        self.texts.setdefault(line.key, row.wish.text)


def drop(inbox: Path, content: str, name: str = "a.jsonl", age: float = 100.0) -> Path:
    inbox.mkdir(exist_ok=True)
    path = inbox / name
    path.write_text(content, "utf-8")
    os.utime(path, (NOW - age, NOW - age))
    return path


def look(inbox: Path, place: Callable[[DroppedLine, Row], None]) -> tuple[str, ...]:
    return collect(inbox, place, NOW).moved


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


def test_lines_become_orders_and_the_file_moves(inbox: Path) -> None:
    drop(inbox, '{"text": "one"}\n\n{"text": "two"}\n')
    server = Server()
    assert look(inbox, server.place) == ("a.jsonl",)
    assert sorted(server.texts.values()) == ["one", "two"]
    assert (inbox / "done" / "a.jsonl").exists()
    assert look(inbox, server.place) == ()
    assert server.calls == 2


def test_a_half_written_line_waits(inbox: Path) -> None:
    path, server = drop(inbox, '{"text": "one"}\n{"text": "tw'), Server()
    assert look(inbox, server.place) == ()
    assert list(server.texts.values()) == ["one"]
    drop(inbox, path.read_text("utf-8") + 'o"}')  # whole, although no line end follows
    assert look(inbox, server.place) == ("a.jsonl",)
    assert list(server.texts.values()) == ["one", "two"]


def test_a_line_is_the_same_with_and_without_its_end(inbox: Path) -> None:
    server = Server()
    drop(inbox, '{"text": "one"}', age=0)
    look(inbox, server.place)
    drop(inbox, '{"text": "one"}\r\n{"text": "two"}\n')
    look(inbox, server.place)
    assert list(server.texts.values()) == ["one", "two"]


def test_a_file_that_is_being_written_stays(inbox: Path) -> None:
    drop(inbox, '{"text": "one"}\n', age=5)
    server = Server()
    assert look(inbox, server.place) == ()
    assert list(server.texts.values()) == ["one"]


def test_a_server_that_is_away_loses_nothing_and_doubles_nothing(inbox: Path) -> None:
    drop(inbox, "".join(f'{{"text": "{n}"}}\n' for n in range(9)))
    server = Server(patience=4)
    with pytest.raises(Unavailable):
        look(inbox, server.place)
    assert (inbox / "a.jsonl").exists()
    server.patience = 1000
    assert look(inbox, server.place) == ("a.jsonl",)
    assert list(server.texts.values()) == [str(n) for n in range(9)]


def test_bad_lines_are_named_beside_the_file(inbox: Path) -> None:
    drop(inbox, '{"text": "one"}\n{oops}\n{"txt": "x"}\n')
    found = collect(inbox, Server().place, NOW)
    assert (found.taken, len(found.refused)) == (1, 2)
    said = (inbox / "done" / "a.refused.txt").read_text("utf-8").splitlines()
    assert said[0].startswith("a.jsonl:2: is not JSON")
    assert said[1].startswith("a.jsonl:3: txt: unknown key")


def test_a_file_may_begin_with_a_byte_order_mark(inbox: Path) -> None:
    drop(inbox, '\ufeff{"text": "one"}\n')
    server = Server()
    assert look(inbox, server.place) == ("a.jsonl",)
    assert list(server.texts.values()) == ["one"]
    assert not (inbox / "done" / "a.refused.txt").exists()


def test_a_line_that_the_server_refuses_holds_up_no_other(inbox: Path) -> None:
    drop(inbox, '{"text": "too long"}\n{"text": "two"}\n')
    server = Server()

    def place(line: DroppedLine, row: Row) -> None:
        if row.wish.text == "too long":
            raise InputError("are too large", place="parameters")
        server.place(line, row)

    assert look(inbox, place) == ("a.jsonl",)
    assert list(server.texts.values()) == ["two"]
    refused = (inbox / "done" / "a.refused.txt").read_text("utf-8")
    assert refused == "a.jsonl:1: parameters: are too large\n"


def test_done_files_are_never_replaced(inbox: Path) -> None:
    for text in ("one", "two"):
        drop(inbox, f'{{"text": "{text}"}}\n')
        look(inbox, Server().place)
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["a-2.jsonl", "a.jsonl"]


def test_what_is_no_dropped_file(inbox: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"text": "secret"}\n')
    drop(inbox, '{"text": "half"}\n', ".hidden.jsonl")
    drop(inbox, '{"text": "half"}\n', "a.jsonl.part")
    (inbox / "link.jsonl").symlink_to(secret)
    (inbox / "folder.jsonl").mkdir()
    server = Server()
    assert look(inbox, server.place) == ()
    assert server.calls == 0


def test_a_folder_that_is_not_there_is_empty(inbox: Path) -> None:
    assert look(inbox, Server().place) == ()


def test_outputs_of_dropped_lines_have_names_of_their_own() -> None:
    lines = [DroppedLine("eine Übung.jsonl", n, b"{}") for n in (1, 2)]
    names = {line.name for line in lines}
    assert len(names) == 2
    assert all(name.startswith("drop_eine__bung_00") for name in names)


@given(st.lists(st.integers(0, 400), max_size=6))
def test_however_a_file_grows_each_line_is_taken_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    inbox, server = tmp_path_factory.mktemp("drop"), Server()
    whole = "".join(f'{{"text": "line {n} é"}}\n' for n in range(12)).encode()
    path = inbox / "a.jsonl"
    for cut in sorted(cuts):
        path.write_bytes(whole[:cut])
        collect(inbox, server.place, 0.0)  # long before it was written: it never moves
    path.write_bytes(whole)
    assert read_drop(path).whole
    collect(inbox, server.place, path.stat().st_mtime + 60)
    assert list(server.texts.values()) == [f"line {n} é" for n in range(12)]
    assert not path.exists()
