"""The dictionaries of GLM-TTS users become entries; engines get only what they read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.spoken.entries import Entry
from book.spoken.lexicon import Lexicon
from book.spoken.lexiconfile import read_lexicon
from castbook.errors import ProjectError
from castbook.phonemes import ALPHABETS, Phonemes, mark, split

GLM = {"glm": ("glm", "pinyin")}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def said(lexicon: Lexicon, text: str, engine: str = "glm") -> str:
    found = lexicon.apply(text, language="zh", speaker=None, engine=engine)
    for item in reversed(found):
        text = text[: item.start] + item.spoken + text[item.end :]
    return text


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.json", '[{"word": "重庆", "phoneme": "chong2 qing4"}]', "去⟦pinyin:chong2 qing4⟧了。"),
        ("b.json", '{"重": "chong"}', "去⟦pinyin:chong⟧庆了。"),
        ("c.jsonl", '{"重": "<|CH|><|ONG2|>"}\n{"重庆": "山城"}\n', "去山城了。"),
        ("d.jsonl", '{"重庆": "重<|Q|><|ING4|>"}\n', "去重<|Q|><|ING4|>了。"),
        ("e.jsonl", '{"origin": "庆", "new": "亲"}\n\n', "去重亲了。"),
        ("f.jsonl", '{"word": "重庆", "phoneme": "<|CH|><|ONG2|><|Q|><|ING4|>"}',
         "去<|CH|><|ONG2|><|Q|><|ING4|>了。"),
    ],
)  # fmt: skip
def test_every_dialect_is_read(tmp_path: Path, name: str, content: str, expected: str) -> None:
    lexicon = read_lexicon((write(tmp_path, name, content),), alphabets=GLM)
    assert said(lexicon, "去重庆了。") == expected


def test_an_engine_without_the_alphabet_is_given_the_respelling_or_nothing(tmp_path: Path) -> None:
    bare = write(tmp_path, "a.json", '{"重": "chong"}')
    own = write(
        tmp_path,
        "lexicon.yaml",
        "version: 1\nentries:\n"
        "- {word: 重庆, say: 虫庆, phonemes: chong2 qing4, alphabet: pinyin}\n",
    )
    lexicon = read_lexicon((bare, own), alphabets={**GLM, "espeak": ("espeak",)})
    assert said(lexicon, "重庆，重", "espeak") == "虫庆，重"
    assert said(lexicon, "重庆，重", "glm") == "⟦pinyin:chong2 qing4⟧，⟦pinyin:chong⟧"
    assert [entry.word for entry in lexicon.unread(["espeak"])] == ["重"]
    assert lexicon.unread(["espeak", "glm"]) == ()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{", 1),
        ('{"a": "b"}\n{"c": 3}', 2),
        ('{"a": "b"}\n["x"]', 2),
        ('{"弈": "<|I4|"}', 1),
        ('{"": "yi4"}', 1),
        ('{"弈": ""}', 1),
        ("3", 1),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, content: str, line: int) -> None:
    path = write(tmp_path, "words.jsonl", content)
    with pytest.raises(ProjectError) as caught:
        read_lexicon((path,))
    assert "\n" not in str(caught.value)
    assert f"words.jsonl:{line}" in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{word: tea}", "as it is spoken, or phonemes:"),
        ("{word: tea, phonemes: '[ti:]'}", "cannot be marked"),
        ("{word: tea, say: tee, alphabet: klingon}", "alphabet"),
        ("{word: tea, say: tee, character: holms}", "did you mean 'holmes'?"),
    ],
)
def test_a_wrong_entry_of_the_yaml_names_its_line(tmp_path: Path, entry: str, message: str) -> None:
    path = write(tmp_path, "lexicon.yaml", f"version: 1\nentries:\n  - {entry}\n")
    with pytest.raises(ProjectError, match=r"lexicon\.yaml:3") as caught:
        read_lexicon((path,), cast=("holmes",))
    assert message in str(caught.value)


def test_a_library_may_name_characters_of_other_books(tmp_path: Path) -> None:
    shared = write(
        tmp_path, "shared.yaml", "version: 1\nentries:\n- {word: a, say: b, character: lestrade}\n"
    )
    own = write(tmp_path, "own.yaml", "version: 1\n")
    assert len(read_lexicon((shared, own), cast=("holmes",)).entries) == 1


def test_a_dictionary_of_100000_words_is_read_quickly(tmp_path: Path) -> None:
    rows = "\n".join(json.dumps({f"词{i}": "ci2"}, ensure_ascii=False) for i in range(100_000))
    assert len(read_lexicon((write(tmp_path, "big.jsonl", rows),)).entries) == 100_000


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="⟦⟧"), min_size=1, max_size=8),
            st.sampled_from(["ipa", "espeak", "pinyin"]),
            st.text("abː ˈ1", min_size=1, max_size=6).filter(str.strip),
        ),
        max_size=4,
    )
)
def test_marked_phonemes_come_apart_again(parts: list[tuple[str, str, str]]) -> None:
    spoken = "".join(text + mark(alphabet, sounds) for text, alphabet, sounds in parts)
    expected: list[object] = []
    for text, alphabet, sounds in parts:
        expected += [text, Phonemes(alphabet, sounds.strip())]
    assert split(spoken) == expected
    assert set(ALPHABETS) == {"ipa", "espeak", "pinyin", "glm"}


def test_an_entry_may_not_be_without_sound() -> None:
    assert Entry(word="a").mistake
    assert Entry(word="a", phonemes="eɪ").mistake is None
