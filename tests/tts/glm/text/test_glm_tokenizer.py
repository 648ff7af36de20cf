"""The tokenizer: added tokens by name, the rest as byte pairs, and what is wrong with a folder."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.glm_tokens import write_tokenizer
from castbook.errors import CastbookError
from tts.glm.text.tokenizer import CONFIG, MORE, RANKS, Tokenizer

CODES = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(made, CODES)
    return made


@pytest.fixture(scope="module")
def tokenizer(folder):
    return Tokenizer.load(folder)


def test_specials_are_resolved_by_name(tokenizer, folder):
    names = json.loads((folder / CONFIG).read_bytes())["added_tokens_decoder"]
    ids = {token["content"]: int(number) for number, token in names.items()}
    found = tokenizer.specials
    assert (found.pad, found.eoa, found.boa) == (
        ids["<|endoftext|>"], ids["<|user|>"], ids["<|begin_of_audio|>"],
    )  # fmt: skip
    assert (found.ats, found.ate, found.codes) == (
        ids["<|audio_0|>"], ids[f"<|audio_{CODES - 1}|>"], CODES,
    )  # fmt: skip
    assert tokenizer.special("<|CH|>") == ids["<|CH|>"]
    with pytest.raises(KeyError):
        tokenizer.special("<|NO|>")


def test_added_tokens_are_split_out_first(tokenizer):
    special = tokenizer.special
    assert tokenizer.encode("a<|SH|><|EN1|>b") == [
        ord("a"), special("<|SH|>"), special("<|EN1|>"), ord("b"),
    ]  # fmt: skip
    assert tokenizer.encode("<|audio_3|>") == [tokenizer.specials.ats + 3]
    assert tokenizer.encode(f"<|audio_{CODES}|>") == tokenizer.plain(f"<|audio_{CODES}|>")
    assert tokenizer.plain("<|user|>") != [special("<|user|>")]


def test_text_is_merged_by_rank_inside_the_words_of_the_pattern(tokenizer, folder):
    lines = (folder / RANKS).read_text("ascii").split("\n")
    ranks = {base64.b64decode(piece): int(rank) for piece, rank in map(str.split, lines[:-1])}
    assert tokenizer.plain("the") == [ranks[b"the"]]
    assert tokenizer.plain("of the") == [ranks[b"of"], ranks[b" the"]]
    assert tokenizer.plain("不") == [ranks["不".encode()]]
    assert tokenizer.plain("1234") == [ranks[d.encode()] for d in "1234"]


@given(text=st.text(max_size=30))
def test_any_text_becomes_ids_that_give_it_back(tokenizer, text):
    ids = tokenizer.plain(text)
    assert all(0 <= i < tokenizer.specials.pad for i in ids)
    assert tokenizer.decode(ids) == text
    assert tokenizer.encode("") == []


def spoil(folder, target, name, change):
    target.mkdir()
    for file in (RANKS, CONFIG):
        content = (folder / file).read_bytes()
        (target / file).write_bytes(change(content) if file == name else content)
    return target


def without(token):
    def change(content):
        config = json.loads(content)
        added = config["added_tokens_decoder"]
        config["added_tokens_decoder"] = {
            number: entry for number, entry in added.items() if entry["content"] != token
        }
        return json.dumps(config).encode()

    return change


def moved(token, number):
    def change(content):
        config = json.loads(without(token)(content))
        config["added_tokens_decoder"][str(number)] = {"content": token}
        return json.dumps(config).encode()

    return change


BROKEN = {
    "rank": (RANKS, lambda c: c.replace(b" 7\n", b" seven\n"), "line 8 is no base64 piece"),
    "base64": (RANKS, lambda c: b"*" + c, "line 1 is no base64 piece"),
    "empty": (RANKS, lambda c: b"", "is empty"),
    "binary": (RANKS, lambda c: b"\x80\x02\xff", "line 1 is no base64 piece"),
    "lfs": (RANKS, lambda c: b"version https://git-lfs.github.com/spec/v1\n", "LFS pointer"),
    "byte": (RANKS, lambda c: c.split(b"\n", 1)[1], "no piece for byte 0"),
    "json": (CONFIG, lambda c: c[:-1], "Expecting"),
    "list": (CONFIG, lambda c: b"[]", "no added_tokens_decoder"),
    "none": (CONFIG, lambda c: b'{"added_tokens_decoder": {}}', "no added_tokens_decoder"),
    "id": (CONFIG, lambda c: c.replace(b'"454"', b'"x"'), "is no token with its id"),
    "user": (CONFIG, without("<|user|>"), "the token <|user|> is missing"),
    "pad": (CONFIG, without("<|endoftext|>"), "the token <|endoftext|> is missing"),
    "boa": (CONFIG, without("<|begin_of_audio|>"), "<|begin_of_audio|> is missing"),
    "gap": (CONFIG, without("<|audio_5|>"), "<|audio_5|> is missing; expected"),
    "low": (CONFIG, moved("<|endoftext|>", 5000), "expected at least 5000"),
    "user low": (CONFIG, moved("<|user|>", 7), "<|user|> is 7; expected at least"),
    "same": (RANKS, lambda c: c.replace(b" 8\n", b" 7\n"), "two pieces have the same rank"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_folder_is_one_sentence(case, folder, tmp_path):
    name, change, said = BROKEN[case]
    with pytest.raises(CastbookError) as caught:
        Tokenizer.load(spoil(folder, tmp_path / "broken", name, change))
    sentence = str(caught.value)
    assert said in sentence
    assert "\n" not in sentence
    assert "castbook get glm" in sentence
    assert str(tmp_path / "broken") in sentence


def test_tokens_of_the_older_file_count_too(folder, tmp_path, tokenizer):
    older = spoil(folder, tmp_path / "older", CONFIG, without("<|user|>"))
    (older / MORE).write_text(json.dumps({"<|user|>": tokenizer.special("<|user|>")}), "utf-8")
    assert Tokenizer.load(older).specials == tokenizer.specials
    (older / MORE).write_text("[]", "utf-8")
    with pytest.raises(CastbookError, match=r"added_tokens\.json: is no object of tokens"):
        Tokenizer.load(older)


@pytest.mark.parametrize("name", [RANKS, CONFIG])
def test_a_missing_file_says_what_brings_it(name, folder, tmp_path):
    broken = spoil(folder, tmp_path / "broken", None, None)
    (broken / name).unlink()
    with pytest.raises(CastbookError, match=f"{name}: is not there; castbook get glm"):
        Tokenizer.load(broken)
