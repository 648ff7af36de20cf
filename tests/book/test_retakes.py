"""retakes.yaml: counts only rise, acceptances name one take, files read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from book.anchors import Anchor
from book.retakes import (
    NO_TAKE,
    Retakes,
    read_retakes,
    with_acceptance,
    with_bad_take,
    with_retake,
    with_use,
    write_retakes,
)
from castbook.errors import ProjectError

A = Anchor("0123456789", 1, "-", "abcdef")
TWIN = Anchor("0123456789", 2, "111111", "222222")
B = Anchor("9876543210", 1, "abcdef", "-")
KEYS = ["ab" * 32, "0" * 64]
steps = st.lists(
    st.tuples(
        st.sampled_from([A, TWIN, B]), st.sampled_from(["retake", *KEYS]), st.text(max_size=9)
    ),
    max_size=10,
)


def play(moves: list[tuple[Anchor, str, str]]) -> Retakes:
    state = Retakes()
    for anchor, move, words in moves:
        if move == "retake":
            state = with_retake(state, anchor, words, words)
        else:
            state = with_acceptance(state, anchor, move, words)
    return state


@given(moves=steps.map(lambda s: [(a, m, w.encode("utf-8", "ignore").decode()) for a, m, w in s]))
@settings(max_examples=25, deadline=None)  # each writes and flushes a file
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[Anchor, str, str]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "retakes.yaml"
    state = play(moves)
    write_retakes(path, state)
    read = read_retakes(path)
    assert [(r.anchor, r.count) for r in read.retakes] == [
        (r.anchor, r.count) for r in state.retakes
    ]
    assert [(a.anchor, a.key) for a in read.accepted] == [(a.anchor, a.key) for a in state.accepted]
    content = path.read_bytes()
    write_retakes(path, read)
    assert path.read_bytes() == content


@given(moves=steps)
@settings(deadline=None)
def test_a_retake_asks_for_a_take_never_asked_for_and_moves_no_other(
    moves: list[tuple[Anchor, str, str]],
) -> None:
    before = play(moves)
    after = with_retake(before, A, "x")
    old = {r.anchor: r.count for r in before.retakes}
    new = {r.anchor: r.count for r in after.retakes}
    assert new.pop(A) > old.pop(A, 0)
    assert new == old
    assert after.accepted == before.accepted


def test_counts_rise_by_one_and_the_last_note_stays() -> None:
    state = with_retake(with_retake(Retakes(), A, "He  said\nno.", "too fast"), A, "He said no.")
    (retake,) = state.retakes
    assert (retake.count, retake.note, retake.text) == (2, "too fast", "He said no.")


def test_a_twin_is_another_segment() -> None:
    state = with_retake(with_retake(Retakes(), A, "No."), TWIN, "No.")
    assert [retake.anchor for retake in state.retakes] == [A, TWIN]
    assert state.retakes[0].count == 1


def test_an_edited_neighbourhood_does_not_bring_old_takes_back() -> None:
    state = with_retake(with_retake(Retakes(), A, "No."), A, "No.")
    moved = Anchor(A.text, 1, "333333", "444444")
    assert with_retake(state, moved, "No.").retakes[-1].count == 3


def test_one_take_of_a_segment_is_accepted() -> None:
    state = with_acceptance(with_acceptance(Retakes(), A, KEYS[0], "x"), B, KEYS[0], "y")
    state = with_acceptance(state, A, KEYS[1], "x")
    assert [(a.anchor, a.key) for a in state.accepted] == [(A, KEYS[1]), (B, KEYS[0])]


def test_no_file_is_no_retakes(tmp_path: Path) -> None:
    assert read_retakes(tmp_path / "retakes.yaml") == Retakes()


def test_an_anchor_of_digits_needs_quotes_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "retakes.yaml"
    path.write_text("version: 1\nretakes: [{anchor: 1234567890}]\n")
    with pytest.raises(ProjectError, match='expected text; put it in quotes: "1234567890"'):
        read_retakes(path)
    path.write_text("version: 1\nretakes: [{anchor: '1234567890'}]\n")
    assert read_retakes(path).retakes[0].count == 1


def test_comments_and_order_stay_when_a_take_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "retakes.yaml"
    text = (
        "# mine\nversion: 1\n\n# accepted first, as I like it\naccepted: []\nretakes:\n"
        f"  # too fast\n  - anchor: '{A}'  # hm\n    note: |\n      two\n      lines\n"
        "    count: 1  # once\n# the end\n"
    )
    path.write_text(text)
    state = with_retake(read_retakes(path), B, "Another.", "why")
    state = with_retake(state, A, "")
    write_retakes(path, with_acceptance(state, A, KEYS[0], "Mine."))
    assert path.read_text() == text.replace(
        "count: 1  # once\n",
        f'count: 2  # once\n  - anchor: "{B}"\n    count: 1\n    note: why\n    text: Another.\n',
    ).replace(
        "accepted: []",
        f'accepted:\n  - anchor: "{A}"\n    key: {KEYS[0]}\n    text: Mine.',
    )
    assert len(read_retakes(path).retakes) == 2


def test_an_earlier_take_comes_back_and_the_next_retake_goes_on_behind_all(tmp_path: Path) -> None:
    path = tmp_path / "retakes.yaml"
    state = with_retake(with_retake(Retakes(), A, "No."), A, "No.")
    write_retakes(path, with_use(state, A, 0))
    (read,) = read_retakes(path).retakes
    assert (read.count, read.use, read.used) == (2, 0, 0)
    again = with_retake(read_retakes(path), A, "No.")
    write_retakes(path, again)
    assert [(r.count, r.used) for r in read_retakes(path).retakes] == [(3, 3)]
    path.write_text(path.read_text().replace("use: null", "use: 4"))
    with pytest.raises(ProjectError, match="at most 3"):
        read_retakes(path)


def test_a_take_is_bad_or_accepted_never_both_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "retakes.yaml"
    write_retakes(path, with_acceptance(Retakes(), A, KEYS[0], "No."))
    path.write_text("# mine\n" + path.read_text())
    write_retakes(path, with_bad_take(read_retakes(path), A, KEYS[0], "No.", "too loud"))
    read = read_retakes(path)
    assert [(b.key, b.note) for b in read.bad] == [(KEYS[0], "too loud")]
    assert [a.key for a in read.accepted] == [NO_TAKE]
    write_retakes(path, with_acceptance(read, A, KEYS[0], "No."))
    assert read_retakes(path).bad[0].key == NO_TAKE
    assert read_retakes(path).accepted[0].key == KEYS[0]
    assert path.read_text().startswith("# mine\n")
