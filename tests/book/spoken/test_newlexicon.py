"""Pronunciations that a manuscript brings become a lexicon that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from book.manuscript import Sound
from book.spoken.lexiconfile import read_lexicon
from book.spoken.newlexicon import render_lexicon
from book.spoken.xsampa import to_ipa

TEXT = st.text(max_size=12)


@pytest.mark.parametrize(
    ("sampa", "ipa"),
    [
        ('"brUm', "ˈbrʊm"),
        ("tS3:tS", "tʃɜːtʃ"),
        ('"{p@l', "ˈæpəl"),
        ("r\\`", "ɻ"),
        ("", ""),
        ("a", "a"),
    ],
)
def test_x_sampa_becomes_ipa(sampa: str, ipa: str) -> None:
    assert to_ipa(sampa) == ipa


def test_every_kind_of_sound_is_written(tmp_path: Path) -> None:
    text = render_lexicon(
        [
            Sound("brougham", '"bru:m', "x-sampa", "en-US"),
            Sound("brougham", "broom", "ruby", "en-US"),  # the first one holds
            Sound("東京", "とうきょう", "ruby"),
            Sound("façade", "fəˈsɑːd", "ipa"),
            Sound("same", "same", "ruby"),
            Sound("bad", "[x]", "ipa"),
        ]
    )
    assert text is not None
    (tmp_path / "lexicon.yaml").write_text(text, "utf-8")
    lexicon = read_lexicon((tmp_path / "lexicon.yaml",), alphabets={"kokoro": ("ipa",)})
    assert [(e.word, e.say, e.phonemes, e.language) for e in lexicon.entries] == [
        ("brougham", None, "ˈbruːm", "en-US"),
        ("東京", "とうきょう", None, None),
        ("façade", None, "fəˈsɑːd", None),
    ]


def test_a_book_that_says_nothing_gets_no_file() -> None:
    assert render_lexicon([]) is None
    assert render_lexicon([Sound("a", "a", "ruby")]) is None


@given(
    st.lists(st.builds(Sound, TEXT, TEXT, st.sampled_from(["ruby", "ipa", "x-sampa"])), max_size=5)
)
def test_whatever_the_manuscript_holds_the_file_can_be_read(sounds: list[Sound]) -> None:
    import tempfile

    text = render_lexicon(sounds)
    if text is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lexicon.yaml"
            path.write_text(text, "utf-8")
            assert read_lexicon((path,)).entries
