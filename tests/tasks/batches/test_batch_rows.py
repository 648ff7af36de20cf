"""Rows by every name that clients give their fields; one clear line for what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castbook.errors import InputError
from tasks.batches.jsonlines import MOST_ROWS, read_line, read_lines, read_objects
from tasks.batches.rows import ALIASES, Row, read_row
from tasks.batches.running import Unread


def refused(written: object, **where: Any) -> str:
    with pytest.raises(InputError) as caught:
        read_row(written, **where)
    return str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        {"uttid": "u1", "prompt_text": "他说", "prompt_speech": "jia.wav", "syn_text": "早上好"},
        {"id": "u1", "input_text": "早上好", "prompt_audio": "jia.wav", "prompt_text": "他说"},
        {"output_name": "u1", "text": "早上好", "ref_audio": "jia.wav", "ref_text": "他说"},
        {"name": "u1", "input": "早上好", "audio_url": "jia.wav", "transcript": "他说"},
        {"output_name": "u1.wav", "text": "早上好", "voice": "jia.wav", "prompt_text": "他说"},
    ],
)
def test_both_families_say_the_same(written: dict[str, str]) -> None:
    row = read_row(written)
    assert (row.wish.text, row.name, row.clip, row.transcript) == (
        "早上好",
        "u1",
        "jia.wav",
        "他说",
    )
    assert row.wish.voice == ""
    assert (row.wish.seed, row.form) == (42, "wav")


def test_a_row_has_an_id_of_its_own_beside_its_name() -> None:
    row = read_row({"id": "order 17/3", "output_name": "seventeen", "text": "a"})
    assert (row.id, row.name) == ("order 17/3", "seventeen")


def test_names_of_voices_are_no_files() -> None:
    assert read_row({"text": "a", "prompt_audio": "af_heart"}).wish.voice == "af_heart"
    assert read_row({"text": "a", "voice": "tone/oak"}).wish.voice == "tone/oak"
    assert read_row({"text": "a", "voice": "clips/anna.M4A"}).clip == "clips/anna.M4A"


def test_everything_that_can_be_wished_arrives() -> None:
    row = read_row(
        {
            "text": "a", "voice": "oak", "seed": None, "sample_rate": 32000, "lang": "zh",
            "style": "calm", "speed": 1.5, "preset": "hifi", "engine": "tone", "sampler": "topk",
            "use_cache": True, "max_length": 512, "instructions": "softly", "format": "MP3",
        }
    )  # fmt: skip
    wish = row.wish
    assert (wish.seed, wish.rate, wish.language, wish.style) == (None, 32000, "zh", "calm")
    assert (wish.speed, wish.preset, wish.engine, wish.instructions) == (
        1.5, "hifi", "tone", "softly",
    )  # fmt: skip
    assert dict(wish.options) == {"sampler": "topk", "kv_cache": True, "max_length": 512}
    assert row.form == "mp3"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"text": "a", "syn_text": "b"}, "rows.jsonl:3: syn_text: says again what text says"),
        ({"text": "a", "voice": "x", "prompt_audio": "y.wav"}, "prompt_audio: says again what"),
        ({"text": "a", "promt_text": "x"}, "promt_text: unknown key; expected one of"),
        ({"text": "a", "promt_text": "x"}, "did you mean prompt_text?"),
        ({"syn_text": 7}, "syn_text: 7 is no text"),
        ({"input": "  "}, "input: there is nothing to say"),
        ({"voice": "oak"}, "there is nothing to say; expected one of text, input_text"),
        ({"text": "a", "seed": "42"}, "seed: cannot be '42'; expected a whole number"),
        ({"text": "a", "seed": True}, "seed: cannot be True"),
        ({"text": "a", "sample_rate": 1}, "sample_rate: cannot be 1; expected a whole number 8000"),
        ({"text": "a", "speed": 9}, "speed: cannot be 9; expected 0.25 to 4"),
        ({"text": "a", "rate": 96000}, "rate: cannot be 96000; expected a whole number 8000-48000"),
        ({"text": "a", "use_cache": "yes"}, "use_cache: cannot be 'yes'; expected true or false"),
        ({"text": "a", "format": "exe"}, "format: cannot be 'exe'; expected wav, flac, mp3 or"),
        ({"text": "a", "output_name": "x.mp3", "format": "wav"}, "format: says wav, and the name"),
        ({"text": "a", "output_name": "../x"}, "output_name: '../x' cannot be a file's name"),
        ({"text": "a", "uttid": "a/b"}, "uttid: 'a/b' cannot be a file's name"),
        ({"text": "a", "audio_url": "https://h/x.wav"}, "is an address, and rows fetch nothing"),
        ({"text": "a", "voice": "file:///etc/passwd"}, "is an address"),
        ({"text": "\ud800"}, "text: holds half a character"),
        ({"text": "a", "options": {"host": {"python": "/bin/sh"}}}, "options: 'host' cannot be"),
        (["text"], 'is no object; expected such as {"text": "Good morning."}'),
    ],
)
def test_a_mistake_is_one_line(written: object, words: str) -> None:
    line = refused(written, line=3, path="rows.jsonl")
    assert words in line
    assert line.startswith("rows.jsonl:3: ")
    assert "\n" not in line


def test_defaults_give_way_to_the_row() -> None:
    defaults = {"voice": "oak", "seed": 7, "format": "flac"}
    assert read_row({"text": "a"}, defaults=defaults).wish.voice == "oak"
    row = read_row({"text": "a", "prompt_audio": "elm", "seed": None}, defaults=defaults)
    assert (row.wish.voice, row.wish.seed, row.form) == ("elm", None, "flac")
    assert read_row({"text": "a", "name": "x.mp3"}, defaults=defaults).form == "mp3"


def test_a_bad_line_is_a_bad_line_only() -> None:
    lines = [
        b'{"text": "one"}', b"", b"{oops", b"\xff\xfe", b'{"text": "a", "text": "b"}',
        b'{"text": NaN}', b"[" * 100_000, b'{"seed": ' + b"9" * 5000 + b"}", b'{"text": "two"}',
    ]  # fmt: skip
    rows = read_lines(lines, "rows.jsonl")
    assert [type(row).__name__ for row in rows] == ["Row", *["Unread"] * 6, "Row"]
    assert [row.number for row in rows] == list(range(1, 9))
    assert [row.line for row in rows] == [1, 3, 4, 5, 6, 7, 8, 9]
    reasons = [row.reason for row in rows if isinstance(row, Unread)]
    assert all(reason.startswith("rows.jsonl:") for reason in reasons)
    assert "is not JSON: Expecting property name" in reasons[0]
    assert reasons[1].startswith("rows.jsonl:4: is not UTF-8")
    assert "'text' stands there twice" in reasons[2]


def test_numbers_are_stable_and_names_their_own() -> None:
    rows = read_objects([{"text": "a"}, {}, {"text": "c"}, {"text": "d", "id": "OUTPUT_001"}])
    assert [row.numbered for row in rows if isinstance(row, Row)] == ["output_001", "output_003"]
    assert isinstance(rows[3], Unread)
    assert rows[3].reason == "output_name: OUTPUT_001 is the name of task 1 already"


def test_a_batch_is_bounded() -> None:
    with pytest.raises(InputError, match="more than 10000 rows"):
        read_objects([{"text": "a"}] * (MOST_ROWS + 1))


KEYS = st.sampled_from(sorted(alias for names in ALIASES.values() for alias in names)) | st.text()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
)


@given(VALUES)
def test_whatever_a_line_holds_is_a_row_or_one_refusal(value: object) -> None:
    line = json.dumps(value).encode()
    try:
        row = read_row(read_line(line), line=1)
    except InputError as error:
        assert error.message
    else:
        assert row.wish.text.strip()
