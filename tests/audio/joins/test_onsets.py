"""Sentences found by the rests between them, in sounds whose rests are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from audio_takes import piece
from hypothesis import given
from hypothesis import strategies as st

from audio.joins.onsets import onsets, sentence_words
from audio.joins.stitch import stitch
from audio.pcm import Pcm

RATE = 16000


def voice(*parts: tuple[float, bool]) -> Pcm:
    """Seconds of noise (a voice) or of near silence (a rest)."""
    rng = np.random.default_rng(3)
    pieces = [rng.normal(0, 4000 if loud else 3, round(s * RATE)) for s, loud in parts]
    return np.concatenate(pieces).astype(np.int16)


sentences = st.lists(
    st.tuples(st.floats(0.8, 4.0), st.floats(0.2, 0.5)), min_size=1, max_size=5
).map(lambda rows: [(round(voiced, 2), round(rest, 2)) for voiced, rest in rows])


@given(sentences)
def test_every_sentence_begins_after_its_rest(parts: list[tuple[float, float]]) -> None:
    sound = voice(*(piece for s, rest in parts for piece in ((s, True), (rest, False))), (1, True))
    total = sum(s for s, _ in parts) + 1
    shares = np.cumsum([s for s, _ in parts]) / total
    begins = np.cumsum([s + rest for s, rest in parts]) * RATE
    found = onsets(sound, RATE, list(shares))
    assert [abs(f - b) <= 0.02 * RATE for f, b in zip(found, begins, strict=True) if f] == [
        True
    ] * len(parts)


def test_a_rest_too_far_or_too_short_is_none_and_order_holds() -> None:
    sound = voice((5, True), (0.3, False), (5, True), (0.05, False), (2, True))
    assert onsets(sound, RATE, [0.1]) == [None]
    first, second = onsets(sound, RATE, [0.40, 0.42])
    assert (first is None) != (second is None)  # one rest is one sentence's
    assert onsets(voice((3, True)), RATE, [0.5]) == [None]
    assert onsets(np.zeros(0, np.int16), RATE, [0.5]) == [None]
    assert onsets(np.zeros(RATE, np.int16), RATE, [0.5]) == [None]


def test_words_are_sentences_of_the_text() -> None:
    text = "One two. Three four."
    sound = voice((1, True), (0.3, False), (1, True))
    ((start, end, frame),) = sentence_words(sound, RATE, text, [(0, 8), (9, 20)])
    assert text[start:end] == "Three four." and abs(frame - 1.3 * RATE) < 0.02 * RATE
    assert sentence_words(sound, RATE, text, [(0, 20)]) == ()


def test_a_take_without_words_gets_them_where_it_is_joined(tmp_path: Path) -> None:
    sound = voice((0.3, False), (1, True), (0.3, False), (1, True))
    made = piece(tmp_path, sound, RATE, text="One two. Three four.")
    told = replace(made, sentences=((0, 8), (9, 20)))
    mute, timed = (stitch([p], tmp_path / "c.wav", rate=44100).cues[0] for p in (made, told))
    assert mute.words == ()
    ((start, _, frame),) = timed.words
    # the edges of the take are trimmed to 40 ms
    assert start == 9 and abs(frame - timed.start - round(1.34 * 44100)) < 0.03 * 44100
    assert replace(timed, words=()) == mute
